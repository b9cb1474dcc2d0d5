"""A TCP gate between a client and a server of this machine: it forwards what passes, and breaks connections when told."""
import asyncio
import threading

TO_SERVER, TO_CLIENT = "to server", "to client"


class Gate:
    """Forwards from `port` to the server's port, until close(). Its methods may be called from any thread.

    `meddle`, a Fault or None, sees all that passes: it is called with the way and the bytes and gives what passes
    instead; None cuts the connection, and nothing of these bytes passes. It runs in the gate's thread.
    `refuse`: while true, new connections are closed at once. `delay`: seconds that everything takes to pass.
    """

    def __init__(self, server_port):
        self.server_port = server_port
        self.meddle = None
        self.refuse = False
        self.delay = 0.0
        self._links = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listener = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._listener.sockets[0].getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _serve(self, client_reader, client_writer):
        if self.refuse:
            client_writer.transport.abort()
            return
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            client_writer.transport.abort()
            return
        link = (client_writer, server_writer)
        self._links.add(link)
        try:
            await asyncio.gather(self._pump(TO_SERVER, client_reader, server_writer),
                                 self._pump(TO_CLIENT, server_reader, client_writer))
        except OSError:
            pass  # one side has ended: so has the other
        self._cut(link)

    async def _pump(self, way, reader, writer):
        while data := await reader.read(1 << 16):
            if self.delay:
                await asyncio.sleep(self.delay)
            if self.meddle is not None:
                data = self.meddle(way, data)
            if data is None:
                raise ConnectionAbortedError
            writer.write(data)
            await writer.drain()
        writer.close()  # what was sent arrives first

    def _cut(self, link):
        self._links.discard(link)
        for writer in link:
            writer.transport.abort()

    async def _cut_all(self):
        for link in list(self._links):
            self._cut(link)

    def close_all(self):
        """Ends every connection, as a network that resets them."""
        self._run(self._cut_all())

    def close(self):
        self._listener.close()
        self.close_all()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()


class Fault:
    """Something that `meddle` does once: to the bytes that hold the first one after `count` this way, or `text`."""

    def __init__(self, way, count=0, text=b"", corrupt=False):
        self.way = way
        self.left = count
        self.text = text
        self.corrupt = corrupt
        self.done = threading.Event()

    def __call__(self, way, data):
        if way != self.way or self.done.is_set():
            return data
        if len(data) <= self.left or self.text not in data:
            self.left -= 0 if self.text else len(data)
            return data
        self.done.set()
        if not self.corrupt:
            return None
        return data[:self.left] + bytes([data[self.left] ^ 0xFF]) + data[self.left + 1:]
