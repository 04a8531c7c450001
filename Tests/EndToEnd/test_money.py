"""Limits, budgets and the ledger, from outside: real clients, an upstream that keeps its own bill,
and the rows in the database."""

import asyncio
import concurrent.futures
import json
import random
import signal
import sqlite3
import sys
import time

import grpc
import httpx
import pytest

from billing_upstream import BillingUpstream
from conftest import MASTER_KEY, ROOT, Gateway, wait_until

sys.path.insert(0, str(ROOT / "clients/python"))

from llmgateway.v1 import (  # noqa: E402
    chat_pb2, chat_service_pb2, chat_service_pb2_grpc, common_pb2, message_pb2)

# $1 and $2 for a million tokens, in nano-dollars a token.
INPUT, OUTPUT = 1_000, 2_000
PRICE = "input_cost_per_token: 0.000001, output_cost_per_token: 0.000002"
TEXT = "Count to sixty, please."


def keys(count):
    return [f"sk-budget-{index:04}-0123456789" for index in range(count)]


def config(upstream, keys_yaml, hold="auto"):
    return f"""
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: 'http://127.0.0.1:{upstream.port}/v1', api_key: k, {PRICE}}}
general_settings: {{master_key: {MASTER_KEY}}}
litellm_settings: {{include_cost_in_streaming_usage: true}}
gateway_settings:
  loops: 2
  upstream: {{connections_per_host_max: 4000}}
  accounting:
    {{stream_tranche_tokens: 8, stream_margin_tokens: 16, output_tokens_max: 60, stream_hold: {hold}}}
{keys_yaml}
"""


def database(gateway):
    return sqlite3.connect(f"file:{gateway.folder}/data/llm-gateway.db?mode=ro", uri=True)


def one(gateway, sql):
    with database(gateway) as db:
        return db.execute(sql).fetchone()[0]


def body(stream=True, max_tokens=None):
    value = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": TEXT}]}
    if max_tokens:
        value["max_tokens"] = max_tokens
    return value


async def over_http(client, url, key, max_tokens):
    """The status, and how the stream ended."""
    async with client.stream("POST", url + "/v1/chat/completions", json=body(True, max_tokens),
                             headers={"authorization": f"Bearer {key}"}) as response:
        text = (await response.aread()).decode()
    if response.status_code != 200:
        return response.status_code, json.loads(text)["error"]["type"]
    assert text.rstrip().endswith("data: [DONE]"), text[-300:]
    return 200, "length" if '"finish_reason":"length"' in text.replace(" ", "") else "stop"


async def over_grpc(stub, key, max_tokens):
    request = chat_service_pb2.StreamChatCompletionRequest(chat=chat_pb2.ChatRequest(
        model="m", max_output_tokens=max_tokens or 0, messages=[message_pb2.Message(
            role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text=TEXT)])]))
    try:
        last = None
        async for event in stub.StreamChatCompletion(
                request, metadata=[("authorization", f"Bearer {key}")]):
            last = event
        outcome = last.finished.outcomes[0]
        return 200, chat_pb2.FinishReason.Name(outcome.finish_reason).split("_")[-1].lower()
    except grpc.aio.AioRpcError as error:
        return error.code().name, "budget_exceeded"


