#!/usr/bin/python3
"""Does what the guides do by grpcurl, where there is none: the list of services, and calls."""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))

import grpc  # noqa: E402
from google.protobuf import json_format  # noqa: E402

from client import stub  # noqa: E402
from protocol import CLASSES, METHODS  # noqa: E402

REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"


def connect(arguments):
    def read(path):
        return pathlib.Path(path).read_bytes() if path else None

    if arguments.plaintext:
        return grpc.insecure_channel(arguments.address)
    options = [("grpc.ssl_target_name_override", arguments.authority)] if arguments.authority else []
    return grpc.secure_channel(arguments.address, grpc.ssl_channel_credentials(
        read(arguments.cacert), read(arguments.key), read(arguments.cert)), options)


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--authority", "--cacert", "--cert", "--key"):
        parser.add_argument(flag)
    parser.add_argument("-plaintext", action="store_true")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data", default="{}")
    parser.add_argument("address")
    parser.add_argument("what")
    arguments = parser.parse_args()
    headers = [tuple(part.strip() for part in header.split(":", 1)) for header in arguments.headers]
    path = REFLECTION if arguments.what == "list" else "/" + arguments.what
    call = stub(connect(arguments), path)
    try:
        if arguments.what == "list":
            request = CLASSES["grpc.reflection.v1.ServerReflectionRequest"](list_services="")
            answer = next(call(iter([request]), metadata=headers, timeout=10))
            print("\n".join(sorted(service.name for service in answer.list_services_response.service)))
        else:
            request = json_format.Parse(arguments.data, CLASSES[METHODS[path].request_type]())
            print(json_format.MessageToJson(call(request, metadata=headers, timeout=10)))
    except grpc.RpcError as error:
        name = "".join(word.capitalize() for word in error.code().name.split("_"))
        doing = "Failed to list services: " if arguments.what == "list" else "Error: "
        sys.exit(f"{doing}rpc error: code = {name} desc = {error.details()}")


if __name__ == "__main__":
    main()
