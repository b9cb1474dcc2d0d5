"""HTTP/2 by hand, for peers that no client library would be: frames and headers as one wants them."""
import socket
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
FIRST_WINDOW, LARGEST_FRAME = 65535, 16384
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def hpack_integer(value, bits, first=0):
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    encoded = bytes([first | limit])
    value -= limit
    while value >= 128:
        encoded += bytes([value & 127 | 128])
        value >>= 7
    return encoded + bytes([value])


def header(name, value):
    """A literal that stays out of the table."""
    name, value = name.encode(), value if isinstance(value, bytes) else value.encode()
    return b"\0" + hpack_integer(len(name), 7) + name + hpack_integer(len(value), 7) + value


def call_headers(path, metadata=()):
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"), ("te", "trailers"),
              ("content-type", "application/grpc"), *metadata]
    return b"".join(header(name, value) for name, value in fields)


def message(data):
    return b"\0" + struct.pack(">I", len(data)) + data


class Peer:
    """One connection. Reads only when it is told to."""

    def __init__(self, address, settings=(), host="127.0.0.1", source=None):
        self.socket = socket.create_connection((host, int(address.rsplit(":", 1)[1])), 20, source and (source, 0))
        self.received = b""
        self.windows = {0: FIRST_WINDOW}  # of the receiver: of the connection, and by stream
        payload = b"".join(struct.pack(">HI", name, value) for name, value in settings)
        self.send(PREFACE + frame(SETTINGS, 0, 0, payload))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def call(self, stream, path, data, metadata=(), end=True):
        """A whole unary call, but for its end."""
        self.send(frame(HEADERS, END_HEADERS, stream, call_headers(path, metadata)) +
                  frame(DATA, END_STREAM if end else 0, stream, message(data)))

    def send_data(self, stream, data):
        """As DATA frames that keep to the windows of the receiver. A stream's data in one go."""
        windows = self.windows
        windows[stream] = FIRST_WINDOW
        while data:
            room = min(LARGEST_FRAME, windows[0], windows[stream])
            if room == 0:
                got = self.read_frame()
                if got is None:
                    raise ConnectionResetError
                kind, _, of, payload = got
                if kind == WINDOW_UPDATE and of in windows:
                    windows[of] += int.from_bytes(payload, "big")
                continue
            piece, data = data[:room], data[room:]
            self.send(frame(DATA, 0, stream, piece))
            for of in (0, stream):
                windows[of] -= len(piece)

    def read_frame(self):
        """(kind, flags, stream, payload), or None at the end of the connection."""
        while len(self.received) < 9 or len(self.received) < 9 + int.from_bytes(self.received[:3], "big"):
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.received += data
        size = int.from_bytes(self.received[:3], "big")
        kind, flags, stream = self.received[3], self.received[4], int.from_bytes(self.received[5:9], "big")
        payload, self.received = self.received[9:9 + size], self.received[9 + size:]
        return kind, flags, stream, payload

    def frames(self):
        while (read := self.read_frame()) is not None:
            yield read

    def wait_for(self, kind, stream=0):
        """The payload of the next frame of this kind."""
        for got in self.frames():
            if got[0] == kind and got[2] == stream and not (kind == SETTINGS and got[1] & ACK):
                return got[3]
        raise AssertionError(f"the connection ended before a frame of kind {kind}")
