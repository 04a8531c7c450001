"""The configuration that people bring, with local upstreams in place of the vendors: each of its
router_settings is observed."""

import collections
import concurrent.futures
import http.client
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import openai
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
    """A gateway on the seed's own file; only the addresses of its upstreams are other ones."""
    for upstream in upstreams.values():
        upstream.reset()
    text = (ROOT / "Tests/GatewayTests/Fixtures/litellm-config.yaml").read_text()
    for name in ("vllm-1", "vllm-2"):
        text = text.replace(f"http://{name}:8000/v1", upstreams[name].base)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-upstream")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-upstream")
    monkeypatch.setenv("OPENAI_BASE_URL", upstreams["openai"].base)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", upstreams["claude"].base.removesuffix("/v1"))
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
    assert fields["x-litellm-model-api-base"] == claude.base.removesuffix("/v1")
    assert json.loads(body)["choices"][0]["message"]["content"] == "hi"
    # In Anthropic's own dialect.
    (_, asked), = claude.requests
    assert asked["model"] == "claude-sonnet-4-6" and asked["max_tokens"] > 0
    assert [message["role"] for message in asked["messages"]] == ["user"]
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


TWO = """
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: '{one}', api_key: k}}
  - model_name: m
    litellm_params: {{model: openai/m, api_base: '{two}', api_key: k}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 2, cooldown_time: 2}}
gateway_settings: {{loops: 2}}
"""


