"""The cells of clients/conformance that the other tests here do not show."""

import os
import time

import grpc
import pytest

import llmgateway
from conftest import BUDGET_KEY, KEY
from llmgateway.v1 import chat_pb2, common_pb2, message_pb2

WEATHER = [{"name": "weather", "parameters_json": '{"type":"object"}'}]


@pytest.fixture
def client(target):
    with llmgateway.Client(target, KEY, timeout=60) as client:
        yield client


@pytest.mark.cell("tools")
def test_tools(client):
    question = message_pb2.Message(
        role=message_pb2.ROLE_USER, parts=[{"text": "How warm is it in Oslo?"}])
    completion = client.chat("tools", [question], tools=WEATHER)
    assert completion.choices[0].finish_reason == chat_pb2.FINISH_REASON_TOOL_CALLS
    stream = client.stream("tools", [question], tools=WEATHER)
    assert len(list(stream)) > 2
    for message in (completion.choices[0].message, stream.message):
        [call] = llmgateway.tool_calls_of(message)
        assert (call.id, call.name, call.arguments_json) == ("call_1", "weather", '{"city":"Oslo"}')
        answer = client.chat(
            "tools", [question, message, llmgateway.tool_result(call, "7 degrees")], tools=WEATHER)
        assert llmgateway.text_of(answer) == "It is 7 degrees"
    # Reasoning comes where it is asked for, with its signature.
    assert [part.WhichOneof("content") for part in stream.message.parts] == ["tool_call"]
    wanted = {"tools": WEATHER, "reasoning": {"include_reasoning": True}}
    completion = client.chat("tools", [question], **wanted)
    stream = client.stream("tools", [question], **wanted)
    list(stream)
    for message in (completion.choices[0].message, stream.message):
        thought, _ = message.parts
        assert (thought.reasoning.text, thought.signature) == ("Hm", "c2lnbmVk")
        [call] = llmgateway.tool_calls_of(message)
        turns = [question, message, llmgateway.tool_result(call, "7 degrees")]
        assert llmgateway.text_of(client.chat("tools", turns, **wanted)) == "It is 7 degrees"


@pytest.mark.cell("cancel")
def test_a_cancelled_stream_ends_the_upstreams(client, control):
    with client.stream("endless", "Hello") as stream:
        assert next(stream.texts()) == "and "
    with pytest.raises(llmgateway.CallCancelled):
        list(stream)
    control("/idle")


@pytest.mark.cell("budget")
def test_a_budget_that_is_used_up(target):
    with llmgateway.Client(target, BUDGET_KEY) as client:
        for call in (client.chat, lambda *request: list(client.stream(*request))):
            with pytest.raises(llmgateway.ResourceExhausted) as raised:
                call("demo", "Hello")
            error = raised.value
            assert error.reason == "BUDGET_EXHAUSTED" and 0 < error.retry_after <= 86_400
            [violation] = error.context.violations
            assert (violation.subject, violation.kind) == ("penniless", common_pb2.LIMIT_KIND_SPEND)
            assert (violation.limit, violation.remaining) == (100, 100)
            assert violation.requested > 100 and violation.reset_time.seconds > time.time()


@pytest.mark.cell("unknown-fields")
def test_what_a_later_version_says(client):
    with llmgateway.Client(os.environ["LLM_GATEWAY_NEWER_ADDRESS"], KEY) as later:
        completion = later.chat("demo", "Hello")
        assert llmgateway.text_of(completion) == "Hello"
        assert completion.choices[0].finish_reason == 99
        stream = later.stream("demo", "Hello")
        assert "".join(stream.texts()) == "Hello" and stream.usage.output_tokens == 2
        with pytest.raises(llmgateway.ResourceExhausted) as raised:
            later.chat("moon", "Hello")
        assert raised.value.reason == "MOON_IN_THE_WRONG_PHASE"
        assert (raised.value.request_id, raised.value.context.reason) == ("later", 99)
    # And what this one does not know of a later client: field 1000 of a message.
    turn = message_pb2.Message.FromString(b"\xc0\x3e\x07")
    turn.role = message_pb2.ROLE_USER
    turn.parts.add(text="Hello")
    assert llmgateway.text_of(client.chat("demo", [turn]))


@pytest.mark.cell("models")
def test_pages_of_models():
    with llmgateway.Client(os.environ["LLM_GATEWAY_NEWER_ADDRESS"], KEY) as later:
        assert [model.name for model in later.models()] == ["models/a", "models/b"]


@pytest.mark.cell("large")
def test_large_messages(client):
    completion = client.chat("demo", "x" * 3_000_000)
    assert completion.usage.input_tokens == 750_000
    reply = client.embed("demo", ["a"] * 2048, dimension_count=1024)
    assert sum(len(each.float_vector.values) for each in reply.embeddings) == 2048 * 1024
    with pytest.raises(llmgateway.ResourceExhausted):
        client.chat("demo", "x" * 5_000_000)


@pytest.mark.cell("reconnect")
def test_the_gateway_is_replaced(client, control):
    stream = client.stream("paced", "Hello")
    texts = stream.texts()
    first = next(texts)
    model = control("/restart")
    end = time.monotonic() + 30
    while True:
        # The first calls may still meet the old one; none of them may fail.
        assert llmgateway.text_of(client.chat("demo", "Hello"))
        if model in [each.display_name for each in client.models()]:
            break
        assert time.monotonic() < end
    assert len([first, *texts]) == 400 and stream.usage.output_tokens == 400


@pytest.mark.cell("tls")
def test_tls():
    address = os.environ["LLM_GATEWAY_TLS_ADDRESS"]
    with open(os.environ["LLM_GATEWAY_TLS_CA"], "rb") as file:
        trusted = grpc.ssl_channel_credentials(file.read())
    with llmgateway.Client(address, KEY, credentials=trusted) as client:
        assert llmgateway.text_of(client.chat("demo", "Hello"))
    with llmgateway.Client(address, KEY, credentials=grpc.ssl_channel_credentials()) as client:
        with pytest.raises(llmgateway.Unavailable):
            client.chat("demo", "Hello", timeout=20)