async def storm(gateway, names, streams, max_tokens):
    limits = httpx.Limits(max_connections=streams, max_keepalive_connections=streams)
    channels = [grpc.aio.insecure_channel(
        f"127.0.0.1:{gateway.port}", options=[("grpc.use_local_subchannel_pool", 1)])
        for _ in range(4)]
    async with httpx.AsyncClient(limits=limits, timeout=240) as client:
        calls = []
        for index in range(streams):
            key = names[index % len(names)]
            if index % 2:
                calls.append(over_http(client, gateway.url, key, max_tokens))
            else:
                stub = chat_service_pb2_grpc.ChatServiceStub(channels[index // 2 % 4])
                calls.append(over_grpc(stub, key, max_tokens))
        results = await asyncio.gather(*calls)
    for channel in channels:
        await channel.close()
    return results


# What an upstream writes while the gateway has not read it yet must fit into the margin of a
# stream without a bound; where that cannot be relied on, streams are held whole.
CASES = [
    ("one key, max tokens, paced", 1, 60, "auto", dict(burst=1, pause=0.002)),
    ("200 keys of a team, max tokens, at once", 200, 60, "auto", dict(burst=60, pause=0)),
    ("one key, no max tokens, paced", 1, None, "auto", dict(burst=1, pause=0.25)),
    ("one key, no max tokens, in bursts", 1, None, "auto", dict(burst=8, pause=2)),
    ("one key, no max tokens, held whole, at once", 1, None, "full", dict(burst=60, pause=0)),
]


@pytest.mark.parametrize("name,key_count,max_tokens,hold,pace", CASES, ids=[c[0] for c in CASES])
def test_a_thousand_streams_never_pass_a_cap(tmp_path, name, key_count, max_tokens, hold, pace):
    cap = 60_000_000  # $0.06: enough for some 480 whole answers
    upstream = BillingUpstream(tokens=60, **pace)
    names = keys(key_count)
    if key_count == 1:
        listed = f"  keys: [{{key: {names[0]}, alias: capped, max_budget: 0.06}}]"
    else:
        listed = "  teams: [{id: t, max_budget: 0.06, budget_duration: monthly}]\n  keys:\n"
        listed += "\n".join(f"    - {{key: {key}, team: t}}" for key in names)
    gateway = Gateway(tmp_path, config(upstream, listed, hold=hold))
    try:
        results = asyncio.run(storm(gateway, names, 1_000, max_tokens))
        served = [result for result in results if result[0] == 200]
        refused = [result for result in results if result[0] != 200]
        bill = upstream.bill(INPUT, OUTPUT)
        settled = one(gateway, "SELECT sum(settled) FROM budget_account")
        rows = one(gateway, "SELECT sum(cost) FROM ledger")
        print(f"{name}: served {len(served)}, cut "
              f"{sum(1 for r in served if r[1] == 'length')}, refused {len(refused)}; "
              f"bill {bill}, settled {settled}, cap {cap} nano-USD")
        assert served and refused
        assert all(kind in (422, "RESOURCE_EXHAUSTED") for kind, _ in refused), refused[:3]
        assert bill <= cap
        assert settled <= cap
        assert settled == rows
        assert one(gateway, "SELECT coalesce(sum(held), 0) FROM budget_account") == 0
        assert one(gateway, "SELECT count(*) FROM hold") == 0
        if max_tokens or hold == "full":
            assert settled == bill
            assert one(gateway, "SELECT count(*) FROM ledger WHERE usage_source <> 1") == 0
    finally:
        assert gateway.stop() == 0, gateway.log()
        upstream.stop()


async def cut_over_http(client, url, key, pieces, max_tokens):
    """Leaves a stream after some pieces; the status."""
    async with client.stream("POST", url + "/v1/chat/completions", json=body(True, max_tokens),
                             headers={"authorization": f"Bearer {key}"}) as response:
        if response.status_code != 200:
            return response.status_code
        async for line in response.aiter_lines():
            pieces -= line.startswith("data:")
            if pieces <= 0:
                break
    return 200


async def cut_over_grpc(stub, key, pieces, max_tokens):
    call = stub.StreamChatCompletion(
        chat_service_pb2.StreamChatCompletionRequest(chat=chat_pb2.ChatRequest(
            model="m", max_output_tokens=max_tokens or 0, messages=[message_pb2.Message(
                role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text=TEXT)])])),
        metadata=[("authorization", f"Bearer {key}")])
    try:
        async for _ in call:
            pieces -= 1
            if pieces <= 0:
                call.cancel()
                break
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return 200


