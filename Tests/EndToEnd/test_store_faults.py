"""Faults of the ledger's file: a file that somebody else holds, one that is damaged.
Budgets fail closed, what has no budget goes on, and all is well again when the fault is gone."""

import concurrent.futures
import resource
import sqlite3
import subprocess
import time

import httpx
import pytest

from billing_upstream import BillingUpstream
from conftest import BINARY, MASTER_KEY, Gateway, wait_until
from test_money import INPUT, OUTPUT, body, config, keys, one


@pytest.fixture
def upstream():
    upstream = BillingUpstream(tokens=10, pause=0)
    yield upstream
    upstream.stop()


def text(upstream, more=""):
    held, free = keys(2)
    return config(upstream, f"""  keys:
    - {{key: {held}, alias: held, max_budget: 1}}
    - {{key: {free}, alias: free}}{more}""")


def post(gateway, key):
    return httpx.post(gateway.url + "/v1/chat/completions", json=body(False), timeout=60,
                      headers={"authorization": f"Bearer {key}"})


def refused_and_served(gateway, upstream):
    """While the store fails: what has a budget is refused before its upstream is called, with when
    to come back, and what has none is served."""
    held, free = keys(2)
    calls = upstream.calls
    answer = post(gateway, held)
    assert answer.status_code == 503
    assert "ledger" in answer.json()["error"]["message"]
    assert int(answer.headers["retry-after"]) >= 1
    assert upstream.calls == calls
    assert post(gateway, free).status_code == 200
    assert upstream.calls == calls + 1


def agrees(gateway, upstream):
    """Every call that was made has its row, when the store can be written again."""
    held, free = keys(2)
    assert post(gateway, held).status_code == 200
    assert post(gateway, free).status_code == 200
    assert one(gateway, "SELECT count(*) FROM ledger") == upstream.calls
    assert one(gateway, "SELECT sum(cost) FROM ledger") == upstream.bill(INPUT, OUTPUT)
    assert one(gateway, "SELECT coalesce(sum(held), 0) FROM budget_account") == 0
    assert one(gateway, "SELECT count(*) FROM hold") == 0


def test_a_file_that_somebody_else_holds(tmp_path, upstream):
    gateway = Gateway(tmp_path, text(upstream, "\n  timeouts: {database_lock: 1s}"))
    try:
        assert post(gateway, keys(1)[0]).status_code == 200
        other = sqlite3.connect(tmp_path / "data/llm-gateway.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            first = list(pool.map(lambda n: post(gateway, keys(2)[n % 2]).status_code, range(8)))
        assert first == [503, 200] * 4
        # It has waited once, and then says so; what comes later does not wait again.
        assert time.monotonic() - began > 0.9
        for _ in range(5):
            refused_and_served(gateway, upstream)
        assert time.monotonic() - began < 10
        admin = {"authorization": f"Bearer {MASTER_KEY}"}
        assert httpx.post(gateway.url + "/key/generate", json={}, headers=admin).status_code == 503
        assert httpx.get(gateway.url + "/key/list", headers=admin).status_code == 200
        assert readiness(gateway) == "Not connected"
        assert "another process holds the database" in gateway.log()
        other.execute("ROLLBACK")
        other.close()
        # Nobody has to call for it to write what it owes.
        wait_until(lambda: one(gateway, "SELECT count(*) FROM ledger") == upstream.calls,
                   what="the rows that were owed")
        wait_until(lambda: readiness(gateway) == "connected", what="readiness")
        agrees(gateway, upstream)
    finally:
        assert gateway.stop() == 0, gateway.log()


def readiness(gateway):
    return httpx.get(gateway.url + "/health/readiness").json()["db"]


def metric(gateway, name):
    page = httpx.get(gateway.url + "/metrics", headers={"authorization": f"Bearer {MASTER_KEY}"}).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(name + "{"))


def test_files_that_may_not_grow(tmp_path, upstream):
    """What a full disk does to SQLite, a limit of file sizes does too; and its signal does not end
    the process, which goes on when there is room again."""
    gateway = Gateway(tmp_path, text(upstream))
    try:
        assert post(gateway, keys(1)[0]).status_code == 200
        assert readiness(gateway) == "connected"
        journal = (tmp_path / "data/llm-gateway.db-wal").stat().st_size
        room = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (journal, room[1]))
        for _ in range(3):
            refused_and_served(gateway, upstream)
        assert gateway.process.poll() is None
        assert readiness(gateway) == "Not connected"
        wait_until(lambda: "cannot be written" in gateway.log(), what="the log of the fault")
        assert gateway.log().count("the ledger cannot be written") == 1
        assert "ulimit -f" in gateway.log()
        assert metric(gateway, "llm_gateway_unrecorded_requests_total") == 3
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, room)
        agrees(gateway, upstream)
        assert readiness(gateway) == "connected"
        wait_until(lambda: "can be written again" in gateway.log(), what="the log of its end")
    finally:
        assert gateway.stop() == 0, gateway.log()


