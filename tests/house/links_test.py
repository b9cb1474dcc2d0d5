"""Links of the documentation lead somewhere, and all of it can be found from its index."""

import pathlib
import re
from urllib.parse import unquote

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INDEX = ROOT / "docs" / "README.md"
PAGES = [ROOT / "README.md"] + sorted(page for folder in ("docs", "charts", "examples") for page in (ROOT / folder).rglob("*.md"))


def prose(page):
    """Without blocks of code, fenced or indented: they have neither links nor headings."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<=\n\n)(?: {4}.*\n+)+", "", text)


def links(page):
    found = [target.split()[0] for target in re.findall(r"\]\(([^)]+)\)", prose(page))]
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(page):
    """As GitHub makes them of headings: small letters, no punctuation, hyphens for spaces, numbers for the second of a name."""
    seen, result = {}, set()
    for heading in re.findall(r"^#+ (.*?)[ #]*$", prose(page), re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        result.add(f"{anchor}-{seen[anchor]}" if anchor in seen else anchor)
        seen[anchor] = seen.get(anchor, 0) + 1
    return result


def broken(page, target):
    path, _, anchor = unquote(target).partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.exists() or not file.is_relative_to(ROOT):
        return True
    return bool(anchor) and (file.suffix != ".md" or anchor not in anchors(file))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert not [target for target in links(page) if broken(page, target)]


def test_links_are_seen():
    """The test above would also pass if it found none."""
    assert sum(len(links(page)) for page in PAGES) > 150


def test_every_page_is_in_the_index():
    named = {(INDEX.parent / target.partition("#")[0]).resolve() for target in links(INDEX)}
    assert set(INDEX.parent.rglob("*.md")) - {INDEX} <= named