async def cut_until_refused(gateway, key, max_tokens, chance):
    statuses = []
    async with httpx.AsyncClient(timeout=60) as client, grpc.aio.insecure_channel(
            f"127.0.0.1:{gateway.port}") as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        while len(statuses) < 2_000 and not any(status != 200 for status in statuses[-4:]):
            statuses += await asyncio.gather(*[
                cut_over_grpc(stub, key, chance.randint(1, 30), max_tokens) if index % 2 else
                cut_over_http(client, gateway.url, key, chance.randint(1, 30), max_tokens)
                for index in range(4)])
    return statuses


@pytest.mark.parametrize("max_tokens", [None, 60], ids=["no bound", "max tokens"])
@pytest.mark.parametrize("burst,pause", [(1, 0.002), (8, 0.01)], ids=["paced", "bursts"])
def test_streams_that_are_cut_never_let_the_bill_pass_the_cap(tmp_path, burst, pause, max_tokens):
    """What an upstream writes before it sees that its stream was cut is charged: by many cut
    streams, one after another, nothing is spent beyond the cap."""
    cap = 2_000_000
    upstream = BillingUpstream(tokens=200, burst=burst, pause=pause)
    key = keys(1)[0]
    gateway = Gateway(tmp_path, config(
        upstream, f"  keys: [{{key: {key}, alias: capped, max_budget: 0.002}}]"))
    try:
        statuses = asyncio.run(cut_until_refused(gateway, key, max_tokens, random.Random(7)))
        wait_until(lambda: one(gateway, "SELECT count(*) FROM hold") == 0, what="the settling")
        upstream.quiesce()
        bill = upstream.bill(INPUT, OUTPUT)
        settled = one(gateway, "SELECT sum(settled) FROM budget_account")
        print(f"{len(statuses)} streams cut: bill {bill}, settled {settled}, cap {cap} nano-USD")
        assert len([status for status in statuses if status == 200]) > 8
        assert any(status in (422, "RESOURCE_EXHAUSTED") for status in statuses)
        assert bill <= settled <= cap
        assert one(gateway, "SELECT sum(in_flight_tokens) FROM ledger") > 0
        assert one(gateway, "SELECT sum(held) FROM budget_account") == 0
    finally:
        assert gateway.stop() == 0, gateway.log()
        upstream.stop()


def post(gateway, key, **more):
    return httpx.post(
        gateway.url + "/v1/chat/completions", json={**body(False), **more}, timeout=60,
        headers={"authorization": f"Bearer {key}"})


def test_limits_are_exact_under_sixteen_clients(tmp_path):
    upstream = BillingUpstream(tokens=2)
    key, narrow = keys(2)
    gateway = Gateway(tmp_path, config(upstream, f"""  keys:
    - {{key: {key}, limits: {{rpm: 50}}}}
    - {{key: {narrow}, limits: {{max_parallel: 3}}}}"""))
    try:
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: post(gateway, key), range(200)))
        passed = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(passed) == 50
        assert len(refused) == 150
        assert upstream.calls == 50
        assert 1 <= int(refused[-1].headers["retry-after"]) <= 61
        assert refused[-1].headers["x-ratelimit-remaining-requests"] == "0"
        assert refused[-1].json()["error"]["type"] == "throttling_error"
        assert passed[0].headers["x-ratelimit-limit-requests"] == "50"
        # Bad requests took nothing of the other key's slots, and slots are free again.
        for _ in range(10):
            assert post(gateway, narrow, messages=[]).status_code == 400
        for _ in range(10):
            assert post(gateway, narrow).status_code == 200
    finally:
        assert gateway.stop() == 0, gateway.log()
        upstream.stop()


