"""The configuration that people bring, with local upstreams in place of the vendors: each of its
router_settings is observed."""

import concurrent.futures
import json
import subprocess
import time

import pytest

from conftest import MASTER_KEY, ROOT, Gateway, wait_until
from routing_upstream import RoutingUpstream


@pytest.fixture(scope="module")
def upstreams():
    names = ["vllm-1", "vllm-2", "openai", "claude"]
    made = {name: RoutingUpstream() for name in names}
    yield made
    for upstream in made.values():
        upstream.stop()


@pytest.fixture
def seed(upstreams, tmp_path, monkeypatch):
    """A gateway on the seed's own file; only addresses are other ones. Claude's place is taken by
    a server of OpenAI's dialect."""
    for upstream in upstreams.values():
        upstream.reset()
    text = (ROOT / "Tests/GatewayTests/Fixtures/litellm-config.yaml").read_text()
    for name in ("vllm-1", "vllm-2"):
        text = text.replace(f"http://{name}:8000/v1", upstreams[name].base)
    text = text.replace(
        "model: anthropic/claude-sonnet-4-6",
        f"model: openai/claude-sonnet-4-6\n      api_base: {upstreams['claude'].base}")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-upstream")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-upstream")
    monkeypatch.setenv("OPENAI_BASE_URL", upstreams["openai"].base)
    monkeypatch.setenv("LITELLM_MASTER_KEY", MASTER_KEY)
    gateway = Gateway(tmp_path, text)
    yield gateway
    assert gateway.stop() == 0, gateway.log()


def ask(gateway, model, *options, **fields):
    """Asks by curl; returns the status, the head's fields and the body."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **fields}
    done = subprocess.run(
        ["curl", "-s", "-i", "-m", "100", gateway.url + "/v1/chat/completions",
         "-H", f"authorization: Bearer {MASTER_KEY}", "-H", "content-type: application/json",
         *options, "-d", json.dumps(body)], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


def attempts(gateway):
    """The attempts of the last call, from its log line."""
    lines = wait_until(
        lambda: [line for line in gateway.log().splitlines() if '"attempts"' in line],
        what="the call's log line")
    return json.loads(lines[-1])["attempts"]


def test_least_busy_spreads_over_both_replicas(seed, upstreams):
    for name in ("vllm-1", "vllm-2"):
        upstreams[name].delay = 2.0
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(seed, "llama-3.1-8b")[0], range(8)))
    assert answers == [200] * 8
    assert [upstreams[name].count for name in ("vllm-1", "vllm-2")] == [4, 4]
    assert max(upstreams[name].in_flight_max for name in ("vllm-1", "vllm-2")) == 4


def test_three_retries_then_a_cooldown_after_two_allowed_fails(seed, upstreams):
    replicas = [upstreams["vllm-1"], upstreams["vllm-2"]]
    for replica in replicas:
        replica.always = 500
    begun = time.monotonic()
    status, fields, _ = ask(seed, "llama-3.1-8b")
    # Each replica once at once, then each again after `retry_after: 5`.
    assert status == 500
    assert sum(replica.count for replica in replicas) == 4
    assert len(attempts(seed)) == 4
    assert time.monotonic() - begun >= 5
    # Two fails each were allowed; the third of a replica cools it for a minute.
    ask(seed, "llama-3.1-8b", "-H", "x-litellm-num-retries: 1")
    counts = [replica.count for replica in replicas]
    assert counts == [3, 3]
    status, fields, body = ask(seed, "llama-3.1-8b", "-H", "x-request-timeout: 3")
    assert status == 429, body
    assert 45 <= int(fields["retry-after"]) <= 60
    assert [replica.count for replica in replicas] == counts


def test_gpt_4o_falls_back_to_claude_and_back(seed, upstreams):
    openai, claude = upstreams["openai"], upstreams["claude"]
    openai.always = 503
    status, fields, body = ask(seed, "gpt-4o", "-H", "x-litellm-num-retries: 1")
    assert status == 200, body
    assert fields["x-litellm-attempted-retries"] == "1"
    assert fields["x-litellm-attempted-fallbacks"] == "1"
    assert fields["x-litellm-model-group"] == "claude-sonnet-4-6"
    assert fields["x-litellm-model-api-base"] == claude.base
    assert [(body["model"], body["messages"]) for _, body in claude.requests] == [
        ("claude-sonnet-4-6", [{"role": "user", "content": "Hi"}])]
    openai.reset()
    claude.always = 503
    status, fields, _ = ask(seed, "claude-sonnet-4-6", "-H", "x-litellm-num-retries: 0")
    assert status == 200
    assert fields["x-litellm-model-group"] == "gpt-4o"
    assert openai.count == 1


def test_what_a_request_says_reaches_no_upstream(seed, upstreams):
    upstreams["openai"].always = 500
    status, fields, _ = ask(
        seed, "gpt-4o-mini", num_retries=0, fallbacks=["llama-3.1-8b"], timeout=30)
    assert status == 200
    assert fields["x-litellm-model-group"] == "llama-3.1-8b"
    assert not {"fallbacks", "num_retries", "timeout"} & set(upstreams["openai"].requests[0][1])
    status, _, _ = ask(
        seed, "gpt-4o", num_retries=0, disable_fallbacks=True)
    assert status == 500
