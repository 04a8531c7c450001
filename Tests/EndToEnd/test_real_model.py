"""A real model behind the gateway: what `make demo` shows, by both doors, byte for byte."""

import json
import os
import urllib.request

import openai
import pytest

import llmgateway
import real_model
from conftest import MASTER_KEY, Gateway, config_of, model

PROMPT = "Once upon a time, in a small village by the sea,"
TOKENS = 24


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    problem = real_model.missing()
    if problem and os.environ.get("CI"):
        pytest.fail(problem)
    if problem:
        pytest.skip(problem)
    server = real_model.RealModel(tmp_path_factory.mktemp("real-model"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), config_of(
        model("real", f"openai/{upstream.model}", upstream.base_url)
        + model("wrong", "openai/nobody", upstream.base_url)))
    yield gateway
    assert gateway.stop() == 0, gateway.log()


@pytest.fixture(scope="module")
def text(upstream):
    """What the model says when it is asked directly; the same from the second time on."""
    def ask():
        body = {"model": upstream.model, "max_tokens": TOKENS, "temperature": 0,
                "messages": [{"role": "user", "content": PROMPT}]}
        request = urllib.request.Request(
            upstream.base_url + "/chat/completions", data=json.dumps(body).encode(),
            headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["choices"][0]["message"]["content"]

    ask()
    said = ask()
    assert len(said) > TOKENS
    return said


@pytest.fixture(scope="module")
def client(gateway):
    with llmgateway.Client(f"127.0.0.1:{gateway.port}", MASTER_KEY, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def sdk(gateway):
    with openai.OpenAI(
            base_url=gateway.url + "/v1", api_key=MASTER_KEY, timeout=120, max_retries=0) as sdk:
        yield sdk


def test_streaming_over_grpc(client, upstream, text):
    with client.stream(
            "real", PROMPT, max_output_tokens=TOKENS, sampling={"temperature": 0}) as stream:
        pieces = list(stream.texts())
    assert len(pieces) > TOKENS / 2
    assert "".join(pieces) == text
    assert stream.usage.output_tokens == TOKENS
    assert stream.routing.upstream_model == upstream.model


def test_a_whole_answer_over_grpc(client, text):
    completion = client.chat(
        "real", PROMPT, max_output_tokens=TOKENS, sampling={"temperature": 0})
    assert llmgateway.text_of(completion) == text


def test_streaming_by_the_openai_sdk(sdk, text):
    chunks = list(sdk.chat.completions.create(
        model="real", messages=[{"role": "user", "content": PROMPT}], stream=True,
        stream_options={"include_usage": True}, max_tokens=TOKENS, temperature=0))
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == text
    assert chunks[-1].usage.completion_tokens == TOKENS


def test_a_whole_answer_by_the_openai_sdk(sdk, text):
    answer = sdk.chat.completions.create(
        model="real", messages=[{"role": "user", "content": PROMPT}], max_tokens=TOKENS,
        temperature=0)
    assert answer.choices[0].message.content == text
    assert answer.usage.completion_tokens == TOKENS


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_streaming_by_curl(gateway, curl, version, text):
    answer = curl(gateway, version, "/v1/chat/completions", {
        "model": "real", "stream": True, "max_tokens": TOKENS, "temperature": 0,
        "messages": [{"role": "user", "content": PROMPT}]})
    assert answer.status == 200
    assert answer.streamed_text() == text


def test_what_a_real_server_refuses_is_shown(client, sdk):
    with pytest.raises(llmgateway.GatewayError) as raised:
        client.chat("wrong", PROMPT)
    assert raised.value.context.upstream_error.http_status == 404
    assert "nobody" in raised.value.context.upstream_error.message
    with pytest.raises(openai.APIStatusError) as raised:
        sdk.chat.completions.create(
            model="wrong", messages=[{"role": "user", "content": PROMPT}])
    assert "nobody" in str(raised.value)
