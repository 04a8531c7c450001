"""How soon the gateway is ready, and what it holds in memory: idle, by connection, by open stream.

Questions: how long from the start of the process to the first answer of /health/readiness, and by how
           much does anonymous memory (/proc/PID/smaps_rollup) grow with each connection, and with
           each stream that has begun and goes on?
Units:     milliseconds, median (least-greatest) of the starts; bytes.
Set-up:    one loop. Streams send their first chunk at once and the next ones every ten seconds, so
           that all are open when memory is read. With the model `scripted` the gateway makes the
           chunks itself; with `openai` each stream has a connection to an upstream behind it.

Usage: bench/footprint.py [--streams N] [--starts N]      needs Python's h2
"""

import argparse
import asyncio
import json
import pathlib
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

import h2.config
import h2.connection
import h2.events

from processes import BINARY, Failure, free_port

KEY = "sk-bench-0123456789abcdef"
# The gateway's own bound is 256.
STREAMS_PER_CONNECTION = 250
CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    b'[{"index":0,"delta":{"content":"some text"},"finish_reason":null}]}\n\n')
WAIT_SECONDS = 60


class Gateway:
    """A process of the gateway, and how long it took to be ready."""

    def __init__(self, folder: pathlib.Path, upstream: int):
        self.port = free_port()
        config = folder / "config.yaml"
        config.write_text(f"""
model_list:
  - {{model_name: scripted, litellm_params: {{
      model: 'scripted/demo?chunks=1000&first_ms=0&interval_ms=10000'}}}}
  - {{model_name: openai, litellm_params: {{
      model: openai/m, api_base: 'http://127.0.0.1:{upstream}/v1', api_key: sk-x}}}}
general_settings: {{master_key: {KEY}}}
gateway_settings: {{loops: 1, log: {{sample: 0}}, upstream: {{connections_per_host_max: 8192}}}}
""")
        self.log = open(folder / "log", "wb")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--config", str(config), "--port", str(self.port)],
            stdout=self.log, stderr=self.log, cwd=folder)
        url = f"http://127.0.0.1:{self.port}/health/readiness"
        while True:
            try:
                with urllib.request.urlopen(url, timeout=1):
                    break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - began > WAIT_SECONDS:
                    raise Failure("the gateway did not start") from None
                time.sleep(0.0005)
        self.ready_milliseconds = (time.monotonic() - began) * 1000

    def memory(self) -> int:
        for line in pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) * 1024
        raise Failure("no figure of memory")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            # Streams that go on would be waited for until the drain's bound.
            self.process.terminate()
            self.process.wait(timeout=20)
        self.log.close()


async def serve_upstream(reader, writer):
    """One connection of an OpenAI server that streams slowly; ends when its client goes."""
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK))
            await asyncio.sleep(10)
    except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        pass  # The client has gone, or the measurement is over.
    finally:
        writer.close()


def openai_body(model: str) -> bytes:
    message = {"role": "user", "content": "x" * 200}
    return json.dumps({"model": model, "stream": True, "messages": [message]}).encode()


def grpc_body(model: str) -> bytes:
    """StreamChatCompletionRequest, written by hand: a field's tag, its length, its bytes."""
    def field(number: int, value: bytes) -> bytes:
        length = len(value)
        low = bytes([length & 127 | 128, length >> 7]) if length > 127 else bytes([length])
        return bytes([number << 3 | 2]) + low + value

    message = b"\x08\x03" + field(2, field(1, b"x" * 200))
    request = field(1, field(1, model.encode()) + field(2, message))
    return struct.pack(">BI", 0, len(request)) + request


class HTTP1:
    """Connections of one stream each."""

    def __init__(self, port: int):
        self.port = port

    async def connect(self, streams: int):
        self.connections = [
            await asyncio.open_connection("127.0.0.1", self.port) for _ in range(streams)]
        return streams

    async def begin(self, model: str, streams: int):
        body = openai_body(model)
        for _, writer in self.connections:
            writer.write(
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nauthorization: Bearer "
                + KEY.encode() + b"\r\ncontent-type: application/json\r\ncontent-length: "
                + str(len(body)).encode() + b"\r\n\r\n" + body)
        for reader, _ in self.connections:
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 "):
                raise Failure(head.decode())
            await reader.readuntil(b"data: ")

    def close(self):
        for _, writer in self.connections:
            writer.close()