def get(gateway, path):
    request = urllib.request.Request(
        gateway.url + path, headers={"authorization": f"Bearer {MASTER_KEY}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def state(gateway):
    models = json.loads(get(gateway, "/router/state"))["models"]
    return {d["api_base"]: d for model in models for d in model["deployments"]}


# LiteLLM's that dashboards use, but those of caches and of providers' budgets, which are not built.
NAMES = {f"litellm_{name}" for name in """
    proxy_total_requests_metric proxy_failed_requests_metric requests_metric spend_metric
    total_tokens_metric input_tokens_metric output_tokens_metric request_total_latency_metric
    llm_api_latency_metric llm_api_time_to_first_token_metric overhead_latency_metric
    request_queue_time_seconds in_flight_requests remaining_team_budget_metric
    remaining_api_key_budget_metric remaining_user_budget_metric team_max_budget_metric
    api_key_max_budget_metric team_budget_remaining_hours_metric
    api_key_budget_remaining_hours_metric remaining_requests_metric remaining_tokens_metric
    deployment_state deployment_cooled_down deployment_success_responses
    deployment_failure_responses deployment_total_requests deployment_latency_per_output_token
    deployment_successful_fallbacks deployment_failed_fallbacks spend_capture_rate""".split()}


class Load:
    """Asks by several connections until it is stopped, and counts what fails."""

    def __init__(self, gateway, threads=6):
        self.statuses = collections.Counter()
        self.stopped = threading.Event()
        self.gateway = gateway
        self.threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        body = json.dumps(
            {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]})
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        headers = {
            "authorization": f"Bearer {MASTER_KEY}", "content-type": "application/json"}
        while not self.stopped.is_set():
            connection.request("POST", "/v1/chat/completions", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            self.statuses[answer.status if b"[DONE]" in text else "broken"] += 1
            time.sleep(0.005)
        connection.close()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        return self.statuses


@pytest.fixture
def pair(tmp_path):
    ones = [RoutingUpstream(), RoutingUpstream()]
    gateway = Gateway(tmp_path, TWO.format(one=ones[0].base, two=ones[1].base, key=MASTER_KEY))
    yield gateway, ones
    assert gateway.stop() == 0, gateway.log()
    for one in ones:
        one.stop()


def test_every_attempt_is_told_with_its_reason(tmp_path):
    """In the log line and in the ledger's row: who, why, by whose fault, when, how long."""
    ones = [RoutingUpstream(), RoutingUpstream()]
    gateway = Gateway(tmp_path, TWO.format(one=ones[0].base, two=ones[1].base, key=MASTER_KEY))
    try:
        ones[0].always = ones[1].always = (429, {"retry-after": "1"})
        status, fields, _ = ask(gateway, "m", stream=True)
        assert status == 429
        logged = attempts(gateway)
        rows = wait_until(
            lambda: json.loads(get(gateway, "/spend/logs?summarize=false")), what="the row")
        told = rows[0]["metadata"]["attempts"]
        assert len(told) == len(logged) == rows[0]["metadata"]["attempt_count"] >= 2
        for line, entry in zip(logged, told):
            assert line["deployment"] == entry["model_id"]
            assert line["provider"] == entry["custom_llm_provider"] == "openai"
            assert line["outcome"] == entry["outcome"] == "rate_limited"
            assert line["reason"] == entry["reason"] == "UPSTREAM_RATE_LIMITED"
            assert line["origin"] == entry["origin"] == "upstream"
            assert line["http_status"] == entry["http_status"] == 429
            assert line["duration_ms"] == pytest.approx(entry["duration_ms"], abs=0.002)
            assert line["cooldown_ms"] == entry["cooldown_ms"] == 1000
            assert entry["time_to_first_token_ms"] is None and entry["spend"] == 0
        assert told[0]["start_ms"] < told[1]["start_ms"]
        ones[0].reset(), ones[1].reset()
        time.sleep(1.1)
        assert ask(gateway, "m", stream=True)[0] == 200
        answered = wait_until(
            lambda: [one for one in attempts(gateway) if one["outcome"] == "succeeded"],
            what="the line of the answer")[0]
        assert answered["http_status"] == 200 and "reason" not in answered
        assert 0 < answered["first_token_ms"] <= answered["duration_ms"]
    finally:
        assert gateway.stop() == 0
        for one in ones:
            one.stop()


def test_an_upstream_that_dies_and_returns_costs_no_request(pair, capsys):
    gateway, ones = pair
    load = Load(gateway)
    wait_until(lambda: min(one.count for one in ones) > 20, what="load on both")
    port, base = ones[0].port, ones[0].base
    ones[0].kill()
    died = time.monotonic()
    wait_until(lambda: state(gateway)[base]["state"] != "open", what="the leaving")
    left = time.monotonic() - died
    time.sleep(3)
    ones[0] = RoutingUpstream(port)
    returned = time.monotonic()
    wait_until(lambda: ones[0].count > 5, what="the return")
    back = time.monotonic() - returned
    statuses = load.stop()
    with capsys.disabled():
        print(f"\n{sum(statuses.values())} requests, {dict(statuses)}; "
              f"left after {left:.3f} s, back after {back:.3f} s (cooldown_time 2 s)")
    assert set(statuses) == {200}
    assert state(gateway)[base]["state"] == "open"


def test_models_change_under_load_without_a_failed_request(pair):
    gateway, ones = pair
    config = gateway.folder / "config.yaml"
    text = config.read_text()
    third = RoutingUpstream()
    load = Load(gateway)
    try:
        # A bad configuration changes nothing, and says why.
        config.write_text(text.replace("num_retries: 2", "routing_strategy: fastest"))
        gateway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "no such strategy" in gateway.log(), what="the refusal")
        assert set(state(gateway)) == {one.base for one in ones}
        config.write_text(text.replace(ones[0].base, third.base))
        gateway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: set(state(gateway)) == {third.base, ones[1].base}, what="the change")
        count = ones[0].count
        wait_until(lambda: third.count > 20, what="load on the new one")
        # What had been planned before goes on; nothing new comes.
        assert ones[0].count <= count + 6
        # The file is watched too.
        config.write_text(text)
        wait_until(lambda: set(state(gateway)) == {one.base for one in ones}, what="the watch")
        assert set(load.stop()) == {200}
    finally:
        load.stopped.set()
        third.stop()


def test_an_upstream_whose_own_limit_is_used_up_is_passed_over(pair):
    gateway, ones = pair
    ones[0].always = (200, {
        "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s"})
    for _ in range(40):
        if ones[0].count:
            break
        assert ask(gateway, "m")[0] == 200
    told, count = time.monotonic(), ones[1].count
    limited = state(gateway)[ones[0].base]
    assert limited["state"] == "limited" and 0 < limited["limited_seconds_left"] <= 2
    # By chance, one of sixteen would go there; it said that it has no room, and nothing failed.
    assert [ask(gateway, "m")[0] for _ in range(16)] == [200] * 16
    if time.monotonic() - told < 2:
        assert ones[0].count == 1 and ones[1].count == count + 16
    ones[0].reset()
    wait_until(lambda: ask(gateway, "m")[0] == 200 and ones[0].count, what="the return")
    assert state(gateway)[ones[0].base]["state"] == "open"


