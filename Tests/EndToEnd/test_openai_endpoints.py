"""OpenAI's other endpoints by its SDK, and Azure's paths, against upstreams of both dialects."""

import json

import httpx
import openai
import pytest

from anthropic_upstream import AnthropicUpstream
from conftest import MASTER_KEY, Gateway, model
from echo_upstream import EchoUpstream

CONFIG = """
model_list:
{models}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
gateway_settings: {{loops: 1}}
"""
TOOL = {"type": "function", "name": "get_weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}


@pytest.fixture(scope="module")
def echo():
    made = EchoUpstream()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def claude():
    made = AnthropicUpstream()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def gateway(echo, claude, llmock, tmp_path_factory):
    base = f"http://127.0.0.1:{echo.port}/v1"

    def of_mode(name, mode):
        return model(name, f"openai/up-{name}", base) + f"    model_info: {{mode: {mode}}}\n"

    models = (
        of_mode("complete", "completion") + of_mode("moderate", "moderation")
        + of_mode("omni-moderation-latest", "moderation") + of_mode("rank", "rerank")
        + model("chat", "openai/up-chat", base) + model("gpt", "openai/gpt-4o", llmock)
        + model("relayed", "openai/gpt-4o", llmock)
        + "    model_info: {supported_endpoints: [/v1/responses]}\n"
        + model("claude", "anthropic/claude", f"http://127.0.0.1:{claude.port}")
        + model("failing", "anthropic/failing", f"http://127.0.0.1:{claude.port}")
        + model("calling", "anthropic/calling", f"http://127.0.0.1:{claude.port}")
        + model("demo", "scripted/demo?first_ms=0&interval_ms=0"))
    made = Gateway(
        tmp_path_factory.mktemp("endpoints"), CONFIG.format(models=models, key=MASTER_KEY))
    yield made
    assert made.stop() == 0, made.log()


@pytest.fixture
def client(gateway):
    with openai.OpenAI(base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0) as made:
        yield made


def test_completions_pass_as_they_are(client, echo):
    reply = client.completions.create(
        model="complete", prompt=["a", "b"], echo=True, max_tokens=3, extra_body={"top_k": 4})
    assert reply.choices[0].text == "Hello" and reply.usage.total_tokens == 7
    path, body = echo.requests[-1]
    assert path == "/v1/completions"
    assert json.loads(body) == {
        "model": "up-complete", "prompt": ["a", "b"], "echo": True, "max_tokens": 3, "top_k": 4}


@pytest.mark.parametrize("wants_usage", [False, True])
def test_streamed_completions_pass_as_they_are(client, wants_usage):
    options = {"stream_options": {"include_usage": True}} if wants_usage else {}
    chunks = list(client.completions.create(model="complete", prompt="a", stream=True, **options))
    assert "".join(c.choices[0].text for c in chunks if c.choices) == "Hello"
    assert chunks[0].id == "cmpl-up"
    assert bool(chunks[-1].usage) == wants_usage


@pytest.mark.parametrize("name", ["gpt", "claude", "demo"])
def test_completions_of_models_that_chat(client, name):
    whole = client.completions.create(model=name, prompt="Hello", max_tokens=20)
    assert whole.object == "text_completion" and whole.choices[0].text
    chunks = list(client.completions.create(model=name, prompt="Hello", max_tokens=20, stream=True))
    assert "".join(c.choices[0].text for c in chunks if c.choices) == whole.choices[0].text


@pytest.mark.parametrize("name", ["gpt", "claude"])
def test_what_no_chat_can_say_is_refused(client, name):
    with pytest.raises(openai.BadRequestError, match="echo"):
        client.completions.create(model=name, prompt="Hello", echo=True)


def test_moderations(client, echo):
    assert client.moderations.create(model="moderate", input=["a", "b"]).id == "modr-up"
    assert json.loads(echo.requests[-1][1]) == {"model": "up-moderate", "input": ["a", "b"]}
    assert client.moderations.create(input="a").results[0].flagged is False
    assert echo.requests[-1][0] == "/v1/moderations"


@pytest.mark.parametrize("path", ["/v1/rerank", "/rerank", "/v2/rerank"])
def test_rerank_is_accounted(gateway, path):
    headers = {"authorization": f"Bearer {MASTER_KEY}"}
    reply = httpx.post(gateway.url + path, headers=headers, json={
        "model": "rank", "query": "q", "documents": ["a", "b"], "top_n": 2})
    assert [result["index"] for result in reply.json()["results"]] == [1, 0]
    rows = httpx.get(
        gateway.url + "/spend/logs", headers=headers,
        params={"request_id": reply.headers["x-litellm-call-id"]}).json()
    assert rows[0]["prompt_tokens"] == 9 and rows[0]["completion_tokens"] == 0


@pytest.mark.parametrize("name", ["gpt", "relayed", "claude", "demo"])
def test_responses(client, name):
    reply = client.responses.create(model=name, instructions="Be kind.", input="Hello")
    assert reply.status == "completed" and reply.output_text
    assert reply.usage.output_tokens > 0 and reply.id.startswith("resp_")
    with client.responses.stream(model=name, input="Hello") as stream:
        text = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert text and final.output_text == text and final.status == "completed"


@pytest.mark.parametrize("is_stream", [False, True])
def test_responses_pass_as_they_are(client, gateway, is_stream):
    """What llmock writes and the gateway does not: it leaves out `background`."""
    asked = dict(model="relayed", input="Hello", tools=[{"type": "web_search"}])
    raw = client.responses.with_raw_response.create(**asked, stream=is_stream)
    reply = raw.parse()
    if is_stream:
        events = list(reply)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        reply = events[-1].response
    assert reply.model == "gpt-4o" and "background" not in reply.model_fields_set
    row, = httpx.get(
        gateway.url + "/spend/logs", headers={"authorization": f"Bearer {MASTER_KEY}"},
        params={"request_id": raw.headers["x-litellm-call-id"]}).json()
    assert row["completion_tokens"] == reply.usage.output_tokens > 0


@pytest.mark.parametrize("name", ["gpt", "relayed", "calling"])
@pytest.mark.parametrize("is_stream", [False, True])
def test_responses_with_tools(client, name, is_stream):
    asked = dict(model=name, input="What is the weather in Paris?", tools=[TOOL],
                 tool_choice="required")
    if is_stream:
        with client.responses.stream(**asked) as stream:
            reply = stream.get_final_response()
    else:
        reply = client.responses.create(**asked)
    call = next(item for item in reply.output if item.type == "function_call")
    assert call.name == "get_weather" and "city" in json.loads(call.arguments)
    answer = client.responses.create(model=name, tools=[TOOL], input=[
        {"role": "user", "content": "What is the weather in Paris?"},
        {"type": "function_call", "call_id": call.call_id, "name": call.name,
         "arguments": call.arguments},
        {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny"}])
    assert answer.output


def test_responses_have_no_memory(client):
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        client.responses.create(model="demo", input="Hi", previous_response_id="resp_1")


def test_azures_client(gateway):
    with openai.AzureOpenAI(
            azure_endpoint=gateway.url, api_key=MASTER_KEY, api_version="2024-10-21",
            azure_deployment="demo", max_retries=0) as azure:
        reply = azure.chat.completions.create(
            model="demo", messages=[{"role": "user", "content": "Hello"}])
        assert reply.choices[0].message.content
        chunks = list(azure.chat.completions.create(
            model="demo", stream=True, messages=[{"role": "user", "content": "Hello"}]))
        assert chunks[-1].choices[0].finish_reason == "stop"


def test_everything_of_a_chat_passes_as_it_came(client, echo):
    """What OpenAI's dialect says goes to its upstreams untouched, whoever invented it."""
    body = {
        "n": 2, "logprobs": True, "top_logprobs": 3, "logit_bias": {"5": -100}, "seed": 1,
        "prediction": {"type": "content", "content": "x"}, "service_tier": "flex",
        "reasoning_effort": "xhigh", "modalities": ["text", "audio"], "top_k": 4,
        "audio": {"voice": "alloy", "format": "wav"}, "guided_json": {"type": "object"},
        "messages": [
            {"role": "user", "content": [
                {"type": "input_audio", "input_audio": {"data": "AAEC", "format": "wav"}},
                {"type": "file", "file": {"file_id": "file-1"}}, {"type": "future", "x": 1.5}]},
            {"role": "assistant", "content": "Hm", "reasoning_content": "because"},
            {"role": "user", "content": "go on"}]}
    reply = client.post("/chat/completions", body=dict(body, model="chat"), cast_to=httpx.Response)
    assert json.loads(echo.requests[-1][1]) == dict(body, model="up-chat")
    message = reply.json()["choices"][0]["message"]
    assert message["reasoning_content"] == "Hm" and message["new"] == 1


def test_an_error_of_anthropics_has_openais_form(client):
    with pytest.raises(openai.BadRequestError, match="too odd") as caught:
        client.chat.completions.create(
            model="failing", messages=[{"role": "user", "content": "Hi"}])
    assert set(caught.value.body) == {"message", "type", "param", "code"}


def test_what_is_not_built_says_so(client):
    with pytest.raises(openai.NotFoundError, match="not built"):
        client.images.generate(model="demo", prompt="x")
    with pytest.raises(openai.NotFoundError, match="not built"):
        client.files.list()
