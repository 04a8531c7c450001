"""What a request and a streamed chunk cost in CPU and memory: the gateway beside other proxies.

Question: how much CPU time of one core, and how much memory, does each peer take for one unit of
           work, and how much later does an answer come through it than from the upstream itself?
Units:     microseconds of CPU by request or streamed chunk, as smoke.py; units a second of the
           whole run (load and upstream share the other core); megabytes of anonymous memory after
           all rounds; microseconds of latency at a fixed rate of requests, minus those without a
           proxy.
Set-up:    as smoke.py. `relay` is the gateway with one static key and the row of each call, which
           it always writes; `all on` has a key with limits and a budget, and so a durable hold too,
           and a log line for each call.
Peers:     nginx in both settings and haproxy (Debian); envoy and sglang-router (PyPI) where they
           are found: `make bench` installs them into bench/.build/peers.

Usage: bench/compare.py [--rounds N] [--case NAME ...] [--peer NAME ...] [--rate N ...]
                        [--out FOLDER]
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import check
import peers
import smoke

LATENCY_SECONDS, LATENCY_CONNECTIONS = 5, 20


def anonymous_megabytes(peer: smoke.Peer) -> float:
    text = pathlib.Path(f"/proc/{peer.process.pid}/smaps_rollup").read_text()
    return int(re.search(r"Anonymous:\s+(\d+)", text)[1]) / 1000


def measure(peer: smoke.Peer, case: smoke.Case, folder: pathlib.Path, length: int):
    """Microseconds of CPU by unit, and units a second."""
    began = time.monotonic()
    cpu = smoke.measure(peer, case, folder, length)
    return cpu, case.units / (time.monotonic() - began)


def run_case(case: smoke.Case, entrants: list, rounds: int, folder: pathlib.Path) -> dict:
    able = [peer for peer in entrants if case.protocol in peer.ports]
    if case.is_stream:
        able = [peer for peer in able if peer.name != "nginx-buffered"]
    lengths = {peer.name: smoke.check_answer(peer, case.is_stream) for peer in able}
    for peer in able:
        warm_up = max(case.requests // 10, case.connections * case.streams)
        smoke.load(peer, case, warm_up, folder, lengths[peer.name])
    figures = {peer.name: [] for peer in able}
    for number in range(rounds):
        print(f"{case.name}: round {number + 1} of {rounds}", file=sys.stderr)
        for peer in able:
            figures[peer.name].append(measure(peer, case, folder, lengths[peer.name]))
    return figures


def latencies(port: int, rate: int, folder: pathlib.Path) -> list[int]:
    """Microseconds of each request over HTTP/1.1, at a fixed rate whatever the answers take."""
    log, data = folder / "latencies", folder / "request.json"
    log.unlink(missing_ok=True)
    data.write_bytes(smoke.body(False))
    done = subprocess.run(
        ["taskset", "-c", smoke.LOAD_CORE, "h2load", "--h1", "-c", str(LATENCY_CONNECTIONS),
         "--rps", str(rate / LATENCY_CONNECTIONS), "-D", str(LATENCY_SECONDS),
         "--warm-up-time", "1",
         f"--log-file={log}", "-d", data, "-H", f"authorization: Bearer {smoke.KEY}",
         "-H", "content-type: application/json",
         f"http://127.0.0.1:{port}/v1/chat/completions"],
        capture_output=True, text=True, timeout=smoke.LOAD_SECONDS_MAX)
    lines = [line.split() for line in log.read_text().splitlines()]
    if len(lines) < rate * LATENCY_SECONDS * 0.8 or any(line[1] != "200" for line in lines):
        raise smoke.Failure(f"{rate} a second were too many: {len(lines)} in {LATENCY_SECONDS} s"
                            f"\n{done.stdout[-300:]}")
    return sorted(int(line[2]) for line in lines)


def added(sample: list[int], direct: list[int], share: float) -> int:
    return sample[int(len(sample) * share)] - direct[int(len(direct) * share)]


def run_latencies(entrants: list, upstream: int, rates: list, folder: pathlib.Path) -> dict:
    """The added p50 and p99 by rate and peer; one that does not sustain a rate has none there."""
    results = {}
    for rate in rates:
        print(f"latency at {rate} a second", file=sys.stderr)
        direct = latencies(upstream, rate, folder)
        for peer in entrants:
            try:
                sample = latencies(peer.ports["h1"], rate, folder)
            except smoke.Failure:
                continue
            results.setdefault(rate, {})[peer.name] = [
                added(sample, direct, 0.50), added(sample, direct, 0.99)]
    return results


def row(case: smoke.Case, figures: dict) -> str:
    cells = []
    for name, values in figures.items():
        cpus = [cpu for cpu, _ in values]
        rate = statistics.median(rate for _, rate in values)
        cells.append(f"| {case.name} | {'chunk' if case.is_stream else 'request'} | {name} | "
                     f"{statistics.median(cpus):.1f} | {min(cpus):.1f}-{max(cpus):.1f} "
                     f"| {rate:,.0f} |")
    return "\n".join(cells)


def plot(results: dict) -> str:
    """Bars of the CPU by unit, a group a case, as SVG."""
    lines, top, width = [], 40, 900
    greatest = max(statistics.median(cpu for cpu, _ in values)
                   for figures in results.values() for values in figures.values())
    for case, figures in results.items():
        lines.append(f'<text x="10" y="{top}" font-weight="bold">{case}</text>')
        for name, values in figures.items():
            top += 18
            median = statistics.median(cpu for cpu, _ in values)
            colour = "#3b7dd8" if name in ("relay", "all on") else "#9aa5b1"
            length = median / greatest * (width - 260)
            lines.append(
                f'<text x="20" y="{top}">{name}</text><rect x="150" y="{top - 11}" '
                f'width="{length:.0f}" height="13" fill="{colour}"/>'
                f'<text x="{length + 156:.0f}" y="{top}">{median:.1f}</text>')
        top += 30
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top}" '
            'font-family="sans-serif" font-size="12">'
            '<rect width="100%" height="100%" fill="white"/>'
            '<text x="10" y="18">Microseconds of CPU by unit, medians</text>'
            + "\n".join(lines) + "</svg>\n")


def versions(entrants: list) -> dict:
    found = {}
    for peer in entrants:
        if command := getattr(peer, "version_command", None):
            done = subprocess.run(command, capture_output=True, text=True)
            line = (done.stdout + done.stderr).strip().splitlines()[0]
            found[peer.name] = line.removeprefix(str(command[0])).strip()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", action="append", choices=[case.name for case in smoke.CASES])
    parser.add_argument("--peer", action="append", choices=list(peers.MAKERS))
    parser.add_argument(
        "--rate", action="append", type=int, help="of the latencies; 1000 by default")
    parser.add_argument("--out", type=pathlib.Path, default=smoke.HERE / ".build/results")
    options = parser.parse_args()
    if (os.cpu_count() or 1) < 2:
        sys.exit("bench: two cores are needed, one for the peer and one for the load")
    results, entrants = {}, []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run(
            ["gcc", "-O2", "-o", folder / "upstream", smoke.HERE / "upstream.c"], check=True)
        port = smoke.free_port()
        upstream = subprocess.Popen(
            ["taskset", "-c", smoke.LOAD_CORE, folder / "upstream", str(port)])
        try:
            smoke.wait_for_port(port, upstream, "the upstream")
            for peer_name in options.peer or peers.MAKERS:
                peer = peers.MAKERS[peer_name](port, folder)
                if peer is None:
                    print(f"{peer_name} is not installed and left out", file=sys.stderr)
                else:
                    entrants.append(peer)
            about = {"machine": smoke.machine(), "versions": versions(entrants)}
            print(f"{about['machine']}; {about['versions']}\n")
            print("| case | unit | peer | CPU us | least-greatest | units a second |")
            print("|---|---|---|---|---|---|")
            for case in smoke.CASES:
                if not options.case or case.name in options.case:
                    results[case.name] = run_case(case, entrants, options.rounds, folder)
                    print(row(case, results[case.name]), flush=True)
            memory = {peer.name: anonymous_megabytes(peer) for peer in entrants}
            delays = run_latencies(entrants, port, options.rate or [1000], folder)
            print("\n| peer | MB anonymous | added latency us, p50 and p99, by rate |\n"
                  "|---|---|---|")
            for peer in entrants:
                told = ", ".join(f"{rate}: {found[peer.name][0]} {found[peer.name][1]}"
                                 for rate, found in delays.items() if peer.name in found)
                print(f"| {peer.name} | {memory[peer.name]:.1f} | {told} |")
        except smoke.Failure as failure:
            sys.exit(f"bench: {failure}")
        finally:
            for peer in entrants:
                peer.stop()
            upstream.terminate()
            upstream.wait()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "compare.json").write_text(json.dumps(
        {**about, "cpu_us_and_units_a_second": results, "anonymous_mb": memory,
         "added_latency_us": delays}, indent=2) + "\n")
    (options.out / "compare.svg").write_text(plot(results))
    print(f"\nKept in {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
