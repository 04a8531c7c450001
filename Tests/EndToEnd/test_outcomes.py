"""The ledger after many calls with every kind of end, the gateway's own ends included: killed,
drained, and replaced by a successor while it serves. OUTCOMES says how many; some thousands unless
told, SEED which."""

import asyncio
import hashlib
import json
import os
import random
import signal
import sqlite3
import threading
import time

import grpc

from conftest import MASTER_KEY
from outcome_load import Caller, OutcomeUpstream, Plan, draw, tally
from service import Service

OUTCOMES = int(os.environ.get("OUTCOMES", "3000"))
SEED = int(os.environ.get("SEED", "1"))
CALLERS = 48
INPUT, OUTPUT = 1_000, 2_000
TRANCHE, MARGIN = 8, 16
KEYS = [f"sk-outcome-{index}-0123456789abcdef" for index in range(5)]
# In nano-dollars; the last key is held to nothing.
CAPS = {KEYS[0]: 100_000_000, KEYS[1]: 2_000_000_000, KEYS[2]: 900_000_000_000,
        KEYS[3]: 900_000_000_000}
# These send streams without a bound too.
UNBOUNDED = {KEYS[3], KEYS[4]}


def config(port):
    keys = "\n".join(
        f"    - {{key: {key}, team: t"
        + (f", max_budget: {CAPS[key] / 1e9}}}" if key in CAPS else "}") for key in KEYS)
    return f"""
model_list:
  - model_name: m
    litellm_params:
      {{model: openai/m, api_base: 'http://127.0.0.1:{port}/v1', api_key: k,
        input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
general_settings: {{master_key: {MASTER_KEY}}}
router_settings: {{num_retries: 0}}
gateway_settings:
  loops: 2
  accounting:
    {{stream_tranche_tokens: {TRANCHE}, stream_margin_tokens: {MARGIN}, output_tokens_max: 40}}
  timeouts: {{first_token: 1s, between_tokens: 1s, attempt: 5s, drain: 200ms}}
  teams: [{{id: t, max_budget: 1000, limits: {{max_parallel: {CALLERS}}}}}]
  keys:
{keys}
"""


class Looks:
    """Looks at every budget again and again: `settled + held <= cap`, at every look."""

    def __init__(self, path):
        self.path, self.count, self.broken = path, 0, []
        self.caps = {hashlib.sha256(key.encode()).hexdigest(): cap for key, cap in CAPS.items()}
        self.caps["t"] = 1_000_000_000_000
        self.isOver = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30) as db:
            while not self.isOver.wait(0.05):
                for subject, settled, held in db.execute(
                        "SELECT subject_id, settled, held FROM budget_account"):
                    if settled < 0 or held < 0 or settled + held > self.caps[subject]:
                        self.broken.append((subject, settled, held))
                self.count += 1

    def stop(self):
        self.isOver.set()
        self.thread.join()


