"""What TLS costs in CPU: the gateway beside nginx.

Question: how many handshakes, and how many megabytes, does a CPU-second of a peer carry?
Unit:     CPU time of the peer (all threads, /proc/PID/task/*/schedstat), by completed handshake and
          by megabyte of answers. Not connections per second: the load shares the machine.
Set-up:   as compare.py: the peer pinned to core 0 with one worker, load (openssl s_time, h2load)
          and upstream on core 1, peers taking turns, medians of the rounds with the least and greatest.
          An ECDSA certificate of P-256, the same versions, ciphers and groups. Both pass answers of
          1 MiB on from an upstream in the clear; the same load in the clear shows how much of it
          is TLS. Then each sends bodies of 16 MiB of its own: nginx a file, bulk-server bytes from
          memory, by the gateway's own event loop, HTTP and TLS.

Usage: bench/tls.py [--rounds N]      needs nginx, h2load, openssl, gcc and taskset
          BULK_SERVER_BIN names bulk-server; without it that part is left out
"""

import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import cases
import processes
from processes import Failure, Peer

ANSWER_BYTES = 1024 * 1024
HANDSHAKE_SECONDS = 5
# Side by side, so that the peer has work while a client waits for its turn.
HANDSHAKE_CLIENTS = 8
HANDSHAKES_MIN = 50
HANDSHAKES = {
    "TLS 1.3, full": ["-new", "-tls1_3"],
    "TLS 1.2, full": ["-new", "-tls1_2"],
    "TLS 1.2, resumed": ["-reuse", "-tls1_2"],
}
BULK_SERVER = os.environ.get("BULK_SERVER_BIN")
SENT_BYTES = 16 * 1024 * 1024
SENT_REQUESTS = 60
BULK_REQUESTS = 300
BULK = {"h1": ["--h1"], "h2": []}


def nginx(folder: pathlib.Path, certificates: pathlib.Path, upstream: int, buffering: str):
    ports = {"clear": processes.free_port(), "tls": processes.free_port()}
    text = (processes.HERE / "nginx-tls.conf").read_text()
    for word, value in {
            "FOLDER": str(folder), "CERTIFICATE": str(certificates / "server.pem"),
            "KEY": str(certificates / "server.key"), "UPSTREAM": str(upstream),
            "PORT": str(ports["clear"]), "PORT_TLS": str(ports["tls"]),
            "BUFFERING": buffering}.items():
        text = text.replace(f"@{word}@", value)
    path = folder / "nginx-tls.conf"
    path.write_text(text)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return Peer("nginx", [program, "-c", str(path)], ports, folder)


def gateway(name: str, folder: pathlib.Path, tls: str, upstream: int):
    """The gateway's port is for TLS or not; so there are two of it, each measured alone."""
    port = processes.free_port()
    path = folder / f"{name}.yaml"
    path.write_text(f"""
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: 'http://127.0.0.1:{upstream}/v1', api_key: sk-x}}
general_settings: {{master_key: {cases.KEY}}}
gateway_settings:
  loops: 1
  log: {{sample: 0}}
{tls}""")
    command = [
        processes.BINARY, "serve", "--config", str(path), "--host", "127.0.0.1", "--port",
        str(port), "--data-dir", str(folder / f"{name}-data")]
    return Peer(name, command, {"tls" if tls else "clear": port}, folder)


def handshakes(peer, arguments: list) -> float:
    """Handshakes by CPU-second."""
    command = [
        "taskset", "-c", processes.LOAD_CORE, "openssl", "s_time", "-connect",
        f"127.0.0.1:{peer.ports['tls']}", "-time", str(HANDSHAKE_SECONDS), *arguments]
    before = peer.cpu_nanoseconds()
    clients = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(HANDSHAKE_CLIENTS)]
    outputs = [client.communicate(timeout=cases.LOAD_SECONDS_MAX)[0] for client in clients]
    spent = (peer.cpu_nanoseconds() - before) / 1e9
    # With -reuse, the first figure is of the full handshakes before.
    counts = [re.findall(r"(\d+) connections in [\d.]+ real seconds", text) for text in outputs]
    count = sum(int(found[-1]) for found in counts if found)
    if count < HANDSHAKES_MIN:
        raise Failure(f"{peer.name}: {count} handshakes only:\n{outputs[0]}")
    return count / spent


