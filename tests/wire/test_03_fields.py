"""Behaviour 3.3 to 3.5: the rules of single fields, over the wire. Each is tried where a call shows it best."""
import pytest

from checks import BLANK, INVALID, NO_UUID, OK, check_refusal, invalid, refusals
from protocol import pb
from world import (A, ABSENT, CHECKSUM, EVERYBODY, address, fresh_key, key, new_data_manager, new_function, new_plan,
                   new_sample, new_samples)

HEX = "must be a valid hexadecimal number"
URL = "must be a valid URL"
LENGTH_64 = "the length must be exactly 64"
LENGTH_100 = "the length must be between 1 and 100"


def function(**changes):
    return new_function("f", **changes)


def description(checksum=CHECKSUM, storage_address="http://x"):
    return function(description=pb.Addressable(checksum=checksum, storage_address=storage_address))


def refused(name, request, errors):
    return name, A, request, INVALID, invalid("function", errors)


def long_entry(kind, value):
    return f'metadata: OE0101: metadata {kind} "{value}" is too long'


@refusals(
    refused("key required", function(key=""), f"key: {BLANK}"),
    refused("key upper case", function(key=key("x").upper()), f"key: {NO_UUID}"),
    refused("key without dashes", function(key=key("x").replace("-", "")), f"key: {NO_UUID}"),
    refused("key in braces", function(key="{" + key("x") + "}"), f"key: {NO_UUID}"),
    refused("key with newline", function(key=key("x") + "\n"), f"key: {NO_UUID}"),
    refused("name required", function(name=""), f"name: {BLANK}"),
    refused("name of 101", function(name="n" * 101), f"name: {LENGTH_100}"),
    refused("name counts bytes", function(name="é" * 51), f"name: {LENGTH_100}"),
    refused("addressable absent", function(description=ABSENT), f"description: {BLANK}"),
    refused("addressable empty", function(archive=pb.Addressable()),
            f"archive: (checksum: {BLANK}; storage_address: {BLANK}.)"),
    refused("checksum of 63", description("a" * 63), f"description: (checksum: {LENGTH_64}.)"),
    refused("checksum of 65", description("a" * 65), f"description: (checksum: {LENGTH_64}.)"),
    refused("checksum not hexadecimal", description("g" * 64), f"description: (checksum: {HEX}.)"),
    refused("checksum length before hexadecimal", description("g" * 63), f"description: (checksum: {LENGTH_64}.)"),
    refused("permissions absent", function(permissions=ABSENT), f"new_permissions: {BLANK}"),
    refused("metadata key of 101", function(metadata={"k" * 101: "v"}), long_entry("key", "k" * 101)),
    refused("metadata value of 101", function(metadata={"k": "v" * 101}), long_entry("value for key", "k")),
    refused("metadata counts bytes", function(metadata={"k": "é" * 51}), long_entry("value for key", "k")),
    refused("D28 metadata: smallest key", function(metadata={"b": "v" * 101, "a": "v" * 101}),
            long_entry("value for key", "a")),
    refused("all fields in byte order", pb.NewFunction(),
            f"archive: {BLANK}; description: {BLANK}; key: {BLANK}; name: {BLANK}; new_permissions: {BLANK}"),
    refused("storage address of 201", description(storage_address="http://x/" + "a" * 192),
            "description: (storage_address: the length must be no more than 200.)"),
)
def test_3_3_field_rules(shared, row):
    check_refusal(shared, row)


@pytest.mark.parametrize("changes", [
    dict(key="00000000-0000-0000-0000-000000000000"), dict(name="n" * 100), dict(name="é" * 50), dict(name="   "),
    dict(metadata={"k" * 100: "v" * 100}), dict(metadata={"": ""}), dict(description=address(checksum="A" * 64)),
    dict(description=address("a" * 180)),
], ids=["nil key", "name of 100", "name of 100 bytes", "blank name", "metadata of 100", "empty metadata entry",
        "checksum in capitals", "long address"])
