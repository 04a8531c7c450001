"""Whether the gateway stays as it began: an hour or more of calls by every door, with faults and
disconnects.

Questions: does anonymous memory stay flat, are descriptors given back, is nothing still held, and
           is the ledger equal to the upstream's own bill?
Units:     megabytes (/proc/PID/smaps_rollup), descriptors (/proc/PID/fd), nano-dollars.
Set-up:    one process of the gateway with two loops; clients and upstream are one Python process.
           Calls begin at a fixed rate by OpenAI's JSON and Anthropic's over HTTP/1.1 and HTTP/2,
           gRPC, gRPC-Web and Connect, whole and streamed, by keys with budgets, with limits and
           without. Tests/EndToEnd/outcome_load.py draws what becomes of each: answered, slow, cut,
           stalled for longer than a time-out, refused by the upstream, left by the client.
Fails:     unless the median of anonymous memory in the last quarter is at most 5 % and 2 MB above
           that of the second; the idle process has no more descriptors than after the warm-up; no
           hold is left; no row went unrecorded; every budget kept `settled + held <= cap` at every
           look; what upstreams reported was charged to the nano-dollar, and what they did not
           within its bounds. The difference is published.

Every minute's figures are written to OUT/soak.jsonl as they come, the verdict last.

Usage: bench/soak.py [--minutes N] [--rate N] [--seed N] [--out FOLDER]
       needs the packages of Tests/EndToEnd
"""

import argparse
import asyncio
import json
import pathlib
import platform
import random
import re
import statistics
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "Tests/EndToEnd"), str(HERE.parent / "clients/python")]
from conftest import BINARY, MASTER_KEY
from outcome_callers import DOORS, Caller, Gate
from outcome_ledger import INPUT, OUTPUT, Looks, compare
from outcome_load import FATES, SLOW_FATES, OutcomeUpstream, draw, tally
from service import Service

CALLERS = 64
WARM_UP_CALLS = 400
SAMPLE_SECONDS_MAX = 60
IDLE_SECONDS_MAX = 60
GROWTH_SHARE, GROWTH_BYTES = 0.05, 2_000_000
POOR, RENEWED, LIMITED, NARROW, FREE = KEYS = [
    f"sk-soak-{name}-0123456789abcdef" for name in ("poor", "renewed", "limited", "narrow", "free")]
# Time-outs end few calls: each of those occupies a caller for seconds.
SOAK_FATES = FATES | SLOW_FATES | {"hang": 1, "stall": 1}
SLOW_SECONDS = 0.6


def caps_of(calls: int) -> dict[str, int]:
    """Nano-dollars: the poor key has spent all of its in the middle of the run."""
    dearest_call = 50 * INPUT + 40 * OUTPUT
    return {POOR: calls // len(KEYS) * dearest_call // 6, RENEWED: 20 * dearest_call,
            LIMITED: 1_000_000_000_000, "t": 1_000_000_000_000}


def config(port: int, caps: dict[str, int]) -> str:
    dollars = {subject: cap / 1e9 for subject, cap in caps.items()}
    return f"""
model_list:
  - model_name: m
    litellm_params:
      {{model: openai/m, api_base: 'http://127.0.0.1:{port}/v1', api_key: k,
        input_cost_per_token: {INPUT / 1e9:.9f}, output_cost_per_token: {OUTPUT / 1e9:.9f}}}
general_settings: {{master_key: {MASTER_KEY}}}
router_settings: {{num_retries: 0}}
gateway_settings:
  loops: 2
  log: {{sample: 0.1}}
  accounting: {{stream_tranche_tokens: 8, stream_margin_tokens: 16, output_tokens_max: 40}}
  timeouts: {{first_token: 2s, between_tokens: 2s, attempt: 5s}}
  teams: [{{id: t, max_budget: {dollars["t"]}}}]
  keys:
    - {{key: {POOR}, team: t, max_budget: {dollars[POOR]}}}
    - {{key: {RENEWED}, team: t, max_budget: {dollars[RENEWED]}, budget_duration: 30s}}
    - {{key: {LIMITED}, team: t, max_budget: {dollars[LIMITED]}, limits: {{rpm: 600, tpm: 60000}}}}
    - {{key: {NARROW}, team: t, limits: {{max_parallel: 3}}}}
    - {{key: {FREE}, team: t}}
"""