def test_a_caller_is_told_what_a_call_cost(tmp_path):
    upstream = BillingUpstream(tokens=10)
    key = keys(1)[0]
    gateway = Gateway(tmp_path, config(
        upstream, f"  keys: [{{key: {key}, max_budget: 1, soft_budget: 0.00001}}]"))
    try:
        nano = 6 * INPUT + 10 * OUTPUT
        whole = post(gateway, key)
        assert whole.headers["x-litellm-response-cost"] == "0.000026"
        assert whole.headers["x-llm-gateway-usage-source"] == "reported"
        assert "x-llm-gateway-budget-warning" not in whole.headers
        stream = post(gateway, key, stream=True, stream_options={"include_usage": True})
        assert "soft budget" in stream.headers["x-llm-gateway-budget-warning"]
        chunks = [json.loads(line[6:]) for line in stream.text.splitlines()
                  if line.startswith("data: {")]
        assert chunks[-1]["usage"]["cost"] == pytest.approx(nano / 1e9)
        with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
            call = chat_service_pb2_grpc.ChatServiceStub(channel).StreamChatCompletion(
                chat_service_pb2.StreamChatCompletionRequest(chat=chat_pb2.ChatRequest(
                    model="m", messages=[message_pb2.Message(
                        role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text=TEXT)])])),
                metadata=[("authorization", f"Bearer {key}")])
            last = list(call)[-1]
            trailers = dict(call.trailing_metadata())
        assert last.finished.cost.total_nano_usd == nano
        assert trailers["llm-gateway-cost-nano-usd"] == str(nano)
        assert one(gateway, "SELECT count(*) FROM ledger") == 3
    finally:
        assert gateway.stop() == 0, gateway.log()
        upstream.stop()


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
def test_an_upstream_that_keeps_to_no_bound_is_charged_up_to_the_cap(tmp_path, streams):
    """It writes 400 tokens where 10 were asked for: charged whole while the budget has room; then
    a stream is cut where the budget ends, and what no budget had room for is in plain sight."""
    upstream = BillingUpstream(tokens=400, pause=0.001, keeps_bounds=False)
    key = keys(1)[0]
    cap = 1_000_000
    gateway = Gateway(tmp_path, config(
        upstream, f"  keys: [{{key: {key}, alias: capped, max_budget: 0.001}}]"))
    try:
        answer = post(gateway, key, stream=streams, max_tokens=10)
        assert answer.status_code == 200
        bill = upstream.bill(INPUT, OUTPUT)
        assert bill == 6 * INPUT + 400 * OUTPUT
        wait_until(lambda: one(gateway, "SELECT count(*) FROM ledger") == 1, what="the row")
        assert one(gateway, "SELECT settled FROM budget_account") == bill
        assert one(gateway, "SELECT excess FROM ledger") == 0
        assert one(gateway, "SELECT overrun_tokens FROM ledger") == 390
        # $0.000194 are left: enough to let it in, and not for what it writes.
        answer = post(gateway, key, stream=streams, max_tokens=10)
        assert answer.status_code == 200
        upstream.quiesce()
        wait_until(lambda: one(gateway, "SELECT count(*) FROM hold") == 0, what="the settling")
        with database(gateway) as db:
            cost, excess, overrun = db.execute(
                "SELECT cost, excess, overrun_tokens FROM ledger ORDER BY received_at DESC").fetchone()
        settled = one(gateway, "SELECT settled FROM budget_account")
        print(f"second call: cost {cost}, excess {excess}, bill {upstream.bill(INPUT, OUTPUT) - bill}")
        assert settled == bill + cost <= cap
        assert overrun > 0
        if streams:
            assert '"finish_reason":"length"' in answer.text.replace(" ", "")
            assert upstream.output_tokens < 800, "the stream was not cut"
        else:
            assert settled == cap
            assert cost + excess == bill
            assert float(answer.headers["x-llm-gateway-excess-cost"]) == pytest.approx(excess / 1e9)
            wait_until(lambda: '"excess_usd":' in gateway.log(), what="the log line")
    finally:
        assert gateway.stop() == 0, gateway.log()
        upstream.stop()


