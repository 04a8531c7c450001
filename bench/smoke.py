"""What one proxied request, and one streamed chunk, costs in CPU: the gateway beside nginx.

Question: how much CPU time of one core does a peer spend per unit of work?
Unit:     microseconds, summed over the peer's threads (/proc/PID/task/*/schedstat), by completed
          request or by streamed chunk. Not requests per second: the load shares the machine.
Set-up:   the peer pinned to core 0, with one worker; load (h2load) and upstream on core 1. Peers take
          turns within a round; medians of the rounds with the least and the greatest.
Peers:    nginx with both of its buffering settings for whole answers, and without buffering for
          streams, which is the one that passes a chunk on when it comes.

Usage: bench/smoke.py [--rounds N] [--case NAME ...]      needs nginx, h2load, gcc and taskset
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.path.abspath(
    os.environ.get("LLM_GATEWAY_BIN", HERE.parent / ".build/release/llm-gateway"))
KEY = "sk-bench-0123456789abcdef"
PEER_CORE, LOAD_CORE = "0", "1"
CHUNKS_PER_STREAM = 100
CHUNK_TEXT = "t"
LOAD_SECONDS_MAX = 120


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    protocol: str
    connections: int
    streams: int
    requests: int
    is_stream: bool

    @property
    def units(self) -> int:
        return self.requests * (CHUNKS_PER_STREAM if self.is_stream else 1)


CASES = [
    Case("h1 unary 32", "h1", 32, 1, 20_000, False),
    Case("h2 unary 32x1", "h2", 32, 1, 20_000, False),
    Case("h2 unary 10x10", "h2", 10, 10, 20_000, False),
    Case("h1 stream 400", "h1", 400, 1, 1_200, True),
    Case("h2 stream 400x1", "h2", 400, 1, 1_200, True),
    Case("h2 stream 40x10", "h2", 40, 10, 1_200, True),
]


class Failure(Exception):
    """A peer that did not start or did not answer rightly: its figures would mean nothing."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, name: str):
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Failure(f"{name} did not start")


class Peer:
    """A proxy under test: a process, and a port for each protocol."""

    def __init__(self, name: str, command: list, ports: dict, folder: pathlib.Path):
        self.name = name
        self.ports = ports
        self.log = open(folder / f"{name}.log", "wb")
        self.process = subprocess.Popen(
            ["taskset", "-c", PEER_CORE, *command], stdout=self.log, stderr=self.log, cwd=folder)
        try:
            for port in set(ports.values()):
                wait_for_port(port, self.process, name)
        except BaseException:
            self.stop()
            raise

    def cpu_nanoseconds(self) -> int:
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def nginx(name: str, buffering: str, upstream: int, folder: pathlib.Path) -> Peer:
    ports = {"h1": free_port(), "h2": free_port()}
    text = (HERE / "nginx.conf").read_text()
    for word, value in {
            "FOLDER": str(folder), "NAME": name, "BUFFERING": buffering,
            "UPSTREAM": str(upstream), "PORT_H1": str(ports["h1"]),
            "PORT_H2": str(ports["h2"])}.items():
        text = text.replace(f"@{word}@", value)
    path = folder / f"{name}.conf"
    path.write_text(text)
    return Peer(name, [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(path)], ports, folder)


def gateway(upstream: int, folder: pathlib.Path) -> Peer:
    port = free_port()
    path = folder / "gateway.yaml"
    path.write_text(f"""
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: 'http://127.0.0.1:{upstream}/v1', api_key: sk-x}}
general_settings: {{master_key: {KEY}}}
gateway_settings: {{loops: 1, log: {{sample: 0}}}}
""")
    command = [BINARY, "serve", "--config", str(path), "--host", "127.0.0.1", "--port", str(port)]
    return Peer("gateway", command, {"h1": port, "h2": port}, folder)


def body(is_stream: bool) -> bytes:
    message = {"role": "user", "content": "x" * 200}
    request = {"model": "m", "messages": [message]}
    if is_stream:
        request["stream"] = True
    return json.dumps(request, separators=(",", ":")).encode()


