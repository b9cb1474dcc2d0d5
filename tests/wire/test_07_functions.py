"""Behaviour 7: functions. The cascade of their actions into tasks is in test_12_states.py."""
import pytest

from checks import (BAD_VALUE, BLANK, DENIED, EXISTS, INVALID, NOT_FOUND, NO_UUID, OK, REFUSED, UNKNOWN, check_call,
                    check_refusal, conflict, invalid, missing, refusals)
from protocol import pb
from world import (A, B, CHECKSUM, GUEST, World, address, allow, function_action, key, model_in, new_function,
                   new_plan, new_task)

LENGTH = "the length must be between 1 and 100"
DATA_PAIR = ("OE0101: cannot have an input of type ASSET_DATA_MANAGER without an input of type ASSET_DATA_SAMPLE, "
             "and vice versa")


@pytest.fixture(scope="module")
def shared(server, channel_names):
    world = World(server, next(channel_names)).register_organizations()
    world.a(new_function("taken"))
    world.a(new_function("ready"))
    world.ready("ready")
    return world


def kind_in(kind, **flags):
    return pb.FunctionInput(kind=kind, **flags)


def inputs(name, given, errors):
    return name, A, new_function("f", inputs=given), INVALID, invalid("function", f"inputs: {errors}")


def outputs(name, given, errors):
    return name, A, new_function("f", outputs=given), INVALID, invalid("function", f"outputs: {errors}")


MANAGER = kind_in(pb.ASSET_DATA_MANAGER)
SAMPLE = kind_in(pb.ASSET_DATA_SAMPLE)


@refusals(
    inputs("input identifier empty", {"": model_in()}, BLANK),
    inputs("input identifier of 101", {"i" * 101: model_in()}, LENGTH),
    inputs("input kind 0 (D18)", {"i": kind_in(0)}, f"(kind: {BAD_VALUE}.)"),
    inputs("input kind FUNCTION", {"i": kind_in(pb.ASSET_FUNCTION)}, f"(kind: {BAD_VALUE}.)"),
    inputs("input kind PERFORMANCE", {"i": kind_in(pb.ASSET_PERFORMANCE)}, f"(kind: {BAD_VALUE}.)"),
    inputs("input kind of no name", {"i": kind_in(99)}, f"(kind: {BAD_VALUE}.)"),
    inputs("manager multiple", {"d": kind_in(pb.ASSET_DATA_MANAGER, multiple=True), "s": SAMPLE},
           'OE0101: function input "d" of kind DATA_MANAGER cannot be Multiple or Optional'),
    inputs("manager optional", {"d": kind_in(pb.ASSET_DATA_MANAGER, optional=True), "s": SAMPLE},
           'OE0101: function input "d" of kind DATA_MANAGER cannot be Multiple or Optional'),
    inputs("two managers", {"d": MANAGER, "e": MANAGER, "s": SAMPLE},
           "OE0101: cannot have multiple inputs of type ASSET_DATA_MANAGER"),
    inputs("manager without sample", {"d": MANAGER}, DATA_PAIR),
    inputs("sample without manager", {"s": SAMPLE}, DATA_PAIR),
    inputs("D28 smallest identifier", {"b": kind_in(0), "a" * 101: model_in()}, LENGTH),
    outputs("output identifier empty", {"": pb.FunctionOutput(kind=pb.ASSET_MODEL)}, BLANK),
    outputs("output identifier of 101", {"o" * 101: pb.FunctionOutput(kind=pb.ASSET_MODEL)}, LENGTH),
    outputs("output kind 0 (D18)", {"o": pb.FunctionOutput()}, f"(kind: {BAD_VALUE}.)"),
    outputs("output kind DATA_SAMPLE", {"o": pb.FunctionOutput(kind=pb.ASSET_DATA_SAMPLE)}, f"(kind: {BAD_VALUE}.)"),
    outputs("performance multiple", {"o": pb.FunctionOutput(kind=pb.ASSET_PERFORMANCE, multiple=True)},
            "OE0101: Function output of kind PERFORMANCE cannot be Multiple. Invalid output: o"),
    ("1 before 2", A, new_function("taken", name=""), INVALID, invalid("function", f"name: {BLANK}")),
    ("2 key used", B, new_function("taken"), EXISTS, conflict("function", key("taken"))),
    ("2 before 3", A, new_function("taken", permissions=allow("Nobody")), EXISTS, conflict("function", key("taken"))),
    ("3 permissions", A, new_function("f", permissions=allow("Nobody")), REFUSED,
     "OE0003: invalid permission input values"),
    ("3 before registration", GUEST, new_function("f", permissions=allow("Nobody")), REFUSED,
     "OE0003: invalid permission input values"),
)
def test_7_1_register(shared, row):
    check_refusal(shared, row)


