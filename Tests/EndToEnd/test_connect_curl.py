"""The contract by curl: JSON to any method, in either HTTP version; browsers' questions; gzip."""

import gzip
import json

import pytest

VERSIONS = ["--http1.1", "--http2-prior-knowledge"]
CHAT = "/llmgateway.v1.ChatService/"
REQUEST = {"chat": {"model": "demo", "messages": [{"role": "ROLE_USER", "parts": [{"text": "a"}]}]}}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_chat(gateway, curl, version):
    answer = curl(gateway, version, CHAT + "GenerateChatCompletion", REQUEST)
    assert answer.status == 200
    assert answer.json()["completion"]["choices"][0]["finishReason"] == "FINISH_REASON_STOP"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_unary_method(gateway, curl, version):
    for path, body, member in [
            ("/llmgateway.v1.ModelService/ListModels", {"pageSize": 5}, "models"),
            ("/llmgateway.v1.ModelService/GetModel", {"name": "models/demo"}, "model"),
            ("/llmgateway.v1.EmbeddingService/GenerateEmbeddings",
             {"model": "demo", "inputs": [{"text": "a"}]}, "embeddings"),
            ("/grpc.health.v1.Health/Check", {}, "status"),
            ("/grpc.health.v1.Health/List", {}, "statuses")]:
        answer = curl(gateway, version, path, body)
        assert answer.status == 200, (path, answer.body)
        assert member in answer.json()


@pytest.mark.parametrize("version", VERSIONS)
def test_get(gateway, curl, version):
    answer = curl(
        gateway, version, "/grpc.health.v1.Health/Check?encoding=json&message=%7B%7D&connect=v1",
        key=None)
    assert (answer.status, answer.json()) == (200, {"status": "SERVING"})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("body, status, code", [
    ({"chat": {"model": "nobody", "messages": REQUEST["chat"]["messages"]}}, 404, "not_found"),
    ({"chat": {"model": 1}}, 400, "invalid_argument"),
    ({"chat": {"temperature": 1}}, 400, "invalid_argument"),
    (b"{", 400, "invalid_argument"),
    (b"", 400, "invalid_argument"),
    (b"\xff", 400, "invalid_argument"),
    (b"[" * 10_000, 400, "invalid_argument"),
    (b'{"chat":{"model":"\\ud800"}}', 400, "invalid_argument"),
    (b'{"chat":{},"chat":{}}', 400, "invalid_argument"),
    (b'{"chat":{"model":"' + b"x" * 2_000_000 + b'"}}', 429, "resource_exhausted"),
])
def test_errors(gateway, curl, version, body, status, code):
    answer = curl(gateway, version, CHAT + "GenerateChatCompletion", body)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert "model" in answer.body.decode() or answer.json()["message"]


def test_the_field_at_fault_is_told_to_programs(gateway, curl):
    body = {"chat": {"model": "demo", "messages": [{"role": "ROLE_NOBODY"}]}}
    details = curl(gateway, "--http1.1", CHAT + "GenerateChatCompletion", body).json()["details"]
    [bad] = [each["debug"] for each in details if each["type"] == "google.rpc.BadRequest"]
    assert bad["fieldViolations"][0]["field"] == "chat.messages[0].role"


def test_no_key_comes_before_the_message(gateway, curl):
    answer = curl(gateway, "--http1.1", CHAT + "GenerateChatCompletion", b"{", key=None)
    assert (answer.status, answer.json()["code"]) == (401, "unauthenticated")


def test_a_stream_takes_a_streams_content_type(gateway, curl):
    answer = curl(gateway, "--http1.1", CHAT + "StreamChatCompletion", REQUEST)
    assert answer.status == 415
    assert "application/connect+json" in answer.headers["accept-post"]


@pytest.mark.parametrize("version", VERSIONS)
def test_gzip_for_who_asks(gateway, curl, version):
    for path, body in [
            (CHAT + "GenerateChatCompletion", dict(REQUEST)),
            ("/v1/models", None)]:
        plain = curl(gateway, version, path, body)
        small = curl(gateway, version, path, body, "-H", "accept-encoding: gzip;q=0.5")
        assert "content-encoding" not in {name.lower() for name in plain.headers}
        if len(plain.body) >= 1024:
            assert small.headers["content-encoding"] == "gzip"
            assert len(json.loads(gzip.decompress(small.body))) == len(plain.json())
        assert "accept-encoding" in small.headers["vary"]


def test_an_event_stream_is_not_compressed(gateway, curl):
    answer = curl(
        gateway, "--http1.1", "/v1/chat/completions",
        {"model": "burst", "stream": True, "messages": [{"role": "user", "content": "a"}]},
        "-H", "accept-encoding: gzip")
    assert "content-encoding" not in answer.headers
    assert answer.body.endswith(b"data: [DONE]\n\n")


PAGE = ("-H", "origin: https://app.example")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_page_may_call(gateway, curl, version):
    for path, body in [
            (CHAT + "GenerateChatCompletion", REQUEST), ("/v1/models", None), ("/nothing", None)]:
        answer = curl(gateway, version, path, body, *PAGE)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "grpc-status" in answer.headers["access-control-expose-headers"]
    preflight = curl(
        gateway, version, "/v1/chat/completions", None, "-X", "OPTIONS", *PAGE,
        "-H", "access-control-request-method: POST",
        "-H", "access-control-request-headers: authorization,content-type", key=None)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-headers"] == "authorization,content-type"
    other = curl(gateway, version, "/v1/models", None, "-H", "origin: https://other.example")
    assert "access-control-allow-origin" not in other.headers