def check_answer(peer: Peer, is_stream: bool) -> int:
    """Reads one answer and compares its text. Returns its length, for the load to be held to."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{peer.ports['h1']}/v1/chat/completions", data=body(is_stream),
        headers={"authorization": f"Bearer {KEY}", "content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        data = answer.read()
    if not is_stream:
        text = json.loads(data)["choices"][0]["message"]["content"]
        if not text or set(text) != {"x"}:
            raise Failure(f"{peer.name} answered {data[:200]!r}")
        return len(data)
    events = [event.removeprefix(b"data: ") for event in data.split(b"\n\n") if event]
    deltas = [json.loads(event)["choices"] for event in events[:-1]]
    texts = [choices[0]["delta"].get("content") for choices in deltas if choices]
    texts = [text for text in texts if text]
    if events[-1] != b"[DONE]" or len(texts) != CHUNKS_PER_STREAM:
        raise Failure(f"{peer.name} streamed {len(texts)} chunks of text")
    if set("".join(texts)) != {CHUNK_TEXT}:
        raise Failure(f"{peer.name} changed the text of the stream")
    return len(data)


def load(peer: Peer, case: Case, requests: int, folder: pathlib.Path, answer_bytes: int):
    """Runs h2load; fails unless every request was answered, and with as many bytes as it should."""
    data = folder / "request.json"
    data.write_bytes(body(case.is_stream))
    command = [
        "taskset", "-c", LOAD_CORE, "h2load", "-n", str(requests), "-c", str(case.connections),
        "-m", str(case.streams), "-d", str(data), "-H", f"authorization: Bearer {KEY}",
        "-H", "content-type: application/json",
        f"http://127.0.0.1:{peer.ports[case.protocol]}/v1/chat/completions"]
    if case.protocol == "h1":
        command.insert(4, "--h1")
    done = subprocess.run(command, capture_output=True, text=True, timeout=LOAD_SECONDS_MAX)
    statuses = re.search(r"status codes: (\d+) 2xx", done.stdout)
    received = re.search(r"\((\d+)\) data", done.stdout)
    if not statuses or not received or int(statuses[1]) != requests:
        raise Failure(f"{peer.name}, {case.name}: not every request was answered:\n{done.stdout}")
    # Of HTTP/1.1, h2load counts the framing of chunks too.
    per_request = int(received[1]) / requests
    if not answer_bytes * 0.99 <= per_request <= answer_bytes * 1.15 + 64:
        raise Failure(
            f"{peer.name}, {case.name}: {per_request:.0f} bytes an answer, not {answer_bytes}")


def measure(peer: Peer, case: Case, folder: pathlib.Path, answer_bytes: int) -> float:
    before = peer.cpu_nanoseconds()
    load(peer, case, case.requests, folder, answer_bytes)
    return (peer.cpu_nanoseconds() - before) / case.units / 1000


def run_case(case: Case, peers: list, rounds: int, folder: pathlib.Path) -> dict:
    entrants = [p for p in peers if not (case.is_stream and p.name == "nginx-buffered")]
    lengths = {peer.name: check_answer(peer, case.is_stream) for peer in entrants}
    for peer in entrants:
        warm_up = max(case.requests // 10, case.connections * case.streams)
        load(peer, case, warm_up, folder, lengths[peer.name])
    figures = {peer.name: [] for peer in entrants}
    for number in range(rounds):
        print(f"{case.name}: round {number + 1} of {rounds}", file=sys.stderr)
        for peer in entrants:
            figures[peer.name].append(measure(peer, case, folder, lengths[peer.name]))
    return figures


def row(case: Case, figures: dict) -> str:
    medians = {name: statistics.median(values) for name, values in figures.items()}
    best = min((name for name in figures if name != "gateway"), key=medians.get)

    def cell(name):
        values = figures[name]
        return f"{medians[name]:.1f} ({min(values):.1f}-{max(values):.1f})"

    ratio = medians["gateway"] / medians[best]
    unit = "chunk" if case.is_stream else "request"
    return f"| {case.name} | {unit} | {cell('gateway')} | {cell(best)} | {best} | {ratio:.2f} |"


def machine() -> str:
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    versions = [
        subprocess.run(command, capture_output=True, text=True)
        for command in ([shutil.which("nginx") or "/usr/sbin/nginx", "-v"], ["h2load", "--version"])]
    tools = ", ".join((done.stdout + done.stderr).strip() for done in versions)
    return f"{model[1] if model else 'unknown CPU'}, {os.cpu_count()} cores; {tools}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    options = parser.parse_args()
    cases = [case for case in CASES if not options.case or case.name in options.case]
    if (os.cpu_count() or 1) < 2:
        sys.exit("bench: two cores are needed, one for the peer and one for the load")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = folder / "upstream"
        subprocess.run(["gcc", "-O2", "-o", program, HERE / "upstream.c"], check=True)
        port = free_port()
        upstream = subprocess.Popen(["taskset", "-c", LOAD_CORE, program, str(port)])
        peers = []
        try:
            wait_for_port(port, upstream, "the upstream")
            peers.append(gateway(port, folder))
            peers.append(nginx("nginx", "off", port, folder))
            peers.append(nginx("nginx-buffered", "on", port, folder))
            print(f"CPU microseconds by unit, median (least-greatest) of {options.rounds} rounds.")
            print(machine() + "\n")
            print("| case | unit | gateway | nginx | its setting | ratio |\n|---|---|---|---|---|---|")
            for case in cases:
                print(row(case, run_case(case, peers, options.rounds, folder)), flush=True)
        except Failure as failure:
            sys.exit(f"bench: {failure}")
        finally:
            for peer in peers:
                peer.stop()
            upstream.terminate()
            upstream.wait()


if __name__ == "__main__":
    main()