def bulk(peer, security: str, arguments: list, folder: pathlib.Path) -> float:
    """CPU milliseconds by megabyte of answers."""
    data = folder / "request.json"
    data.write_bytes(cases.json_body(False))
    scheme = "https" if security == "tls" else "http"
    before = peer.cpu_nanoseconds()
    done = subprocess.run(
        ["taskset", "-c", processes.LOAD_CORE, "h2load", "-n", str(BULK_REQUESTS), "-c", "4",
         *arguments, "-w", "24", "-W", "24", "-d", str(data), "-H",
         f"authorization: Bearer {cases.KEY}", "-H", "content-type: application/json",
         f"{scheme}://127.0.0.1:{peer.ports[security]}/v1/chat/completions"],
        capture_output=True, text=True, timeout=cases.LOAD_SECONDS_MAX)
    statuses = re.search(r"status codes: (\d+) 2xx", done.stdout)
    received = re.search(r"\((\d+)\) data", done.stdout)
    if not statuses or not received or int(statuses[1]) != BULK_REQUESTS:
        raise Failure(f"{peer.name}: not every request was answered:\n{done.stdout}")
    if int(received[1]) < BULK_REQUESTS * ANSWER_BYTES * 0.99:
        raise Failure(f"{peer.name}: answers are too short: {received[1]} bytes")
    spent = peer.cpu_nanoseconds() - before
    return spent / 1e6 / (BULK_REQUESTS * ANSWER_BYTES / 1e6)


def bulk_server(folder: pathlib.Path, certificates: pathlib.Path):
    port = processes.free_port()
    command = [
        BULK_SERVER, str(port), str(certificates / "server.pem"), str(certificates / "server.key"),
        str(SENT_BYTES)]
    return Peer("bulk-server", command, {"tls": port}, folder)


def sent(peer, arguments: list) -> float:
    """Megabytes sent by CPU-second."""
    before = peer.cpu_nanoseconds()
    done = subprocess.run(
        ["taskset", "-c", processes.LOAD_CORE, "h2load", "-n", str(SENT_REQUESTS), "-c", "4",
         *arguments, "-w", "24", "-W", "24", f"https://127.0.0.1:{peer.ports['tls']}/bulk"],
        capture_output=True, text=True, timeout=cases.LOAD_SECONDS_MAX)
    spent = (peer.cpu_nanoseconds() - before) / 1e9
    statuses = re.search(r"status codes: (\d+) 2xx", done.stdout)
    received = re.search(r"\((\d+)\) data", done.stdout)
    if not statuses or not received or int(statuses[1]) != SENT_REQUESTS:
        raise Failure(f"{peer.name}: not every request was answered:\n{done.stdout}")
    if int(received[1]) < SENT_REQUESTS * SENT_BYTES * 0.99:
        raise Failure(f"{peer.name}: bodies are too short: {received[1]} bytes")
    return SENT_REQUESTS * SENT_BYTES / 1e6 / spent


def compare_sending(peers: dict, rounds: int):
    print("\n| MB by CPU-second, bodies of 16 MiB sent by TLS | bulk-server | nginx | ratio |")
    print("|---|---|---|---|", flush=True)
    for protocol, arguments in BULK.items():
        found = {"bulk-server": [], "nginx": []}
        for _ in range(rounds):
            for peer in found:
                found[peer].append(sent(peers[peer], arguments))
        ratios = [a / b for a, b in zip(found["bulk-server"], found["nginx"])]
        print(f"| {protocol} | {figures(found['bulk-server'], 0)} | "
              f"{figures(found['nginx'], 0)} | {figures(ratios, 2)} |", flush=True)


