"""What many connections cost in memory: 8,000 idle ones and 2,000 open streams.

    LLM_GATEWAY_BIN=.build/release/llm-gateway python3 bench/connections.py

Question: anonymous memory of the gateway, in bytes a connection or stream. Both sides are bound by the
descriptors of a process, so the clients are processes of 2,000 connections each, from addresses of
127.0.0.0/8, as one address may have half of all connections only.
"""

import json
import multiprocessing
import os
import pathlib
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

BINARY = os.environ.get("LLM_GATEWAY_BIN", ".build/release/llm-gateway")
KEY = "sk-master-0123456789abcdef"
CONFIG = f"""
model_list:
  - model_name: slow
    litellm_params: {{model: 'scripted/demo?chunks=1000&first_ms=0&interval_ms=1000'}}
general_settings: {{master_key: {KEY}}}
gateway_settings: {{loops: 1, timeouts: {{drain: 1s}}}}
"""
BODY = json.dumps({
    "model": "slow", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}).encode()
REQUEST = (
    f"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {KEY}\r\n"
    f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n").encode() + BODY
PER_PROCESS = 2_000


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def field(name, value):
    name, value = name.encode(), value.encode()
    assert len(name) < 127 and len(value) < 127
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(4, 1, 0, b"")
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
        frame(1, 4, stream, HEAD) + frame(0, 1, stream, BODY) for stream in range(1, 200, 2))


def hold(port, first, count, make, ready, release):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    peers = []
    for index in range(first, first + count):
        peer = socket.socket()
        peer.bind((f"127.0.0.{index // 1_000 + 2}", 0))
        peer.connect(("127.0.0.1", port))
        peer.sendall(make(index))
        peers.append(peer)
    for peer in peers:
        peer.recv(1 << 16)
    ready.put(count)
    release.wait()


def memory(process):
    for line in open(f"/proc/{process.pid}/smaps_rollup"):
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("no figure of memory")


def measure(name, connections, per_connection, make):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "config.yaml")
        path.write_text(CONFIG)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        gateway = subprocess.Popen(
            [BINARY, "serve", "--config", str(path), "--port", str(port), "--data-dir", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness").read()
                    break
                except OSError:
                    time.sleep(0.05)
            before = memory(gateway)
            ready, release = multiprocessing.Queue(), multiprocessing.Event()
            clients = [
                multiprocessing.Process(target=hold, args=(
                    port, first, min(PER_PROCESS, connections - first), make, ready, release))
                for first in range(0, connections, PER_PROCESS)]
            for client in clients:
                client.start()
            for _ in clients:
                ready.get(timeout=120)
            time.sleep(2)
            grown = memory(gateway) - before
            open_files = len(os.listdir(f"/proc/{gateway.pid}/fd"))
            count = connections * per_connection
            print(
                f"{name:28} {count:6} over {connections:5} connections ({open_files} descriptors): "
                f"{before / 1e6:6.1f} MB before, {grown / 1e6:6.1f} MB more, "
                f"{grown / count:7.0f} bytes each", flush=True)
            release.set()
            for client in clients:
                client.join()
        finally:
            gateway.send_signal(signal.SIGTERM)
            gateway.wait(timeout=20)


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        sys.exit(f"{BINARY} is not there; `make build` makes it")
    measure("idle, HTTP/1.1", 8_000, 1, idle_http1)
    measure("idle, HTTP/2", 8_000, 1, idle_http2)
    measure("open streams, HTTP/1.1", 2_000, 1, stream_http1)
    measure("open streams, HTTP/2", 20, 100, streams_http2)
