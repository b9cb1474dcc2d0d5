"""The shape of the house: rooms depend downwards only."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A room may include from itself and from these rooms (docs/architecture.md).
MAY_USE = {
    "base": set(),
    "domain": set(),
    "store": {"base", "domain"},
    "ledger": {"base", "domain", "store"},
    "feed": {"base", "domain", "store"},
    "rpc": {"base", "domain", "store", "ledger", "feed"},
    "server": {"base", "domain", "store", "ledger", "feed", "rpc"},
}

# domain decides: no clock, no I/O, no threads, no gRPC.
NOT_IN_DOMAIN = re.compile(r"#include <(grpc.*|thread|mutex|chrono|fstream|iostream|filesystem|sys/.*|unistd\.h)>")


def sources(room):
    return sorted(path for path in (ROOT / "src" / room).rglob("*") if path.suffix in {".h", ".cc"})


def test_every_folder_of_src_is_a_room():
    assert {path.name for path in (ROOT / "src").iterdir()} == set(MAY_USE)


@pytest.mark.parametrize("room", MAY_USE)
def test_room_includes_downwards_only(room):
    assert sources(room)
    for path in sources(room):
        for used in re.findall(r'#include "(\w+)/', path.read_text()):
            if used in MAY_USE:
                assert used == room or used in MAY_USE[room], f"{path.relative_to(ROOT)} includes from {used}"


def test_domain_is_pure():
    for path in sources("domain"):
        assert not NOT_IN_DOMAIN.search(path.read_text()), path.relative_to(ROOT)


def test_load_generators_speak_the_contract_only():
    """They measure any server of the contract; what is measured alone (micro.cc) is of the rooms."""
    for path in (ROOT / "bench").glob("*.[ch]*"):
        if path.name != "micro.cc":
            assert not set(re.findall(r'#include "(\w+)/', path.read_text())) & set(MAY_USE), path.name


def test_headers_begin_with_their_contract():
    for room in MAY_USE:
        for path in sources(room):
            if path.suffix == ".h":
                assert path.read_text().startswith("// "), f"{path.relative_to(ROOT)} does not say what it is"


def test_files_fit_a_subject():
    for room in MAY_USE:
        for path in sources(room):
            assert len(path.read_text().splitlines()) <= 500, path.relative_to(ROOT)
