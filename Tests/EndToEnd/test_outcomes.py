"""The ledger after many calls with every kind of end, the gateway's own ends included: killed,
drained, and replaced by a successor while it serves. OUTCOMES says how many; some thousands unless
told, SEED which."""

import asyncio
import json
import os
import random
import signal
import time

from conftest import MASTER_KEY
from outcome_callers import DOORS, Caller, Gate
from outcome_ledger import SOURCES, Looks, compare
from outcome_load import OutcomeUpstream, Plan, draw, tally
from service import Service

OUTCOMES = int(os.environ.get("OUTCOMES", "3000"))
SEED = int(os.environ.get("SEED", "1"))
CALLERS = 48
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
        self.looks = Looks(
            self.folder / "data/llm-gateway.db", CAPS | {"t": 1_000_000_000_000})
        self.gate = Gate(self.service.port)
        try:
            await self.load()
            await self.take_all_slots()
        finally:
            self.looks.stop()
            await self.gate.close()
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
            client = Caller(self.gate)
            for number in numbers:
                await self.serving.wait()
                plan = self.plans[number] = draw(
                    number, self.chance, KEYS, UNBOUNDED, DOORS)
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
        await asyncio.gather(*[Caller(self.gate).call(p) for p in plans])
        assert [plan.status for plan in plans] == [200] * CALLERS


def test_the_ledger_agrees_with_the_upstreams_bill(tmp_path):
    run = Run(tmp_path)
    asyncio.run(run.run())
    assert not run.looks.broken, run.looks.broken[:3]
    figures = compare(tmp_path / "data/llm-gateway.db", run.plans, CAPS)
    print(json.dumps({
        "outcomes": OUTCOMES, "seed": SEED, "ends": run.ends, "looks": run.looks.count, **figures}))
    print(tally(run.plans.values()))
    if OUTCOMES >= 3_000:
        assert all(count > 0 for count in run.ends.values())
        assert all(figures[source] > 0 for source in SOURCES.values())
