"""A second attempt beside one whose first token is late: in RoutingInfo, log, ledger and metrics."""

import json
import time

import grpc
import httpx
import pytest

from conftest import MASTER_KEY, Gateway, wait_until
from llmgateway.v1 import chat_service_pb2, chat_service_pb2_grpc, common_pb2
from routing_upstream import RoutingUpstream

CONFIG = """
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: '{first}', api_key: k, order: 1,
      input_cost_per_token: 0.000001, output_cost_per_token: 0.000001}}
    model_info: {{id: first}}
  - model_name: m
    litellm_params: {{model: openai/m, api_base: '{second}', api_key: k, order: 2,
      input_cost_per_token: 0.000001, output_cost_per_token: 0.000001}}
    model_info: {{id: second}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
gateway_settings: {{loops: 1, hedging: {{quantile: 0.9, at_most: 0.2}}}}
"""
HEADERS = {"authorization": f"Bearer {MASTER_KEY}"}


@pytest.fixture
def hedged(tmp_path):
    ones = [RoutingUpstream(), RoutingUpstream()]
    gateway = Gateway(
        tmp_path, CONFIG.format(first=ones[0].base, second=ones[1].base, key=MASTER_KEY))
    yield gateway, ones
    assert gateway.stop() == 0, gateway.log()
    for one in ones:
        one.stop()


def stream(gateway):
    chat = {"model": "m", "messages": [{"role": "ROLE_USER", "parts": [{"text": "Hi"}]}]}
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        return list(stub.StreamChatCompletion(
            chat_service_pb2.StreamChatCompletionRequest(chat=chat),
            metadata=[("authorization", f"Bearer {MASTER_KEY}")], timeout=60))


def test_a_late_first_token_is_asked_for_elsewhere(hedged):
    gateway, (first, second) = hedged
    # So long that a busy machine adds little to it: late is what takes longer than nearly all.
    first.delay = 0.05
    for _ in range(60):
        stream(gateway)
    count = second.count
    first.delay = 20
    begun = time.monotonic()
    events = stream(gateway)
    assert time.monotonic() - begun < 15, "the first would have taken longer"
    assert second.count == count + 1
    routing = events[0].started.routing
    assert routing.deployment == "second"
    assert [(a.deployment, a.outcome) for a in routing.attempts] == [
        ("first", common_pb2.ATTEMPT_OUTCOME_HEDGE_LOST),
        ("second", common_pb2.ATTEMPT_OUTCOME_SUCCEEDED)]
    call = events[0].started.id
    line = wait_until(
        lambda: next((line for line in gateway.log().splitlines() if call in line), None),
        what="the log line")
    told = json.loads(line)["attempts"]
    assert [(a["outcome"], a.get("hedge", False)) for a in told] == [
        ("hedge_lost", False), ("succeeded", True)]
    rows = httpx.get(gateway.url + "/spend/logs?summarize=false", headers=HEADERS).json()
    row = next(row for row in rows if row["request_id"] == call)
    entries = row["metadata"]["attempts"]
    assert [a["is_hedge"] for a in entries] == [False, True]
    assert sum(a["spend"] for a in entries) == pytest.approx(row["spend"])
    assert row["metadata"]["spend_failed_attempts"] == entries[0]["spend"] > 0
    page = httpx.get(gateway.url + "/metrics", headers=HEADERS).text
    won = [line for line in page.splitlines()
           if line.startswith("llm_gateway_hedges_total{") and 'answered="true"' in line]
    assert len(won) == 1 and 'model_id="second"' in won[0] and float(won[0].split()[-1]) >= 1
    state = httpx.get(gateway.url + "/router/state", headers=HEADERS).json()
    assert [d["in_flight"] for d in state["models"][0]["deployments"]] == [0, 0]
    assert all(d["failures"] == 0 for d in state["models"][0]["deployments"])


def test_second_attempts_stay_a_share(hedged):
    gateway, (first, second) = hedged
    for _ in range(40):
        stream(gateway)
    # All are late from now on; most wait for the first all the same.
    first.delay = 0.5
    for _ in range(30):
        stream(gateway)
    assert 1 <= second.count <= 0.2 * 70
