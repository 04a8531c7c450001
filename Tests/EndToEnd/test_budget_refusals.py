"""What callers are told of budgets and limits, and answers that are cut to what a budget covers."""

import time

import grpc
import httpx
import pytest

from billing_upstream import BillingUpstream
from conftest import Gateway, wait_until
from llmgateway.v1 import (
    chat_pb2, chat_service_pb2, chat_service_pb2_grpc, common_pb2, message_pb2)
from test_idempotency import details_of
from test_money import INPUT, OUTPUT, TEXT, body, config, keys, one

# The input is bound by a token a byte and eight a message.
INPUT_MOST = len(TEXT) + 8


@pytest.fixture
def upstream():
    upstream = BillingUpstream(tokens=40, pause=0)
    yield upstream
    upstream.stop()


@pytest.fixture
def gateway(tmp_path, upstream):
    capped, limited = keys(2)
    gateway = Gateway(tmp_path, config(upstream, f"""  keys:
    - {{key: {capped}, alias: capped, max_budget: 0.0002, budget_duration: daily}}
    - {{key: {limited}, alias: limited, limits: {{rpm: 1, tpm: 1000, max_parallel: 5}}}}"""))
    yield gateway
    assert gateway.stop() == 0, gateway.log()


def post(gateway, key, headers=None, **more):
    return httpx.post(
        gateway.url + "/v1/chat/completions", json={**body(False), **more}, timeout=60,
        headers={"authorization": f"Bearer {key}", **(headers or {})})


def chat(tokens=0, clamps=False):
    return chat_pb2.ChatRequest(
        model="m", max_output_tokens=tokens,
        routing=chat_pb2.RoutingParams(clamp_to_budget=clamps), messages=[message_pb2.Message(
            role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text=TEXT)])])


def generate(gateway, key, request):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        return chat_service_pb2_grpc.ChatServiceStub(channel).GenerateChatCompletion(
            chat_service_pb2.GenerateChatCompletionRequest(chat=request),
            metadata=[("authorization", f"Bearer {key}")], timeout=60)


def test_a_refusal_tells_what_was_asked_held_spent_the_cap_and_the_reset(gateway, upstream):
    key = keys(1)[0]
    assert post(gateway, key, max_tokens=20).status_code == 200
    spent = 6 * INPUT + 20 * OUTPUT
    # A call that runs holds its worst case.
    upstream.pause = 30
    running = httpx.Client(timeout=60)
    with running.stream("POST", gateway.url + "/v1/chat/completions",
                        json=body(True, 10), headers={"authorization": f"Bearer {key}"}):
        held = INPUT_MOST * INPUT + 10 * OUTPUT
        asked = INPUT_MOST * INPUT + 60 * OUTPUT
        assert one(gateway, "SELECT held FROM budget_account") == held
        answer = post(gateway, key, max_tokens=60)
        assert answer.status_code == 422
        error = answer.json()["error"]
        assert error["type"] == "budget_exceeded"
        for nano in (spent, held, asked, 200_000):
            assert "$" + f"{nano / 1e9:.9f}".rstrip("0") in error["message"], nano
        now = time.time()
        reset = int(answer.headers["x-llm-gateway-budget-reset"])
        assert reset % 86_400 == 0 and now < reset < now + 86_401
        assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(reset)) in error["message"]
        assert abs(int(answer.headers["retry-after"]) - (reset - now)) < 30
        for name, nano in (("spent", spent), ("held", held), ("requested", asked),
                           ("limit", 200_000)):
            assert float(answer.headers[f"x-llm-gateway-budget-{name}"]) * 1e9 == (
                pytest.approx(nano))

        with pytest.raises(grpc.RpcError) as refused:
            generate(gateway, key, chat(60))
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        details = details_of(refused.value)
        violation = details["ErrorContext"].violations[0]
        assert violation.subject == "capped"
        assert violation.kind == common_pb2.LIMIT_KIND_SPEND
        assert (violation.requested, violation.held, violation.spent, violation.limit) == (
            asked, held, spent, 200_000)
        assert violation.remaining == 200_000 - held - spent
        assert violation.reset_time.seconds == reset
        assert abs(details["RetryInfo"].retry_delay.seconds - (reset - time.time())) < 30
        assert details["QuotaFailure"].violations[0].subject == "api_key:capped"
    running.close()
    wait_until(lambda: one(gateway, "SELECT held FROM budget_account") == 0, what="the settling")


