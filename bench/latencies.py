"""How much later an answer, or a token, comes through a peer than from the upstream itself.

Whole answers: h2load over HTTP/1.1 at a fixed rate of requests. Streams: streams.c at a fixed rate
of streams, whose chunks upstream.c sends every 10 ms; the time from when a stream was due to its
first chunk, and the gaps between chunks, which are 10 ms where nothing is late (the jitter is what
is more). Peers take turns, with the upstream itself among them; a figure is the median of the
rounds, minus the upstream's in the same round."""

import dataclasses
import pathlib
import statistics
import subprocess
import sys

import cases
import processes
from processes import Failure, Peer

SECONDS, CONNECTIONS = 5, 20
SHARES = {"p50": 0.50, "p99": 0.99}
DIRECT = "direct"


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is measured: requests at a rate, or streams."""

    name: str
    rate: int
    is_stream: bool


def at(sample: list[int], share: float) -> int:
    return sample[int(len(sample) * share)]


def whole_answers(port: int, rate: int, folder: pathlib.Path) -> dict[str, int]:
    """Microseconds of each request, whatever the others take."""
    log, data = folder / "latencies", folder / "request"
    log.unlink(missing_ok=True)
    data.write_bytes(cases.json_body(False))
    done = subprocess.run(
        ["taskset", "-c", processes.LOAD_CORE, "h2load", "--h1", "-c", str(CONNECTIONS),
         "--rps", str(rate / CONNECTIONS), "-D", str(SECONDS), "--warm-up-time", "1",
         f"--log-file={log}", "-d", str(data), "-H", f"authorization: Bearer {cases.KEY}",
         "-H", "content-type: application/json",
         f"http://127.0.0.1:{port}/v1/chat/completions"],
        capture_output=True, text=True, timeout=cases.LOAD_SECONDS_MAX)
    lines = [line.split() for line in log.read_text().splitlines()]
    if len(lines) < rate * SECONDS * 0.8 or any(line[1] != "200" for line in lines):
        raise Failure(f"{rate} a second were too many: {len(lines)} in {SECONDS} s"
                      f"\n{done.stdout[-300:]}")
    sample = sorted(int(line[2]) for line in lines)
    return {f"answer {name}": at(sample, share) for name, share in SHARES.items()}


def streams(port: int, rate: int, folder: pathlib.Path) -> dict[str, int]:
    """Microseconds to the first chunk, and between chunks."""
    body = cases.json_body(True)
    (folder / "stream").write_bytes(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer "
        + cases.KEY.encode() + b"\r\ncontent-type: application/json\r\ncontent-length: "
        + str(len(body)).encode() + b"\r\n\r\n" + body)
    program = folder / "streams"
    if not program.exists():
        processes.compiled("streams.c", folder)
    done = subprocess.run(
        ["taskset", "-c", processes.LOAD_CORE, program, str(port), str(rate), str(rate * SECONDS),
         folder / "stream"], capture_output=True, text=True, timeout=cases.LOAD_SECONDS_MAX)
    if done.returncode:
        raise Failure(f"{rate} streams a second: {done.stderr}")
    found = {"f": [], "g": []}
    for line in done.stdout.splitlines():
        found[line[0]].append(int(line[2:]))
    if len(found["f"]) != rate * SECONDS:
        raise Failure(f"{len(found['f'])} of {rate * SECONDS} streams began")
    first, gaps = sorted(found["f"]), sorted(found["g"])
    return {**{f"first {name}": at(first, share) for name, share in SHARES.items()},
            **{f"gap {name}": at(gaps, share) for name, share in SHARES.items()}}


def measure(
        kinds: list[Kind], entrants: list[Peer], upstream: int, rounds: int,
        folder: pathlib.Path) -> dict:
    """By kind and peer: each figure's median. A peer that does not sustain a rate has none."""
    ports = {DIRECT: upstream} | {
        peer.name: peer.ports["h1"] for peer in entrants if peer.load_share == 1}
    results = {}
    for kind in kinds:
        found = {name: [] for name in ports}
        for number in range(rounds):
            print(f"{kind.name}: round {number + 1} of {rounds}", file=sys.stderr)
            for name, port in ports.items():
                try:
                    ask = streams if kind.is_stream else whole_answers
                    found[name].append(ask(port, kind.rate, folder))
                except Failure as failure:
                    print(f"{name}: {failure}", file=sys.stderr)
        results[kind.name] = summary(found, rounds)
    return results


def summary(found: dict, rounds: int) -> dict:
    whole = {name: values for name, values in found.items() if len(values) == rounds}
    direct = whole.pop(DIRECT, None)
    if direct is None:
        return {}
    result = {DIRECT: {
        figure: statistics.median(values[figure] for values in direct) for figure in direct[0]}}
    for name, values in whole.items():
        result[name] = {figure: statistics.median(
            mine[figure] - theirs[figure] for mine, theirs in zip(values, direct))
            for figure in direct[0]}
    return result


def table(results: dict) -> str:
    """A line a kind and peer; the first has the upstream's own figures, the others what is more."""
    lines = ["| microseconds | peer | p50 | p99 |", "|---|---|---|---|"]
    for kind, peers in results.items():
        for name, figures in peers.items():
            for what in dict.fromkeys(figure.rsplit(" ", 1)[0] for figure in figures):
                sign = "" if name == DIRECT else "+"
                p50, p99 = (figures[f"{what} {share}"] for share in SHARES)
                lines.append(f"| {kind}, {what} | {name} | {p50:{sign}.0f} | {p99:{sign}.0f} |")
    return "\n".join(lines)
