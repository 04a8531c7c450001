"""Upstreams that speak HTTP/2: the gateway itself behind the gateway, and nghttpd."""

import json
import os
import shutil
import signal
import subprocess
import urllib.request

import pytest
from openai import OpenAI

from conftest import MASTER_KEY, Gateway, config_of, free_port, model, wait_until

EXTRA = "  upstream: {{http2_hosts: ['{0}']}}\n"


def post(gateway, body: dict):
    request = urllib.request.Request(
        gateway.url + "/v1/chat/completions", json.dumps(body).encode(),
        {"authorization": f"Bearer {MASTER_KEY}", "content-type": "application/json"})
    return urllib.request.urlopen(request, timeout=20)


@pytest.fixture(scope="module")
def front(tmp_path_factory, gateway):
    """A gateway whose upstream is the other gateway, by HTTP/2."""
    models = "".join(
        model(name, f"openai/{name}", f"{gateway.url}/v1").replace("sk-upstream", MASTER_KEY)
        for name in ("demo", "burst", "paced"))
    config = config_of(models) + EXTRA.format(f"127.0.0.1:{gateway.port}")
    front = Gateway(tmp_path_factory.mktemp("front"), config)
    yield front
    assert front.stop() == 0


def sockets_to(process: int, port: int) -> int:
    """How many connections a process has to a port of this machine."""
    own = set()
    for descriptor in os.listdir(f"/proc/{process}/fd"):
        try:
            own.add(os.readlink(f"/proc/{process}/fd/{descriptor}"))
        except FileNotFoundError:
            continue
    count = 0
    for line in open(f"/proc/{process}/net/tcp").readlines()[1:]:
        fields = line.split()
        established = fields[3] == "01"
        if established and int(fields[2].split(":")[1], 16) == port:
            count += f"socket:[{fields[9]}]" in own
    return count


def test_whole_answers_and_streams_come_through(front, gateway):
    client = OpenAI(base_url=front.url + "/v1", api_key=MASTER_KEY, max_retries=0)
    messages = [{"role": "user", "content": "Hello"}]
    whole = client.chat.completions.create(model="demo", messages=messages)
    stream = client.chat.completions.create(model="demo", messages=messages, stream=True)
    text = "".join(
        chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert text and text == whole.choices[0].message.content


def test_fifty_streams_share_one_connection(front, gateway):
    """All open at once; the upstream is asked over a single connection."""
    client = OpenAI(base_url=front.url + "/v1", api_key=MASTER_KEY, max_retries=0)
    messages = [{"role": "user", "content": "Hello"}]
    streams = [
        client.chat.completions.create(model="paced", messages=messages, stream=True)
        for _ in range(50)]
    assert sockets_to(front.process.pid, gateway.port) == 1
    texts = {
        "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        for stream in streams}
    assert len(texts) == 1 and len(texts.pop()) == 1_200


def test_an_upstream_that_restarts_is_called_again(tmp_path, gateway):
    """A graceful GOAWAY and a new process: no call fails."""
    port = free_port()
    upstream_config = config_of(model("demo", "scripted/demo?first_ms=1&interval_ms=1"))

    def start(folder):
        folder.mkdir()
        return Gateway(folder, upstream_config, port=port)

    upstream = start(tmp_path / "first")
    (tmp_path / "front").mkdir()
    models = model("demo", "openai/demo", f"http://127.0.0.1:{port}/v1")
    config = config_of(models.replace("sk-upstream", MASTER_KEY))
    front = Gateway(tmp_path / "front", config + EXTRA.format(f"127.0.0.1:{port}"))
    try:
        body = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}
        assert post(front, body).status == 200
        assert upstream.stop() == 0
        upstream = start(tmp_path / "second")
        for _ in range(5):
            assert post(front, body).status == 200
    finally:
        front.stop()
        upstream.stop()


def test_nghttpd_is_an_upstream(tmp_path):
    """A server that we have not written."""
    server = shutil.which("nghttpd")
    if server is None:
        if os.environ.get("CI"):
            pytest.fail("nghttpd is not installed")
        pytest.skip("nghttpd is not installed")
    port = free_port()
    folder = tmp_path / "files/v1/chat"
    folder.mkdir(parents=True)
    answer = {
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "from nghttpd " + "x" * 100_000}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    (folder / "completions").write_text(json.dumps(answer))
    process = subprocess.Popen(
        [server, "--no-tls", "-a", "127.0.0.1", "-d", str(tmp_path / "files"), str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    models = model("m", "openai/m", f"http://127.0.0.1:{port}/v1")
    (tmp_path / "front").mkdir()
    front = Gateway(
        tmp_path / "front", config_of(models) + EXTRA.format(f"127.0.0.1:{port}"))
    try:
        wait_until(lambda: process.poll() is None, what="nghttpd's start")
        for _ in range(10):
            body = {"model": "m", "messages": [{"role": "user", "content": "x" * 100_000}]}
            reply = json.load(post(front, body))
            assert reply["choices"][0]["message"]["content"].startswith("from nghttpd x")
        assert sockets_to(front.process.pid, port) == 1
    finally:
        front.stop()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
