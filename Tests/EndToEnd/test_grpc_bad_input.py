"""Bad gRPC input against the real binary: the right status, and the connection lives on."""

import grpc
import pytest

from conftest import LIMITED_KEY, MASTER_KEY, wait_until
from llmgateway.v1 import (
    chat_service_pb2, embedding_service_pb2, error_pb2, model_service_pb2)
from google.rpc import error_details_pb2, status_pb2
from raw_grpc import RawConnection, framed

CODES = {code.name: code.value[0] for code in grpc.StatusCode}
CHAT = "/llmgateway.v1.ChatService/GenerateChatCompletion"
STREAM = "/llmgateway.v1.ChatService/StreamChatCompletion"
EMBED = "/llmgateway.v1.EmbeddingService/GenerateEmbeddings"
MODELS = "/llmgateway.v1.ModelService/ListModels"
HELLO = chat_service_pb2.GenerateChatCompletionRequest(chat={
    "model": "burst", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hello"}]}]})
GOOD = {
    CHAT: framed(HELLO.SerializeToString()),
    STREAM: framed(HELLO.SerializeToString()),
    EMBED: framed(embedding_service_pb2.GenerateEmbeddingsRequest(
        model="burst", inputs=[{"text": "a"}]).SerializeToString()),
    MODELS: framed(model_service_pb2.ListModelsRequest().SerializeToString()),
}
PATHS = list(GOOD)
# The bound of messages in the tests' configuration.
MESSAGE_BYTES_MAX = 1 << 20

# What is wrong with the bytes of a call, the status for it, and a word of the message.
BODIES = {
    "nothing": (b"", "UNIMPLEMENTED", "none"),
    "half an envelope": (b"\0\0\0", "INTERNAL", "middle of a message"),
    "half a message": (framed(b"\x0a\x05", length=7), "INTERNAL", "middle of a message"),
    "compressed, with no encoding named": (
        framed(b"\x1f\x8b", flags=1), "INTERNAL", "compressed"),
    "unknown flags": (framed(b"", flags=2), "INTERNAL", "flags"),
    "over the cap": (
        framed(b"", length=MESSAGE_BYTES_MAX + 1), "RESOURCE_EXHAUSTED", "1048577"),
    "the longest length there is": (framed(b"", length=0xFFFFFFFF), "RESOURCE_EXHAUSTED", "limit"),
    "a field cut short": (framed(b"\x0a\x7f\x01"), "INVALID_ARGUMENT", ""),
    "a varint without end": (framed(b"\xff" * 11), "INVALID_ARGUMENT", ""),
    "field number zero": (framed(b"\x02\x00"), "INVALID_ARGUMENT", ""),
    "a group without end": (framed(b"\x0b"), "INVALID_ARGUMENT", ""),
}


def with_second_message(path):
    return GOOD[path] + framed(b"")


def check_that_the_connection_lives(wire):
    for path in PATHS:
        answer = wire.call(path, GOOD[path])
        assert (answer.http, answer.status) == (200, 0), answer


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", BODIES)
def test_bad_bodies(gateway, path, fault):
    body, code, words = BODIES[fault]
    with RawConnection(gateway.port) as wire:
        answer = wire.call(path, body)
        assert (answer.http, answer.status, answer.reset) == (200, CODES[code], None), answer
        assert words in answer.message
        check_that_the_connection_lives(wire)


@pytest.mark.parametrize("path", PATHS)
def test_several_messages_where_one_belongs(gateway, path):
    with RawConnection(gateway.port) as wire:
        answer = wire.call(path, with_second_message(path))
        assert answer.status == CODES["UNIMPLEMENTED"], answer
        assert "several" in answer.message
        check_that_the_connection_lives(wire)


HEADERS = {
    "an unknown method of a known service": (
        "/llmgateway.v1.ChatService/Nothing", {}, 200, "UNIMPLEMENTED"),
    "an unknown service": ("/nobody.Service/Method", {}, 200, "UNIMPLEMENTED"),
    "a path without a method": ("/llmgateway.v1.ChatService/", {}, 200, "UNIMPLEMENTED"),
    "messages in a form that is not served": (
        CHAT, {"content_type": "application/grpc+thrift"}, 415, None),
    "another protocol": (CHAT, {"content_type": "text/plain"}, None, None),
    "the method GET": (CHAT, {"method": "GET"}, 405, None),
    "a timeout without a unit": (CHAT, {"grpc_timeout": "100"}, 200, "INVALID_ARGUMENT"),
    "a timeout of nine digits": (CHAT, {"grpc_timeout": "123456789S"}, 200, "INVALID_ARGUMENT"),
    "a negative timeout": (CHAT, {"grpc_timeout": "-1S"}, 200, "INVALID_ARGUMENT"),
    "a timeout of an unknown unit": (CHAT, {"grpc_timeout": "1s"}, 200, "INVALID_ARGUMENT"),
    "an empty timeout": (CHAT, {"grpc_timeout": ""}, 200, "INVALID_ARGUMENT"),
    "an encoding that is not known": (CHAT, {"grpc_encoding": "zstd"}, 200, "UNIMPLEMENTED"),
    "an unknown key": (CHAT, {"authorization": "Bearer sk-unknown"}, 200, "UNAUTHENTICATED"),
    "a key of no known form": (CHAT, {"authorization": "Basic abc"}, 200, "UNAUTHENTICATED"),
    "a key for other models": (
        CHAT, {"authorization": f"Bearer {LIMITED_KEY}"}, 200, "PERMISSION_DENIED"),
}


@pytest.mark.parametrize("fault", HEADERS)
def test_bad_headers(gateway, fault):
    path, fields, http, code = HEADERS[fault]
    with RawConnection(gateway.port) as wire:
        answer = wire.call(path, GOOD[CHAT], **fields)
        if http is not None:
            assert answer.http == http
        else:
            assert answer.http in (404, 405, 415)
        if code is not None:
            assert (answer.status, answer.reset) == (CODES[code], None), answer
        check_that_the_connection_lives(wire)


def test_no_key_at_all(gateway):
    with RawConnection(gateway.port) as wire:
        for path in PATHS:
            stream = wire.open(path, without=("authorization",))
            wire.send(stream, GOOD[path])
            assert wire.answer(stream).status == CODES["UNAUTHENTICATED"]
        check_that_the_connection_lives(wire)


def test_a_stranger_is_refused_before_a_byte_of_the_message(gateway):
    with RawConnection(gateway.port) as wire:
        stream = wire.open(CHAT, authorization="Bearer sk-unknown")
        assert wire.answer(stream).status == CODES["UNAUTHENTICATED"]
        check_that_the_connection_lives(wire)


def text_message(text: bytes) -> bytes:
    """A request whose one text is these bytes, valid or not."""
    part = b"\x0a" + bytes([len(text)]) + text
    message = b"\x08\x03\x12" + bytes([len(part)]) + part
    chat = b"\x0a\x05burst\x12" + bytes([len(message)]) + message
    return framed(b"\x0a" + bytes([len(chat)]) + chat)


TEXTS = {
    "a lone byte": b"\xff",
    "a surrogate": b"\xed\xa0\x80",
    "cut in a character": b"a\xe2\x82",
    "an overlong form": b"\xc0\xaf",
}


@pytest.mark.parametrize("path", [CHAT, STREAM])
@pytest.mark.parametrize("fault", TEXTS)
def test_texts_that_are_not_utf8_are_named(gateway, path, fault):
    with RawConnection(gateway.port) as wire:
        assert wire.call(path, text_message("Grüße €".encode())).status == 0
        answer = wire.call(path, text_message(TEXTS[fault]))
        assert answer.status == CODES["INVALID_ARGUMENT"]
        assert "UTF-8" in answer.message and "chat.messages[0].parts[0].text" in answer.message
        check_that_the_connection_lives(wire)


def details(error: grpc.RpcError):
    """The details of a status, by type."""
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    assert (status.code, status.message) == (error.code().value[0], error.details())
    found = {}
    for kind in (
            error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_pb2.ErrorContext):
        message = kind()
        for detail in status.details:
            if detail.Unpack(message):
                found[kind] = message
    return found


USER = {"role": "ROLE_USER", "parts": [{"text": "x"}]}
MISSING = [
    ({}, {"chat"}),
    ({"chat": {}}, {"chat.model", "chat.messages"}),
    ({"chat": {"model": "burst"}}, {"chat.messages"}),
    ({"chat": {"messages": [USER]}}, {"chat.model"}),
    ({"chat": {"model": "burst", "messages": [{}]}},
     {"chat.messages[0].role", "chat.messages[0].parts"}),
    ({"chat": {"model": "burst", "messages": [USER, {"role": "ROLE_USER", "parts": [{}]}]}},
     {"chat.messages[1].parts[0]"}),
    ({"chat": {"model": "burst", "messages": [{"role": 99, "parts": [{"text": "x"}]}]}},
     {"chat.messages[0].role"}),
    ({"chat": {"model": "burst", "messages": [USER], "choice_count": 1000}},
     {"chat.choice_count"}),
    ({"chat": {"model": "burst", "messages": [USER], "max_output_tokens": -1}},
     {"chat.max_output_tokens"}),
]


@pytest.mark.parametrize("request_fields,fields", MISSING)
def test_fields_at_fault_are_named_in_the_details(gateway, request_fields, fields):
    request = chat_service_pb2.GenerateChatCompletionRequest(**request_fields)
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        for path in (CHAT, STREAM):
            call = channel.unary_unary(path)
            with pytest.raises(grpc.RpcError) as raised:
                call(request.SerializeToString(), timeout=20,
                     metadata=[("authorization", f"Bearer {MASTER_KEY}")])
            assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            found = details(raised.value)
            info = found[error_details_pb2.ErrorInfo]
            assert (info.reason, info.domain) == ("INVALID_REQUEST", "llmgateway")
            violations = found[error_details_pb2.BadRequest].field_violations
            assert {each.field for each in violations} == fields
            context = found[error_pb2.ErrorContext]
            assert context.reason == error_pb2.ERROR_REASON_INVALID_REQUEST
            assert context.completion_id in raised.value.details()


def bad_calls(port: int) -> int:
    """Every fault once, on one connection. Returns how many calls that were."""
    with RawConnection(port) as wire:
        for body, code, _ in BODIES.values():
            for path in PATHS:
                assert wire.call(path, body).status == CODES[code]
        for path, fields, http, _ in HEADERS.values():
            answer = wire.call(path, GOOD[CHAT], **fields)
            assert http is None or answer.http == http
        for text in TEXTS.values():
            assert wire.call(STREAM, text_message(text)).status == CODES["INVALID_ARGUMENT"]
        for _ in range(20):
            # Begun and dropped: before the message, in it, and while the answer is on its way.
            wire.reset(wire.open(STREAM))
            stream = wire.open(STREAM)
            wire.send(stream, GOOD[STREAM][:7], end=False)
            wire.reset(stream)
            stream = wire.open(STREAM)
            wire.send(stream, GOOD[STREAM])
            wire.reset(stream)
        check_that_the_connection_lives(wire)
        return len(wire.answers)


def test_thousands_of_bad_calls_leave_nothing_behind(gateway):
    """No stream, no descriptor and no memory stays behind once everything has been seen."""
    descriptors = gateway.descriptors()
    for _ in range(10):
        bad_calls(gateway.port)
    warm = gateway.resident_bytes()
    calls = sum(bad_calls(gateway.port) for _ in range(40))
    grown = gateway.resident_bytes() - warm
    print(f"{calls} bad calls: memory grew by {grown} bytes after warm-up")
    assert calls > 5000
    assert grown < 512 * 1024
    wait_until(lambda: gateway.descriptors() <= descriptors, what="closing of sockets")


def test_resets_without_end_are_a_reason_to_part(gateway):
    """One connection may drop many calls, but not for ever: "rapid reset", CVE-2023-44487."""
    with RawConnection(gateway.port) as wire:
        # What was sent until the client sees that the connection has ended is some ten thousand
        # calls, by the speed of both.
        with pytest.raises(ConnectionError):
            for _ in range(200_000):
                wire.reset(wire.open(STREAM))
    with RawConnection(gateway.port) as wire:
        check_that_the_connection_lives(wire)
