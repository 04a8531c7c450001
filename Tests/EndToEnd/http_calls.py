"""Calls over HTTP/1.1 and HTTP/2 for clients of asyncio that leave when they please."""

import asyncio
import contextlib

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

GOAWAY = 7


class HTTP1Call:
    """One call after another on one connection, which is opened again when it was closed."""

    def __init__(self, port: int):
        self.port = port
        self.reader = self.writer = None
        self.head = b""

    def close(self):
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None

    async def send(self, path: str, headers: dict, body: bytes):
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"POST {path} HTTP/1.1", "host: gateway", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def status(self) -> int:
        self.head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        return int(self.head[9:12])

    async def pieces(self):
        """The body, in chunks as they come or whole."""
        if b"chunked" not in self.head:
            length = int(self.head.split(b"content-length:")[1].split(b"\r\n")[0])
            yield await self.reader.readexactly(length)
            return
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            yield (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)


class HTTP2Connection:
    """A connection of many calls at once, opened by the first; a broken one breaks them all."""

    def __init__(self, port: int):
        self.port = port
        self.http2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.opening = asyncio.Lock()
        self.writer = self.reading = None
        self.is_going = False
        self.events: dict[int, asyncio.Queue] = {}
        self.rest = b""

    async def open(self):
        async with self.opening:
            if self.writer is None:
                reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                self.http2.initiate_connection()
                self.flush()
                self.reading = asyncio.create_task(self._read(reader))

    def close(self):
        self.is_going = True
        if self.writer:
            self.writer.transport.abort()

    def flush(self):
        self.writer.write(self.http2.data_to_send())

    async def _read(self, reader):
        with contextlib.suppress(OSError, h2.exceptions.ProtocolError):
            while data := await reader.read(65536):
                for frame in self._frames(data):
                    for event in self.http2.receive_data(frame):
                        self._take(event)
                self.flush()
        self.close()
        for queue in self.events.values():
            queue.put_nowait(None)

    def _frames(self, data: bytes):
        """The frames that are complete, but for a GOAWAY: after one the library refuses all others,
        and the calls that have begun are still answered."""
        self.rest += data
        while len(self.rest) >= 9:
            end = 9 + int.from_bytes(self.rest[:3], "big")
            if len(self.rest) < end:
                return
            frame, self.rest = self.rest[:end], self.rest[end:]
            if frame[3] == GOAWAY:
                self.is_going = True
            else:
                yield frame

    def _take(self, event):
        if isinstance(event, h2.events.DataReceived):
            self.http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if queue := self.events.get(getattr(event, "stream_id", None)):
            queue.put_nowait(event)


class HTTP2Call:
    """One call on a connection that it shares."""

    def __init__(self, connection: HTTP2Connection):
        self.connection = connection
        self.stream = 0
        self.is_over = False

    def close(self):
        """Resets the stream, if it has not ended."""
        if self.stream and not self.is_over and not self.connection.writer.is_closing():
            with contextlib.suppress(h2.exceptions.ProtocolError):
                self.connection.http2.reset_stream(self.stream, h2.errors.ErrorCodes.CANCEL)
                self.connection.flush()
        self._forget()

    def _forget(self):
        self.is_over = True
        self.connection.events.pop(self.stream, None)

    async def send(self, path: str, headers: dict, body: bytes):
        connection = self.connection
        await connection.open()
        try:
            self.stream = connection.http2.get_next_available_stream_id()
            connection.events[self.stream] = asyncio.Queue()
            connection.http2.send_headers(self.stream, [
                (":method", "POST"), (":scheme", "http"), (":authority", "gateway"),
                (":path", path), *headers.items()])
            connection.http2.send_data(self.stream, body, end_stream=True)
            connection.flush()
        except h2.exceptions.ProtocolError as error:
            raise ConnectionError(str(error)) from None

    async def _next(self):
        event = await self.connection.events[self.stream].get()
        if event is None or isinstance(event, h2.events.StreamReset):
            self._forget()
            raise ConnectionResetError(f"stream {self.stream} was broken off")
        return event

    async def status(self) -> int:
        while not isinstance(event := await self._next(), h2.events.ResponseReceived):
            pass
        return int(dict(event.headers)[":status"])

    async def pieces(self):
        while not isinstance(event := await self._next(), h2.events.StreamEnded):
            if isinstance(event, h2.events.DataReceived):
                yield event.data
        self._forget()
