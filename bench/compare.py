"""What a request and a streamed chunk cost in CPU and memory: the gateway beside other proxies.

Question: how much CPU time of one core, and how much memory, does each peer take for one unit of
           work, and how much later does an answer, or a token, come through it than from the
           upstream itself?
Units:     microseconds of CPU, summed over the peer's threads (/proc/PID/task/*/schedstat), by
           completed request or streamed chunk; units a second of the whole run, whose load and
           upstream share the other core; megabytes of anonymous memory after all rounds; and see
           latencies.py. Not requests a second: the load shares the machine.
Set-up:    the peer pinned to core 0 with one worker, h2load and upstream on core 1. Peers take
           turns within a round; medians of the rounds with the least and the greatest. One answer
           of each peer is compared with what it should be, and every answer's length.
Peers:     peers.py and gateways.py. `relay` is the gateway with one static key and the row of each
           call, which it always writes; `all on` has a key with limits and a budget, and so a
           durable hold too, and a log line for each call; `all but X` tells what X costs.

Usage: bench/compare.py [--rounds N] [--setting NAME ...] [--case NAME ...] [--peer NAME ...]
                        [--rate N ...] [--stream-rate N ...] [--out FOLDER]
"""

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import cases
import gateways
import latencies
import peers
import plots
import processes
from cases import CASES, PLAIN, TLS, TWO_CORES, Case
from processes import Failure, Peer

MAKERS = gateways.MAKERS | peers.MAKERS
# The others have no part in these: there is nothing of theirs to take away, or one core is all.
OURS = set(gateways.MAKERS)
BASE = ("nginx", "nginx-buffered")
# Where features are taken away, one by one.
FEATURE_CASES = ("h2 unary 10x10", "h2 stream 40x10")


def measure(peer: Peer, case: Case, folder: pathlib.Path, length: int) -> list[float]:
    """Microseconds of CPU by unit, and units a second."""
    part = case.reduced(peer.load_share)
    before = peer.cpu_nanoseconds()
    seconds = cases.load(peer, part, folder, length)
    used = peer.cpu_nanoseconds() - before
    return [used / part.units / 1000, part.units / seconds]


def takes_part(peer: Peer, case: Case) -> bool:
    if peer.name.startswith("all but"):
        return case.name in FEATURE_CASES
    if case.is_grpc or case.setting == TWO_CORES:
        return peer.name in OURS
    return case.protocol in peer.ports and not (case.is_stream and peer.name == "nginx-buffered")


def run_case(case: Case, entrants: list, rounds: int, folder: pathlib.Path) -> dict:
    able = [peer for peer in entrants if takes_part(peer, case)]
    lengths = {peer.name: cases.check_answer(peer, case) for peer in able}
    for peer in able:
        warm_up = case.reduced(0.1 * peer.load_share)
        cases.load(peer, warm_up, folder, lengths[peer.name])
    figures = {peer.name: [] for peer in able}
    for number in range(rounds):
        print(f"{case.name}: round {number + 1} of {rounds}", file=sys.stderr)
        for peer in able:
            figures[peer.name].append(measure(peer, case, folder, lengths[peer.name]))
    return figures


def medians(figures: dict) -> dict:
    return {name: statistics.median(cpu for cpu, _ in values) for name, values in figures.items()}


def rows(case: Case, figures: dict) -> str:
    middle = medians(figures)
    base = min((middle[name] for name in BASE if name in middle), default=None)
    lines = []
    for name, values in figures.items():
        cpus = [cpu for cpu, _ in values]
        rate = statistics.median(rate for _, rate in values)
        ratio = f"{middle[name] / base:.2f}" if base else "-"
        lines.append(f"| {case.name} | {case.unit} | {name} | {middle[name]:.1f} | "
                     f"{min(cpus):.1f}-{max(cpus):.1f} | {ratio} | {rate:,.0f} |")
    return "\n".join(lines)


@contextlib.contextmanager
def started(names: list, setting: gateways.Setting, folder: pathlib.Path):
    """The peers that are installed and can do what the setting asks for."""
    entrants = []
    try:
        for name in names:
            if peer := MAKERS[name](setting, folder):
                entrants.append(peer)
            elif setting.name == PLAIN and "two loops" not in name:
                print(f"{name} is not installed and left out", file=sys.stderr)
        yield entrants
    finally:
        for peer in entrants:
            peer.stop()