class HTTP2:
    """Connections of many streams each, or of one."""

    def __init__(self, port: int, is_grpc: bool, streams_per_connection: int):
        self.port = port
        self.is_grpc = is_grpc
        self.streams_per_connection = streams_per_connection

    async def connect(self, streams: int):
        self.connections = []
        for _ in range(-(-streams // self.streams_per_connection)):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            http2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
            http2.initiate_connection()
            writer.write(http2.data_to_send())
            self.connections.append((reader, writer, http2))
        for reader, writer, http2 in self.connections:
            http2.receive_data(await reader.read(65536))
            writer.write(http2.data_to_send())
        return len(self.connections)

    async def begin(self, model: str, streams: int):
        path = (
            "/llmgateway.v1.ChatService/StreamChatCompletion" if self.is_grpc
            else "/v1/chat/completions")
        kind = "application/grpc" if self.is_grpc else "application/json"
        body = grpc_body(model) if self.is_grpc else openai_body(model)
        for reader, writer, http2 in self.connections:
            for _ in range(min(streams, self.streams_per_connection)):
                stream = http2.get_next_available_stream_id()
                http2.send_headers(stream, [
                    (":method", "POST"), (":scheme", "http"), (":path", path),
                    (":authority", "g"), ("content-type", kind), ("te", "trailers"),
                    ("authorization", f"Bearer {KEY}")])
                http2.send_data(stream, body, end_stream=True)
            writer.write(http2.data_to_send())
        for reader, writer, http2 in self.connections:
            waiting = min(streams, self.streams_per_connection)
            begun = set()
            while len(begun) < waiting:
                for event in http2.receive_data(await reader.read(65536)):
                    if isinstance(event, h2.events.ResponseReceived):
                        if dict(event.headers)[":status"] != "200":
                            raise Failure(str(event.headers))
                    elif isinstance(event, h2.events.DataReceived):
                        begun.add(event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        raise Failure("a stream has ended already")
                writer.write(http2.data_to_send())

    def close(self):
        for _, writer, _ in self.connections:
            writer.close()


async def settled(gateway: Gateway) -> int:
    """Memory once it has stopped to change."""
    before = -1
    for _ in range(50):
        await asyncio.sleep(0.2)
        now = gateway.memory()
        if now == before:
            return now
        before = now
    return before


async def measure(name: str, client_of, model: str, streams: int, upstream: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(pathlib.Path(folder), upstream)
        client = client_of(gateway.port)
        try:
            base = await settled(gateway)
            connections = await client.connect(streams)
            connected = await settled(gateway)
            await asyncio.wait_for(client.begin(model, streams), WAIT_SECONDS)
            begun = await settled(gateway)
        finally:
            client.close()
            gateway.stop()
    by_connection = (connected - base) / connections
    by_stream = (begun - connected) / streams
    return (
        f"| {name} | {model} | {connections} | {base / 1e6:.1f} MB | {by_connection:,.0f} "
        f"| {by_stream:,.0f} |")


def measure_starts(count: int) -> str:
    times = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            gateway = Gateway(pathlib.Path(folder), 1)
            times.append(gateway.ready_milliseconds)
            gateway.stop()
    return (
        f"Ready after {statistics.median(times):.1f} ms ({min(times):.1f}-{max(times):.1f}), "
        f"median (least-greatest) of {count} starts.")


SHAPES = [
    ("OpenAI, HTTP/1.1", HTTP1),
    ("OpenAI, HTTP/2", lambda port: HTTP2(port, False, STREAMS_PER_CONNECTION)),
    ("gRPC", lambda port: HTTP2(port, True, STREAMS_PER_CONNECTION)),
    ("gRPC, one stream a connection", lambda port: HTTP2(port, True, 1)),
]


async def run(streams: int, starts: int):
    server = await asyncio.start_server(serve_upstream, "127.0.0.1", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    print(measure_starts(starts) + "\n", flush=True)
    print(f"Memory with {streams} open streams; bytes by idle connection and by open stream.\n")
    print("| door | model | connections | at rest | by connection | by stream |")
    print("|---|---|---|---|---|---|")
    for model in ("scripted", "openai"):
        for name, client_of in SHAPES:
            print(await measure(name, client_of, model, streams, port), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--starts", type=int, default=20)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        asyncio.run(run(options.streams, options.starts))
    except Failure as failure:
        sys.exit(f"bench: {failure}")


if __name__ == "__main__":
    main()
