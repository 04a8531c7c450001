"""What many connections and streams cost in memory: 8,000 idle connections, 20,000 open streams.

    LLM_GATEWAY_BIN=.build/release/llm-gateway python3 bench/connections.py

Question: anonymous memory of the gateway, in bytes a connection or stream.
Set-up:   both sides are bound by the descriptors of a process, so the clients are processes of 2,000
          connections each, from addresses of 127.0.0.0/8, as one address may have half of all
          connections only, and many streams come over HTTP/2. The scripted model sends a chunk
          every ten seconds. Clients read all that comes; every answer must be 200, and every stream
          still be open when memory is read.
"""

import dataclasses
import json
import multiprocessing
import os
import pathlib
import resource
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable

from processes import BINARY, free_port

KEY = "sk-master-0123456789abcdef"
CONFIG = f"""
model_list:
  - model_name: slow
    litellm_params: {{model: 'scripted/demo?chunks=1000&first_ms=0&interval_ms=10000'}}
general_settings: {{master_key: {KEY}}}
gateway_settings: {{loops: 1, timeouts: {{drain: 1s}}}}
"""
BODY = json.dumps({
    "model": "slow", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}).encode()
REQUEST = (
    f"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {KEY}\r\n"
    f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n").encode() + BODY
PER_PROCESS = 2_000
# The gateway's own bound is 256.
STREAMS_PER_CONNECTION = 250
BEGIN_SECONDS_MAX = 240


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name, value):
    name, value = name.encode(), value.encode()
    assert len(name) < 127 and len(value) < 127
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


# The windows are never what a stream waits for: SETTINGS_INITIAL_WINDOW_SIZE and WINDOW_UPDATE.
PREFACE = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, struct.pack(">HI", 4, 1 << 24))
    + frame(4, 1, 0, b"") + frame(8, 0, 0, struct.pack(">I", 1 << 30)))
HEAD = (
    b"\x83\x86" + field(":path", "/v1/chat/completions") + field(":authority", "gateway")
    + field("authorization", f"Bearer {KEY}") + field("content-type", "application/json"))


def idle_http1(index):
    return b"GET /health/liveliness HTTP/1.1\r\nhost: gateway\r\n\r\n"


def idle_http2(index):
    return PREFACE + frame(1, 5, 1, b"\x82\x86" + field(":path", "/health/liveliness")
                           + field(":authority", "gateway"))


def stream_http1(index):
    return REQUEST


def streams_http2(index):
    return PREFACE + b"".join(
        frame(1, 4, stream, HEAD) + frame(0, 1, stream, BODY)
        for stream in range(1, 2 * STREAMS_PER_CONNECTION, 2))


class Answers:
    """What has come on one connection: how many answers began with 200, and how many ended."""

    def __init__(self, is_http2):
        self.is_http2, self.rest, self.began, self.ended = is_http2, b"", 0, 0

    def take(self, data):
        self.rest += data
        if not self.is_http2:
            self.began = int(self.rest.startswith(b"HTTP/1.1 200 "))
            self.ended = int(self.rest.endswith(b"\r\n0\r\n\r\n"))
            return
        while len(self.rest) >= 9:
            length = int.from_bytes(self.rest[:3], "big")
            if len(self.rest) < 9 + length:
                return
            kind, flags, payload = self.rest[3], self.rest[4], self.rest[9:9 + length]
            self.rest = self.rest[9 + length:]
            # A head begins with 0x88, `:status: 200` of HPACK's table, or before it with a change
            # of the table's size.
            if kind == 1 and b"\x88" in payload[:4]:
                self.began += 1
            if kind == 3 or (kind in (0, 1) and flags & 1):
                self.ended += 1


def read_until(selector, seconds, is_enough):
    """Reads what comes for some seconds, or until it is enough."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not is_enough():
        for key, _ in selector.select(timeout=0.1):
            data = key.fileobj.recv(1 << 16)
            if not data:
                raise SystemExit("the gateway closed a connection")
            key.data.take(data)


def hold(port, first, count, shape, ready, release):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    selector, answers = selectors.DefaultSelector(), []
    for index in range(first, first + count):
        peer = socket.socket()
        peer.bind((f"127.0.0.{index // 1_000 + 2}", 0))
        peer.connect(("127.0.0.1", port))
        peer.sendall(shape.make(index))
        answers.append(Answers(shape.is_http2))
        selector.register(peer, selectors.EVENT_READ, answers[-1])
    expected = count * shape.streams
    read_until(selector, BEGIN_SECONDS_MAX, lambda: sum(a.began for a in answers) >= expected)
    ready.put(sum(answer.began for answer in answers))
    read_until(selector, BEGIN_SECONDS_MAX, release.is_set)
    ready.put(sum(answer.ended for answer in answers))


def memory(process):
    for line in open(f"/proc/{process.pid}/smaps_rollup"):
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("no figure of memory")


@dataclasses.dataclass(frozen=True)
class Shape:
    name: str
    connections: int
    streams: int  # Of each connection.
    make: Callable  # The bytes that a connection sends, by its number.
    is_http2: bool
    stays_open: bool


SHAPES = [
    Shape("idle, HTTP/1.1", 8_000, 1, idle_http1, False, False),
    Shape("idle, HTTP/2", 8_000, 1, idle_http2, True, False),
    Shape("open streams, HTTP/1.1", 2_000, 1, stream_http1, False, True),
    Shape("open streams, HTTP/2", 20_000 // STREAMS_PER_CONNECTION, STREAMS_PER_CONNECTION,
          streams_http2, True, True),
]


def start(folder):
    path = pathlib.Path(folder, "config.yaml")
    path.write_text(CONFIG)
    port = free_port()
    gateway = subprocess.Popen(
        [BINARY, "serve", "--config", str(path), "--port", str(port), "--data-dir", folder],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(1_000):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness").read()
            return gateway, port
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the gateway did not start")


def measure(shape):
    with tempfile.TemporaryDirectory() as folder:
        gateway, port = start(folder)
        try:
            before = memory(gateway)
            ready, release = multiprocessing.Queue(), multiprocessing.Event()
            clients = [
                multiprocessing.Process(target=hold, args=(
                    port, first, min(PER_PROCESS, shape.connections - first), shape, ready,
                    release))
                for first in range(0, shape.connections, PER_PROCESS)]
            for client in clients:
                client.start()
            began = sum(ready.get(timeout=BEGIN_SECONDS_MAX + 60) for _ in clients)
            time.sleep(2)
            grown = memory(gateway) - before
            open_files = len(os.listdir(f"/proc/{gateway.pid}/fd"))
            release.set()
            ended = sum(ready.get(timeout=60) for _ in clients)
            for client in clients:
                client.join()
        finally:
            gateway.send_signal(signal.SIGTERM)
            gateway.wait(timeout=60)
    count = shape.connections * shape.streams
    if began != count or (shape.stays_open and ended):
        raise SystemExit(f"{shape.name}: {began} of {count} began, {ended} have ended")
    print(
        f"{shape.name:24} {count:6} over {shape.connections:5} connections "
        f"({open_files} descriptors): {before / 1e6:6.1f} MB before, {grown / 1e6:6.1f} MB more, "
        f"{grown / count:7.0f} bytes each", flush=True)


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        sys.exit(f"{BINARY} is not there; `make build` makes it")
    for each in SHAPES:
        measure(each)
