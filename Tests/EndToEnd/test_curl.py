"""curl, over HTTP/1.1 and over HTTP/2 with prior knowledge, on the one port."""

import json

import pytest

from conftest import MASTER_KEY

VERSIONS = ["--http1.1", "--http2-prior-knowledge"]
HELLO = [{"role": "user", "content": "Hello there"}]
both_versions = pytest.mark.parametrize("version", VERSIONS)
both_upstreams = pytest.mark.parametrize("model", ["demo", "gpt-4o"])


@both_versions
@both_upstreams
def test_a_whole_answer(gateway, curl, version, model):
    answer = curl(gateway, version, "/v1/chat/completions", {"model": model, "messages": HELLO})
    assert answer.status == 200
    assert answer.version == ("1.1" if version == "--http1.1" else "2")
    assert answer.headers["content-type"].startswith("application/json")
    assert len(answer.json()["choices"][0]["message"]["content"]) > 10
    assert answer.json()["object"] == "chat.completion"


@both_versions
@both_upstreams
def test_a_stream(gateway, curl, version, model):
    answer = curl(gateway, version, "/v1/chat/completions", {
        "model": model, "messages": HELLO, "stream": True})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert len(answer.streamed_text()) > 10


@both_versions
@both_upstreams
def test_embeddings(gateway, curl, version, model):
    answer = curl(gateway, version, "/v1/embeddings", {"model": model, "input": ["some", "words"]})
    assert answer.status == 200
    assert [each["index"] for each in answer.json()["data"]] == [0, 1]


@both_versions
def test_models_health_and_paths_without_the_version(gateway, curl, version):
    for path in ("/v1/models", "/models"):
        assert "demo" in {model["id"] for model in curl(gateway, version, path).json()["data"]}
    assert curl(gateway, version, "/v1/models/demo").json()["id"] == "demo"
    assert curl(gateway, version, "/health/readiness").json()["status"] == "healthy"
    assert curl(gateway, version, "/health/liveliness", key=None).status == 200
    answer = curl(gateway, version, "/chat/completions", {"model": "demo", "messages": HELLO})
    assert answer.status == 200


@both_versions
@pytest.mark.parametrize("path,body,key,status,words", [
    ("/v1/models", None, None, 401, "key"),
    ("/v1/models", None, "sk-unknown", 401, "not known"),
    ("/v1/models/nobody", None, MASTER_KEY, 400, "nobody"),
    ("/nothing", None, MASTER_KEY, 404, "/nothing"),
    ("/v1/chat/completions", None, MASTER_KEY, 405, "POST"),
    ("/v1/chat/completions", {"model": "nobody", "messages": HELLO}, MASTER_KEY, 400, "nobody"),
    ("/v1/chat/completions", {"model": "demo"}, MASTER_KEY, 400, "messages"),
    ("/v1/chat/completions", b"{", MASTER_KEY, 400, "line 1"),
])
def test_refusals(gateway, curl, version, path, body, key, status, words):
    answer = curl(gateway, version, path, body, key=key)
    assert answer.status == status
    assert words in answer.json()["error"]["message"]
    assert isinstance(answer.json()["error"]["code"], str)


@both_versions
def test_a_body_in_many_pieces_of_unknown_length(gateway, curl, version):
    """Sent from standard input: chunked over HTTP/1.1, without content-length over HTTP/2."""
    messages = [{"role": "user", "content": "x" * 1000} for _ in range(500)]
    body = json.dumps({"model": "burst", "messages": messages}).encode()
    answer = curl(gateway, version, "/v1/chat/completions", body, from_pipe=True)
    assert answer.status == 200
    assert answer.json()["usage"]["prompt_tokens"] == 500 * 1000 / 4


@both_versions
def test_expect_continue(gateway, curl, version):
    answer = curl(
        gateway, version, "/v1/chat/completions", {"model": "burst", "messages": HELLO},
        "-H", "expect: 100-continue")
    assert answer.status == 200