def test_an_estimate_is_what_a_call_would_hold_and_takes_nothing(tmp_path):
    upstream = BillingUpstream(tokens=60, pause=0.05)
    key = keys(1)[0]
    gateway = Gateway(tmp_path, config(
        upstream, f"  keys: [{{key: {key}, alias: capped, max_budget: 0.00028, limits: {{rpm: 2}}}}]"))
    chat = chat_pb2.ChatRequest(
        model="m", max_output_tokens=60, messages=[message_pb2.Message(
            role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text=TEXT)])])
    request = chat_service_pb2.EstimateChatCompletionRequest(chat=chat)
    metadata = [("authorization", f"Bearer {key}")]
    try:
        with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
            stub = chat_service_pb2_grpc.ChatServiceStub(channel)
            for _ in range(10):
                told = stub.EstimateChatCompletion(request, metadata=metadata)
            assert upstream.calls == 0 and not told.violations
            assert one(gateway, "SELECT count(*) FROM budget_account WHERE held + settled > 0") == 0
            assert told.input_nano_usd_per_million_tokens == INPUT * 1_000_000
            assert told.deployments[0].prices.output_nano_usd == OUTPUT * 1_000_000
            assert told.output_tokens_max == 60
            stream = stub.StreamChatCompletion(
                chat_service_pb2.StreamChatCompletionRequest(chat=chat), metadata=metadata)
            next(stream)
            assert one(gateway, "SELECT held FROM budget_account") == told.reserved_nano_usd
            refused = stub.EstimateChatCompletion(request, metadata=metadata)
            assert [each.held for each in refused.violations] == [told.reserved_nano_usd]
            assert refused.violations[0].requested == told.reserved_nano_usd
            list(stream)
            trailers = dict(stream.trailing_metadata())
            assert trailers["x-ratelimit-limit-requests"] == "2"
            assert trailers["x-ratelimit-remaining-requests"] == "1"
            stub.GenerateChatCompletion(chat_service_pb2.GenerateChatCompletionRequest(
                chat=chat_pb2.ChatRequest(
                    model="m", max_output_tokens=1, messages=chat.messages)), metadata=metadata)
            kinds = {each.kind for each in stub.EstimateChatCompletion(
                request, metadata=metadata).violations}
            assert kinds == {common_pb2.LIMIT_KIND_REQUESTS, common_pb2.LIMIT_KIND_SPEND}
    finally:
        assert gateway.stop() == 0, gateway.log()
        upstream.stop()


def test_kill_loses_no_row_whose_response_had_ended(tmp_path):
    upstream = BillingUpstream(tokens=20, pause=0.002)
    key = keys(1)[0]
    text = config(upstream, f"  keys: [{{key: {key}, max_budget: 100}}]")
    gateway = Gateway(tmp_path, text)
    ended = []

    def call(_):
        try:
            answer = post(gateway, key)
            if answer.status_code == 200:
                ended.append(answer.headers["x-litellm-call-id"].replace("-", ""))
        except httpx.HTTPError:
            pass

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(call, index) for index in range(2_000)]
        while len(ended) < 60:
            time.sleep(0.005)
        gateway.process.send_signal(signal.SIGKILL)
        for waiting in calls:
            waiting.cancel()
    gateway.process.wait()
    rows = {row[0] for row in database(gateway).execute("SELECT lower(hex(call_id)) FROM ledger")}
    assert set(ended) <= rows
    held = one(gateway, "SELECT count(*) FROM hold")
    print(f"{len(ended)} responses had ended, {len(rows)} rows, {held} holds left behind")
    again = Gateway(tmp_path, text)
    try:
        # What the dead process held is settled whole, visibly.
        assert one(again, "SELECT count(*) FROM hold") == 0
        assert one(again, "SELECT count(*) FROM ledger WHERE usage_source = 3") == held
        assert one(again, "SELECT sum(held) FROM budget_account") == 0
        wait_until(lambda: "without settling" in again.log(), what="the log of what was settled")
        assert post(again, key).status_code == 200
    finally:
        assert again.stop() == 0, again.log()
        upstream.stop()
