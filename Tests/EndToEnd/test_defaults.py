"""What a deployment says for requests that do not say it themselves, as its upstream gets it."""

import json

import anthropic
import openai
import pytest

from conftest import MASTER_KEY, Gateway
from echo_upstream import EchoUpstream

CONFIG = """
model_list:
  - model_name: brief
    litellm_params: {{model: openai/up, api_base: 'http://127.0.0.1:{port}/v1', api_key: sk-up,
      max_tokens: 7, temperature: 0.25, stop: END, user: team}}
general_settings: {{master_key: {key}}}
"""
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def upstream():
    made = EchoUpstream()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    made = Gateway(
        tmp_path_factory.mktemp("defaults"), CONFIG.format(port=upstream.port, key=MASTER_KEY))
    yield made
    assert made.stop() == 0, made.log()


def sent(upstream):
    return json.loads(upstream.requests[-1][1])


def test_a_request_that_goes_on_as_it_came(gateway, upstream):
    with openai.OpenAI(base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0) as client:
        client.chat.completions.create(model="brief", messages=HELLO)
        assert sent(upstream) == {
            "model": "up", "messages": HELLO, "max_completion_tokens": 7, "temperature": 0.25,
            "stop": ["END"], "user": "team"}
        client.chat.completions.create(
            model="brief", messages=HELLO, max_tokens=9, temperature=1, stop=["X"], user="me")
        assert sent(upstream) == {
            "model": "up", "messages": HELLO, "max_tokens": 9, "temperature": 1, "stop": ["X"],
            "user": "me"}


def test_a_request_that_is_translated(gateway, upstream):
    with anthropic.Anthropic(base_url=gateway.url, api_key=MASTER_KEY, max_retries=0) as client:
        client.messages.create(model="brief", max_tokens=9, messages=HELLO)
        assert sent(upstream) == {
            "model": "up", "messages": HELLO, "max_completion_tokens": 9, "temperature": 0.25,
            "stop": ["END"], "user": "team"}