class Run:
    """One run, and what it has found so far."""

    def __init__(self, options, folder: pathlib.Path):
        self.options, self.folder = options, folder
        self.results, self.versions, self.memory, self.latencies = {}, {}, {}, {}
        self.upstream = processes.upstream(folder)
        self.http2_upstream = None

    def setting(self, name: str) -> gateways.Setting:
        port, certificates = self.upstream.ports["h1"], None
        if name == TLS:
            certificates = self.folder / "certificates"
            subprocess.run(
                [processes.HERE.parent / "Tests/Certificates/make.sh", certificates], check=True,
                stdout=subprocess.DEVNULL)
        if name == cases.HTTP2_UPSTREAM:
            self.http2_upstream = peers.http2_upstream(port, self.folder)
            if self.http2_upstream is None:
                raise Failure("the upstream that speaks HTTP/2 is nginx, which is not installed")
            port = self.http2_upstream.ports["h2"]
        return gateways.Setting(name, port, certificates)

    def run_cases(self, name: str, chosen: list[Case]):
        """The cases of a setting. What is found is kept after each, since all take an hour."""
        folder = self.folder / name.replace("/", "").replace(" ", "-")
        folder.mkdir()
        with started(self.options.peer or MAKERS, self.setting(name), folder) as entrants:
            self.versions |= {peer.name: peer.version() for peer in entrants}
            for case in chosen:
                self.results[case.name] = run_case(case, entrants, self.options.rounds, folder)
                print(rows(case, self.results[case.name]), flush=True)
                if name == PLAIN:
                    self.memory = {peer.name: peer.anonymous_megabytes() for peer in entrants}
                self.keep()

    def run_latencies(self, kinds: list):
        folder = self.folder / "latencies"
        folder.mkdir()
        names = [name for name in self.options.peer or MAKERS if not name.startswith("all but")]
        with started(names, self.setting(PLAIN), folder) as entrants:
            self.versions |= {peer.name: peer.version() for peer in entrants}
            self.latencies = latencies.measure(
                kinds, entrants, self.upstream.ports["h1"], self.options.rounds, folder)
        self.keep()

    def stop(self):
        for peer in (self.upstream, self.http2_upstream):
            if peer:
                peer.stop()

    def keep(self):
        folder = self.options.out
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "compare.json").write_text(json.dumps({
            "machine": processes.machine(), "rounds": self.options.rounds,
            "versions": self.versions, "cpu_us_and_units_a_second": self.results,
            "anonymous_mb": self.memory, "latency_us": self.latencies}, indent=1) + "\n")
        (folder / "cpu.svg").write_text(plots.bars(
            "Microseconds of CPU by unit, medians",
            {name: medians(figures) for name, figures in self.results.items()}, OURS))
        added = {f"{kind}, {figure}": {name: found[figure] for name, found in by_peer.items()
                                       if name != latencies.DIRECT}
                 for kind, by_peer in self.latencies.items() if len(by_peer) > 1
                 for figure in by_peer[latencies.DIRECT]}
        (folder / "latency.svg").write_text(
            plots.bars("Microseconds added by the peer, medians", added, OURS))


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--setting", action="append", choices=cases.SETTINGS)
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--peer", action="append", choices=list(MAKERS))
    parser.add_argument(
        "--rate", action="append", type=int, help="requests a second, of the latencies; 0 for none")
    parser.add_argument(
        "--stream-rate", action="append", type=int, help="streams begun a second; 0 for none")
    parser.add_argument("--out", type=pathlib.Path, default=processes.HERE / ".build/results")
    return parser.parse_args()


def main():
    options = parsed()
    if (os.cpu_count() or 1) < 2:
        sys.exit("bench: two cores are needed, one for the peer and one for the load")
    kinds = [latencies.Kind(f"{rate} a second", rate, False)
             for rate in options.rate or [1000, 5000, 10000] if rate]
    kinds += [latencies.Kind(f"{rate} streams a second", rate, True)
              for rate in options.stream_rate or [20, 100] if rate]
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        run = Run(options, pathlib.Path(name))
        stack.callback(run.stop)
        print(f"CPU microseconds by unit, {options.rounds} rounds. {processes.machine()}\n")
        print("| case | unit | peer | CPU us | least-greatest | x nginx | units a second |")
        print("|---|---|---|---|---|---|---|")
        try:
            for setting in options.setting or cases.SETTINGS:
                chosen = [case for case in CASES if case.setting == setting
                          and (not options.case or case.name in options.case)]
                if chosen:
                    run.run_cases(setting, chosen)
            if kinds:
                run.run_latencies(kinds)
        except Failure as failure:
            sys.exit(f"bench: {failure}")
        if run.memory:
            print("\n| peer | MB anonymous |\n|---|---|")
        for peer, megabytes in run.memory.items():
            print(f"| {peer} | {megabytes:.1f} |")
        if run.latencies:
            print("\n" + latencies.table(run.latencies))
        print(f"\nVersions: {run.versions}")
        print(f"\nKept in {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
