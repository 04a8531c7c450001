"""Ollama's own client, unchanged but for the host and the key, against models of three dialects."""

import base64

import ollama
import pytest

from conftest import MASTER_KEY, Gateway

CONFIG = """
model_list:
  - model_name: demo
    litellm_params: {{model: 'scripted/demo?dimensions=4'}}
  - model_name: gpt
    litellm_params: {{model: openai/gpt-4o, api_base: '{base}', api_key: k}}
    model_info: {{supports_vision: true, supports_function_calling: true}}
  - model_name: claude
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: '{root}/anthropic', api_key: k}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
"""
ASK = [{"role": "user", "content": "What is the weather in Paris?"}]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def get_weather(city: str) -> str:
    """The weather of a city.

    Args:
      city: Its name.
    """
    return f"11 degrees in {city}"


@pytest.fixture(scope="module")
def gateway(llmock, tmp_path_factory):
    text = CONFIG.format(base=llmock, root=llmock.removesuffix("/v1"), key=MASTER_KEY)
    made = Gateway(tmp_path_factory.mktemp("ollama"), text)
    yield made
    assert made.stop() == 0, made.log()


@pytest.fixture
def client(gateway):
    return ollama.Client(gateway.url, headers={"authorization": f"Bearer {MASTER_KEY}"})


@pytest.mark.parametrize("model", ["demo", "gpt", "claude"])
def test_chat_whole_and_streamed(client, model):
    whole = client.chat(model, ASK)
    assert whole.message.role == "assistant" and whole.message.content
    assert whole.done and whole.done_reason == "stop" and whole.model == model
    assert whole.eval_count > 0 and whole.prompt_eval_count > 0 and whole.total_duration > 0
    pieces = list(client.chat(model, ASK, stream=True))
    assert "".join(p.message.content for p in pieces) == whole.message.content
    assert pieces[-1].done and not any(p.done for p in pieces[:-1])
    assert pieces[-1].eval_count == whole.eval_count


@pytest.mark.parametrize("model", ["demo", "gpt", "claude"])
def test_generate(client, model):
    whole = client.generate(model, "Hello", system="Be kind.", options={"num_predict": 50, "seed": 7}
                            if model != "claude" else {"num_predict": 50})
    assert whole.response and whole.done
    pieces = list(client.generate(model, "Hello", stream=True))
    assert "".join(p.response for p in pieces) and pieces[-1].done


@pytest.mark.parametrize("model", ["gpt", "claude"])
@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_and_answered(client, model, stream):
    if stream:
        pieces = list(client.chat(model, ASK, tools=[get_weather], stream=True))
        calls = [call for p in pieces for call in p.message.tool_calls or []]
    else:
        calls = client.chat(model, ASK, tools=[get_weather]).message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather"]
    city = calls[0].function.arguments
    assert isinstance(city["city"], str)
    answer = client.chat(model, ASK + [
        {"role": "assistant", "content": "", "tool_calls": [calls[0].model_dump()]},
        {"role": "tool", "tool_name": "get_weather", "content": get_weather(**city)}])
    assert answer.message.content


def test_pictures(client):
    reply = client.chat("gpt", [{"role": "user", "content": "What is this?", "images": [PIXEL]}])
    assert reply.message.content


def test_embeddings(client):
    reply = client.embed("demo", ["a", "b"])
    assert [len(vector) for vector in reply.embeddings] == [4, 4]
    assert client.embed("gpt", "a").embeddings[0]
    assert list(client.embeddings("demo", "a").embedding) == list(reply.embeddings[0])
    assert client.embeddings("gpt", "a").embedding
    with pytest.raises(ollama.ResponseError) as refused:
        client.embeddings("demo", "")
    assert refused.value.status_code == 400 and "prompt" in refused.value.error


def test_models(client):
    names = {model.model for model in client.list().models}
    assert names == {"demo", "gpt", "claude"}
    assert list(client.ps().models) == []
    shown = client.show("gpt")
    assert set(shown.capabilities) == {"completion", "tools", "vision"}


def test_errors(gateway, client):
    with pytest.raises(ollama.ResponseError) as missing:
        client.chat("none", ASK)
    assert missing.value.status_code == 404 and "none" in missing.value.error
    with pytest.raises(ollama.ResponseError) as refused:
        client.chat("claude", ASK, options={"mirostat": 1})
    assert refused.value.status_code == 400 and "options.mirostat" in refused.value.error
    with pytest.raises(ollama.ResponseError) as stranger:
        ollama.Client(gateway.url, headers={"authorization": "Bearer sk-0123456789abcdef0"}).list()
    assert stranger.value.status_code == 401
