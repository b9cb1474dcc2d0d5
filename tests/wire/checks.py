"""What tests say again and again: tables of refusals, and what is true of every list of events."""
import dataclasses
import uuid

import pytest

from protocol import name_of, pb
from world import payload

OK = "OK"
UNKNOWN = "UNKNOWN"
INVALID = "INVALID_ARGUMENT"
NOT_FOUND = "NOT_FOUND"
EXISTS = "ALREADY_EXISTS"
DENIED = "PERMISSION_DENIED"
REFUSED = "FAILED_PRECONDITION"
UNIMPLEMENTED = "UNIMPLEMENTED"
EXHAUSTED = "RESOURCE_EXHAUSTED"
UNAVAILABLE = "UNAVAILABLE"

BLANK = "cannot be blank"
NO_UUID = "must be a valid UUID"
BAD_VALUE = "must be a valid value"


@dataclasses.dataclass
class Row:
    """A request that is refused: the row of the behaviour it stands for, who sends it, and the answer."""
    name: str
    caller: str
    request: object
    status: str
    text: str


def refusals(*rows):
    """Decorates a test that takes one `row` of the table."""
    return pytest.mark.parametrize("row", [pytest.param(Row(*row), id=row[0]) for row in rows])


def check_refusal(world, row):
    """The exact answer, and no trace of the call."""
    before = world.head()
    assert world.by(row.caller).outcome(row.request) == (row.status, row.text)
    assert world.head() == before


def invalid(kind, errors):
    return f"OE0101: {kind} is not valid: {errors}."


def missing(kind, key):
    return f'OE0002: {kind} with key "{key}" not found'


def conflict(kind, key):
    return f'OE0006: {kind} with key "{key}" already exists'


def summary(event):
    """(event kind, asset kind, asset key, reason), without the prefixes of the names."""
    kind = name_of(pb.EventKind, event.event_kind)[len("EVENT_ASSET_"):]
    asset = name_of(pb.AssetKind, event.asset_kind)[len("ASSET_"):]
    assert set(event.metadata) <= {"reason"}
    return kind, asset, event.asset_key, event.metadata.get("reason", "")


def check_events(events, channel):
    """What is true of any run of events: ids rise, time never goes back, each carries the asset it names."""
    for event in events:
        assert event.channel == channel
        assert event.WhichOneof("asset").upper() == name_of(pb.AssetKind, event.asset_kind)[len("ASSET_"):]
        parsed = uuid.UUID(event.id)
        assert str(parsed) == event.id and parsed.version == 7
        assert event.timestamp.nanos % 1000 == 0
    for before, after in zip(events, events[1:]):
        assert before.id < after.id
        assert before.timestamp.ToNanoseconds() <= after.timestamp.ToNanoseconds()


def check_call(events, channel, *expected):
    """The events of one call: exactly these, all at one time. Gives their payloads."""
    check_events(events, channel)
    assert [summary(event) for event in events] == list(expected)
    assert len({event.timestamp.ToNanoseconds() for event in events}) == 1
    return [payload(event) for event in events]
