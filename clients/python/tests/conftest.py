"""Starts the gateway's own binary, with models that answer from a script, for the client's tests."""

import http.server
import os
import pathlib
import socket
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("LLM_GATEWAY_BIN", str(ROOT / ".build/debug/llm-gateway"))
KEY = "sk-client-0123456789abcdef"
DEMO_KEY = "sk-demo-only-0123456789abcdef"
CONFIG = f"""
model_list:
  - {{model_name: demo, litellm_params: {{model: scripted/demo?first_ms=0&interval_ms=1}}}}
  - {{model_name: slow, litellm_params: {{model: scripted/demo?first_ms=30000}}}}
  - {{model_name: paced, litellm_params: {{model: scripted/demo?chunks=10000&interval_ms=5}}}}
  - model_name: limited
    litellm_params: {{model: openai/m, api_base: 'http://127.0.0.1:@UPSTREAM@/v1', api_key: sk-u}}
general_settings: {{master_key: {KEY}}}
gateway_settings:
  loops: 1
  keys: [{{key: {DEMO_KEY}, alias: demo-only, models: [demo]}}]
"""


class RateLimiting(http.server.BaseHTTPRequestHandler):
    """An upstream that asks everybody to come back in seven seconds."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'
        self.send_response(429)
        self.send_header("retry-after", "7")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def upstream():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RateLimiting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@pytest.fixture(scope="session")
def target(tmp_path_factory, upstream):
    """The gateway's address. The log is shown when it does not start."""
    folder = tmp_path_factory.mktemp("gateway")
    config = folder / "config.yaml"
    config.write_text(CONFIG.replace("@UPSTREAM@", str(upstream)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [BINARY, "serve", "--config", str(config), "--port", str(port)],
            stdout=log, stderr=log, cwd=folder)
    try:
        end = time.monotonic() + 20
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(timeout=40) == 0
