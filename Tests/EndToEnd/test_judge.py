"""llmock sees every attempt and its timing, and judges the gateway as a client: whether it waits as
long as it is asked to, backs off, leaves alone what cannot succeed, and notices broken streams."""

import json
import urllib.request

import openai
import pytest

from conftest import MASTER_KEY, Gateway

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


def control(llmock, path, body=None):
    request = urllib.request.Request(
        llmock.removesuffix("/v1") + "/_llmock/" + path,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


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
    assert verdict["passed"] and not verdict["findings"], verdict
    assert verdict["calls"] == len(BEFORE) + len(WITHIN) + 4
    assert verdict["faults_injected"] >= len(BEFORE) + len(WITHIN) + 4
