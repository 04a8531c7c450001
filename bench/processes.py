"""What the benchmarks start: a peer on one core, the upstream and the load on the other."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.path.abspath(
    os.environ.get("LLM_GATEWAY_BIN", HERE.parent / ".build/release/llm-gateway"))
PEER_CORE, LOAD_CORE = "0", "1"


class Failure(Exception):
    """A peer that did not start or did not answer rightly: its figures would mean nothing."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port: int, process: subprocess.Popen, name: str, seconds: float = 20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Failure(f"{name} did not start")


class Peer:
    """A proxy under test: a process, and a port for each protocol.

    `load_share` is how many of a case's requests it gets, for one that is slow."""

    def __init__(
            self, name: str, command: list, ports: dict, folder: pathlib.Path, *,
            cores: str = PEER_CORE, start_seconds: float = 20, load_share: float = 1,
            version: list | None = None, environment: dict | None = None):
        self.name = name
        self.ports = ports
        self.load_share = load_share
        self.version_command = version
        self.log = open(folder / f"{name}.log", "wb")
        self.process = subprocess.Popen(
            ["taskset", "-c", cores, *command], stdout=self.log, stderr=self.log, cwd=folder,
            env={**os.environ, **(environment or {})})
        try:
            for port in set(ports.values()):
                wait_for_port(port, self.process, name, start_seconds)
        except Failure as failure:
            self.stop()
            log = pathlib.Path(self.log.name).read_text(errors="replace")[-2000:]
            raise Failure(f"{failure}: {log}") from None
        except BaseException:
            self.stop()
            raise

    def cpu_nanoseconds(self) -> int:
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())

    def anonymous_megabytes(self) -> float:
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"Anonymous:\s+(\d+)", text)[1]) * 1024 / 1e6

    def version(self) -> str | None:
        if not self.version_command:
            return None
        done = subprocess.run(self.version_command, capture_output=True, text=True)
        line = (done.stdout + done.stderr).strip().splitlines()[0]
        return line.removeprefix(str(self.version_command[0])).strip()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def compiled(source: str, folder: pathlib.Path) -> pathlib.Path:
    """A program of one C file here."""
    program = folder / source.removesuffix(".c")
    subprocess.run(["gcc", "-O2", "-o", program, HERE / source], check=True)
    return program


def upstream(folder: pathlib.Path, *arguments: str, cores: str = LOAD_CORE) -> Peer:
    """upstream.c, over HTTP/1.1."""
    port = free_port()
    return Peer("upstream", [compiled("upstream.c", folder), str(port), *arguments],
                {"h1": port}, folder, cores=cores)


def machine() -> str:
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    done = subprocess.run(["h2load", "--version"], capture_output=True, text=True)
    return (f"{model[1] if model else 'unknown CPU'}, {os.cpu_count()} cores, "
            f"Linux {os.uname().release}; {done.stdout.strip()}")


def installed(name: str) -> str | None:
    """The path of a program of Debian's."""
    return shutil.which(name, path="/usr/sbin:/usr/bin")
