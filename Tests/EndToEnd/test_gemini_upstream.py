"""Models of an upstream that speaks Gemini's API (llmock's, which is not ours), by the SDKs of other
vendors."""

import anthropic
import ollama
import openai
import pytest

from conftest import MASTER_KEY, Gateway

CONFIG = """
model_list:
  - model_name: gemini
    litellm_params: {{model: gemini/gemini-2.5-flash, api_base: '{base}/gemini', api_key: sk-upstream}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
"""
ASK = [{"role": "user", "content": "What is the weather in Paris?"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]


@pytest.fixture(scope="module")
def gateway(llmock, tmp_path_factory):
    text = CONFIG.format(base=llmock.removesuffix("/v1"), key=MASTER_KEY)
    made = Gateway(tmp_path_factory.mktemp("gemini"), text)
    yield made
    assert made.stop() == 0, made.log()


@pytest.fixture
def client(gateway):
    with openai.OpenAI(base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0) as made:
        yield made


def test_whole_and_streamed(client):
    whole = client.chat.completions.create(
        model="gemini", messages=[{"role": "system", "content": "Be kind."}] + ASK)
    assert whole.choices[0].message.content and whole.choices[0].finish_reason == "stop"
    assert whole.usage.prompt_tokens > 0 and whole.usage.completion_tokens > 0
    chunks = list(client.chat.completions.create(
        model="gemini", messages=ASK, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text and chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called_and_answered(client, stream):
    if stream:
        with client.chat.completions.stream(model="gemini", messages=ASK, tools=WEATHER) as events:
            for _ in events:
                pass
            message = events.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(
            model="gemini", messages=ASK, tools=WEATHER).choices[0].message
    call = message.tool_calls[0]
    assert call.function.name == "get_weather"
    sent = {"role": "assistant", "content": None, "tool_calls": [
        {"id": call.id, "type": "function",
         "function": {"name": call.function.name, "arguments": call.function.arguments}}]}
    answer = client.chat.completions.create(model="gemini", tools=WEATHER, messages=ASK + [
        sent, {"role": "tool", "tool_call_id": call.id, "content": "11 degrees"}])
    assert answer.choices[0].message.content


def test_anthropics_sdk(gateway):
    with anthropic.Anthropic(base_url=gateway.url, api_key=MASTER_KEY, max_retries=0) as client:
        whole = client.messages.create(model="gemini", max_tokens=50, messages=ASK)
        assert whole.content[0].text and whole.stop_reason == "end_turn"
        with client.messages.stream(model="gemini", max_tokens=50, messages=ASK) as stream:
            assert "".join(stream.text_stream)
            assert stream.get_final_message().usage.output_tokens > 0


def test_ollamas_client(gateway):
    client = ollama.Client(gateway.url, headers={"authorization": f"Bearer {MASTER_KEY}"})
    assert client.chat("gemini", ASK).message.content
    assert "".join(p.message.content for p in client.chat("gemini", ASK, stream=True))
