"""Answers that come before the end of a request: real clients, which send all before they read, get to
see them, and their connection lives on where it may."""

import json
import socket
import subprocess

import httpx
import pytest

from conftest import MASTER_KEY

# Many times what is served, and more than all buffers on the way.
BODY = json.dumps({
    "model": "demo", "messages": [{"role": "user", "content": "x" * (20 * 1024 * 1024)}]}).encode()


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
@pytest.mark.parametrize("key, status", [(MASTER_KEY, 413), ("sk-unknown", 401)])
@pytest.mark.parametrize("framing", [[], ["-H", "content-length:", "-H", "transfer-encoding: chunked"]])
def test_curl_shows_the_refusal(gateway, version, key, status, framing):
    answer = subprocess.run(
        ["curl", "-sS", "-m", "20", version, "-H", f"authorization: Bearer {key}", "-H",
         "content-type: application/json", "-H", "expect:", *framing, "--data-binary", "@-",
         "-w", "\n%{http_code}", f"{gateway.url}/v1/chat/completions"],
        input=BODY, capture_output=True, timeout=30)
    assert answer.returncode == 0, answer.stderr
    body, code = answer.stdout.rsplit(b"\n", 1)
    assert int(code) == status
    assert json.loads(body)["error"]["message"]


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("key, status", [(MASTER_KEY, 413), ("sk-unknown", 401)])
def test_httpx_shows_the_refusal(gateway, http2, key, status):
    with httpx.Client(http1=not http2, http2=http2, timeout=20) as client:
        for _ in range(2):
            answer = client.post(
                f"{gateway.url}/v1/chat/completions", content=BODY,
                headers={"authorization": f"Bearer {key}", "content-type": "application/json"})
            assert answer.status_code == status
            assert answer.json()["error"]["message"]


def test_a_client_that_never_ends_is_cut_off(gateway):
    """The rest is read for some seconds, and then no more."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as client:
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer no\r\n"
            b"content-type: application/json\r\ncontent-length: 1000000000000\r\n\r\n")
        sent = 0
        with pytest.raises(ConnectionError):
            while sent < 1 << 30:
                sent += client.send(bytes(1 << 16))
        print(f"sent {sent >> 20} MiB before the end")
