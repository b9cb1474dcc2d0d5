"""The HTTP port of a server, as a probe and as a scraper sees it."""
import http.client
import re

SECONDS = 30
SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def ask(server, path, method="GET"):
    """(status, content type, text) of an answer."""
    connection = http.client.HTTPConnection(server.http_address, timeout=SECONDS)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


class Metrics:
    """One reading of /metrics."""

    def __init__(self, server):
        status, content_type, self.text = ask(server, "/metrics")
        assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
        self.types, self.helps, self.values = {}, {}, {}
        for line in self.text.splitlines():
            if line.startswith("# TYPE "):
                name, self.types[name] = line.split(" ")[2:4]
            elif line.startswith("# HELP "):
                name, self.helps[name] = line.split(" ", 3)[2:4]
            else:
                name, labels, value = SAMPLE.match(line).groups()
                sample = name, tuple(sorted(LABEL.findall(labels or "")))
                assert sample not in self.values, line
                self.values[sample] = float(value)

    def __call__(self, name, **labels):
        return self.values[name, tuple(sorted(labels.items()))]

    def of(self, family):
        """The samples of a family: (name, labels) -> value."""
        names = {family + end for end in (("_bucket", "_sum", "_count") if self.types[family] == "histogram" else ("",))}
        return {sample: value for sample, value in self.values.items() if sample[0] in names}
