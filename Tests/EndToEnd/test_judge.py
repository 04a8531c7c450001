"""llmock sees every attempt and its timing, and judges the gateway as a client: whether it waits as
long as it is asked to, backs off, leaves alone what cannot succeed, and notices broken streams."""

import json
import os
import random
import threading
import time
import urllib.request

import openai
import pytest

from conftest import MASTER_KEY, Gateway, llmock_server

CONFIG = """
model_list:
  - model_name: judged
    litellm_params: {{model: openai/gpt-4o, api_base: '{base}', api_key: sk-upstream}}
  - model_name: down
    litellm_params: {{model: openai/gpt-4o-down, api_base: '{base}', api_key: sk-upstream}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 3}}
gateway_settings:
  loops: 1
  timeouts: {{first_token: 2s, between_tokens: 2s}}
"""

# What befalls one call each: failures before its answer, which the gateway has to get over, and
# broken streams, which its client has to be told of.
BEFORE = [
    [{"type": "fail", "status": 429, "retry_after": 1}],
    [{"type": "fail", "status": 429, "retry_after": 2, "times": 2}],
    [{"type": "fail", "status": 500}],
    [{"type": "fail", "status": 500, "times": 3}],
    [{"type": "fail", "status": 503, "times": 2}],
    [{"type": "slow_first_token", "seconds": 6}],
    [{"type": "stream_fault", "kind": "truncate", "after_chunks": 0}],
    [{"type": "stream_fault", "kind": "malformed", "after_chunks": 0}],
    [{"type": "stream_fault", "kind": "disconnect", "after_chunks": 0}],
]
WITHIN = [
    [{"type": "stream_fault", "kind": kind, "after_chunks": 3, "stall_seconds": 6}]
    for kind in ("truncate", "malformed", "disconnect", "stall")
]
# Before a client asks again: what comes before llmock has seen the end of the first is none to it.
PATIENCE = 1.0


