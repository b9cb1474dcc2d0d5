"""As much of Kubernetes' API as Helm asks for while it renders: Secrets that are there, and nothing else."""
import base64
import contextlib
import http.server
import json
import threading

VERSION = {"major": "1", "minor": "30", "gitVersion": "v1.30.0"}
RESOURCES = {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
    {"name": "secrets", "singularName": "secret", "namespaced": True, "kind": "Secret", "verbs": ["get", "list"]}]}
NOT_FOUND = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}


def answer(path, secrets):
    folder, _, name = path.rpartition("/")
    if name == "secrets":
        return {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": []}
    if folder.endswith("/secrets") and name in secrets:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in secrets[name].items()}
        return {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name}, "data": data}
    return {"/version": VERSION, "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}, "/api/v1": RESOURCES}.get(path)


@contextlib.contextmanager
def serving(secrets=None):
    """Gives the flags by which Helm finds it. `secrets` is {name: {key: text}}."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802, the name is http.server's
            found = answer(self.path.split("?")[0], secrets or {})
            body = json.dumps(found or NOT_FOUND).encode()
            self.send_response(200 if found else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ["--kubeconfig", "/dev/null", "--kube-apiserver", f"http://127.0.0.1:{server.server_port}"]
        finally:
            server.shutdown()
            thread.join()
