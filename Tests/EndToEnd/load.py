"""Clients that call without a pause, and note every call that fails."""

import json
import pathlib
import socket
import subprocess
import sys
import threading
import time

import grpc
import h2.config
import h2.connection
import h2.events
import h2.settings
import openai

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "clients/python"))
from llmgateway.v1 import chat_pb2, chat_service_pb2, chat_service_pb2_grpc, message_pb2

HELLO = [{"role": "user", "content": "Hello"}]


class Load(threading.Thread):
    """A client in a loop, on a thread of its own."""

    def __init__(self, port: int, key: str):
        super().__init__(daemon=True)
        self.port = port
        self.key = key
        self.done = 0
        self.failures: list[str] = []
        self.ends = threading.Event()

    def run(self):
        while not self.ends.is_set():
            try:
                self.call()
            except Exception as error:
                self.failures.append(f"{type(self).__name__}: {error!r}")
                time.sleep(0.05)
        self.close()

    def call(self):
        raise NotImplementedError

    def close(self):
        pass


class SDKLoad(Load):
    """The openai SDK with its retries off: whole answers on a kept connection."""

    def __init__(self, port: int, key: str):
        super().__init__(port, key)
        self.sdk = openai.OpenAI(
            base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0)

    def call(self):
        answer = self.sdk.chat.completions.create(model="demo", messages=HELLO)
        assert answer.choices[0].finish_reason == "stop"
        self.done += 1

    def close(self):
        self.sdk.close()


class SDKStreamLoad(SDKLoad):
    """The same, streamed."""

    def call(self):
        stream = self.sdk.chat.completions.create(model="demo", messages=HELLO, stream=True)
        reason = None
        for chunk in stream:
            for choice in chunk.choices:
                reason = choice.finish_reason or reason
        assert reason == "stop"
        self.done += 1


class GRPCLoad(Load):
    """grpcio: streams on one channel for the whole time."""

    def __init__(self, port: int, key: str):
        super().__init__(port, key)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = chat_service_pb2_grpc.ChatServiceStub(self.channel)

    def call(self):
        events = list(self.stub.StreamChatCompletion(
            stream_request("demo"), metadata=[("authorization", f"Bearer {self.key}")],
            timeout=60))
        assert events[-1].WhichOneof("event") == "finished"
        self.done += 1

    def close(self):
        self.channel.close()


def stream_request(model: str) -> chat_service_pb2.StreamChatCompletionRequest:
    message = message_pb2.Message(
        role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text="Hello")])
    return chat_service_pb2.StreamChatCompletionRequest(
        chat=chat_pb2.ChatRequest(model=model, messages=[message]))


class HTTP2Load(Load):
    """Many streams at once on one HTTP/2 connection, by frames, as RFC 9113 (6.8) has it.

    After a GOAWAY it opens no more and waits for all it has opened; each must be answered, since
    each was sent before the GOAWAY was read.
    """

    STREAMS = 8

    def call(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.serve(peer)

    def serve(self, peer):
        http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        http.initiate_connection()
        self.open: set[int] = set()
        self.goes_away = False
        while True:
            while (len(self.open) < self.STREAMS and not self.goes_away
                   and not self.ends.is_set()):
                self.send_request(http)
            if not self.open:
                return
            peer.sendall(http.data_to_send())
            data = peer.recv(65536)
            if not data:
                raise AssertionError(f"the connection ended before streams {self.open}")
            for event in self.receive(http, data):
                self.take(http, event)

    def receive(self, http, data):
        """The library refuses all frames after a GOAWAY, so that one is taken out here."""
        events = []
        self.rest = getattr(self, "rest", b"") + data
        while len(self.rest) >= 9:
            end = 9 + int.from_bytes(self.rest[:3], "big")
            if len(self.rest) < end:
                break
            frame, self.rest = self.rest[:end], self.rest[end:]
            if frame[3] == 7:
                self.goes_away = True
                last = int.from_bytes(frame[9:13], "big") & 0x7FFFFFFF
                lost = [stream for stream in self.open if stream > last]
                assert not lost, f"streams {lost} are beyond the last one, {last}"
            else:
                events += http.receive_data(frame)
        return events

    def send_request(self, http):
        stream = http.get_next_available_stream_id()
        body = json.dumps({"model": "demo", "messages": HELLO}).encode()
        http.send_headers(stream, [
            (":method", "POST"), (":scheme", "http"), (":authority", "gateway"),
            (":path", "/v1/chat/completions"), ("content-type", "application/json"),
            ("authorization", f"Bearer {self.key}")])
        http.send_data(stream, body, end_stream=True)
        self.open.add(stream)

    def take(self, http, event):
        if isinstance(event, h2.events.ResponseReceived):
            status = dict(event.headers)[":status"]
            if status != "200":
                raise AssertionError(f"status {status}")
        elif isinstance(event, h2.events.DataReceived):
            http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.open.discard(event.stream_id)
            self.done += 1
        elif isinstance(event, h2.events.StreamReset):
            raise AssertionError(f"stream {event.stream_id} was reset")


class H2LoadLoad(Load):
    """h2load by HTTP/1.1 with eight connections, in runs of a few seconds.

    By HTTP/2 it cannot be used here: it counts requests that a GOAWAY keeps it from sending as
    failed, and opens no other connection.
    """

    REQUESTS = 400

    def __init__(self, port: int, key: str, folder: pathlib.Path):
        super().__init__(port, key)
        self.body = folder / "h2load.json"
        self.body.write_text(json.dumps({"model": "demo", "messages": HELLO}))

    def call(self):
        done = subprocess.run(
            ["h2load", "--h1", "-n", str(self.REQUESTS), "-c", "8", "-d", str(self.body),
             "-H", "content-type: application/json", "-H", f"authorization: Bearer {self.key}",
             f"http://127.0.0.1:{self.port}/v1/chat/completions"],
            capture_output=True, text=True, timeout=120)
        line = next(line for line in done.stdout.splitlines() if line.startswith("requests:"))
        assert f"{self.REQUESTS} succeeded, 0 failed, 0 errored" in line, line
        assert f"status codes: {self.REQUESTS} 2xx" in done.stdout, done.stdout
        self.done += self.REQUESTS
