"""The contract's services, by the client generated from proto/ with nothing in between."""

import asyncio
import json
import time
import types

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from conftest import LIMITED_KEY, MASTER_KEY, wait_until
from llmgateway.v1 import (
    chat_pb2, chat_service_pb2, chat_service_pb2_grpc, common_pb2, embedding_service_pb2,
    embedding_service_pb2_grpc, error_pb2, message_pb2, model_service_pb2, model_service_pb2_grpc)
from raw_grpc import RawConnection, framed
from test_grpc_bad_input import CHAT, CODES, STREAM

HELLO = message_pb2.Message(role=message_pb2.ROLE_USER, parts=[{"text": "Hello"}])


def metadata(key=MASTER_KEY):
    return [("authorization", f"Bearer {key}")]


def chat(model: str, **fields) -> chat_pb2.ChatRequest:
    return chat_pb2.ChatRequest(model=model, messages=[HELLO], **fields)


def whole(model: str, **fields):
    return chat_service_pb2.GenerateChatCompletionRequest(chat=chat(model, **fields))


def streamed(model: str, **fields):
    return chat_service_pb2.StreamChatCompletionRequest(chat=chat(model, **fields))


@pytest.fixture(scope="module")
def stubs(gateway):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        yield types.SimpleNamespace(
            chat=chat_service_pb2_grpc.ChatServiceStub(channel),
            embeddings=embedding_service_pb2_grpc.EmbeddingServiceStub(channel),
            models=model_service_pb2_grpc.ModelServiceStub(channel))


@pytest.mark.parametrize("model,provider,dialect", [
    ("demo", "scripted", "openai-chat"), ("gpt-4o", "openai", "openai-chat")])
def test_a_whole_completion(stubs, model, provider, dialect):
    call = stubs.chat.GenerateChatCompletion.with_call
    response, ended = call(whole(model), metadata=metadata(), timeout=20)
    completion = response.completion
    assert completion.id and completion.create_time.seconds > 1_700_000_000
    [choice] = completion.choices
    assert choice.message.role == message_pb2.ROLE_ASSISTANT
    assert len(choice.message.parts[0].text) > 10
    assert choice.finish_reason == chat_pb2.FINISH_REASON_STOP
    assert completion.usage.input_tokens > 0 and completion.usage.output_tokens > 0
    assert completion.usage.source == common_pb2.USAGE_SOURCE_REPORTED
    routing = completion.routing
    assert (routing.model, routing.provider, routing.dialect) == (model, provider, dialect)
    assert [each.outcome for each in routing.attempts] == [common_pb2.ATTEMPT_OUTCOME_SUCCEEDED]
    assert routing.attempts[0].deployment == routing.deployment
    assert ended.code() == grpc.StatusCode.OK


@pytest.mark.parametrize("model", ["demo", "burst", "paced", "gpt-4o"])
def test_a_stream_is_started_deltas_and_finished(stubs, model):
    events = list(stubs.chat.StreamChatCompletion(
        streamed(model), metadata=metadata(), timeout=20))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    kinds = [event.WhichOneof("event") for event in events]
    assert kinds == ["started"] + ["delta"] * (len(events) - 2) + ["finished"]
    assert events[0].started.id and events[0].started.routing.model == model
    finished = events[-1].finished
    assert finished.usage.output_tokens > 0
    assert finished.routing.HasField("first_token_latency")
    assert finished.outcomes[0].finish_reason == chat_pb2.FINISH_REASON_STOP
    text = "".join(event.delta.text for event in events)
    reply = stubs.chat.GenerateChatCompletion(whole(model), metadata=metadata(), timeout=20)
    if model != "gpt-4o":
        assert text == reply.completion.choices[0].message.parts[0].text
    assert len(text) > 10


def test_bounds_and_choices(stubs):
    events = list(stubs.chat.StreamChatCompletion(
        streamed("burst", max_output_tokens=5, choice_count=3), metadata=metadata(), timeout=20))
    finished = events[-1].finished
    assert [each.finish_reason for each in finished.outcomes] == [
        chat_pb2.FINISH_REASON_LENGTH] * 3
    assert [each.finish_cause for each in finished.outcomes] == [
        chat_pb2.FINISH_CAUSE_MAX_TOKENS] * 3
    assert sum(event.HasField("delta") for event in events) == 15


def test_what_is_not_built_yet_is_refused_and_not_dropped(stubs):
    request = whole("demo")
    request.chat.json_dialect = "unknown"
    with pytest.raises(grpc.RpcError) as raised:
        stubs.chat.GenerateChatCompletion(request, metadata=metadata(), timeout=20)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "chat.json_dialect" in raised.value.details()


