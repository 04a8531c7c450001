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

Usage: bench/check.py [--update] [--case NAME ...]      needs valgrind, objcopy, h2load and gcc
"""

import argparse
import collections
import contextlib
import dataclasses
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

import smoke

THRESHOLDS = smoke.HERE / "thresholds.json"
TOLERANCE = 0.03
START_SECONDS_MAX = 120
IDLE_SECONDS = 4
ALLOCATORS = {
    "malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "mi_malloc",
    "mi_calloc", "mi_realloc", "mi_posix_memalign", "mi_aligned_alloc", "mi_memalign"}
GRPC_METHOD = "/llmgateway.v1.ChatService/"


class Failure(smoke.Failure):
    """Something did not work, so that there is no figure."""


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    is_http1: bool = False
    is_grpc: bool = False
    is_stream: bool = False

    @property
    def requests(self) -> int:
        return 100 if self.is_stream else 1000

    @property
    def units(self) -> int:
        return self.requests * (smoke.CHUNKS_PER_STREAM if self.is_stream else 1)

    @property
    def path(self) -> str:
        if not self.is_grpc:
            return "/v1/chat/completions"
        return GRPC_METHOD + ("Stream" if self.is_stream else "Generate") + "ChatCompletion"

    @property
    def content_type(self) -> str:
        return "application/grpc" if self.is_grpc else "application/json"

    @property
    def body(self) -> bytes:
        return grpc_body() if self.is_grpc else json_body(self.is_stream)


CASES = [
    Case("h1 unary", is_http1=True),
    Case("h2 unary"),
    Case("grpc unary", is_grpc=True),
    Case("h1 stream", is_http1=True, is_stream=True),
    Case("h2 stream", is_stream=True),
    Case("grpc stream", is_grpc=True, is_stream=True),
]


def field(number: int, value: bytes) -> bytes:
    """A field of protobuf's with a length (wire type 2), which both parts of its tag fit a byte."""
    assert number < 16
    length = len(value)
    size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return bytes([number << 3 | 2]) + size + value


def json_body(is_stream: bool) -> bytes:
    """smoke.body's, of a user to whom the upstream sends all chunks at once."""
    return json.dumps(
        {**json.loads(smoke.body(is_stream)), "user": "burst"}, separators=(",", ":")).encode()


def grpc_body() -> bytes:
    """The same as a gRPC message: Message.role is 1 (3, the user), parts 2; end_user is 19."""
    message = b"\x08\x03" + field(2, field(1, b"x" * 200))
    user = b"\x9a\x01\x05burst"
    request = field(1, field(1, b"m") + field(2, message) + user)
    return b"\0" + len(request).to_bytes(4, "big") + request


def config(upstream: int) -> str:
    return f"""
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: 'http://127.0.0.1:{upstream}/v1', api_key: sk-x,
      input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
general_settings: {{master_key: sk-master-0123456789abcdef}}
gateway_settings:
  loops: 1
  directory: {{poll: 60s}}
  keys:
    - {{key: {smoke.KEY}, max_budget: 1000000, rpm_limit: 100000000, tpm_limit: 1000000000000,
        max_parallel_requests: 10000}}
"""


class Gateway:
    """The gateway under callgrind, which counts only while it is told to."""

    def __init__(self, binary: pathlib.Path, upstream: int, folder: pathlib.Path):
        self.folder, self.port, self.counts = folder, smoke.free_port(), folder / "counts"
        (folder / "config.yaml").write_text(config(upstream))
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
        data.write_bytes(case.body)
        done = subprocess.run(
            ["h2load", *(["--h1"] if case.is_http1 else []), "-n", str(requests), "-c", "1",
             "-m", "1", "-d", data,
             "-H", f"authorization: Bearer {smoke.KEY}", "-H", f"content-type: {case.content_type}",
             "-H", "te: trailers", f"http://127.0.0.1:{self.port}{case.path}"],
            capture_output=True, text=True, timeout=smoke.LOAD_SECONDS_MAX)
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
        gateway = Gateway(binary, upstream, folder)
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
        return {"unit": "chunk" if case.is_stream else "request",
                "instructions": round(instructions), "allocations": round(allocations, 2)}


def stripped(binary: str, folder: pathlib.Path) -> pathlib.Path:
    """The binary without its debug information, which valgrind takes minutes to read."""
    copy = folder / "llm-gateway"
    subprocess.run(["objcopy", "--strip-debug", binary, copy], check=True)
    return copy


def compare(name: str, figures: dict, allowed: dict) -> list[str]:
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
        if change > TOLERANCE:
            worse.append(f"{name}: {figures[kind]} {kind} a {figures['unit']}, allowed {bound}")
        elif change < -TOLERANCE:
            print(f"{name}: fewer {kind}; lower the threshold with --update", file=sys.stderr)
    print(f"| {name} | {figures['unit']} | " + " | ".join(map(str, cells)) + " |", flush=True)
    return worse


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the figures as thresholds")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    options = parser.parse_args()
    thresholds = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    worse = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        binary = stripped(smoke.BINARY, folder)
        subprocess.run(
            ["gcc", "-O2", "-o", folder / "upstream", smoke.HERE / "upstream.c"], check=True)
        port = smoke.free_port()
        upstream = subprocess.Popen([folder / "upstream", str(port)])
        try:
            smoke.wait_for_port(port, upstream, "the upstream")
            print("| case | unit | instructions | allowed | change | allocations | allowed "
                  "| change |\n|---|---|---|---|---|---|---|---|")
            for case in CASES:
                if options.case and case.name not in options.case:
                    continue
                figures = measure(case, binary, port)
                worse += compare(case.name, figures, thresholds.get(case.name, {}))
                thresholds[case.name] = figures
        except smoke.Failure as failure:
            sys.exit(f"bench: {failure}")
        finally:
            upstream.terminate()
            upstream.wait()
    if options.update:
        THRESHOLDS.write_text(json.dumps(thresholds, indent=2) + "\n")
    elif worse:
        sys.exit("\n".join(worse))


if __name__ == "__main__":
    main()
