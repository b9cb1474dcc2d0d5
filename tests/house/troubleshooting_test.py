"""What the page on troubleshooting says that the server says is what it says."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "deploy" / "troubleshooting.md"
# Of the system, PostgreSQL and OpenSSL: not in the sources.
OF_OTHERS = {"Permission denied", "Read-only file system", "No such file or directory", "Connection refused",
             "could not translate host name", "timeout expired", "password authentication failed", "no pg_hba.conf entry",
             "no encryption", "certificate verify failed", "peer did not return a certificate", "too_many_pings",
             "store", "PostgreSQL", "OE0003", "OE0102", "Received message larger than max"}


def section(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)[1]


def quoted(text):
    """The pieces of the texts in the first column of tables; `...` stands for what differs."""
    cells = re.findall(r"^\| (?!---|Text|Symptom)(.*?) \|", text, re.MULTILINE)
    texts = [each for cell in cells for each in re.findall("`([^`]+)`", cell)]
    return {piece.strip(" :") for each in texts for piece in each.split("...")} - {""}


def test_texts_of_the_server():
    sources = "".join(path.read_text() for path in (ROOT / "src").rglob("*.cc"))
    literals = re.sub(r'"\s*\n?\s*"', "", sources).replace("\\\"", '"').replace("`", "")
    pieces = quoted(section("What the server says in its log")) | quoted(section("A backend does not work"))
    assert len(pieces) > 30
    assert not [piece for piece in sorted(pieces - OF_OTHERS) if piece not in literals]
