"""Models of an upstream that speaks Anthropic's Messages API (llmock's, which is not ours), by the
OpenAI SDK and by gRPC."""

import json
import subprocess

import openai
import pytest

from conftest import MASTER_KEY, Gateway

CONFIG = """
model_list:
  - model_name: claude
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: '{base}/anthropic', api_key: sk-upstream,
      input_cost_per_token: 3e-06, output_cost_per_token: 1.5e-05}}
  - model_name: lenient
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: '{base}/anthropic/v1', api_key: sk-upstream,
      drop_params: true}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
"""
WEATHER = [{"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
ASK = [{"role": "user", "content": "What is the weather in Paris?"}]


@pytest.fixture(scope="module")
def claude(llmock, tmp_path_factory):
    text = CONFIG.format(base=llmock.removesuffix("/v1"), key=MASTER_KEY)
    gateway = Gateway(tmp_path_factory.mktemp("claude"), text)
    yield gateway
    assert gateway.stop() == 0, gateway.log()


@pytest.fixture
def client(claude):
    with openai.OpenAI(base_url=claude.url + "/v1", api_key=MASTER_KEY, max_retries=0) as made:
        yield made


def test_whole_with_usage_and_cost(client):
    raw = client.chat.completions.with_raw_response.create(
        model="claude", messages=[{"role": "system", "content": "Be kind."}] + ASK)
    reply = raw.parse()
    assert reply.choices[0].message.content and reply.choices[0].finish_reason == "stop"
    usage = reply.usage
    cost = usage.prompt_tokens * 3e-06 + usage.completion_tokens * 1.5e-05
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert float(raw.headers["x-litellm-response-cost"]) == pytest.approx(cost, abs=1e-9)
    assert raw.headers["x-llm-gateway-usage-source"] == "reported"


def test_stream_says_the_same(client):
    whole = client.chat.completions.create(model="claude", messages=ASK)
    stream = client.chat.completions.create(
        model="claude", messages=ASK, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("is_stream", [False, True])
def test_tools(client, is_stream):
    reply = client.chat.completions.create(
        model="claude", messages=ASK, tools=WEATHER, tool_choice="required", stream=is_stream)
    if is_stream:
        calls = [c.choices[0].delta.tool_calls[0] for c in reply
                 if c.choices and c.choices[0].delta.tool_calls]
        name, call_id = calls[0].function.name, calls[0].id
        arguments = "".join(c.function.arguments or "" for c in calls)
    else:
        assert reply.choices[0].finish_reason == "tool_calls"
        call = reply.choices[0].message.tool_calls[0]
        name, call_id, arguments = call.function.name, call.id, call.function.arguments
    assert name == "get_weather" and "city" in json.loads(arguments)
    answer = client.chat.completions.create(model="claude", tools=WEATHER, messages=ASK + [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": call_id, "type": "function",
             "function": {"name": name, "arguments": arguments}}]},
        {"role": "tool", "tool_call_id": call_id, "content": "Sunny"}])
    assert answer.choices[0].message.content


def test_images_and_stops_are_taken(client):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    reply = client.chat.completions.create(model="claude", stop=["END"], messages=[
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture]}])
    assert reply.choices[0].message.content


def test_what_cannot_be_said_is_refused_or_left_out(client):
    with pytest.raises(openai.BadRequestError, match="seed"):
        client.chat.completions.create(model="claude", messages=ASK, seed=1)
    assert client.chat.completions.create(model="lenient", messages=ASK, seed=1).choices


def test_grpc(claude):
    body = {"chat": {"model": "claude", "messages": [
        {"role": "ROLE_USER", "parts": [{"text": "Hello"}]}]}}
    done = subprocess.run(
        ["grpcurl", "-plaintext", "-H", f"authorization: Bearer {MASTER_KEY}", "-d",
         json.dumps(body), claude.url.removeprefix("http://"),
         "llmgateway.v1.ChatService/StreamChatCompletion"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert b"Hello" in done.stdout and b"outputTokens" in done.stdout