def test_3_3_just_inside_the_rules(shared, changes):
    request = function(**{"key": fresh_key(), **changes})
    answer = shared.a(request)
    assert (answer.name, answer.metadata, answer.description) == (
        request.name, request.metadata, request.description)
    assert shared.a(pb.GetFunctionParam(key=request.key)) == answer


@refusals(
    ("elements sorted as text", A,
     new_samples(*[new_sample(f"s{i}", data_manager_keys=["x"] * 11 if i == 0 else []) for i in range(2)]), INVALID,
     invalid("datasample", "data_manager_keys: ("
             + "; ".join(f"{i}: {NO_UUID}" for i in ("0", "1", "10", "2", "3", "4", "5", "6", "7", "8", "9")) + ".)")),
)
def test_3_3_lists(shared, row):
    check_refusal(shared, row)


def test_3_3_length_limit_of_tag(shared):
    request = new_plan("tagged", tag="t" * 101)
    assert shared.a.outcome(request) == (INVALID, invalid("computeplan", "tag: the length must be no more than 100"))
    request.tag = "t" * 100
    assert shared.a(request).tag == request.tag


# --- 3.4


ACCEPTED = """
http://foo|https://a.b:8080/p?q#f|http://user:pw@host/x|ftp://127.0.0.1/test|http://[::1]:80/x|ws://x
http://foo_bar.com|http://é.com|foo.bar|ab.c|a/b.c|localhost:8080|mailto:a@b.c|http://x---y.com|http://a@b@host/
http://:@host/|http://host:99999/x|http://xy.1a|http://xa.1b|http://host/a\u00a0b
"""
REFUSED = """
http://|http://a b|http://foo/b c|http://.foo.com|http://foo..bar|http://-foo|http://host:123456|http://foo/%zz
foo|abc|abcd|localhost|.foo|/just/path|just/path|s3://bucket/key|gs://x.y|file:///x/y|http://x.é.com|http://é.x.com
http://a.b_c.com|http://_a.com|http://a_.com|http://a.b--c.com|http://ax.b.c.d|AX.x.y|http://1.2.3.4.5/
http://256.1.1.1/|http://xa.1|HTTP://foo|http://foo\u0001|http://u<r@host/|http://[::1
"""


def examples(text):
    return [each for line in text.strip().split("\n") for each in line.split("|")]


@pytest.mark.parametrize("value", examples(ACCEPTED))
def test_3_4_storage_address_accepted(shared, value):
    request = function(key=fresh_key(), description=pb.Addressable(checksum=CHECKSUM, storage_address=value))
    assert shared.a(request).description.storage_address == value


@pytest.mark.parametrize("value", examples(REFUSED))
def test_3_4_storage_address_refused(shared, value):
    assert shared.a.outcome(description(storage_address=value)) == (
        INVALID, invalid("function", f"description: (storage_address: {URL}.)"))


# --- 3.5


@pytest.mark.parametrize("value", examples("foo|/abs|foo/bar|://x|1http://x|http://a b|http://foo#frag|http://foo/%zz"
                                           "|http://[::1"))
def test_3_5_organization_address_refused(shared, value):
    """Not taken as registered already: the field rule comes first. D19 gives it code and status."""
    assert shared.a.outcome(pb.RegisterOrganizationParam(address=value)) == (
        INVALID, "OE0101: organization is not valid: address: must be a valid request URL.")


@pytest.mark.parametrize("value", examples("http://foo|ftp://a|s3://b|mailto:x|localhost:8000|http:|http:x|http://"
                                           "|HTTP://X|"))
def test_3_5_organization_address_accepted(shared, value):
    """Every organization of the shared channel is registered: passing the rule shows as the next refusal."""
    status, _ = shared.a.outcome(pb.RegisterOrganizationParam(address=value))
    assert status == "ALREADY_EXISTS"


def test_3_3_present_but_empty_message_passes(shared):
    manager = shared.a(new_data_manager("dm", permissions=pb.NewPermissions(), logs=pb.NewPermissions()))
    assert manager.logs_permission == pb.Permission(authorized_ids=[A])
    assert shared.a.outcome(new_data_manager("dm2", permissions=EVERYBODY)) == (OK, "")
