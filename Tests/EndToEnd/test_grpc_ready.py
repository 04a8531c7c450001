"""What clients are told of calls that were not processed, so that they know when to try again:
grpcio waits, retries and gives up by these signals."""

import collections
import concurrent.futures
import random
import time

import grpc
import pytest

import conftest
from conftest import Gateway, MASTER_KEY, config_of, free_port, model, wait_until
from llmgateway.v1 import chat_service_pb2, chat_service_pb2_grpc

METADATA = [("authorization", f"Bearer {MASTER_KEY}")]
MODELS = (
    model("demo", "scripted/demo?first_ms=0&interval_ms=0")
    + model("paced", "scripted/demo?chunks=40&first_ms=0&interval_ms=25"))


def streamed(name):
    request = chat_service_pb2.StreamChatCompletionRequest()
    request.chat.model = name
    request.chat.messages.add(role=3).parts.add(text="Hello")
    return request


def start(folder, monkeypatch, port):
    monkeypatch.setattr(conftest, "free_port", lambda: port)
    folder.mkdir(exist_ok=True)
    return Gateway(folder, config_of(MODELS))


def test_a_call_that_waits_for_ready_is_served_when_the_gateway_comes(tmp_path, monkeypatch):
    port = free_port()
    with grpc.insecure_channel(
            f"127.0.0.1:{port}",
            [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.min_reconnect_backoff_ms", 100),
             ("grpc.max_reconnect_backoff_ms", 200)]) as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        with pytest.raises(grpc.RpcError) as raised:
            list(stub.StreamChatCompletion(streamed("demo"), metadata=METADATA, timeout=20))
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
        call = stub.StreamChatCompletion(
            streamed("demo"), metadata=METADATA, timeout=30, wait_for_ready=True)
        gateway = start(tmp_path / "first", monkeypatch, port)
        try:
            assert list(call)[-1].HasField("finished")
        finally:
            assert gateway.stop() == 0, gateway.log()


def test_calls_beyond_the_streams_of_a_connection_wait_for_their_turn(tmp_path, monkeypatch):
    """SETTINGS tells the client how many streams there may be; it queues the others itself."""
    monkeypatch.setattr(conftest, "free_port", free_port)
    gateway = Gateway(tmp_path, config_of(MODELS).replace(
        "body_bytes_max: 1MiB", "body_bytes_max: 1MiB, streams_per_connection_max: 3"))
    try:
        with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
            stub = chat_service_pb2_grpc.ChatServiceStub(channel)
            calls = [
                stub.StreamChatCompletion(streamed("demo"), metadata=METADATA, timeout=30)
                for _ in range(40)]
            # Read at once: a stream whose messages nobody takes may keep its place.
            with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
                ends = list(pool.map(lambda call: list(call)[-1], calls))
            assert all(end.HasField("finished") for end in ends)
    finally:
        assert gateway.stop() == 0, gateway.log()


def one_call(stub, rng):
    """Makes a call, and leaves it at a random moment or not; returns what came of it."""
    call = stub.StreamChatCompletion(
        streamed(rng.choice(["demo", "paced"])), metadata=METADATA, timeout=30)
    leaves_after = rng.choice([None, None, 0, 1, 5, 20])
    try:
        for count, _ in enumerate(call):
            if count == leaves_after:
                call.cancel()
    except grpc.RpcError as error:
        return error.code()
    return call.code()


def test_calls_that_end_while_the_gateway_drains(tmp_path, monkeypatch):
    """GOAWAY, resets and ends cross each other: each call ends in one of the ways that a client can
    act on, calls that were served are served to their end, and the gateway ends well."""
    gateway = start(tmp_path, monkeypatch, free_port())
    rng = random.Random(3)
    outcomes = collections.Counter()
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            futures = [
                pool.submit(one_call, stub, random.Random(rng.random())) for _ in range(400)]
            wait_until(lambda: sum(future.done() for future in futures) > 100, what="some calls")
            began = time.monotonic()
            status = gateway.stop()
            for future in futures:
                outcomes[future.result()] += 1
    assert status == 0, gateway.log()
    assert time.monotonic() - began < 30
    allowed = {grpc.StatusCode.OK, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}
    assert set(outcomes) <= allowed, outcomes
    assert outcomes[grpc.StatusCode.OK] > 10 and outcomes[grpc.StatusCode.UNAVAILABLE] > 0, outcomes


def test_a_message_too_large_either_way(gateway):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        request = streamed("demo")
        request.chat.messages[0].parts[0].text = "x" * (1 << 20)
        with pytest.raises(grpc.RpcError) as raised:
            list(stub.StreamChatCompletion(request, metadata=METADATA, timeout=20))
        assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "1048576" in raised.value.details()


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.NoCompression])
def test_compressed_messages(gateway, algorithm):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}", compression=algorithm) as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        request = streamed("demo")
        # Over the bound of a connection's windows, but not of a message, once undone.
        request.chat.messages[0].parts[0].text = "to and fro " * 80_000
        events = list(stub.StreamChatCompletion(request, metadata=METADATA, timeout=30))
        assert events[-1].HasField("finished")


def test_an_unknown_compression(gateway):
    with grpc.insecure_channel(
            f"127.0.0.1:{gateway.port}", compression=grpc.Compression.Deflate) as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        with pytest.raises(grpc.RpcError) as raised:
            list(stub.StreamChatCompletion(streamed("demo"), metadata=METADATA, timeout=20))
        assert raised.value.code() == grpc.StatusCode.UNIMPLEMENTED
        assert "gzip" in raised.value.details()
