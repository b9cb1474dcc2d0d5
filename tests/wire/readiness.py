"""What the health service says of a server's readiness, as it changes."""
import contextlib

from client import stub
from protocol import CLASSES

SECONDS = 60


class Readiness:
    def __init__(self, stream):
        self._stream = stream

    def wait_for(self, name):
        """Follows the stream until it says this; fails when it ends or says nothing for long."""
        wanted = CLASSES["grpc.health.v1.HealthCheckResponse"](status=name)
        while next(self._stream) != wanted:
            pass


@contextlib.contextmanager
def watch_readiness(server):
    request = CLASSES["grpc.health.v1.HealthCheckRequest"](service="readiness")
    connection = server.connect()
    stream = stub(connection, "/grpc.health.v1.Health/Watch")(request, timeout=SECONDS)
    try:
        yield Readiness(stream)
    finally:
        stream.cancel()
        connection.close()
