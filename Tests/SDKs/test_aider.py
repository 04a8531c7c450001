"""aider, unchanged but for the address, the key and the model's name: a streamed answer of an upstream that
speaks another dialect changes a file."""

import http.server
import json
import pathlib
import subprocess
import sys
import threading

import pytest

from support import MASTER_KEY, Gateway
from anthropic_upstream import AnthropicUpstream, events_of

FILE = "greet.py"
BEFORE = 'def greet():\n    print("hello")\n'
AFTER = BEFORE.replace("hello", "goodbye")
ANSWER = f"""I change the word.

{FILE}
```python
<<<<<<< SEARCH
    print("hello")
=======
    print("goodbye")
>>>>>>> REPLACE
```
"""
PIECES = [ANSWER[at:at + 7] for at in range(0, len(ANSWER), 7)]
CONFIG = """
model_list:
  - model_name: claude
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: 'http://127.0.0.1:{claude}', api_key: k}}
  - model_name: gemini
    litellm_params: {{model: gemini/gemini-2.5-flash, api_base: 'http://127.0.0.1:{gemini}', api_key: k}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
"""


class EditingClaude(AnthropicUpstream):
    """Answers each request with the edit, in pieces."""

    def answer(self, handler, asked):
        assert asked["stream"], asked
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for name, data in events_of([{"type": "text", "text": ""}], "end_turn"):
            if name != "content_block_delta":
                self.event(handler, name, data)
                continue
            for piece in PIECES:
                self.event(handler, name, data | {"delta": {"type": "text_delta", "text": piece}})
        handler.wfile.write(b"0\r\n\r\n")


class EditingGemini:
    """The same in Gemini's dialect (streamGenerateContent?alt=sse)."""

    def __init__(self):
        upstream = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                upstream.requests.append((self.path, json.loads(body)))
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                for piece in PIECES:
                    self.say({"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0})
                self.say({"finishReason": "STOP", "index": 0}, usageMetadata={
                    "promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14})

            def say(self, candidate, **others):
                chunk = {"candidates": [candidate], "modelVersion": "gemini-2.5-flash", **others}
                self.wfile.write(f"data: {json.dumps(chunk)}\r\n\r\n".encode())

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def upstreams():
    made = {"claude": EditingClaude(), "gemini": EditingGemini()}
    yield made
    for upstream in made.values():
        upstream.stop()


@pytest.fixture(scope="module")
def gateway(upstreams, tmp_path_factory):
    made = Gateway(tmp_path_factory.mktemp("aider"), CONFIG.format(
        claude=upstreams["claude"].port, gemini=upstreams["gemini"].port, key=MASTER_KEY))
    yield made
    assert made.stop() == 0, made.log()


@pytest.mark.parametrize("dialect, name", [
    ("openai", "claude"), ("openai", "gemini"), ("anthropic", "gemini")])
def test_a_streamed_edit_is_applied(gateway, upstreams, dialect, name, tmp_path):
    (tmp_path / FILE).write_text(BEFORE)
    asked = len(upstreams[name].requests)
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "OPENAI_API_BASE": gateway.url + "/v1", "OPENAI_API_KEY": MASTER_KEY,
        "ANTHROPIC_API_BASE": gateway.url, "ANTHROPIC_API_KEY": MASTER_KEY}
    done = subprocess.run(
        [pathlib.Path(sys.executable).with_name("aider"), "--model", f"{dialect}/{name}",
         "--edit-format", "diff", "--stream", "--message", "Say goodbye instead of hello.",
         "--yes-always", "--no-git", "--no-check-update", "--no-show-model-warnings",
         "--no-show-release-notes", "--analytics-disable", "--map-tokens", "0", "--no-pretty",
         "--no-detect-urls", "--no-auto-lint", FILE],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert (tmp_path / FILE).read_text() == AFTER, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    assert f"Applied edit to {FILE}" in done.stdout
    assert len(upstreams[name].requests) == asked + 1
