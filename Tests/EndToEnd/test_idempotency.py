"""Requests that are sent again under the id that their client gave them: nothing is charged twice."""

import concurrent.futures
import signal

import grpc
import httpx
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from billing_upstream import BillingUpstream
from conftest import Gateway, wait_until
from llmgateway.v1 import (
    chat_pb2, chat_service_pb2, chat_service_pb2_grpc, error_pb2, message_pb2)
from test_money import INPUT, OUTPUT, TEXT, body, config, keys, one


@pytest.fixture
def upstream():
    upstream = BillingUpstream(tokens=20, pause=0.002)
    yield upstream
    upstream.stop()


@pytest.fixture
def gateway(tmp_path, upstream):
    names = keys(2)
    gateway = Gateway(tmp_path, config(upstream, f"""  keys:
    - {{key: {names[0]}, max_budget: 100}}
    - {{key: {names[1]}}}"""))
    yield gateway
    assert gateway.stop() == 0, gateway.log()


def post(gateway, key, request_id, **more):
    return httpx.post(
        gateway.url + "/v1/chat/completions", json={**body(False), **more}, timeout=60,
        headers={"authorization": f"Bearer {key}", "idempotency-key": request_id})


def generate(gateway, key, request_id, text=TEXT, order=("a", "b")):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        request = chat_service_pb2.GenerateChatCompletionRequest(
            request_id=request_id, chat=chat_pb2.ChatRequest(
                model="m", messages=[message_pb2.Message(
                    role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text=text)])]))
        for name in order:
            request.chat.metadata[name] = name
        return chat_service_pb2_grpc.ChatServiceStub(channel).GenerateChatCompletion(
            request, metadata=[("authorization", f"Bearer {key}")], timeout=60)


def details_of(error):
    """What a status carries, by the name of its type."""
    status = dict(error.trailing_metadata())["grpc-status-details-bin"]
    found = {}
    for detail in status_pb2.Status.FromString(status).details:
        name = detail.type_url.rsplit("/", 1)[1]
        kind = {"llmgateway.v1.ErrorContext": error_pb2.ErrorContext,
                "google.rpc.ErrorInfo": error_details_pb2.ErrorInfo,
                "google.rpc.RetryInfo": error_details_pb2.RetryInfo,
                "google.rpc.QuotaFailure": error_details_pb2.QuotaFailure,
                "google.rpc.BadRequest": error_details_pb2.BadRequest}[name]
        message = kind()
        any_pb2.Any(type_url=detail.type_url, value=detail.value).Unpack(message)
        found[name.rsplit(".", 1)[1]] = message
    return found


def test_a_request_sent_twice_is_charged_once(gateway, upstream):
    key, other = keys(2)
    first = post(gateway, key, "order-7")
    again = post(gateway, key, "order-7")
    assert first.status_code == 200
    assert again.status_code == 409
    error = again.json()["error"]
    assert error["code"] == "409"
    assert again.headers["x-llm-gateway-duplicate-of"] == first.headers["x-litellm-call-id"]
    assert first.headers["x-litellm-response-cost"] in error["message"]
    # The same id with another body is a mistake; another key's id is its own.
    reused = post(gateway, key, "order-7", temperature=0.5)
    assert reused.status_code == 400
    assert "another body" in reused.json()["error"]["message"]
    assert post(gateway, other, "order-7").status_code == 200
    assert post(gateway, key, "x" * 256).status_code == 400
    assert upstream.calls == 2
    assert one(gateway, "SELECT count(*) FROM ledger") == 2
    assert upstream.bill(INPUT, OUTPUT) == one(gateway, "SELECT sum(cost) FROM ledger")


def test_grpc_tells_a_repeat_what_the_first_call_came_to(gateway, upstream):
    key = keys(1)[0]
    first = generate(gateway, key, "order-8")
    with pytest.raises(grpc.RpcError) as again:
        # Maps have no order.
        generate(gateway, key, "order-8", order=("b", "a"))
    assert again.value.code() == grpc.StatusCode.ALREADY_EXISTS
    context = details_of(again.value)["ErrorContext"]
    assert context.reason == error_pb2.ERROR_REASON_DUPLICATE_REQUEST
    assert context.completion_id == first.completion.id
    assert context.usage == first.completion.usage
    assert context.cost == first.completion.cost
    with pytest.raises(grpc.RpcError) as reused:
        generate(gateway, key, "order-8", text="Something else.")
    assert reused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    details = details_of(reused.value)
    assert details["ErrorInfo"].reason == "REQUEST_ID_REUSED"
    assert details["BadRequest"].field_violations[0].field == "request_id"
    assert upstream.calls == 1


def test_of_many_at_once_one_is_made(gateway, upstream):
    key = keys(1)[0]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(gateway, key, "order-9").status_code, range(64)))
    assert sorted(set(answers)) == [200, 409]
    assert answers.count(200) == 1
    assert upstream.calls == 1


def test_ids_survive_a_kill(tmp_path, upstream):
    """What is accounted is remembered; what was never charged may be sent again."""
    held, free = keys(2)
    text = config(upstream, f"""  keys:
    - {{key: {held}, max_budget: 100}}
    - {{key: {free}}}""")
    gateway = Gateway(tmp_path, text)
    assert post(gateway, held, "done").status_code == 200
    upstream.pause = 30
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for key in (held, free):
            pool.submit(lambda key: pytest.raises(httpx.HTTPError, post, gateway, key, "cut",
                                                  stream=True), key)
        wait_until(lambda: upstream.calls == 3, what="both calls at the upstream")
        gateway.process.send_signal(signal.SIGKILL)
        gateway.process.wait()
    upstream.pause = 0
    again = Gateway(tmp_path, text)
    try:
        assert post(again, held, "done").status_code == 409
        # Its hold was settled whole when the process was found dead.
        assert post(again, held, "cut", stream=True).status_code == 409
        assert post(again, free, "cut", stream=True).status_code == 200
    finally:
        assert again.stop() == 0, again.log()
