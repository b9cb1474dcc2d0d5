"""Ports for servers that must know theirs before they start."""
import random
import socket

# Where Linux does not look for the ports of its own (net.ipv4.ip_local_port_range begins at 32768): no connection of another
# test comes by it between this choice and the start, or while the server is started again.
RANGE = range(10_000, 32_768)


def free_port():
    while True:
        with socket.socket() as probe:
            port = random.choice(RANGE)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