def test_7_1_effect(fresh):
    given = {"d": MANAGER, "s": kind_in(pb.ASSET_DATA_SAMPLE, multiple=True, optional=True),
             "t": kind_in(pb.ASSET_DATA_SAMPLE), "m": model_in(multiple=True), "x" * 100: model_in()}
    made = {"p": pb.FunctionOutput(kind=pb.ASSET_PERFORMANCE), "m": pb.FunctionOutput(kind=pb.ASSET_MODEL,
                                                                                    multiple=True)}
    request = new_function("f", inputs=given, outputs=made, permissions=allow(B), metadata={"a": "b"})
    with fresh.recording() as events:
        answer = fresh.a(request)
    permission = pb.Permission(authorized_ids=[B, A])
    assert answer == pb.Function(
        key=request.key, name=request.name, description=request.description, archive=request.archive,
        permissions=pb.Permissions(process=permission, download=permission), owner=A, metadata={"a": "b"},
        creation_date=events[0].timestamp, inputs=given, outputs=made, status=pb.FUNCTION_STATUS_WAITING,
        image=pb.Addressable())
    (evented,) = check_call(events, fresh.channel, ("CREATED", "FUNCTION", key("f"), ""))
    assert answer == evented == fresh.function("f")


def test_7_1_no_inputs_and_no_outputs(fresh):
    function = fresh.a(new_function("f", inputs={}, outputs={}))
    assert not function.inputs and not function.outputs


# --- 7.2


def test_7_2_functions_of_a_plan(fresh):
    for label in ("used", "used too", "unused"):
        fresh.a(new_function(label))
    fresh.a(new_plan("plan"))
    fresh.a(new_plan("bare"))
    fresh.tasks(new_task("t1", function="used too"), new_task("t2", function="used"), new_task("t3", function="used"))

    def listed(plan_key):
        request = pb.QueryFunctionsParam(filter=pb.FunctionQueryFilter(compute_plan_key=plan_key))
        return [function.name for function in fresh.b(request).Functions]

    assert listed(key("plan")) == ["used", "used too"]
    assert listed(key("plan").upper()) == ["used", "used too"]
    assert listed(key("bare")) == listed(key("unknown")) == []
    assert listed("") == ["used", "used too", "unused"]


# --- 7.3


def update(label="taken", name="renamed", **fields):
    return pb.UpdateFunctionParam(key=key(label), name=name, **fields)


@refusals(
    ("1 empty", A, pb.UpdateFunctionParam(), INVALID, invalid("function", f"key: {BLANK}; name: {BLANK}")),
    ("1 key", A, pb.UpdateFunctionParam(key="x", name="n"), INVALID, invalid("function", f"key: {NO_UUID}")),
    ("1 name of 101", A, update(name="n" * 101), INVALID, invalid("function", f"name: {LENGTH}")),
    ("D3 image checksum", A, update(image=address(checksum="aa")), INVALID,
     invalid("function", "image: (checksum: the length must be exactly 64.)")),
    ("D3 image without address", A, update(image=pb.Addressable(checksum=CHECKSUM)), INVALID,
     invalid("function", f"image: (storage_address: {BLANK}.)")),
    ("D3 image without checksum", A, update(image=pb.Addressable(storage_address="http://x")), INVALID,
     invalid("function", f"image: (checksum: {BLANK}.)")),
    ("D3 image address", A, update(image=pb.Addressable(checksum=CHECKSUM, storage_address="zz")), INVALID,
     invalid("function", "image: (storage_address: must be a valid URL.)")),
    ("2 unknown", A, update("nothing"), NOT_FOUND, missing("function", key("nothing"))),
    ("2 unknown for anybody", GUEST, update("nothing"), NOT_FOUND, missing("function", key("nothing"))),
    ("3 owner", B, update(), DENIED, "OE0102: requester does not own the function"),
    ("4 READY without image", A, update("ready"), INVALID,
     invalid("function", "Image checksum should not be empty when function status is ready")[:-1]),
)
def test_7_3_update(shared, row):
    check_refusal(shared, row)


