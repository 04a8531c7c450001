"""Server-sent events in gzip, where the configuration has it: each still comes at once."""

import zlib

import httpx
import openai
import pytest

from conftest import MASTER_KEY, Gateway, config_of, model

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    gateway = Gateway(
        tmp_path_factory.mktemp("compressed"),
        config_of(model("demo", "scripted/demo?chunks=12&first_ms=0&interval_ms=30"))
        + "  compression: {events: true}\n")
    yield gateway
    assert gateway.stop() == 0, gateway.log()


def test_each_event_can_be_read_as_it_comes(gateway):
    request = {"model": "demo", "stream": True, "messages": HELLO}
    pieces = []
    with httpx.stream(
            "POST", gateway.url + "/v1/chat/completions", json=request,
            headers={"authorization": f"Bearer {MASTER_KEY}", "accept-encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"].startswith("text/event-stream")
        decoder = zlib.decompressobj(31)
        for piece in answer.iter_raw():
            text = decoder.decompress(piece)
            assert not text or text.endswith(b"\n\n"), text
            pieces.append(text)
    assert decoder.eof and b"".join(pieces).endswith(b"data: [DONE]\n\n")
    assert len(pieces) > 8


def test_who_does_not_ask_gets_them_plain(gateway):
    answer = httpx.post(
        gateway.url + "/v1/chat/completions", timeout=30,
        json={"model": "demo", "stream": True, "messages": HELLO},
        headers={"authorization": f"Bearer {MASTER_KEY}", "accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers and answer.headers["vary"] == "accept-encoding"
    assert answer.text.endswith("data: [DONE]\n\n")


def test_the_openai_sdk(gateway):
    sdk = openai.OpenAI(base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0)
    assert len(list(sdk.chat.completions.create(model="demo", messages=HELLO, stream=True))) > 8