def figures(values: list, digits: int) -> str:
    return (f"{statistics.median(values):.{digits}f} "
            f"({min(values):.{digits}f}-{max(values):.{digits}f})")


def compare_handshakes(peers: dict, rounds: int):
    print("| handshakes by CPU-second | gateway | nginx | ratio (least-greatest) |")
    print("|---|---|---|---|", flush=True)
    for name, arguments in HANDSHAKES.items():
        found = {"gateway": [], "nginx": []}
        for _ in range(rounds):
            for peer in found:
                found[peer].append(handshakes(peers[peer], arguments))
        ratios = [a / b for a, b in zip(found["gateway"], found["nginx"])]
        print(f"| {name} | {figures(found['gateway'], 0)} | {figures(found['nginx'], 0)} | "
              f"{figures(ratios, 2)} |", flush=True)


def compare_bulk(peers: dict, rounds: int, folder: pathlib.Path):
    print("\n| MB by CPU-second, answers of 1 MiB passed on | gateway | nginx | ratio |")
    print("|---|---|---|---|", flush=True)
    for protocol, arguments in BULK.items():
        spent = {(peer, security): [] for peer in ["gateway", "nginx"]
                 for security in ["tls", "clear"]}
        # In the clear, nginx speaks HTTP/1.1 alone on this port.
        pairs = [pair for pair in spent if protocol == "h1" or pair[1] == "tls"]
        for _ in range(rounds):
            for peer, security in pairs:
                process = peers["gateway-clear" if (peer, security) == ("gateway", "clear") else peer]
                spent[peer, security].append(bulk(process, security, arguments, folder))
        for security in ["tls", "clear"] if protocol == "h1" else ["tls"]:
            ours, theirs = spent["gateway", security], spent["nginx", security]
            ratios = [b / a for a, b in zip(ours, theirs)]
            print(f"| {protocol}, {security} | {figures([1e3 / v for v in ours], 0)} | "
                  f"{figures([1e3 / v for v in theirs], 0)} | {figures(ratios, 2)} |", flush=True)
        if protocol == "h1":
            added = {peer: [tls - clear for tls, clear in
                            zip(spent[peer, "tls"], spent[peer, "clear"])]
                     for peer in ["gateway", "nginx"]}
            print(f"| h1, what TLS adds (ms by MB) | {figures(added['gateway'], 2)} | "
                  f"{figures(added['nginx'], 2)} | |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        certificates = folder / "certificates"
        subprocess.run(
            [processes.HERE.parent / "Tests/Certificates/make.sh", certificates], check=True)
        upstream = processes.upstream(folder, str(ANSWER_BYTES))
        port = upstream.ports["h1"]
        peers = {}
        try:
            tls = (f"  tls: {{cert_file: {certificates / 'server.pem'}, "
                   f"key_file: {certificates / 'server.key'}}}\n")
            peers["gateway"] = gateway("gateway", folder, tls, port)
            peers["gateway-clear"] = gateway("gateway-clear", folder, "", port)
            peers["nginx"] = nginx(folder, certificates, port, "on")
            if BULK_SERVER:
                (folder / "bulk").write_bytes(b"a" * SENT_BYTES)
                peers["bulk-server"] = bulk_server(folder, certificates)
            print(f"Median (least-greatest) of {options.rounds} rounds. {processes.machine()}\n")
            compare_handshakes(peers, options.rounds)
            compare_bulk(peers, options.rounds, folder)
            if BULK_SERVER:
                compare_sending(peers, options.rounds)
        except Failure as failure:
            sys.exit(f"bench: {failure}")
        finally:
            for peer in peers.values():
                peer.stop()
            upstream.stop()


if __name__ == "__main__":
    main()
