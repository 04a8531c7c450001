"""What accounting costs: the CPU of a request by what is held for it and by how durable its row is,
the part of it that is the ledger's own, and the rows that are written in a second.

Questions: how many microseconds of CPU (user and system) does one whole chat completion take with a
           row and no hold, with a hold on one budget, and on three; by each durability? How many
           of them does the ledger's own thread take, and how many requests share a transaction, at
           one load and at a greater one? And how many rows a second does the ledger take?
Units:     microseconds a request, of all threads and of the thread "store writer"
           (/proc/PID/task/*/schedstat), median (least-greatest) of the rounds; requests a
           transaction (transactions as the header of the WAL index counts them,
           sqlite.org/walformat.html: "iChange"); rows a second.
Set-up:    one loop, the built-in scripted model that answers at once, h2load over HTTP/1.1 on the
           other core. Every call has its row: there is no configuration without, so the whole
           request with a row and no hold is the base of the first question, and the thread's own
           time answers what a row costs by itself. All cases of a round are run one after another,
           in one run, so that they share the machine's mood.

Usage: bench/accounting.py [--rounds N] [--requests N]      needs h2load and taskset
"""

import argparse
import dataclasses
import json
import pathlib
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import time
import urllib.request

from processes import BINARY, LOAD_CORE, PEER_CORE, Failure, free_port

WRITER = "store writer"
KEYS = {"row": "sk-row-0123456789abcdef", "one": "sk-one-0123456789abcdef",
        "three": "sk-three-0123456789abcdef"}


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    durability: str
    key: str
    connections: int


CASES = [
    Case("row, no hold", "normal", "row", 16),
    Case("row, hold on one budget", "normal", "one", 16),
    Case("row, hold on three budgets", "normal", "three", 16),
    Case("row, no hold", "normal", "row", 128),
    Case("row, hold on one budget", "normal", "one", 128),
    Case("row, hold on three budgets", "normal", "three", 128),
    Case("row, no hold, relaxed", "relaxed", "row", 16),
    Case("row, hold on one budget, relaxed", "relaxed", "one", 16),
    Case("row, no hold, full", "full", "row", 16),
    Case("row, hold on one budget, full", "full", "one", 16),
]


@dataclasses.dataclass(frozen=True)
class Figures:
    """Of one case in one round."""

    cpu: float
    writer: float
    batch: float
    rate: float


BODY = json.dumps({"model": "m", "max_tokens": 16, "messages": [
    {"role": "user", "content": "Say something short, please."}]})


def config(durability: str) -> str:
    return f"""
model_list:
  - {{model_name: m, litellm_params: {{model: 'scripted/demo?chunks=4&first_ms=0&interval_ms=0',
      input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}}}
general_settings: {{master_key: sk-bench-0123456789abcdef}}
gateway_settings:
  loops: 1
  log: {{sample: 0}}
  accounting: {{durability: {durability}}}
  teams: [{{id: t, max_budget: 1000000, budgets: [{{max_budget: 100000, budget_duration: daily}}]}}]
  keys:
    - {{key: {KEYS["row"]}}}
    - {{key: {KEYS["one"]}, max_budget: 1000000}}
    - {{key: {KEYS["three"]}, max_budget: 1000000, team: t}}
"""


class Gateway:
    def __init__(self, folder: pathlib.Path, durability: str):
        self.folder = folder
        folder.mkdir(parents=True)
        self.port = free_port()
        (folder / "config.yaml").write_text(config(durability))
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            ["taskset", "-c", PEER_CORE, BINARY, "serve", "--config", "config.yaml", "--port",
             str(self.port)], stdout=self.log, stderr=self.log, cwd=folder)
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(
                    f"http://127.0.0.1:{self.port}/health/readiness", timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Failure("the gateway did not start") from None
                time.sleep(0.01)

    def cpu_seconds(self) -> tuple[float, float]:
        """Of all threads, and of the ledger's."""
        whole = writer = 0.0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            seconds = int((task / "schedstat").read_text().split()[0]) / 1e9
            whole += seconds
            if (task / "comm").read_text().strip() == WRITER:
                writer += seconds
        if not writer:
            raise Failure(f"the gateway has no thread {WRITER!r}")
        return whole, writer

    def transactions(self) -> int:
        """How many were committed, modulo 2^32: "iChange", in the byte order of the machine."""
        with open(self.folder / "data/llm-gateway.db-shm", "rb") as index:
            return struct.unpack_from("=I", index.read(48), 8)[0]

    def rows(self) -> int:
        with sqlite3.connect(f"file:{self.folder}/data/llm-gateway.db?mode=ro", uri=True) as db:
            return db.execute("SELECT count(*) FROM ledger").fetchone()[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=60) != 0:
            raise Failure("the gateway did not end well")
        self.log.close()


def load(gateway: Gateway, case: Case, requests: int):
    """Sends requests; fails unless every one was answered with 200."""
    body = gateway.folder / "body.json"
    body.write_text(BODY)
    done = subprocess.run(
        ["taskset", "-c", LOAD_CORE, "h2load", "--h1", "-n", str(requests), "-c",
         str(case.connections),
         "-d", str(body), "-H", f"authorization: Bearer {KEYS[case.key]}", "-H",
         "content-type: application/json", f"http://127.0.0.1:{gateway.port}/v1/chat/completions"],
        capture_output=True, text=True, timeout=600)
    if f"{requests} 2xx" not in done.stdout:
        raise Failure(done.stdout[-1_000:] + done.stderr[-1_000:])


def measure(folder: pathlib.Path, case: Case, requests: int) -> Figures:
    gateway = Gateway(folder, case.durability)
    try:
        load(gateway, case, max(200, requests // 10))
        rows, commits = gateway.rows(), gateway.transactions()
        whole, writer = gateway.cpu_seconds()
        began = time.monotonic()
        load(gateway, case, requests)
        took = time.monotonic() - began
        whole, writer = (
            after - before
            for after, before in zip(gateway.cpu_seconds(), (whole, writer), strict=True))
        commits = (gateway.transactions() - commits) % 2**32
        written = gateway.rows() - rows
        if written != requests:
            raise Failure(f"{requests} requests left {written} rows")
        return Figures(
            cpu=whole / requests * 1e6, writer=writer / requests * 1e6,
            batch=requests / commits, rate=written / took)
    finally:
        gateway.stop()


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000)
    options = parser.parse_args()
    if not shutil.which("h2load"):
        raise SystemExit("h2load is not installed (Debian: nghttp2-client)")
    figures = {case: [] for case in CASES}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for index, case in enumerate(CASES):
                figures[case].append(measure(
                    pathlib.Path(folder) / f"{number}-{index}", case, options.requests))
    print(f"{options.requests} requests a case, {options.rounds} rounds, {BINARY}")
    print("| case | connections | us of CPU a request | over no hold | of it the ledger's thread "
          "| requests a transaction | rows a second |\n|---|---|---|---|---|---|---|")
    bases = {case.connections: figures[case] for case in reversed(CASES)
             if (case.durability, case.key) == ("normal", "row")}
    for case, results in figures.items():
        base = statistics.median(result.cpu for result in bases[case.connections])
        over = statistics.median(result.cpu for result in results) - base
        print(f"| {case.name} | {case.connections} | {spread([one.cpu for one in results])} "
              f"| {over:+.1f} | {spread([one.writer for one in results])} "
              f"| {statistics.median(one.batch for one in results):.1f} "
              f"| {statistics.median(one.rate for one in results):.0f} |")


if __name__ == "__main__":
    main()
