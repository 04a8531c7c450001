"""The Anthropic SDK, unchanged but for its base URL, against upstreams of its dialect and of
OpenAI's."""

import json

import anthropic
import httpx
import pytest

from anthropic_upstream import SIGNATURE, THINKING, USAGE, AnthropicUpstream
from conftest import MASTER_KEY, Gateway, model

CONFIG = """
model_list:
{models}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
gateway_settings:
  loops: 1
  keys:
    - {{key: sk-poor-0123456789abcdef, alias: poor, max_budget: 0.0000001}}
    - {{key: sk-slow-0123456789abcdef, alias: slow, limits: {{rpm: 1}}}}
  timeouts: {{first_token: 2s, between_tokens: 2s, sse_keepalive: 50ms}}
"""
ASK = [{"role": "user", "content": "What is the weather in Paris?"}]
WEATHER = [{"name": "get_weather", "description": "Tells the weather.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]


@pytest.fixture(scope="module")
def upstream():
    made = AnthropicUpstream()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def door(upstream, faulty, llmock, tmp_path_factory):
    base = f"http://127.0.0.1:{upstream.port}"
    models = (
        model("gpt", "openai/gpt-4o", llmock)
        + model("lenient", "openai/gpt-4o", llmock, ", drop_params: true")
        + model("mock-claude", "anthropic/claude-sonnet-4-5", llmock.removesuffix("/v1") + "/anthropic")
        + model("late", "scripted/demo?first_ms=300&interval_ms=0")
        + model("half", "openai/half", f"http://127.0.0.1:{faulty.port}/half-stream/v1")
        + model("priced", "anthropic/claude", base, ", output_cost_per_token: 1.5e-05")
        + model("betas", "anthropic/claude", base, ", extra_headers: {anthropic-beta: ours-1}"))
    for fault in ("limited", "broken"):
        models += model(fault, f"openai/{fault}", f"http://127.0.0.1:{faulty.port}/{fault}/v1")
    for name in ("claude", "thinking", "calling", "failing", "overloaded", "cut", "endless"):
        models += model(name, f"anthropic/{name}", base)
    gateway = Gateway(
        tmp_path_factory.mktemp("door"), CONFIG.format(models=models, key=MASTER_KEY))
    yield gateway
    assert gateway.stop() == 0, gateway.log()


@pytest.fixture
def client(door):
    with anthropic.Anthropic(base_url=door.url, api_key=MASTER_KEY, max_retries=0) as made:
        yield made


@pytest.mark.parametrize("name", ["gpt", "mock-claude", "claude"])
def test_whole(client, name):
    reply = client.messages.create(model=name, max_tokens=99, system="Be kind.", messages=ASK)
    assert reply.type == "message" and reply.role == "assistant"
    assert reply.content[0].text and reply.stop_reason == "end_turn"
    assert reply.usage.output_tokens > 0 and reply._request_id


@pytest.mark.parametrize("name", ["gpt", "mock-claude", "claude"])
def test_stream(client, name):
    with client.messages.stream(model=name, max_tokens=99, messages=ASK) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text and final.content[0].text == text
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 0


@pytest.mark.parametrize("name", ["gpt", "mock-claude", "calling"])
@pytest.mark.parametrize("is_stream", [False, True])
def test_tools(client, name, is_stream):
    asked = dict(model=name, max_tokens=99, messages=ASK, tools=WEATHER, tool_choice={
        "type": "any", "disable_parallel_tool_use": True})
    if is_stream:
        with client.messages.stream(**asked) as stream:
            reply = stream.get_final_message()
    else:
        reply = client.messages.create(**asked)
    assert reply.stop_reason == "tool_use"
    call = next(block for block in reply.content if block.type == "tool_use")
    assert call.name == "get_weather" and "city" in call.input
    answer = client.messages.create(model=name, max_tokens=99, tools=WEATHER, messages=ASK + [
        {"role": "assistant", "content": [block.to_dict() for block in reply.content]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": call.id, "content": "Sunny"}]}])
    assert answer.content


def test_images_and_documents_reach_openai(client):
    picture = {"type": "image", "source": {
        "type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    reply = client.messages.create(
        model="gpt", max_tokens=99, stop_sequences=["END"], messages=[
            {"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture]}])
    assert reply.content[0].text


def test_the_same_dialect_is_relayed_as_it_came(door, upstream):
    """Bytes, not meanings: members that nobody knows, their order and their blanks stay."""
    body = (
        '{"model":"thinking", "max_tokens" : 100,"thinking":{"type":"enabled","budget_tokens":1024},'
        '"cache_control":{"type":"ephemeral","ttl":"1h"},"future":[1.50,"\\u00e4"],'
        '"messages":[{"role":"user","content":[{"type":"text","text":"x",'
        '"cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":'
        + json.dumps(THINKING) + '},{"role":"user","content":"go on"}]}')
    reply = httpx.post(door.url + "/v1/messages", content=body, headers={
        "x-api-key": MASTER_KEY, "content-type": "application/json",
        "anthropic-version": "2023-06-01", "anthropic-beta": "beta-1,beta-2"})
    path, headers, sent = upstream.requests[-1]
    assert path == "/v1/messages" and sent.decode() == body
    headers = dict(headers)
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["anthropic-beta"] == "beta-1,beta-2"
    assert headers["x-api-key"] == "sk-upstream" and MASTER_KEY not in str(headers)
    assert reply.json()["content"] == THINKING
    assert reply.json()["usage"] == dict(USAGE, output_tokens=42)
    assert reply.json()["id"] == "msg_upstream"


def test_betas_of_the_client_join_those_of_the_configuration(upstream, client):
    client.beta.messages.create(model="betas", max_tokens=9, messages=ASK, betas=["theirs-1"])
    _, headers, _ = upstream.requests[-1]
    lines = [value for name, value in headers if name == "anthropic-beta"]
    assert ",".join(lines) == "ours-1,theirs-1"
    assert [value for name, value in headers if name == "anthropic-version"] == ["2026-10-21"]


def test_thinking_streams_with_its_signature(client):
    with client.messages.stream(model="thinking", max_tokens=99, messages=ASK) as stream:
        events = list(stream)
        final = stream.get_final_message()
    assert [block.type for block in final.content] == ["thinking", "redacted_thinking", "text"]
    assert final.content[0].signature == SIGNATURE and final.content[0].thinking == "Let me see."
    assert final.content[1].data == "opaque=="
    assert final.usage.cache_read_input_tokens == 7 and final.usage.output_tokens == 42
    assert final.usage.cache_creation_input_tokens == 5
    assert events[0].type == "message_start" and events[0].message.id == "msg_upstream"


def test_what_was_used_is_counted_with_the_cache(door, client):
    raw = client.messages.with_raw_response.create(model="claude", max_tokens=99, messages=ASK)
    rows = httpx.get(
        door.url + "/spend/logs", headers={"authorization": f"Bearer {MASTER_KEY}"},
        params={"request_id": raw.headers["x-litellm-call-id"]}).json()
    assert rows[0]["prompt_tokens"] == 22 and rows[0]["completion_tokens"] == 42, rows


def test_errors(client):
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        client.messages.create(model="gpt", messages=ASK, max_tokens=-1)
    with pytest.raises(anthropic.BadRequestError, match="too odd") as caught:
        client.messages.create(model="failing", messages=ASK, max_tokens=9)
    assert caught.value.body["request_id"] == "req_up", "the upstream's own body"
    with pytest.raises(anthropic.APIStatusError, match="Overloaded") as caught:
        client.messages.create(model="overloaded", messages=ASK, max_tokens=9)
    assert caught.value.body["error"]["type"] == "overloaded_error"
    with pytest.raises(anthropic.BadRequestError, match="container"):
        client.messages.create(
            model="gpt", messages=ASK, max_tokens=9, extra_body={"container": "c"})
    raw = client.messages.with_raw_response.create(
        model="lenient", messages=ASK, max_tokens=9, extra_body={"container": "c"},
        system=[{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}])
    assert raw.parse().content
    assert raw.headers["x-llm-gateway-dropped-params"] == "system[0].cache_control,container"
    with pytest.raises(anthropic.AuthenticationError):
        client.with_options(api_key="sk-wrong-0123456789").messages.create(
            model="gpt", messages=ASK, max_tokens=9)
    with client.with_options(api_key=None, auth_token=MASTER_KEY) as other:
        assert other.messages.create(model="claude", messages=ASK, max_tokens=9).content


def test_the_models_are_listed_in_its_form(client):
    models = client.models.list()
    assert "claude" in [each.id for each in models] and not models.has_more
    with pytest.raises(anthropic.AuthenticationError):
        client.with_options(api_key="sk-wrong-0123456789").models.list()


@pytest.mark.parametrize("fault, status", [("limited", 429), ("broken", 500)])
def test_errors_of_upstreams_of_the_other_dialect(client, fault, status):
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(model=fault, messages=ASK, max_tokens=9)
    error = caught.value.body["error"]
    assert caught.value.status_code == status
    assert ("slow down" if status == 429 else "boom") in error["message"]
    assert error["type"] == ("rate_limit_error" if status == 429 else "overloaded_error")


def test_limits_and_budgets_hold_here_too(client, upstream):
    poor = client.with_options(api_key="sk-poor-0123456789abcdef")
    before = len(upstream.requests)
    with pytest.raises(anthropic.APIStatusError) as caught:
        poor.messages.create(model="priced", messages=ASK, max_tokens=99)
    assert caught.value.body["error"]["type"] == "rate_limit_error"
    assert float(caught.value.response.headers["x-llm-gateway-budget-limit"]) == 1e-7
    assert len(upstream.requests) == before, "a refusal costs nothing"
    slow = client.with_options(api_key="sk-slow-0123456789abcdef")
    assert slow.messages.create(model="claude", messages=ASK, max_tokens=9).content
    with pytest.raises(anthropic.RateLimitError) as caught:
        slow.messages.create(model="claude", messages=ASK, max_tokens=9)
    assert int(caught.value.response.headers["retry-after"]) > 0


@pytest.mark.parametrize("name", ["cut", "half"])
def test_a_cut_stream_ends_with_an_error(client, name):
    text = ""
    with pytest.raises(anthropic.APIError):
        with client.messages.stream(model=name, max_tokens=99, messages=ASK) as stream:
            for piece in stream.text_stream:
                text += piece
    assert text


def test_a_client_that_leaves_stops_the_upstream(client, upstream):
    upstream.gone.clear()
    with client.messages.stream(model="endless", max_tokens=99, messages=ASK) as stream:
        next(iter(stream.text_stream))
    assert upstream.gone.wait(10)


def test_pings_while_nothing_comes(door):
    with httpx.stream("POST", door.url + "/v1/messages", json={
            "model": "late", "max_tokens": 9, "stream": True, "messages": ASK},
            headers={"x-api-key": MASTER_KEY}) as reply:
        text = "".join(reply.iter_text())
    assert text.startswith("event: ping\ndata: {\"type\":\"ping\"}\n\n")
    assert text.endswith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