@pytest.mark.parametrize("actions, status", [
    ([], "WAITING"), (["BUILDING"], "BUILDING"), (["BUILDING", "READY"], "READY"), (["BUILDING", "FAILED"], "FAILED"),
    (["CANCELED"], "CANCELED")], ids=lambda value: value if isinstance(value, str) else "")
def test_7_3_effect(fresh, actions, status):
    """Allowed in every status; the image replaces the stored one as a whole."""
    before = fresh.a(new_function("f"))
    for action in actions:
        fresh.a(function_action("f", action))
    image = address("image")
    with fresh.recording() as events:
        answer = fresh.a(update("f", "renamed", image=image))
    (evented,) = check_call(events, fresh.channel, ("UPDATED", "FUNCTION", key("f"), ""))
    before.name, before.status = "renamed", pb.FunctionStatus.values_by_name[f"FUNCTION_STATUS_{status}"].number
    before.image.CopyFrom(image)
    assert answer == pb.UpdateFunctionResponse()
    assert fresh.function("f") == evented == before


@pytest.mark.parametrize("image", [{}, {"image": pb.Addressable()}], ids=["absent", "empty"])
def test_7_3_image_left_alone(fresh, image):
    fresh.a(new_function("f"))
    fresh.a(update("f", image=address("image")))
    fresh.a(update("f", "again", **image))
    function = fresh.function("f")
    assert (function.name, function.image) == ("again", address("image"))


def test_7_3_images_are_nobody_elses(fresh):
    """D3: an address in use elsewhere keeps its own checksum there."""
    other = "a" * 64
    fresh.a(new_function("victim"))
    fresh.b(new_function("f"))
    fresh.b(update("f", image=address("archive", checksum=other)))
    assert fresh.function("f").image == address("archive", checksum=other)
    assert fresh.function("victim").archive == address("archive")


# --- 7.4


@refusals(
    ("1 action 0", A, pb.ApplyFunctionActionParam(function_key=key("taken")), REFUSED, "OE0003: unsupported action"),
    ("1 action of no name", A, pb.ApplyFunctionActionParam(function_key=key("taken"), action=99), REFUSED,
     "OE0003: unsupported action"),
    ("1 before 2", A, pb.ApplyFunctionActionParam(function_key=key("nothing")), REFUSED,
     "OE0003: unsupported action"),
    ("2 unknown", A, function_action("nothing", "BUILDING"), NOT_FOUND, missing("function", key("nothing"))),
    ("3 owner", B, function_action("taken", "BUILDING"), DENIED, "OE0102: only function owner can update it"),
    ("3 before 4", B, function_action("taken", "READY"), DENIED, "OE0102: only function owner can update it"),
)
def test_7_4_action(shared, row):
    check_refusal(shared, row)


PATHS = {"WAITING": [], "BUILDING": ["BUILDING"], "READY": ["BUILDING", "READY"], "FAILED": ["BUILDING", "FAILED"],
         "CANCELED": ["CANCELED"]}
ALLOWED = {("WAITING", "BUILDING"), ("WAITING", "CANCELED"), ("BUILDING", "READY"), ("BUILDING", "FAILED"),
           ("BUILDING", "CANCELED")}


@pytest.mark.parametrize("action", ["BUILDING", "READY", "FAILED", "CANCELED"])
@pytest.mark.parametrize("status", PATHS)
def test_7_4_state_machine(shared, status, action):
    """Every cell of the table."""
    label = f"{status} {action}"
    function = shared.a(new_function(label))
    for step in PATHS[status]:
        shared.a(function_action(label, step))
    with shared.recording() as events:
        outcome = shared.a.outcome(function_action(label, action))
    if (status, action) not in ALLOWED:
        assert outcome == (UNKNOWN, f"event transition{action.capitalize()} inappropriate in current state "
                                    f"FUNCTION_STATUS_{status}")
        assert events == []
        return
    assert outcome == (OK, "")
    (evented,) = check_call(events, shared.channel, ("UPDATED", "FUNCTION", key(label), "User action"))
    function.status = pb.FunctionStatus.values_by_name[f"FUNCTION_STATUS_{action}"].number
    assert evented == function == shared.function(label)