def test_readiness_names_what_the_present_configuration_disables(pair):
    gateway, ones = pair
    config = gateway.folder / "config.yaml"
    text = config.read_text()
    named = lambda: json.loads(get(gateway, "/health/readiness"))["disabled_deployments"]
    assert named() == []
    config.write_text(text.replace(
        "general_settings:", "  - model_name: off\n    litellm_params: {model: openai/off, "
        "api_key: os.environ/NOT_SET}\ngeneral_settings:"))
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: [one["model"] for one in named()] == ["off"], what="the disabled one")
    assert "NOT_SET" in named()[0]["why"]
    config.write_text(text)
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: named() == [], what="its end")
    # A configuration that makes no sense is refused when its file is seen to change, too.
    config.write_text(text.replace("num_retries: 2", "num_retries: many"))
    wait_until(lambda: "cannot reload" in gateway.log(), what="the refusal")
    reason = next(line for line in gateway.log().splitlines() if "cannot reload" in line)
    assert "num_retries" in reason and "config.yaml" in reason
    assert ask(gateway, "m")[0] == 200 and len(state(gateway)) == 2
    config.write_text(text)


def test_prometheus_can_read_the_metrics(pair):
    gateway, ones = pair
    ones[0].always = 500
    for _ in range(32):  # Either is chosen by chance; all of one have one in 2^32.
        ask(gateway, "m")
    ask(gateway, "nonsense")
    page = get(gateway, "/metrics")
    assert 'litellm_remaining_api_key_budget_metric{' not in page, "the master key has no budget"
    assert "litellm_deployment_failure_responses_total{" in page
    assert "litellm_proxy_total_requests_metric_total{" in page
    assert "nonsense" not in page
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(gateway.url + "/metrics", timeout=10)
    present = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")}
    assert not {name for name in NAMES if name not in present and f"{name}_total" not in present}
    found = subprocess.run(
        [ROOT / "scripts/promtool.sh"], capture_output=True, text=True, timeout=300)
    if found.returncode != 0:
        assert not os.environ.get("CI"), found.stderr
        pytest.skip("promtool cannot be had (Debian package prometheus)")
    done = subprocess.run(
        [found.stdout.strip(), "check", "metrics"], input=page.encode(), capture_output=True,
        timeout=60)
    # It would have hours be seconds; LiteLLM's dashboards want hours.
    words = (done.stdout + done.stderr).decode().splitlines()
    assert done.returncode in (0, 3), words
    assert all("_budget_remaining_hours_metric" in line for line in words if line), words


def test_a_stream_that_is_waited_for_is_kept_alive(tmp_path):
    """Proxies in between take silence for death; SDKs pass over the comments."""
    gateway = Gateway(tmp_path, f"""
model_list:
  - model_name: late
    litellm_params: {{model: 'scripted/demo?first_ms=2500&chunks=3&interval_ms=0'}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings: {{timeouts: {{sse_keepalive: 500ms}}}}
""")
    try:
        status, _, body = ask(gateway, "late", stream=True)
        assert status == 200
        assert 3 <= body.count(": keep-alive\n\n") <= 5
        assert body.endswith("data: [DONE]\n\n")
        client = openai.OpenAI(base_url=gateway.url + "/v1", api_key=MASTER_KEY)
        chunks = list(client.chat.completions.create(
            model="late", stream=True, messages=[{"role": "user", "content": "Hi"}]))
        assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) == 3
        # What fails after the head was sent is told in the stream.
        status, _, body = ask(
            gateway, "late", "-H", "x-request-timeout: 1", stream=True)
        assert status == 200 and '"error"' in body and "[DONE]" not in body
    finally:
        assert gateway.stop() == 0