def test_an_answer_is_cut_to_what_a_budget_covers_if_the_client_allows_it(gateway, upstream):
    key = keys(1)[0]
    upstream.tokens = 1_000
    asked = 500  # $0.001 and more, of $0.0002
    assert post(gateway, key, max_tokens=asked).status_code == 422
    covered = (200_000 - INPUT_MOST * INPUT) // OUTPUT
    answer = post(
        gateway, key, max_tokens=asked, headers={"x-llm-gateway-clamp-to-budget": "true"})
    assert answer.status_code == 200
    assert int(answer.headers["x-llm-gateway-max-tokens"]) == covered
    assert answer.json()["usage"]["completion_tokens"] == covered
    assert answer.json()["choices"][0]["finish_reason"] == "length"
    assert one(gateway, "SELECT settled FROM budget_account") == 6 * INPUT + covered * OUTPUT
    # What is left now pays for no answer worth having.
    assert post(gateway, key, max_tokens=asked,
                headers={"x-llm-gateway-clamp-to-budget": "true"}).status_code == 422


def test_grpc_clamps_and_says_that_the_budget_ended_it(gateway, upstream):
    key = keys(1)[0]
    upstream.tokens = 1_000
    with pytest.raises(grpc.RpcError):
        generate(gateway, key, chat(500))
    completion = generate(gateway, key, chat(500, clamps=True)).completion
    assert completion.routing.max_output_tokens == (200_000 - INPUT_MOST * INPUT) // OUTPUT
    assert completion.usage.output_tokens == completion.routing.max_output_tokens
    assert completion.choices[0].finish_reason == chat_pb2.FINISH_REASON_LENGTH
    assert completion.choices[0].finish_cause == chat_pb2.FINISH_CAUSE_BUDGET


def test_limits_are_told_on_answers_and_on_refusals(gateway):
    key = keys(2)[1]
    answer = post(gateway, key, max_tokens=10)
    assert answer.status_code == 200
    assert answer.headers["x-ratelimit-limit-requests"] == "1"
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"
    assert answer.headers["x-ratelimit-limit-tokens"] == "1000"
    assert int(answer.headers["x-ratelimit-remaining-tokens"]) < 1000
    refused = post(gateway, key)
    assert refused.status_code == 429
    assert refused.headers["x-ratelimit-limit-requests"] == "1"
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert abs(int(refused.headers["x-ratelimit-reset"]) - time.time()) < 70
    with pytest.raises(grpc.RpcError) as same:
        generate(gateway, key, chat())
    details = details_of(same.value)
    violation = details["ErrorContext"].violations[0]
    assert violation.kind == common_pb2.LIMIT_KIND_REQUESTS
    assert (violation.limit, violation.requested, violation.remaining) == (1, 1, 0)
    assert violation.window.seconds == 60
    assert 0 < details["RetryInfo"].retry_delay.seconds <= 61
    assert details["QuotaFailure"].violations[0].subject == "api_key:limited"


def test_tools_are_held_for_over_grpc(tmp_path, upstream):
    """What is not text of a message is input too: a hold that leaves it out would be too small."""
    key = keys(1)[0]
    gateway = Gateway(tmp_path, config(upstream, f"  keys: [{{key: {key}, max_budget: 0.0002}}]"))
    try:
        request = chat(60)
        request.tools.add(name="look", description="d" * 50_000, parameters_json="{}")
        with pytest.raises(grpc.RpcError) as refused:
            generate(gateway, key, request)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert details_of(refused.value)["ErrorContext"].violations[0].requested > 50_000 * INPUT
        assert upstream.calls == 0
    finally:
        assert gateway.stop() == 0, gateway.log()
