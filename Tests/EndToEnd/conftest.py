"""Starts the real binary, and the upstreams behind it, on ports of their own."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from faulty_upstream import FaultyUpstream

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("LLM_GATEWAY_BIN", str(ROOT / ".build/debug/llm-gateway"))
MASTER_KEY = "sk-master-0123456789abcdef"
LIMITED_KEY = "sk-limited-0123456789abcdef"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=60.0, what="condition"):
    """Polls until a condition holds; fails with its name when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not hold within {seconds} s")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class Gateway:
    """One process of the gateway."""

    def __init__(self, folder: pathlib.Path, config: str, port: int = 0):
        self.port = port or free_port()
        self.folder = folder
        path = folder / "config.yaml"
        path.write_text(config)
        self.errors = open(folder / "stderr.log", "wb")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--config", str(path), "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=self.errors, cwd=folder)
        wait_until(lambda: self.process.poll() is not None or answers(
            self.url + "/health/liveliness"), what="the gateway's start")
        assert self.process.poll() is None, self.log()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return (self.folder / "stderr.log").read_text()

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_bytes(self) -> int:
        for line in open(f"/proc/{self.process.pid}/smaps_rollup"):
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no figure of memory")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=40)
        finally:
            self.errors.close()


# Of the upstream that says nothing: longer than a stream's first token may take.
STALL = ", timeout: 2.5"


def model(name: str, target: str, base: str = "", extra: str = "") -> str:
    base = f", api_base: '{base}'" if base else ""
    return (
        f"  - model_name: {name}\n"
        f"    litellm_params: {{model: '{target}'{base}, api_key: sk-upstream{extra}}}\n")


def config_of(models: str) -> str:
    return f"""
model_list:
{models}
general_settings:
  master_key: {MASTER_KEY}
router_settings: {{num_retries: 0}}
gateway_settings:
  loops: 1
  cors: {{allow_origins: ['https://app.example']}}
  keys:
    - {{key: {LIMITED_KEY}, alias: limited, models: [demo]}}
  limits: {{body_bytes_max: 1MiB, message_bytes_max: 1MiB}}
  timeouts: {{first_token: 2s, between_tokens: 2s, drain: 10s}}
"""


@pytest.fixture(scope="session")
def faulty():
    upstream = FaultyUpstream()
    yield upstream
    upstream.stop()


@contextlib.contextmanager
def llmock_server(folder, *options):
    """llmock with some options, until the block ends; the base URL of its OpenAI dialect."""
    port = free_port()
    tool = pathlib.Path(sys.executable).with_name("llmock")
    if not tool.exists():
        if os.environ.get("CI"):
            pytest.fail("llmock is not installed")
        pytest.skip("llmock is not installed")
    log = open(folder / "log", "wb")
    process = subprocess.Popen(
        [str(tool), "serve", "-h", "127.0.0.1", "-p", str(port), *options], stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/v1/models"), seconds=90, what="llmock's start")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(timeout=10)
        log.close()


@pytest.fixture(scope="session")
def llmock(tmp_path_factory):
    with llmock_server(tmp_path_factory.mktemp("llmock")) as base:
        yield base


@pytest.fixture
def patient_gateway(tmp_path):
    """One that no load on this machine can make late: its upstream is in its own process, and so its
    bounds of time would measure its own waiting."""
    paced = model("paced", "scripted/demo?chunks=100&first_ms=0&interval_ms=10")
    config = config_of(paced).replace("first_token: 2s, between_tokens: 2s, ", "")
    gateway = Gateway(tmp_path, config)
    yield gateway
    assert gateway.stop() == 0, gateway.log()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory, faulty, llmock):
    base = f"http://127.0.0.1:{faulty.port}"
    # Bound, so that nobody else gets the port, and not listened on: it refuses.
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    models = (
        model("demo", "scripted/demo?first_ms=5&interval_ms=1")
        + model("burst", "scripted/demo?chunks=100&first_ms=0&interval_ms=0")
        + model("paced", "scripted/demo?chunks=100&first_ms=0&interval_ms=10")
        + model("slow", "scripted/demo?first_ms=30000")
        + model("endless-paced", "scripted/demo?chunks=100000&first_ms=0&interval_ms=10")
        + model("gpt-4o", "openai/gpt-4o", llmock)
        + model("refusing", "openai/m", f"http://127.0.0.1:{taken.getsockname()[1]}/v1"))
    for fault in faulty.faults:
        extra = STALL if fault == "stall" else ""
        models += model(fault, f"openai/{fault}", f"{base}/{fault}/v1", extra)
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), config_of(models))
    yield gateway
    taken.close()
    assert gateway.stop() == 0, gateway.log()


@dataclasses.dataclass
class CurlAnswer:
    """The last answer that curl showed: of HTTP/1.1, a "100 Continue" may stand before it."""

    version: str
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    def streamed_text(self) -> str:
        """The text of a whole stream of OpenAI's events."""
        events = self.body.decode().split("\n\n")
        assert events[-2:] == ["data: [DONE]", ""], events[-3:]
        chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
        return "".join(
            choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


@pytest.fixture(scope="session")
def curl():
    """Asks a gateway by the command-line tool; a body of bytes is sent as it is."""
    def ask(gateway, version, path, body=None, *options, key=MASTER_KEY, from_pipe=False):
        command = ["curl", "--silent", "--show-error", "--include", "--no-buffer", version, *options]
        if key is not None:
            command += ["-H", f"authorization: Bearer {key}"]
        if body is not None:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            command += ["-X", "POST", "-H", "content-type: application/json"]
            command += ["-T", "-"] if from_pipe else ["--data-binary", "@-"]
        done = subprocess.run(
            [*command, gateway.url + path], input=body, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        while head.startswith((b"HTTP/1.1 100", b"HTTP/2 100")):
            head, _, rest = rest.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        version, status = first.removeprefix("HTTP/").split(" ")[:2]
        fields = dict(line.split(": ", 1) for line in lines if line)
        return CurlAnswer(version, int(status), fields, rest)

    return ask
