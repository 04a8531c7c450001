"""`buf curl` over all three protocols; it learns the contract by reflection, and speaks JSON to
people."""

import json
import pathlib
import subprocess
import sys

import pytest

from conftest import MASTER_KEY, ROOT

BUF = pathlib.Path(sys.executable).with_name("buf")
REQUEST = json.dumps(
    {"chat": {"model": "demo", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}})
PROTOCOLS = ["grpc", "grpcweb", "connect"]


def buf_curl(gateway, protocol, method, data, *options):
    return subprocess.run(
        [BUF, "curl", "--protocol", protocol, "-H", f"authorization: Bearer {MASTER_KEY}",
         "-d", data, *options, f"{gateway.url}/{method}"],
        capture_output=True, text=True, timeout=60)


def messages(text):
    """The JSON objects of a text, one after another."""
    decoder = json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_by_reflection(gateway, protocol):
    done = buf_curl(
        gateway, protocol, "llmgateway.v1.ChatService/StreamChatCompletion", REQUEST,
        "--http2-prior-knowledge")
    assert done.returncode == 0, done.stderr
    events = list(messages(done.stdout))
    assert "started" in events[0] and "finished" in events[-1]


@pytest.mark.parametrize("protocol", ["grpcweb", "connect"])
@pytest.mark.parametrize("method", ["GenerateChatCompletion", "StreamChatCompletion"])
def test_over_http1(gateway, protocol, method):
    done = buf_curl(
        gateway, protocol, f"llmgateway.v1.ChatService/{method}", REQUEST,
        "--schema", str(ROOT / "proto"))
    assert done.returncode == 0, done.stderr
    assert list(messages(done.stdout))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_errors(gateway, protocol):
    done = buf_curl(
        gateway, protocol, "llmgateway.v1.ModelService/GetModel", '{"name":"models/nobody"}',
        "--http2-prior-knowledge")
    assert done.returncode != 0
    error = json.loads(done.stderr)
    assert error["code"] == "not_found"
    assert "llmgateway.v1.ErrorContext" in [detail["type"] for detail in error["details"]]
