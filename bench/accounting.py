"""What accounting costs: the CPU of a request by what is held for it and by how durable its row is,
and the rows that are written in a second.

Questions: how many microseconds of CPU (user and system, all threads, /proc/PID/stat) does one whole
           chat completion take with a row and no hold, with a hold on one budget, and on three; by
           each durability; and how many rows a second does the ledger take when it has to?
Units:     microseconds a request, median (least-greatest) of the rounds; rows a second.
Set-up:    one loop, the built-in scripted model that answers at once, h2load over HTTP/1.1 with
           CONNECTIONS connections on the other core. Every call has its row: there is no
           configuration without, so the row without a hold is the base. All cases of a round are
           run one after another, in one run, so that they share the machine's mood.

Usage: bench/accounting.py [--rounds N] [--requests N]      needs h2load and taskset
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request

from processes import BINARY, LOAD_CORE, PEER_CORE, Failure, free_port

CONNECTIONS = 16
TICKS = os.sysconf("SC_CLK_TCK")
KEYS = {"row": "sk-row-0123456789abcdef", "one": "sk-one-0123456789abcdef",
        "three": "sk-three-0123456789abcdef"}
# The name of a case, the durability, and whose key is used.
CASES = [
    ("row, no hold", "normal", "row"),
    ("row, hold on one budget", "normal", "one"),
    ("row, hold on three budgets", "normal", "three"),
    ("row, no hold, relaxed", "relaxed", "row"),
    ("row, hold on one budget, relaxed", "relaxed", "one"),
    ("row, no hold, full", "full", "row"),
    ("row, hold on one budget, full", "full", "one"),
]
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

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1]
        return sum(int(field) for field in fields.split()[11:13]) / TICKS

    def rows(self) -> int:
        with sqlite3.connect(f"file:{self.folder}/data/llm-gateway.db?mode=ro", uri=True) as db:
            return db.execute("SELECT count(*) FROM ledger").fetchone()[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=60) != 0:
            raise Failure("the gateway did not end well")
        self.log.close()


def load(gateway: Gateway, key: str, requests: int):
    """Sends requests; fails unless every one was answered with 200."""
    body = gateway.folder / "body.json"
    body.write_text(BODY)
    done = subprocess.run(
        ["taskset", "-c", LOAD_CORE, "h2load", "--h1", "-n", str(requests), "-c", str(CONNECTIONS),
         "-d", str(body), "-H", f"authorization: Bearer {key}", "-H",
         "content-type: application/json", f"http://127.0.0.1:{gateway.port}/v1/chat/completions"],
        capture_output=True, text=True, timeout=600)
    if f"{requests} 2xx" not in done.stdout:
        raise Failure(done.stdout[-1_000:] + done.stderr[-1_000:])


def measure(folder: pathlib.Path, durability: str, key: str, requests: int):
    """Microseconds of CPU a request, and rows a second."""
    gateway = Gateway(folder, durability)
    try:
        load(gateway, key, max(200, requests // 10))
        rows, cpu, began = gateway.rows(), gateway.cpu_seconds(), time.monotonic()
        load(gateway, key, requests)
        took = time.monotonic() - began
        used = gateway.cpu_seconds() - cpu
        written = gateway.rows() - rows
        if written != requests:
            raise Failure(f"{requests} requests left {written} rows")
        return used / requests * 1e6, written / took
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000)
    options = parser.parse_args()
    if not shutil.which("h2load"):
        raise SystemExit("h2load is not installed (Debian: nghttp2-client)")
    figures = {name: [] for name, _, _ in CASES}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            for index, (name, durability, key) in enumerate(CASES):
                figures[name].append(measure(
                    pathlib.Path(folder) / f"{number}-{index}", durability, KEYS[key],
                    options.requests))
    base = statistics.median(cpu for cpu, _ in figures[CASES[0][0]])
    print(f"{options.requests} requests a case, {options.rounds} rounds, {BINARY}")
    print(f"{'case':36} {'us of CPU a request':>28} {'over the base':>14} {'rows a second':>14}")
    for name, results in figures.items():
        cpus, rates = [cpu for cpu, _ in results], [rate for _, rate in results]
        middle = statistics.median(cpus)
        print(f"{name:36} {middle:12.1f} ({min(cpus):.1f}-{max(cpus):.1f})"
              f" {middle - base:+14.1f} {statistics.median(rates):14.0f}")


if __name__ == "__main__":
    main()