@pytest.mark.parametrize("model", ["demo", "gpt-4o"])
def test_embeddings(stubs, model):
    reply = stubs.embeddings.GenerateEmbeddings(
        embedding_service_pb2.GenerateEmbeddingsRequest(
            model=model, inputs=[{"text": "some words"}, {"text": "others"}]),
        metadata=metadata(), timeout=20)
    sizes = {len(each.float_vector.values) for each in reply.embeddings}
    assert len(reply.embeddings) == 2 and len(sizes) == 1 and sizes.pop() > 0
    assert reply.id and reply.usage.input_tokens > 0
    assert reply.routing.dialect == "openai-embeddings"


def test_models_by_pages_and_by_key(stubs):
    def page(key=MASTER_KEY, **fields):
        return stubs.models.ListModels(
            model_service_pb2.ListModelsRequest(**fields), metadata=metadata(key), timeout=20)

    everything = [model.name for model in page().models]
    assert {"models/demo", "models/gpt-4o"} <= set(everything) == set(sorted(everything))
    paged, token = [], ""
    while True:
        reply = page(page_size=2, page_token=token)
        assert len(reply.models) <= 2
        paged += [model.name for model in reply.models]
        token = reply.next_page_token
        if not token:
            break
    assert paged == everything
    assert [model.name for model in page(LIMITED_KEY).models] == ["models/demo"]
    with pytest.raises(grpc.RpcError) as raised:
        page(page_size=-1)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_one_model(stubs):
    def get(name, key=MASTER_KEY):
        return stubs.models.GetModel(
            model_service_pb2.GetModelRequest(name=name), metadata=metadata(key), timeout=20).model

    assert get("models/demo").display_name == "demo"
    for name, key, code in [
            ("models/nobody", MASTER_KEY, grpc.StatusCode.NOT_FOUND),
            ("models/gpt-4o", LIMITED_KEY, grpc.StatusCode.NOT_FOUND),
            ("demo", MASTER_KEY, grpc.StatusCode.INVALID_ARGUMENT),
            ("models/demo", "sk-unknown", grpc.StatusCode.UNAUTHENTICATED)]:
        with pytest.raises(grpc.RpcError) as raised:
            get(name, key)
        assert raised.value.code() == code


def test_metadata_of_answers_and_of_refusals(stubs):
    _, call = stubs.chat.GenerateChatCompletion.with_call(
        whole("burst"), timeout=20,
        metadata=[*metadata(), ("x-anything", "at all"), ("x-some-bin", bytes(range(256)))])
    assert call.code() == grpc.StatusCode.OK
    for field in ("x-litellm-api-key", "api-key", "x-api-key"):
        stubs.models.ListModels(
            model_service_pb2.ListModelsRequest(), metadata=[(field, MASTER_KEY)], timeout=20)


