"""The wire contract as Python classes, built from proto/ at import.

The classes come from descriptors and not from generated modules: the generator for Python stubs on the supported
platform is older than its protobuf runtime, and descriptors also tell which method takes which request.
"""
import pathlib
import subprocess
import tempfile
import types

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
UNARY, SERVER_STREAM, BIDI_STREAM = "unary", "server stream", "bidirectional stream"


class Method:
    """One call of one service: where it is, what it takes and what it answers."""

    def __init__(self, descriptor, service, classes):
        self.path = f"/{service}/{descriptor.name}"
        self.request_type = descriptor.input_type.lstrip(".")
        self.response = classes[descriptor.output_type.lstrip(".")]
        streams = (descriptor.client_streaming, descriptor.server_streaming)
        self.kind = {(False, False): UNARY, (False, True): SERVER_STREAM, (True, True): BIDI_STREAM}[streams]


def compile_definitions():
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "all.pb"
        names = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
        subprocess.run(["protoc", f"-I{PROTO}", f"--descriptor_set_out={out}", "--include_imports", *names], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


def load():
    """All messages by full name, all methods by path, and the namespace `pb` of the contract itself."""
    files = compile_definitions().file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    classes = message_factory.MessageFactory(pool).GetMessages([file.name for file in files])
    methods, pb = {}, types.SimpleNamespace()
    for file in files:
        for service in file.service:
            full_name = f"{file.package}.{service.name}"
            for method in service.method:
                made = Method(method, full_name, classes)
                methods[made.path] = made
        if file.package != "orchestrator":
            continue
        for message in file.message_type:
            setattr(pb, message.name, classes[f"orchestrator.{message.name}"])
        for enum in file.enum_type:
            setattr(pb, enum.name, pool.FindEnumTypeByName(f"orchestrator.{enum.name}"))
            for value in enum.value:
                setattr(pb, value.name, value.number)
    pb.Timestamp = classes["google.protobuf.Timestamp"]
    return classes, methods, pb


CLASSES, METHODS, pb = load()
# Every request type of the contract belongs to one method, so that a request is enough to make a call.
METHOD_OF_REQUEST = {method.request_type: method for method in METHODS.values() if "/orchestrator." in method.path}


def name_of(enum, number):
    """The name of an enum value, for texts that quote it."""
    return enum.values_by_number[number].name
