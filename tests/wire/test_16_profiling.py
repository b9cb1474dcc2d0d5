"""Behaviour 16: profiling steps and the version."""
import subprocess

from checks import BLANK, INVALID, NO_UUID, REFUSED, check_call, check_refusal, invalid, refusals
from protocol import CLASSES, pb
from server import BINARY
from world import A, GUEST, key


def step(**changes):
    return pb.ProfilingStep(**{**dict(asset_key=key("anything"), step="build_image", duration=1), **changes})


@refusals(
    ("empty", A, pb.ProfilingStep(), INVALID,
     invalid("profiling_step", f"asset_key: {BLANK}; duration: {BLANK}; step: {BLANK}")),
    ("key", A, step(asset_key="x"), INVALID, invalid("profiling_step", f"asset_key: {NO_UUID}")),
    ("step", A, step(step="s" * 101), INVALID,
     invalid("profiling_step", "step: the length must be between 1 and 100")),
    ("duration", A, step(duration=0), INVALID, invalid("profiling_step", f"duration: {BLANK}")),
)
def test_16_step(shared, row):
    check_refusal(shared, row)


def test_16_step_of_an_unregistered_caller(shared):
    """D30."""
    before = shared.head()
    assert shared.guest.outcome(step()) == (
        REFUSED, f'OE0003: organization "{GUEST}" is not registered in channel "{shared.channel}"')
    assert shared.head() == before


def test_16_step_effect(shared):
    """The key may be unknown, and the same step may come again; the event is all there is."""
    request = step(duration=4294967295)
    for _ in range(2):
        with shared.recording() as events:
            answer = shared.b(request)
        assert answer == CLASSES["google.protobuf.Empty"]()
        assert check_call(events, shared.channel, ("CREATED", "PROFILING_STEP", key("anything"), "")) == [request]


def test_16_version(shared):
    """What the binary says of itself; answered to whoever is allowed in the channel."""
    printed = subprocess.run([BINARY, "version"], check=True, capture_output=True, text=True).stdout.strip()
    assert printed
    assert shared.a(pb.QueryVersionParam()).orchestrator == printed
    assert shared.guest(pb.QueryVersionParam()).orchestrator == printed
