"""The client that waits, against the real binary."""

import time

import grpc
import pytest

import llmgateway
from conftest import DEMO_KEY, KEY
from llmgateway.v1 import chat_pb2, common_pb2, error_pb2, message_pb2


@pytest.fixture(scope="module")
def client(target):
    with llmgateway.Client(target, KEY) as client:
        yield client


@pytest.mark.cell("unary")
def test_a_whole_completion(client):
    completion = client.chat("demo", "Hello")
    assert llmgateway.text_of(completion).startswith("Hello! I am the demo model")
    assert completion.choices[0].finish_reason == chat_pb2.FINISH_REASON_STOP
    assert completion.usage.output_tokens > 0
    assert completion.cost.output_nano_usd == 2_000 * completion.usage.output_tokens
    assert completion.routing.provider == "scripted"


def test_conversations_may_be_mappings_or_messages(client):
    message = message_pb2.Message(role=message_pb2.ROLE_USER, parts=[{"text": "Hello"}])
    for turns in (
            [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hello"}],
            [message]):
        assert llmgateway.text_of(client.chat("demo", turns))


def test_fields_of_the_request_are_passed_on(client):
    completion = client.chat("demo", "Hello", max_output_tokens=3, sampling={"temperature": 0.5})
    assert llmgateway.text_of(completion) == "Hello! I am "
    assert completion.choices[0].finish_reason == chat_pb2.FINISH_REASON_LENGTH
    assert len(client.chat("demo", "Hello", choice_count=2).choices) == 2


@pytest.mark.cell("stream")
def test_a_stream_tells_its_beginning_its_pieces_and_its_end(client):
    stream = client.stream("demo", "Hello")
    assert stream.routing is None and stream.usage is None
    texts = stream.texts()
    assert next(texts) == "Hello! "
    assert stream.routing.deployment and stream.usage is None
    rest = "".join(texts)
    assert rest == llmgateway.text_of(client.chat("demo", "Hello")).removeprefix("Hello! ")
    assert stream.usage.source == common_pb2.USAGE_SOURCE_REPORTED
    assert stream.usage.output_tokens == len(rest.split()) + 1
    assert stream.finished.cost.output_nano_usd == 2_000 * stream.usage.output_tokens
    assert stream.routing.HasField("first_token_latency")
    assert stream.finished.outcomes[0].finish_reason == chat_pb2.FINISH_REASON_STOP


def test_deltas_of_several_choices_are_told_apart(client):
    deltas = list(client.stream("demo", "Hello", choice_count=2, max_output_tokens=4))
    assert [delta.choice_index for delta in deltas] == [0, 1] * 4


def test_a_stream_is_cancelled_by_leaving_its_block(client):
    with client.stream("paced", "Hello") as stream:
        assert next(stream.texts())
    with pytest.raises(llmgateway.CallCancelled):
        list(stream)
    assert stream.finished is None


@pytest.mark.cell("embeddings")
def test_embeddings(client):
    reply = client.embed("demo", ["a", "b"], dimension_count=8)
    assert [len(each.float_vector.values) for each in reply.embeddings] == [8, 8]
    assert len(client.embed("demo", "a").embeddings) == 1


@pytest.mark.cell("models")
def test_models(client, target):
    assert {"demo", "paced", "slow"} <= {model.display_name for model in client.models()}
    assert client.model("demo").name == "models/demo"
    with llmgateway.Client(target, DEMO_KEY) as other:
        assert [model.display_name for model in other.models()] == ["demo"]


@pytest.mark.cell("bad-key")
@pytest.mark.parametrize("key", [None, "sk-unknown-0123456789", "other"])
def test_a_key_that_is_not_known(target, key):
    with llmgateway.Client(target, key) as client:
        for call in (lambda: client.chat("demo", "x"), lambda: list(client.models())):
            with pytest.raises(llmgateway.KeyInvalid) as raised:
                call()
            assert raised.value.reason == "KEY_INVALID"
            assert raised.value.request_id in raised.value.message


@pytest.mark.cell("errors")
def test_errors_say_what_is_wrong(client, target):
    with pytest.raises(llmgateway.NotFound) as raised:
        client.chat("nobody", "Hello")
    assert (raised.value.code, raised.value.reason) == (
        grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND")
    assert raised.value.context.reason == error_pb2.ERROR_REASON_MODEL_NOT_FOUND
    with pytest.raises(llmgateway.InvalidRequest) as raised:
        client.chat("", [])
    assert set(raised.value.fields) == {"chat.model", "chat.messages"}
    with llmgateway.Client(target, DEMO_KEY) as other, pytest.raises(llmgateway.NotAllowed):
        other.chat("slow", "Hello")


@pytest.mark.cell("errors")
def test_a_limit_tells_when_to_come_back(client):
    with pytest.raises(llmgateway.ResourceExhausted) as raised:
        client.chat("limited", "Hello")
    error = raised.value
    assert (error.reason, error.retry_after) == ("UPSTREAM_RATE_LIMITED", 7)
    assert error.context.upstream_error.http_status == 429
    assert error.context.upstream_error.message == "slow down"
    assert [each.outcome for each in error.context.attempts] == [
        common_pb2.ATTEMPT_OUTCOME_RATE_LIMITED] * len(error.context.attempts)


@pytest.mark.cell("deadline")
@pytest.mark.parametrize("call", [
    lambda client: client.chat("slow", "Hello", timeout=0.2),
    lambda client: list(client.stream("slow", "Hello", timeout=0.2)),
    lambda client: list(client.stream("paced", "Hello", timeout=0.2)),
])
def test_a_deadline_ends_the_call(client, call):
    began = time.monotonic()
    with pytest.raises(llmgateway.DeadlineExceeded):
        call(client)
    assert 0.15 < time.monotonic() - began < 5


def test_the_clients_own_timeout_is_for_calls_that_name_none(target):
    with llmgateway.Client(target, KEY, timeout=0.2) as client:
        with pytest.raises(llmgateway.DeadlineExceeded):
            client.chat("slow", "Hello")
        assert client.chat("demo", "Hello", timeout=20)


@pytest.mark.cell("unreachable")
def test_a_gateway_that_cannot_be_reached():
    with llmgateway.Client("127.0.0.1:1", KEY, timeout=10) as client:
        with pytest.raises(llmgateway.Unavailable) as raised:
            client.chat("demo", "Hello")
        assert raised.value.reason == "" and raised.value.request_id == ""