ERRORS = [
    ("burst", "sk-unknown", "UNAUTHENTICATED", "KEY_INVALID"),
    ("burst", "no-such-form", "UNAUTHENTICATED", "KEY_INVALID"),
    ("nobody", MASTER_KEY, "NOT_FOUND", "MODEL_NOT_FOUND"),
    ("gpt-4o", LIMITED_KEY, "PERMISSION_DENIED", "NOT_ALLOWED"),
    ("refusing", MASTER_KEY, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
    ("reset", MASTER_KEY, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
    ("garbage", MASTER_KEY, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
    ("not-json", MASTER_KEY, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
    ("wrong-type", MASTER_KEY, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
    ("broken", MASTER_KEY, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
    ("unauthorized", MASTER_KEY, "FAILED_PRECONDITION", "UPSTREAM_AUTH_FAILED"),
    ("limited", MASTER_KEY, "RESOURCE_EXHAUSTED", "UPSTREAM_RATE_LIMITED"),
    ("stall", MASTER_KEY, "DEADLINE_EXCEEDED", "TIMED_OUT"),
]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("model,key,code,reason", ERRORS)
def test_errors_carry_their_reason_and_context(stubs, model, key, code, reason, is_stream):
    with pytest.raises(grpc.RpcError) as raised:
        if is_stream:
            list(stubs.chat.StreamChatCompletion(
                streamed(model), metadata=metadata(key), timeout=20))
        else:
            stubs.chat.GenerateChatCompletion(whole(model), metadata=metadata(key), timeout=20)
    error = raised.value
    assert error.code().name == code, error.details()
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    info, context, retry = (
        error_details_pb2.ErrorInfo(), error_pb2.ErrorContext(), error_details_pb2.RetryInfo())
    found = [
        kind for kind in (info, context, retry)
        if any(detail.Unpack(kind) for detail in status.details)]
    assert info.reason == reason and context in found
    assert context.reason == error_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")
    assert context.completion_id in error.details()
    if reason.startswith("UPSTREAM") or reason == "TIMED_OUT":
        assert len(context.attempts) > 0
    if model == "limited":
        assert retry.retry_delay.seconds == 7
    if model == "stall":
        assert context.timeout_kind == (
            common_pb2.TIMEOUT_KIND_FIRST_TOKEN if is_stream else common_pb2.TIMEOUT_KIND_ATTEMPT)


@pytest.mark.parametrize("model,code,reason", [
    ("half-stream", "UNAVAILABLE", "UPSTREAM_INTERRUPTED"),
    ("no-done", "UNAVAILABLE", "UPSTREAM_INTERRUPTED"),
    ("error-event", "UNAVAILABLE", "UPSTREAM_INTERRUPTED"),
    ("stall-in-stream", "DEADLINE_EXCEEDED", "TIMED_OUT"),
])
def test_a_stream_that_breaks_has_deltas_a_status_and_no_end(stubs, model, code, reason):
    events = []
    with pytest.raises(grpc.RpcError) as raised:
        for event in stubs.chat.StreamChatCompletion(
                streamed(model), metadata=metadata(), timeout=20):
            events.append(event.WhichOneof("event"))
    assert raised.value.code().name == code
    assert reason.encode() in dict(raised.value.trailing_metadata())["grpc-status-details-bin"]
    assert events[:2] == ["started", "delta"] and "finished" not in events


def body_of(model: str) -> bytes:
    return framed(whole(model).SerializeToString())


@pytest.mark.parametrize("path", [CHAT, STREAM])
@pytest.mark.parametrize("model", ["stall", "slow", "endless-paced"])
@pytest.mark.parametrize("timeout,seconds", [("300m", 0.3), ("200000u", 0.2), ("99999999n", 0.1)])
def test_the_gateway_keeps_the_clients_deadline(gateway, path, model, timeout, seconds):
    """Seen on the wire: gRPC's own clients would end the call by themselves."""
    with RawConnection(gateway.port) as wire:
        began = time.monotonic()
        answer = wire.call(path, body_of(model), grpc_timeout=timeout)
        took = answer.ended_at - began
        assert (answer.http, answer.status, answer.reset) == (200, CODES["DEADLINE_EXCEEDED"], None)
        assert seconds * 0.99 < took < seconds + 1, took
        assert wire.call(CHAT, body_of("burst")).status == 0


def test_a_deadline_that_has_passed_needs_no_upstream(gateway, faulty):
    with RawConnection(gateway.port) as wire:
        answer = wire.call(CHAT, body_of("stall"), grpc_timeout="0m")
        assert answer.status == CODES["DEADLINE_EXCEEDED"]


@pytest.mark.parametrize("path,model", [(CHAT, "stall"), (STREAM, "stall"), (STREAM, "endless")])
def test_a_cancelled_call_stops_its_upstream(gateway, faulty, path, model, record_property):
    faulty.closed_at.pop(model, None)
    faulty.begun.pop(model, None)
    with RawConnection(gateway.port) as wire:
        stream = wire.open(path)
        wire.send(stream, body_of(model))
        if model == "endless":
            while not wire.answers[stream].data:
                wire.receive_some()
        wait_until(lambda: model in faulty.begun, what="the upstream's request")
        left_at = time.monotonic()
        wire.reset(stream)
        wait_until(lambda: model in faulty.closed_at, what="the upstream's close")
        took = faulty.closed_at.pop(model) - left_at
        record_property("milliseconds_to_close", took * 1000)
        print(f"{model}: the upstream saw the cancellation after {took * 1000:.1f} ms")
        assert took < 1
        assert wire.call(CHAT, body_of("burst")).status == 0


def test_a_cancelled_call_is_one_line_of_the_log(gateway):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        call = stub.StreamChatCompletion(streamed("paced"), metadata=metadata(), timeout=20)
        completion_id = next(iter(call)).started.id
        call.cancel()

    def lines():
        return [json.loads(line) for line in gateway.log().splitlines() if completion_id in line]

    [line] = wait_until(lines, what="the line of the log")
    assert "CANCELLED" in json.dumps(line)


def test_many_calls_share_a_connection(gateway):
    async def run():
        async with grpc.aio.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
            stub = chat_service_pb2_grpc.ChatServiceStub(channel)

            async def one(number):
                bound = number % 50 + 1
                events = [event async for event in stub.StreamChatCompletion(
                    streamed("burst", max_output_tokens=bound), metadata=metadata(), timeout=60)]
                assert len(events) == bound + 2

            # More than the gateway allows at once: the rest waits in the client.
            await asyncio.gather(*(one(number) for number in range(600)))

    asyncio.run(run())