class Run:
    def __init__(self, folder):
        self.folder = folder
        self.chance = random.Random(SEED)
        self.plans: dict[int, Plan] = {}
        self.upstream = OutcomeUpstream(self.plans)
        self.serving = asyncio.Event()
        self.serving.set()
        self.ending = asyncio.Lock()
        self.ends = {"killed": 0, "drained": 0, "replaced": 0}
        self.ways: list[str] = []

    async def run(self):
        server = await self.upstream.start()
        self.service = Service(self.folder, config(self.upstream.port))
        await asyncio.to_thread(self.service.start)
        self.looks = Looks(self.folder / "data/llm-gateway.db")
        self.channel = grpc.aio.insecure_channel(
            f"127.0.0.1:{self.service.port}",
            options=[("grpc.initial_reconnect_backoff_ms", 50),
                     ("grpc.max_reconnect_backoff_ms", 200)])
        try:
            await self.load()
            await self.take_all_slots()
        finally:
            self.looks.stop()
            await self.channel.close()
            await asyncio.to_thread(self.service.stop)
            # Its bill stands still when it has seen the end of every call.
            while self.upstream.running:
                await asyncio.sleep(0.01)
            server.close()

    async def load(self):
        numbers = iter(range(OUTCOMES))
        started = time.monotonic()
        every = max(400, OUTCOMES // 60)

        async def caller():
            client = Caller(self.service.port, self.channel)
            for number in numbers:
                await self.serving.wait()
                plan = self.plans[number] = draw(number, self.chance, KEYS, UNBOUNDED)
                await client.call(plan)
                if number and number % every == 0:
                    await self.end_process()
                if number and number % 10_000 == 0:
                    print(f"{number} calls after {time.monotonic() - started:.0f} s", flush=True)
            client.close()

        await asyncio.gather(*[caller() for _ in range(CALLERS)])

    async def end_process(self):
        """The gateway ends in one of three ways, with calls in flight, and is there again."""
        async with self.ending:
            # Drawn without putting back, so that a short run too has seen each.
            if not self.ways:
                self.ways = self.chance.sample(list(self.ends), len(self.ends))
            how = self.ways.pop()
            self.ends[how] += 1
            if how == "replaced":
                await asyncio.to_thread(self.service.restart)
                return
            process = self.service.processes[-1]
            self.serving.clear()
            process.send_signal(signal.SIGKILL if how == "killed" else signal.SIGTERM)
            status = await asyncio.to_thread(process.wait, 60)
            assert status == (-9 if how == "killed" else 0), self.service.log_of(process)[-2000:]
            await asyncio.to_thread(self.service.start)
            self.serving.set()

    async def take_all_slots(self):
        """As many calls at once as there are slots: had one leaked, one would be refused."""
        self.upstream.gather_count = CALLERS
        plans = [Plan(OUTCOMES + index, KEYS[4], "gather", True, 1, 1, 0, "x")
                 for index in range(CALLERS)]
        self.plans.update({plan.number: plan for plan in plans})
        await asyncio.gather(*[Caller(self.service.port, self.channel).call(p) for p in plans])
        assert [plan.status for plan in plans] == [200] * CALLERS


def held_most(plan: Plan) -> int:
    """What can have been held for a call with a bound."""
    return (len(plan.text) + 8) * INPUT + (plan.max_tokens or 40) * OUTPUT


def test_the_ledger_agrees_with_the_upstreams_bill(tmp_path):
    run = Run(tmp_path)
    asyncio.run(run.run())
    plans = run.plans
    db = sqlite3.connect(tmp_path / "data/llm-gateway.db")
    db.row_factory = sqlite3.Row
    rows = db.execute("SELECT * FROM ledger").fetchall()
    by_call = {int(row["end_user"]): row for row in rows}
    assert len(by_call) == len(rows), "a call has two rows"

    assert not run.looks.broken, run.looks.broken[:3]
    assert db.execute("SELECT count(*) FROM hold").fetchone()[0] == 0
    assert db.execute("SELECT coalesce(sum(held), 0) FROM budget_account").fetchone()[0] == 0
    assert db.execute("SELECT sum(cost) FROM daily_spend").fetchone()[0] == sum(
        row["cost"] for row in rows)

    lost = [plan for plan in plans.values()
            if plan.ended and plan.status in (200, "OK") and plan.number not in by_call]
    assert not lost, lost[:3]
    more = less = 0
    sources = {1: 0, 2: 0, 3: 0}
    for number, row in by_call.items():
        plan = plans[number]
        bill = plan.bill[0] * INPUT + plan.bill[1] * OUTPUT
        sources[row["usage_source"]] += 1
        # A stream without a bound may come to its end faster than its hold can follow.
        assert row["excess"] == 0 or plan.max_tokens is None, (plan, dict(row))
        if row["usage_source"] == 1 and row["input_tokens"]:
            assert row["cost"] + row["excess"] == bill, (plan, dict(row))
            continue
        # What was not begun, or was turned away with a status, costs nothing.
        if row["cost"]:
            assert row["cost"] + row["excess"] >= plan.observed * OUTPUT, (plan, dict(row))
        if plan.max_tokens or not plan.is_stream:
            assert row["cost"] <= held_most(plan), (plan, dict(row))
        more += max(0, row["cost"] - bill)
        less += max(0, bill - row["cost"])
    for key in CAPS:
        billed = sum(plan.bill[0] * INPUT + plan.bill[1] * OUTPUT
                     for plan in plans.values() if plan.key == key)
        assert billed <= CAPS[key], f"the upstream's bill for {key} is {billed}"
    figures = {
        "calls": OUTCOMES, "seed": SEED, "ends": run.ends, "rows": len(rows),
        "reported": sources[1], "counted": sources[2], "estimated": sources[3],
        "looks": run.looks.count, "charged_nano_usd": sum(row["cost"] for row in rows),
        "unreported_charged_more_nano_usd": more, "unreported_charged_less_nano_usd": less}
    print(json.dumps(figures))
    print(tally(plans.values()))
    if OUTCOMES >= 3_000:
        assert all(count > 0 for count in run.ends.values())
        assert all(count > 0 for count in sources.values())
