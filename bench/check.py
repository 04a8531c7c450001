"""Whether a request or a streamed chunk has become dearer: instructions and allocations, by case.

Question: how many instructions does the release binary run, and how often does it allocate, for one
           unit of work, with a key, its limits, a budget, a durable row, metrics and the log?
Units:     instructions (callgrind's Ir, all threads) and allocations (calls of malloc and its
           like) by request or by streamed chunk. Both are counted, not timed: a busy machine does
           not change what a request needs. Requests come one after another, so that none shares
           its ledger transaction or its send with another by chance, and chunks come all at once,
           so that how many are read together is not chance either.
Set-up:    valgrind with instrumentation switched on, when all is warm, first while nothing is
           asked, then for a known number of requests by h2load: what timers do by themselves in as
           long a time is taken off. Each case ends by comparing the ledger: a row for each request,
           none failed.

bench/thresholds.json has what is allowed. A figure more than 3 % above it fails the run; one more
than 3 % below it asks for `--update`, which writes the figures of this run.

With `--short` each case has a fifth of the requests, and more is allowed: 5 % of requests, and 15 %
of chunks, since how many of these are read together is chance again on a machine that is busy.

Usage: bench/check.py [--update | --short] [--case NAME ...]   needs valgrind, objcopy, h2load, gcc
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

import cases
import gateways
import processes
from cases import Case

THRESHOLDS = processes.HERE / "thresholds.json"
TOLERANCE, SHORT_TOLERANCES = 0.03, {"request": 0.05, "chunk": 0.15}
SHORT_SHARE = 0.2
START_SECONDS_MAX = 120
IDLE_SECONDS = 4
ALLOCATORS = {
    "malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "mi_malloc",
    "mi_calloc", "mi_realloc", "mi_posix_memalign", "mi_aligned_alloc", "mi_memalign"}
# The look at what other processes have changed would be work of its own.
QUIET = "  directory: {poll: 60s}\n"


class Failure(processes.Failure):
    """Something did not work, so that there is no figure."""


# Few requests, since each takes a hundred times as long; streams send all chunks at once.
COUNTED = [
    Case("h1 unary", "h1", 1, 1, 1000, False),
    Case("h2 unary", "h2", 1, 1, 1000, False),
    Case("grpc unary", "h2", 1, 1, 1000, False, is_grpc=True),
    Case("h1 stream", "h1", 1, 1, 100, True),
    Case("h2 stream", "h2", 1, 1, 100, True),
    Case("grpc stream", "h2", 1, 1, 100, True, is_grpc=True),
    Case("h2 stream of Anthropic's", "h2", 1, 1, 100, True, vendor="anthropic"),
]


class Gateway:
    """The gateway under callgrind, which counts only while it is told to."""

    def __init__(self, binary: pathlib.Path, setting: gateways.Setting, folder: pathlib.Path):
        self.folder, self.port, self.counts = folder, processes.free_port(), folder / "counts"
        (folder / "config.yaml").write_text(gateways.all_on_config(setting, extra=QUIET))
        self.log = open(folder / "log", "wb")
        self.process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no",
             f"--callgrind-out-file={self.counts}", binary, "serve", "--config", "config.yaml",
             "--port", str(self.port), "--data-dir", "data"],
            stdout=self.log, stderr=self.log, cwd=folder,
            env={**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"})
        end = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                urllib.request.urlopen(
                    f"http://127.0.0.1:{self.port}/health/readiness", timeout=10).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Failure(f"no start: {(folder / 'log').read_text()[-2000:]}") from None
                time.sleep(0.1)

    def load(self, case: Case, requests: int):
        data = self.folder / "request"
        data.write_bytes(case.body("burst"))
        done = subprocess.run(
            ["h2load", *(["--h1"] if case.protocol == "h1" else []), "-n", str(requests), "-c", "1",
             "-m", "1", "-d", data,
             "-H", f"authorization: Bearer {cases.KEY}", "-H", f"content-type: {case.content_type}",
             "-H", "te: trailers", f"http://127.0.0.1:{self.port}{case.path}"],
            capture_output=True, text=True, timeout=cases.LOAD_SECONDS_MAX)
        if f"status codes: {requests} 2xx" not in done.stdout:
            raise Failure(f"{case.name}: not every request was answered:\n{done.stdout}")

    def control(self, *command: str):
        done = subprocess.run(
            ["callgrind_control", *command, str(self.process.pid)], capture_output=True, text=True,
            timeout=60)
        if done.returncode != 0 or "OK" not in done.stdout:
            raise Failure(f"callgrind_control: {done.stdout}{done.stderr}")

    def counted(self, part: int, during) -> tuple[float, int, int]:
        """Seconds, instructions and allocations of what a function does."""
        began = time.monotonic()
        during()
        seconds = time.monotonic() - began
        self.control("--dump")
        return seconds, *read_counts(pathlib.Path(f"{self.counts}.{part}"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=60) != 0:
            raise Failure(f"no good end: {(self.folder / 'log').read_text()[-2000:]}")
        self.log.close()


def read_counts(path: pathlib.Path) -> tuple[int, int]:
    """All instructions, and the calls of allocators, of a file of callgrind's (its manual,
    'Callgrind Format Specification'): names are given once, with a number that stands for them
    later."""
    names, total, calls, called = {}, 0, 0, ""
    for line in path.read_text().splitlines():
        if found := re.match(r"c?fn=\((\d+)\)(?: (.*))?", line):
            if found[2]:
                names[found[1]] = found[2]
            if line.startswith("cfn"):
                called = names[found[1]]
        elif line.startswith("calls=") and called in ALLOCATORS:
            calls += int(line[6:].split()[0])
        elif line.startswith("totals:"):
            total += int(line.split()[1])
    return total, calls


def measure(case: Case, binary: pathlib.Path, upstream: int) -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        setting = gateways.Setting(cases.PLAIN, upstream, vendor=case.vendor)
        gateway = Gateway(binary, setting, folder)
        try:
            warm_up = case.requests // 2
            gateway.load(case, warm_up)
            gateway.control("--instr=on")
            gateway.load(case, warm_up)
            gateway.control("--dump")
            idle = gateway.counted(2, lambda: time.sleep(IDLE_SECONDS))
            busy = gateway.counted(3, lambda: gateway.load(case, case.requests))
            gateway.stop()
        finally:
            if gateway.process.poll() is None:
                gateway.process.kill()
                gateway.process.wait()
        with contextlib.closing(sqlite3.connect(folder / "data/llm-gateway.db")) as database:
            rows = collections.Counter(
                failure for failure, in database.execute("SELECT failure FROM ledger"))
        if rows != {None: 2 * warm_up + case.requests}:
            raise Failure(f"{case.name}: the ledger has {dict(rows)}")
        instructions, allocations = (
            (busy[kind] - idle[kind] / idle[0] * busy[0]) / case.units for kind in (1, 2))
        return {"unit": case.unit,
                "instructions": round(instructions), "allocations": round(allocations, 2)}


def stripped(binary: str, folder: pathlib.Path) -> pathlib.Path:
    """The binary without its debug information, which valgrind takes minutes to read."""
    copy = folder / "llm-gateway"
    subprocess.run(["objcopy", "--strip-debug", binary, copy], check=True)
    return copy


def compare(name: str, figures: dict, allowed: dict, tolerance: float) -> list[str]:
    """Prints a line of the table; returns what is worse than it may be."""
    worse, cells = [], []
    for kind in ("instructions", "allocations"):
        bound = allowed.get(kind)
        if bound is None:
            worse.append(f"{name}: no threshold for {kind}; `--update` writes it")
            cells += [figures[kind], "-", "-"]
            continue
        change = figures[kind] / bound - 1 if bound else 0.0
        cells += [figures[kind], bound, f"{change:+.1%}"]
        if change > tolerance:
            worse.append(f"{name}: {figures[kind]} {kind} a {figures['unit']}, allowed {bound}")
        elif change < -tolerance:
            print(f"{name}: fewer {kind}; lower the threshold with --update", file=sys.stderr)
    print(f"| {name} | {figures['unit']} | " + " | ".join(map(str, cells)) + " |", flush=True)
    return worse


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--update", action="store_true", help="write the figures as thresholds")
    form.add_argument("--short", action="store_true", help="fewer requests, as CI runs it")
    parser.add_argument("--case", action="append", choices=[case.name for case in COUNTED])
    options = parser.parse_args()
    thresholds = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    worse = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        binary = stripped(processes.BINARY, folder)
        upstream = processes.upstream(folder, cores="0,1")
        port = upstream.ports["h1"]
        try:
            print("| case | unit | instructions | allowed | change | allocations | allowed "
                  "| change |\n|---|---|---|---|---|---|---|---|")
            for case in COUNTED:
                if options.case and case.name not in options.case:
                    continue
                figures = measure(
                    case.reduced(SHORT_SHARE) if options.short else case, binary, port)
                worse += compare(
                    case.name, figures, thresholds.get(case.name, {}),
                    SHORT_TOLERANCES[case.unit] if options.short else TOLERANCE)
                thresholds[case.name] = figures
        except processes.Failure as failure:
            sys.exit(f"bench: {failure}")
        finally:
            upstream.stop()
    if options.update:
        THRESHOLDS.write_text(json.dumps(thresholds, indent=2) + "\n")
    elif worse:
        sys.exit("\n".join(worse))


if __name__ == "__main__":
    main()
