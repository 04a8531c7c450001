"""A gRPC client that sends whatever it is told to, right or wrong, and shows the answer as it came.

Frames are made and read by h2, so that the peer's HTTP/2 is checked by something else than ours.
"""

import dataclasses
import socket
import struct
import time

import h2.config
import h2.connection
import h2.events

from conftest import MASTER_KEY


def framed(message: bytes, flags: int = 0, length: int | None = None) -> bytes:
    return struct.pack(">BI", flags, len(message) if length is None else length) + message


@dataclasses.dataclass
class Answer:
    """What came on one stream until it ended; ``reset`` is the error code if it was cut."""

    headers: dict = dataclasses.field(default_factory=dict)
    data: bytes = b""
    trailers: dict = dataclasses.field(default_factory=dict)
    reset: int | None = None
    is_complete: bool = False
    ended_at: float = 0

    @property
    def http(self) -> int:
        return int(self.headers[":status"])

    @property
    def status(self) -> int:
        """gRPC's status, from the trailers or, when there was nothing else, from the headers."""
        return int((self.trailers or self.headers)["grpc-status"])

    @property
    def message(self) -> str:
        return (self.trailers or self.headers).get("grpc-message", "")


class RawConnection:
    """One HTTP/2 connection; its streams are told apart by their ids."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.http2 = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding="utf-8", validate_outbound_headers=False))
        self.http2.initiate_connection()
        self.answers = {}
        self._flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def open(self, path: str, without=(), **fields) -> int:
        """Begins a call; ``fields`` replace or add headers, with _ for -."""
        headers = {
            ":method": "POST", ":scheme": "http", ":path": path, ":authority": "gateway",
            "content-type": "application/grpc", "te": "trailers",
            "authorization": f"Bearer {MASTER_KEY}"}
        headers |= {name.replace("_", "-"): value for name, value in fields.items()}
        if "method" in headers:
            headers[":method"] = headers.pop("method")
        stream = self.http2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self.http2.send_headers(
            stream, [pair for pair in headers.items() if pair[0] not in without])
        self._flush()
        return stream

    def send(self, stream: int, data: bytes, end: bool = True):
        """Sends as the peer's window allows; stops when the peer has answered already."""
        while data and not self.answers[stream].is_complete:
            count = min(
                self.http2.local_flow_control_window(stream), self.http2.max_outbound_frame_size,
                len(data))
            if count == 0:
                self._receive()
                continue
            self.http2.send_data(stream, data[:count])
            data = data[count:]
            self._flush()
        if end and not self.answers[stream].is_complete:
            self.http2.end_stream(stream)
            self._flush()

    def reset(self, stream: int):
        self.http2.reset_stream(stream, error_code=8)
        self._flush()

    def answer(self, stream: int) -> Answer:
        while not self.answers[stream].is_complete:
            self._receive()
        return self.answers[stream]

    def call(self, path: str, body: bytes, end: bool = True, **headers) -> Answer:
        stream = self.open(path, **headers)
        self.send(stream, body, end)
        return self.answer(stream)

    def receive_some(self):
        self._receive()

    def _flush(self):
        self.socket.sendall(self.http2.data_to_send())

    def _receive(self):
        data = self.socket.recv(65536)
        assert data, "the gateway closed the connection"
        for event in self.http2.receive_data(data):
            self._take(event)
        self._flush()

    def _take(self, event):
        answer = self.answers.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ResponseReceived):
            answer.headers = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            answer.data += event.data
            self.http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = dict(event.headers)
        elif isinstance(event, h2.events.StreamReset):
            # NO_ERROR after a whole answer says that the rest of the request is not wanted.
            if not answer.is_complete:
                answer.reset = event.error_code
                answer.is_complete = True
                answer.ended_at = time.monotonic()
        elif isinstance(event, h2.events.StreamEnded):
            answer.is_complete = True
            answer.ended_at = time.monotonic()
