"""A client of the orchestrator: the messages of the contract, a connection, and whose calls these are.

    with Client("127.0.0.1:9000", organization="riverside", channel="study") as client:
        plan = client.ComputePlanService.GetPlan(pb.GetComputePlanParam(key=...))

A refused call raises grpc.RpcError, which has a code() and details().
"""
import functools
import importlib
import pathlib
import subprocess
import sys
import tempfile
import types

import grpc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
CALL_TIMEOUT_SECONDS = 10
OPTIONS = [
    # A stream may be silent for hours. The pings tell a quiet server from a lost connection.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    # gRPC would send even calls to this machine through a proxy that is meant for the web.
    ("grpc.enable_http_proxy", 0),
]


def _generate_modules(folder):
    """The message modules of the definition files in `folder`, made by protoc when the program starts.

    A program of your own would rather generate them once and keep them.
    """
    names = sorted(path.stem for path in folder.glob("*.proto"))
    files = [f"{name}.proto" for name in names]
    with tempfile.TemporaryDirectory() as generated:
        try:
            subprocess.run(["protoc", f"-I{folder}", f"--python_out={generated}", *files], check=True)
        except FileNotFoundError:
            sys.exit("protoc is missing: install the package protobuf-compiler")
        sys.path.insert(0, generated)
        try:
            return [importlib.import_module(f"{name}_pb2") for name in names]
        finally:
            sys.path.remove(generated)


_MODULES = _generate_modules(PROTO)
_SERVICES = [service for module in _MODULES for service in module.DESCRIPTOR.services_by_name.values()]

# All message classes and enum values of the contract by name: pb.NewFunction, pb.STATUS_DONE.
pb = types.SimpleNamespace(**{name: value for module in _MODULES for name, value in vars(module).items()})


class Client:
    """One connection in the name of one organization, with one attribute per service. Threads may share it."""

    def __init__(self, address, organization, channel):
        # The server reads from these two headers, on every call, who calls and in which channel.
        headers = (("mspid", organization), ("channel", channel))
        self._connection = grpc.insecure_channel(address, options=OPTIONS)
        for service in _SERVICES:
            methods = {method.name: self._method(method, headers) for method in service.methods}
            setattr(self, service.name, types.SimpleNamespace(**methods))

    def _method(self, method, headers):
        """A function that sends a request and returns the answer, or an iterator over the answers of a stream."""
        connect = self._connection.unary_stream if method.server_streaming else self._connection.unary_unary
        call = connect(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=method.input_type._concrete_class.SerializeToString,
            response_deserializer=method.output_type._concrete_class.FromString,
        )
        timeout = None if method.server_streaming else CALL_TIMEOUT_SECONDS
        return functools.partial(call, metadata=headers, timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()