def test_a_damaged_file_is_refused_at_the_start_in_words(tmp_path, upstream):
    gateway = Gateway(tmp_path, text(upstream))
    assert post(gateway, keys(1)[0]).status_code == 200
    assert gateway.stop() == 0
    path = tmp_path / "data/llm-gateway.db"
    good = path.read_bytes()
    # A clean stop has folded the journal into the file.
    journal = tmp_path / "data/llm-gateway.db-wal"
    assert not journal.exists() or journal.stat().st_size == 0
    path.write_bytes(b"no database" * 1_000)
    done = subprocess.run(
        [BINARY, "serve", "--config", str(tmp_path / "config.yaml"), "--port", "0"],
        capture_output=True, cwd=tmp_path, timeout=60)
    assert done.returncode != 0
    said = (done.stderr + done.stdout).decode()
    assert "llm-gateway.db" in said and "restore it from a backup" in said, said
    path.write_bytes(good)
    again = Gateway(tmp_path, text(upstream))
    try:
        agrees(again, upstream)
    finally:
        assert again.stop() == 0, again.log()


def test_a_gateway_that_is_full_sheds_before_it_reads(tmp_path, upstream):
    """Calls beyond what runs and what may wait are turned away at once, with when to come back;
    nothing is held or charged for them."""
    key = keys(1)[0]
    upstream.pause = 0.2
    gateway = Gateway(tmp_path, config(upstream, f"""  keys: [{{key: {key}, max_budget: 1}}]
  limits: {{calls_max: 4, calls_waiting_max: 4}}
  timeouts: {{queue: 500ms}}"""))
    try:
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda _: httpx.post(
                gateway.url + "/v1/chat/completions", json=body(True), timeout=120,
                headers={"authorization": f"Bearer {key}"}), range(40)))
        served = [a for a in answers if a.status_code == 200]
        shed = [a for a in answers if a.status_code == 503]
        assert len(served) + len(shed) == 40
        assert served and shed
        assert len(served) == upstream.calls
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in shed)
        assert one(gateway, "SELECT count(*) FROM ledger") == len(served)
        assert one(gateway, "SELECT sum(held) FROM budget_account") == 0
    finally:
        assert gateway.stop() == 0, gateway.log()


def test_models_without_a_price_are_refused_or_say_so(tmp_path, upstream):
    key = keys(1)[0]
    base = f"http://127.0.0.1:{upstream.port}/v1"
    for word, status in (("refuse", 400), ("zero", 200)):
        folder = tmp_path / word
        folder.mkdir()
        prices = folder / "prices.json"
        prices.write_text('{"listed": {"litellm_provider": "openai", "mode": "chat",'
                          '"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}')
        gateway = Gateway(folder, f"""
model_list:
  - {{model_name: unknown, litellm_params: {{model: openai/nobody-knows-it, api_base: '{base}', api_key: k}}}}
  - {{model_name: listed, litellm_params: {{model: openai/listed, api_base: '{base}', api_key: k}}}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings:
  accounting: {{unknown_price: {word}, price_file: '{prices}'}}
  keys: [{{key: {key}, max_budget: 1}}]
""")
        try:
            def call(model):
                return httpx.post(
                    gateway.url + "/v1/chat/completions", json={**body(False), "model": model},
                    timeout=60, headers={"authorization": f"Bearer {key}"})

            calls = upstream.calls
            answer = call("unknown")
            assert answer.status_code == status
            assert upstream.calls == calls + (status == 200)
            if status == 400:
                assert "input_cost_per_token" in answer.json()["error"]["message"]
            else:
                # Never silent: the answer, the row, the log line and the metric say so.
                assert answer.headers["x-llm-gateway-price"] == "unknown"
                assert one(gateway, "SELECT sum(price_unknown) FROM ledger") == 1
                wait_until(lambda: '"price_unknown":true' in gateway.log(), what="the log line")
                assert metric(gateway, "llm_gateway_price_unknown_requests_total") == 1
                rows = httpx.get(gateway.url + "/spend/logs", headers={
                    "authorization": f"Bearer {MASTER_KEY}"}).json()
                assert [row["metadata"]["price_unknown"] for row in rows] == [True]
            assert "without a known price" in gateway.log()
            # A price file of LiteLLM's is counted by.
            listed = call("listed")
            assert "x-llm-gateway-price" not in listed.headers
            assert float(listed.headers["x-litellm-response-cost"]) == pytest.approx(
                (6 * 1_000 + 10 * 2_000) / 1e9)
        finally:
            assert gateway.stop() == 0, gateway.log()
