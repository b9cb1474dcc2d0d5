"""The definition files in proto/ say exactly what contract.json says: nothing missing, nothing more.

Clients in the field were built from this contract, so a difference is a broken client, not a style question.
Each failure names the facts that drifted, one a line. Needs protoc on PATH.
"""
import collections
import json
import pathlib
import subprocess

import pytest
from google.protobuf import descriptor_pb2

HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parents[1] / "proto"
CONTRACT = json.loads((HERE / "contract.json").read_text(encoding="utf-8"))
PREFIX = "." + CONTRACT["package"] + "."
STANDARD = {  # service -> (method, request streams, response streams)
    "grpc.health.v1.Health": [("Check", False, False), ("Watch", False, True)],
    "grpc.reflection.v1.ServerReflection": [("ServerReflectionInfo", True, True)],
    "grpc.reflection.v1alpha.ServerReflection": [("ServerReflectionInfo", True, True)],
}
Field = descriptor_pb2.FieldDescriptorProto


# --- Reading the definitions ---


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """All files of proto/ and their imports, by name, as protoc understands them."""
    out = tmp_path_factory.mktemp("contract") / "all.pb"
    names = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    subprocess.run(["protoc", f"-I{PROTO}", f"--descriptor_set_out={out}", "--include_imports", *names], check=True)
    return {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file}


@pytest.fixture(scope="module")
def ours(compiled):
    """The files of the contract: those with a bare name."""
    return {name: file for name, file in compiled.items() if "/" not in name}


def short(type_name):
    return type_name[len(PREFIX):] if type_name.startswith(PREFIX) else type_name.lstrip(".")


def type_of(field):
    return short(field.type_name) if field.type_name else Field.Type.Name(field.type)[len("TYPE_"):].lower()


def field_fact(message, field, entries):
    """One field as contract.json writes it."""
    type_name, label = type_of(field), "repeated" if field.label == Field.LABEL_REPEATED else ""
    entry = entries.get(type_name)
    if entry is not None:
        type_name, label = "map<{}, {}>".format(*(type_of(part) for part in entry.field)), "map"
    elif field.label == Field.LABEL_REQUIRED or field.proto3_optional:
        label = "required" if field.label == Field.LABEL_REQUIRED else "optional"
    oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
    return {"number": field.number, "name": field.name, "type": type_name, "label": label, "oneof": oneof,
            "json_name": field.json_name}


def reserved(declared, end_is_reserved):
    numbers = (n for r in declared.reserved_range for n in range(r.start, r.end + end_is_reserved))
    return {"reserved_numbers": sorted(numbers), "reserved_names": sorted(declared.reserved_name)}


def definitions(files):
    """The facts of the definition files, in the form of contract.json."""
    found = {"files": sorted(files), "services": {}, "enums": {}, "messages": {}}
    for name, file in files.items():
        for service in file.service:
            found["services"][service.name] = {"file": name, "methods": [
                {"name": m.name, "request": short(m.input_type), "response": short(m.output_type),
                 "server_streaming": m.server_streaming, "deprecated": m.options.deprecated} for m in service.method]}
        for enum in file.enum_type:
            values = [{"number": v.number, "name": v.name} for v in enum.value]
            found["enums"][enum.name] = {"file": name, "values": values, **reserved(enum, end_is_reserved=True)}
        for message in file.message_type:
            entries = {f"{message.name}.{n.name}": n for n in message.nested_type if n.options.map_entry}
            fields = [field_fact(message, f, entries) for f in message.field]
            found["messages"][message.name] = {"file": name, "fields": fields,
                                               **reserved(message, end_is_reserved=False)}
    return found


# --- Comparing ---


def flat(tree, path=""):
    """Every leaf of a tree as {path: value}; elements of lists go by name, or by value if they have none."""
    if isinstance(tree, list):
        keys = [item["name"] if isinstance(item, dict) else str(item) for item in tree]
        assert len(set(keys)) == len(keys), f"{path}: a name occurs twice"
        tree = dict(zip(keys, [item if isinstance(item, dict) else "present" for item in tree]))
    if not isinstance(tree, dict):
        return {path: tree}
    return {key: value for name, sub in tree.items() for key, value in flat(sub, f"{path}/{name}").items()}


@pytest.mark.parametrize("section", ["files", "services", "enums", "messages"])
def test_definitions_match_contract(ours, section):
    want, have = flat(CONTRACT[section], section), flat(definitions(ours)[section], section)
    drift = [f"{fact}: contract {want.get(fact, 'absent')!r}, proto/ {have.get(fact, 'absent')!r}"
             for fact in sorted(want.keys() | have.keys()) if want.get(fact, "absent") != have.get(fact, "absent")]
    assert not drift, "\n" + "\n".join(drift)


def test_counts(ours):
    found = definitions(ours)
    counts = {section: len(found[section]) for section in ("services", "enums", "messages")}
    counts["methods"] = sum(len(service["methods"]) for service in found["services"].values())
    counts["fields"] = sum(len(message["fields"]) for message in found["messages"].values())
    assert counts == CONTRACT["counts"] == {"services": 13, "methods": 40, "messages": 94, "fields": 254, "enums": 10}


def test_files_hold_nothing_the_contract_cannot_say(ours):
    odd = []
    for name, file in ours.items():
        odd += [f"{name}: syntax {file.syntax!r}"] * (file.syntax != "proto3")
        odd += [f"{name}: package {file.package!r}"] * (file.package != CONTRACT["package"])
        odd += [f"{name}: file option {o.name}" for o, _ in file.options.ListFields()]
        odd += [f"{name}: extension {e.name}" for e in file.extension]
        odd += [f"{name}: {s.name}/{m.name} streams requests"
                for s in file.service for m in s.method if m.client_streaming]
        odd += [f"{name}: {d.name} has options" for d in [*file.service, *file.enum_type, *file.message_type]
                if d.options.ListFields()]
        for message in file.message_type:
            odd += [f"{name}: {message.name} nests {n.name}"
                    for n in [*message.nested_type, *message.enum_type] if not n.options.ListFields()]
            odd += [f"{name}: {message.name}.{f.name} has options" for f in message.field if f.options.ListFields()]
    assert not odd, "\n" + "\n".join(odd)


def test_auxiliary_services_are_the_standard_ones(compiled, ours):
    found = collections.defaultdict(list)
    for name in sorted(compiled.keys() - ours.keys()):
        for service in compiled[name].service:
            found[f"{compiled[name].package}.{service.name}"] += [
                (m.name, m.client_streaming, m.server_streaming) for m in service.method]
    assert found == STANDARD
