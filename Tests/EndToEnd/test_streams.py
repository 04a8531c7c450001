"""Many streams, slow readers and clients that leave: raw sockets against the real binary."""

import asyncio
import json
import signal
import socket
import time

from conftest import MASTER_KEY, Gateway, config_of, model, wait_until

ALPHABET = "abcdefghijklmnopqrstuvwxyz "
EXPECTED = "".join(ALPHABET[(index + place) % 27] for index in range(100) for place in range(12))
STREAMS = 1_000


def request(model_name: str) -> bytes:
    body = json.dumps({
        "model": model_name, "stream": True,
        "messages": [{"role": "user", "content": "Hello"}]}).encode()
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer "
        + MASTER_KEY.encode() + b"\r\ncontent-type: application/json\r\ncontent-length: "
        + str(len(body)).encode() + b"\r\n\r\n" + body)


async def read_stream(reader) -> str:
    """The text of one stream, its chunked framing checked to the byte."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
    data = bytearray()
    while True:
        size = int((await reader.readuntil(b"\r\n"))[:-2], 16)
        data += await reader.readexactly(size)
        assert await reader.readexactly(2) == b"\r\n"
        if size == 0:
            break
    events = data.decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    text = ""
    for event in events[:-2]:
        for choice in json.loads(event.removeprefix("data: "))["choices"]:
            text += choice["delta"].get("content", "")
    return text


def test_a_thousand_streams_at_once_have_every_byte(patient_gateway, record_property):
    """1,000 streams of 100 chunks at once; the text of each is compared."""
    gateway = patient_gateway
    idle_descriptors = gateway.descriptors()
    idle_bytes = gateway.resident_bytes()

    async def run():
        connections = [
            await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(STREAMS)]
        for _, writer in connections:
            writer.write(request("paced"))
        readers = [asyncio.create_task(read_stream(reader)) for reader, _ in connections]
        await asyncio.sleep(0.5)
        busy_bytes = gateway.resident_bytes()
        for text in await asyncio.gather(*readers):
            assert text == EXPECTED
        for _, writer in connections:
            writer.close()
        return busy_bytes

    busy_bytes = asyncio.run(run())
    per_stream = (busy_bytes - idle_bytes) / STREAMS
    record_property("bytes_per_open_stream", per_stream)
    print(f"memory per open stream: {per_stream:.0f} bytes (debug build)")
    wait_until(lambda: gateway.descriptors() <= idle_descriptors + 2, what="closing of sockets")


def test_a_slow_reader_stops_the_upstream(gateway, faulty):
    """The upstream offers without end; what it can send is bounded by buffers, and so is memory."""
    faulty.sent.pop("endless", None)
    faulty.closed_at.pop("endless", None)
    before = gateway.resident_bytes()
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(request("endless"))

        def has_stalled():
            first = faulty.sent.get("endless", 0)
            time.sleep(0.5)
            return first > 0 and faulty.sent["endless"] == first

        wait_until(has_stalled, what="the upstream's stall")
        grown = gateway.resident_bytes() - before
        print(f"sent by the upstream: {faulty.sent['endless']} bytes; grown by {grown} bytes")
        assert grown < 4 * 1024 * 1024
        left_at = time.monotonic()
    wait_until(lambda: "endless" in faulty.closed_at, what="the upstream's close")
    took = faulty.closed_at.pop("endless") - left_at
    print(f"the upstream saw the client leave after {took * 1000:.1f} ms")
    assert took < 1


def test_a_client_that_leaves_before_the_first_token_stops_the_upstream(gateway, faulty):
    faulty.closed_at.pop("stall", None)
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.sendall(request("stall"))
        time.sleep(0.2)
        left_at = time.monotonic()
    wait_until(lambda: "stall" in faulty.closed_at, what="the upstream's close")
    assert faulty.closed_at["stall"] - left_at < 1


def test_a_drain_finishes_what_is_running(tmp_path):
    """SIGTERM in the middle of a stream: the stream ends as it should, then the process does."""
    gateway = Gateway(tmp_path, config_of(
        model("paced", "scripted/demo?chunks=100&first_ms=0&interval_ms=10")))

    async def run():
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(request("paced"))
        await asyncio.sleep(0.2)
        gateway.process.send_signal(signal.SIGTERM)
        text = await read_stream(reader)
        writer.close()
        return text

    assert asyncio.run(run()) == EXPECTED
    assert gateway.process.wait(timeout=10) == 0
    gateway.errors.close()


def test_an_upstream_whose_framing_ends_late_keeps_its_connection(gateway, faulty):
    """The last chunk's end comes after `[DONE]`, in a packet of its own, as from most servers."""
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", gateway.port)) as client:
            client.sendall(request("late-end"))
            received = b""
            while b"data: [DONE]\n\n" not in received:
                piece = client.recv(65536)
                assert piece, received
                received += piece
        time.sleep(0.1)
    assert len(faulty.connections["late-end"]) == 1
