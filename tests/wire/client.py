"""Calls as one organization in one channel, built from descriptors."""
import grpc

from protocol import METHOD_OF_REQUEST, METHODS, pb

# Longer than any call may take; a call that hangs fails the test instead of the run.
CALL_SECONDS = 60


def identity(organization, channel):
    return (("mspid", organization), ("channel", channel))


def raw_bytes(message):
    return message if isinstance(message, bytes) else message.SerializeToString()


def outcome_of(error):
    """(status name, text) of a failed call."""
    return error.code().name, error.details()


class Caller:
    """One organization in one channel. Calling it with a request makes the call that takes such a request."""

    def __init__(self, connection, organization, channel):
        self.connection = connection
        self.organization = organization
        self.channel = channel
        self.metadata = identity(organization, channel)

    def __call__(self, request, timeout=CALL_SECONDS):
        method = METHOD_OF_REQUEST[request.DESCRIPTOR.full_name]
        return unary(self.connection, method.path, request, self.metadata, timeout)

    def later(self, request, timeout=CALL_SECONDS):
        """Starts the call and gives its future."""
        method = METHOD_OF_REQUEST[request.DESCRIPTOR.full_name]
        return stub(self.connection, method.path).future(request, timeout=timeout, metadata=self.metadata)

    def outcome(self, request):
        """(status name, text) of the call, ("OK", "") when it succeeds."""
        try:
            self(request)
        except grpc.RpcError as error:
            return outcome_of(error)
        return "OK", ""

    def subscribe(self, start="", timeout=CALL_SECONDS):
        """The stream of events after `start`. Its deadline makes a stream that should have said something fail."""
        return stub(self.connection, "/orchestrator.EventService/SubscribeToEvents")(
            pb.SubscribeToEventsParam(start_event_id=start), metadata=self.metadata, timeout=timeout)


def stub(connection, path):
    """A callable for any method, unary or streaming. Requests may be bytes, to send what no message can hold."""
    method = METHODS[path]
    kinds = {"unary": connection.unary_unary, "server stream": connection.unary_stream,
             "bidirectional stream": connection.stream_stream}
    return kinds[method.kind](path, request_serializer=raw_bytes, response_deserializer=method.response.FromString)


def unary(connection, path, request, metadata=(), timeout=CALL_SECONDS):
    return stub(connection, path)(request, metadata=metadata, timeout=timeout)


def stream_end(stream):
    """Reads a stream until it ends: (messages, status name, text)."""
    messages = []
    try:
        for message in stream:
            messages.append(message)
    except grpc.RpcError as error:
        return messages, *outcome_of(error)
    return messages, stream.code().name, stream.details()


def list_all(caller, request, field):
    """Every row of a paged list, through its tokens."""
    rows = []
    while True:
        page = caller(request)
        rows.extend(getattr(page, field))
        if not page.next_page_token:
            return rows
        request.page_token = page.next_page_token
