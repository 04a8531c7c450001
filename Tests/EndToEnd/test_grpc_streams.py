"""Many streams at once over gRPC, slow readers and clients that leave, with grpcio."""

import asyncio
import time

import grpc

from conftest import MASTER_KEY, wait_until
from llmgateway.v1 import chat_service_pb2, chat_service_pb2_grpc
from test_streams import EXPECTED, STREAMS

# The gateway allows 256 streams on a connection; gRPC would make the others wait.
STREAMS_PER_CHANNEL = 125
METADATA = [("authorization", f"Bearer {MASTER_KEY}")]


def request(model: str) -> chat_service_pb2.StreamChatCompletionRequest:
    return chat_service_pb2.StreamChatCompletionRequest(chat={
        "model": model, "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hello"}]}]})


async def read_stream(call) -> str:
    """The text of one stream, its order and its two ends checked."""
    text, sequence = [], 0
    async for event in call:
        sequence += 1
        assert event.sequence == sequence
        kind = event.WhichOneof("event")
        assert (kind == "started") == (sequence == 1), sequence
        if kind == "delta":
            assert (event.delta.choice_index, event.delta.part_index) == (0, 0)
            text.append(event.delta.text)
    assert kind == "finished" and event.finished.usage.output_tokens == 100
    assert sequence == 102
    return "".join(text)


def test_a_thousand_streams_at_once_have_every_byte(patient_gateway, record_property):
    """1,000 streams of 100 chunks at once; the text of each is compared."""
    gateway = patient_gateway
    descriptors = gateway.descriptors()
    idle_bytes = gateway.resident_bytes()

    async def run():
        # Channels with the same arguments would share one connection.
        channels = [
            grpc.aio.insecure_channel(
                f"127.0.0.1:{gateway.port}", options=[("llmgateway.number", number)])
            for number in range(STREAMS // STREAMS_PER_CHANNEL)]
        stubs = [chat_service_pb2_grpc.ChatServiceStub(channel) for channel in channels]
        readers = [
            asyncio.create_task(read_stream(
                stubs[number % len(stubs)].StreamChatCompletion(
                    request("paced"), metadata=METADATA, timeout=120)))
            for number in range(STREAMS)]
        await asyncio.sleep(1)
        busy_bytes = gateway.resident_bytes()
        busy_descriptors = gateway.descriptors()
        for text in await asyncio.gather(*readers):
            assert text == EXPECTED
        for channel in channels:
            await channel.close()
        return busy_bytes, busy_descriptors

    busy_bytes, busy_descriptors = asyncio.run(run())
    # At most: a connection of an earlier test may have been closing at the first count.
    assert busy_descriptors <= descriptors + STREAMS // STREAMS_PER_CHANNEL
    per_stream = (busy_bytes - idle_bytes) / STREAMS
    record_property("bytes_per_open_stream", per_stream)
    print(f"memory per open stream over gRPC: {per_stream:.0f} bytes (debug build)")
    wait_until(lambda: gateway.descriptors() <= descriptors, what="closing of sockets")


def test_a_slow_reader_stops_the_upstream(gateway, faulty):
    """A call that is not read: HTTP/2's windows fill, and the upstream may send no more."""
    faulty.sent.pop("endless", None)
    faulty.closed_at.pop("endless", None)
    before = gateway.resident_bytes()
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        call = stub.StreamChatCompletion(request("endless"), metadata=METADATA, timeout=60)
        next(iter(call))

        def has_stalled():
            first = faulty.sent.get("endless", 0)
            time.sleep(0.5)
            return first > 0 and faulty.sent["endless"] == first

        wait_until(has_stalled, what="the upstream's stall")
        grown = gateway.resident_bytes() - before
        print(f"sent by the upstream: {faulty.sent['endless']} bytes; grown by {grown} bytes")
        assert grown < 4 << 20
        # Other calls of the same connection are not held up.
        assert stub.GenerateChatCompletion(
            chat_service_pb2.GenerateChatCompletionRequest(chat=request("burst").chat),
            metadata=METADATA, timeout=20).completion.usage.output_tokens == 100
        left_at = time.monotonic()
        call.cancel()
    wait_until(lambda: "endless" in faulty.closed_at, what="the upstream's close")
    took = faulty.closed_at.pop("endless") - left_at
    print(f"the upstream saw the cancellation after {took * 1000:.1f} ms")
    assert took < 1


def test_thousands_of_cancelled_calls_leave_nothing_behind(gateway):
    """Cancelled while they run, on one connection after another: memory and descriptors settle."""
    def run(count):
        # Channels with the same arguments would share one connection.
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(f"127.0.0.1:{gateway.port}", options=options) as channel:
            stub = chat_service_pb2_grpc.ChatServiceStub(channel)
            for begin in range(0, count, 100):
                calls = [
                    stub.StreamChatCompletion(request("paced"), metadata=METADATA, timeout=60)
                    for _ in range(100)]
                for number, call in enumerate(calls):
                    for _ in range(number % 3):
                        next(call)
                    call.cancel()

    def settled():
        wait_until(lambda: gateway.descriptors() <= descriptors, what="closing of sockets")
        return gateway.resident_bytes()

    descriptors = gateway.descriptors()
    for _ in range(5):
        run(300)
    warm = settled()
    for _ in range(5):
        run(300)
    grown = settled() - warm
    print(f"1,500 cancelled calls: memory grew by {grown} bytes after warm-up")
    # The heap follows how many calls happen to be open at once. One stream that stays is 10 KB or
    # more: 1,500 of them would be 15 MB.
    assert grown < 5 << 20