class Process:
    """What /proc and /metrics say of the gateway."""

    def __init__(self, service: Service):
        self.url = service.url
        self.folder = pathlib.Path(f"/proc/{service.processes[-1].pid}")

    def descriptors(self) -> int:
        return len(list((self.folder / "fd").iterdir()))

    def cpu_seconds(self) -> float:
        return sum(int((task / "schedstat").read_text().split()[0])
                   for task in (self.folder / "task").iterdir()) / 1e9

    def memory(self) -> dict:
        text = (self.folder / "smaps_rollup").read_text()
        return {f"{name.lower()}_bytes": int(re.search(rf"{name}:\s+(\d+)", text)[1]) * 1024
                for name in ("Rss", "Anonymous")}

    def metrics(self) -> dict:
        request = urllib.request.Request(
            self.url + "/metrics", headers={"authorization": f"Bearer {MASTER_KEY}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        found = {"metrics_bytes": len(text)}
        for name, metric in [("in_flight", "litellm_in_flight_requests"),
                             ("unrecorded", "llm_gateway_unrecorded_requests_total")]:
            lines = re.findall(rf"^{metric}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
            found[name] = sum(map(float, lines))
        return found


class Soak:
    def __init__(self, folder: pathlib.Path, seconds: float, rate: float, seed: int):
        self.folder, self.seconds, self.rate = folder, seconds, rate
        self.chance = random.Random(seed)
        self.plans, self.samples = {}, []
        self.upstream = OutcomeUpstream(self.plans, SLOW_SECONDS)
        self.caps = caps_of(int(rate * seconds))

    async def run(self, out) -> dict:
        server = await self.upstream.start()
        service = Service(self.folder, config(self.upstream.port, self.caps))
        await asyncio.to_thread(service.start)
        self.process = Process(service)
        looks = Looks(self.folder / "data/llm-gateway.db", self.caps, seconds=0.2)
        try:
            await self.load(service.port, range(WARM_UP_CALLS))
            before = await self.idle(None)
            sampling = asyncio.create_task(self.sample(out))
            calls = range(WARM_UP_CALLS, WARM_UP_CALLS + int(self.rate * self.seconds))
            await self.load(service.port, calls)
            sampling.cancel()
            after = await self.idle(before["descriptors"])
        finally:
            looks.stop()
            await asyncio.to_thread(service.stop)
            server.close()
        assert service.processes[-1].returncode == 0, service.log_of(service.processes[-1])[-2000:]
        assert not looks.broken, looks.broken[:3]
        return {"idle_before": before, "idle_after": after, "looks": looks.count}

    async def load(self, port: int, numbers: range):
        """Begins each call at its time; late ones follow at once, and no call waits for another as
        long as there are callers."""
        gate, turns, began = Gate(port), iter(numbers), time.monotonic()

        async def caller():
            client = Caller(gate)
            for number in turns:
                due = began + (number - numbers.start) / self.rate
                await asyncio.sleep(max(0, due - time.monotonic()))
                plan = self.plans[number] = draw(
                    number, self.chance, KEYS, {NARROW, FREE}, DOORS, SOAK_FATES)
                await client.call(plan)
            client.close()

        await asyncio.gather(*[caller() for _ in range(CALLERS)])
        await gate.close()

    async def idle(self, descriptors: int | None) -> dict:
        """The process once nothing is connected to it; waits until it has given back what it had
        opened, or until it has stopped to, where that is not known."""
        await self.upstream.close_connections()
        end, last = time.monotonic() + IDLE_SECONDS_MAX, -1
        while time.monotonic() < end:
            now = self.process.descriptors()
            if now <= descriptors if descriptors is not None else now == last:
                break
            last = now
            await asyncio.sleep(3)
        metrics = await asyncio.to_thread(self.process.metrics)
        return {"descriptors": self.process.descriptors(), **self.process.memory(), **metrics}

    async def sample(self, out):
        began = time.monotonic()
        pause = min(SAMPLE_SECONDS_MAX, self.seconds / 16)
        cpu, calls, due = self.process.cpu_seconds(), len(self.plans), began
        while True:
            due += pause
            await asyncio.sleep(max(0, due - time.monotonic()))
            used, done = self.process.cpu_seconds(), len(self.plans)
            now = time.monotonic()
            sample = {
                "second": round(now - began), "calls": done - WARM_UP_CALLS,
                "calls_a_second": round((done - calls) / pause, 1),
                "cpu_share": round((used - cpu) / pause, 3),
                "descriptors": self.process.descriptors(), **self.process.memory(),
                **await asyncio.to_thread(self.process.metrics)}
            cpu, calls = used, done
            self.samples.append(sample)
            out.write(json.dumps(sample) + "\n")
            out.flush()
            print(told(sample), flush=True)


def told(sample: dict) -> str:
    return (f"{sample['second']:6} s  {sample['calls']:8} calls  "
            f"{sample['anonymous_bytes'] / 1e6:7.1f} MB  {sample['descriptors']:5} descriptors  "
            f"{sample['in_flight']:4.0f} in flight  {sample['cpu_share']:.0%} of a core")


def growth(samples: list[dict]) -> dict:
    """The medians of anonymous memory in the second and the last quarter."""
    quarter = len(samples) // 4
    second, last = (
        statistics.median(sample["anonymous_bytes"] for sample in part)
        for part in (samples[quarter:2 * quarter], samples[-quarter:]))
    return {"second_quarter_bytes": int(second), "last_quarter_bytes": int(last),
            "allowed_bytes": int(second * (1 + GROWTH_SHARE) + GROWTH_BYTES)}


def faults(state: dict, memory: dict) -> list[str]:
    found = []
    before, after = state["idle_before"], state["idle_after"]
    if memory["last_quarter_bytes"] > memory["allowed_bytes"]:
        found.append(f"memory has grown: {memory}")
    if after["descriptors"] > before["descriptors"]:
        found.append(f"{after['descriptors']} idle descriptors, {before['descriptors']} before")
    if after["in_flight"] or after["unrecorded"]:
        found.append(f"after the last call: {after}")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=100, help="calls begun in a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, default=HERE / ".build/results")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "soak.jsonl"
    with tempfile.TemporaryDirectory() as folder, open(path, "w") as out:
        soak = Soak(pathlib.Path(folder), options.minutes * 60, options.rate, options.seed)
        state = asyncio.run(soak.run(out))
        memory = growth(soak.samples)
        found = faults(state, memory)
        # The renewed budget's cap is for thirty seconds, not for all calls.
        caps = {key: cap for key, cap in soak.caps.items() if key != RENEWED}
        try:
            ledger = compare(pathlib.Path(folder, "data/llm-gateway.db"), soak.plans, caps)
        except AssertionError as failure:
            found.append(f"the ledger: {failure}")
            ledger = {}
        verdict = {
            "binary": BINARY, "machine": platform.platform(), "minutes": options.minutes,
            "rate": options.rate, "seed": options.seed, "memory": memory, **state,
            "ledger": ledger, "faults": found}
        out.write(json.dumps(verdict) + "\n")
    print(json.dumps(verdict, indent=1))
    print(tally(soak.plans.values()))
    print(f"Kept in {path}", file=sys.stderr)
    if found:
        sys.exit("soak: " + "; ".join(found))


if __name__ == "__main__":
    main()