def control(llmock, path, body=None):
    request = urllib.request.Request(
        llmock.removesuffix("/v1") + "/_llmock/" + path,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@pytest.fixture(scope="module")
def llmock(tmp_path_factory):
    """One of its own, which writes at a pace: of a stream that is in the socket as a whole before its
    reader was at the processor, it cannot see that the reader stopped."""
    folder = tmp_path_factory.mktemp("llmock")
    with llmock_server(folder, "--stream-chunk-delay-ms", "40") as base:
        yield base


@pytest.fixture
def judged(llmock, tmp_path):
    gateway = Gateway(tmp_path, CONFIG.format(base=llmock, key=MASTER_KEY))
    control(llmock, "reset", {})
    yield gateway
    control(llmock, "reset", {})
    assert gateway.stop() == 0, gateway.log()


def test_the_judge_finds_nothing(judged, llmock):
    client = openai.OpenAI(base_url=judged.url + "/v1", api_key=MASTER_KEY, max_retries=0)

    def stream(prompt, model="judged"):
        return "".join(
            chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(
                model=model, stream=True, messages=[{"role": "user", "content": prompt}])
            if chunk.choices)

    for number, behaviors in enumerate(BEFORE):
        control(llmock, "scenario", {"behaviors": behaviors})
        assert stream(f"before {number}"), behaviors
    for number, behaviors in enumerate(WITHIN):
        control(llmock, "scenario", {"behaviors": behaviors})
        with pytest.raises(openai.APIError):
            stream(f"within {number}")
        # What was cut can only be asked for again by the client, who has seen its beginning.
        time.sleep(PATIENCE)
        assert stream(f"within {number}")
    control(llmock, "scenario", {"behaviors": [
        {"type": "fail", "status": 503, "times": None, "match": {"model": "gpt-4o-down"}}]})
    for number in range(3):
        with pytest.raises(openai.InternalServerError):
            stream(f"down {number}", model="down")
    control(llmock, "scenario", {"behaviors": [
        {"type": "fail", "status": 400}]})
    with pytest.raises(openai.BadRequestError):
        stream("a mistake of the caller's")

    verdict = control(llmock, "verdict")
    assert verdict["passed"] and not verdict["findings"], verdict["findings"]
    assert verdict["calls"] == len(BEFORE) + len(WITHIN) + 4
    assert verdict["faults_injected"] >= len(BEFORE) + len(WITHIN) + 4


# How long the scripted hour takes here; `make test-judge` takes its time.
SECONDS = float(os.environ.get("JUDGE_SECONDS", "25"))
CLIENTS = 4
HOUR = """
model_list:
{models}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 3}}
gateway_settings:
  timeouts: {{first_token: 2s, between_tokens: 2s}}
"""


class JudgedClient(threading.Thread):
    """Streams one prompt after another, by a model of its own, half of them with a fault that the
    upstream was told to have. Asks again for what was broken off in the middle."""

    def __init__(self, number, gateway, llmock):
        super().__init__(daemon=True)
        self.number, self.llmock = number, llmock
        self.random = random.Random(number)
        self.client = openai.OpenAI(
            base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0)
        self.running, self.stopped = threading.Event(), threading.Event()
        # Held for each call, and while the judge looks: none is in the middle then.
        self.turn = threading.Lock()
        self.answered = self.again = self.refused = 0
        self.failure = None

    def run(self):
        try:
            while not self.stopped.is_set():
                self.running.wait()
                with self.turn:
                    if self.running.is_set():
                        self.one(f"hour {self.number} {self.answered} {self.refused}")
        except BaseException as failure:  # Told by the test, which waits for this thread.
            self.failure = failure

    def one(self, prompt):
        if self.number == 0 and self.random.random() < 0.3:
            # Its upstream is down for the whole hour.
            with pytest.raises(openai.InternalServerError):
                self.stream(prompt, "down")
            self.refused += 1
            return
        upstream = f"gpt-4o-{self.number}"
        if self.random.random() < 0.5:
            behavior = dict(self.random.choice(BEFORE + WITHIN)[0])
            control(self.llmock, "scenario", {
                "behaviors": [behavior | {"match": {"model": upstream}}]})
        for _ in range(4):
            try:
                assert self.stream(prompt, f"judged-{self.number}")
                self.answered += 1
                return
            except openai.APIError:
                self.again += 1
                time.sleep(PATIENCE)
        raise AssertionError(f"{prompt} had no answer")

    def stream(self, prompt, model):
        return "".join(
            chunk.choices[0].delta.content or ""
            for chunk in self.client.chat.completions.create(
                model=model, stream=True, messages=[{"role": "user", "content": prompt}])
            if chunk.choices)


def test_a_scripted_hour(llmock, tmp_path, capsys):
    """Rate limits, errors, an upstream that is down, late first tokens, streams that are cut, stall,
    break or make no sense, among calls at once. Judged every minute."""
    models = "".join(
        f"  - model_name: {name}\n    litellm_params: {{model: openai/{upstream}, "
        f"api_base: '{llmock}', api_key: sk-upstream}}\n"
        for name, upstream in [("down", "gpt-4o-down")] + [
            (f"judged-{number}", f"gpt-4o-{number}") for number in range(CLIENTS)])
    gateway = Gateway(tmp_path, HOUR.format(models=models, key=MASTER_KEY))
    down = {"type": "fail", "status": 503, "times": None, "match": {"model": "gpt-4o-down"}}
    clients = [JudgedClient(number, gateway, llmock) for number in range(CLIENTS)]
    calls = faults = 0
    try:
        for client in clients:
            client.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            control(llmock, "reset", {})
            control(llmock, "scenario", {"behaviors": [down]})
            for client in clients:
                client.running.set()
            time.sleep(min(60, max(0, end - time.monotonic())))
            for client in clients:
                client.running.clear()
            for client in clients:
                assert client.turn.acquire(timeout=120), "a call did not end"
                assert client.failure is None, client.failure
            verdict = control(llmock, "verdict")
            calls += verdict["calls"]
            faults += verdict["faults_injected"]
            assert verdict["passed"] and not verdict["findings"], verdict["findings"]
            for client in clients:
                client.turn.release()
    finally:
        for client in clients:
            client.stopped.set()
            client.running.set()
        control(llmock, "reset", {})
        assert gateway.stop() == 0, gateway.log()
    with capsys.disabled():
        print(f"\n{SECONDS:.0f} s: {calls} calls, {faults} faults, no finding; "
              f"{sum(client.again for client in clients)} asked again by the client, "
              f"{sum(client.refused for client in clients)} of an upstream that is down")
    assert faults >= SECONDS / 5
