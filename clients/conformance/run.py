"""Runs a client's tests against the gateway's own binary, and counts the cells of the list.

    clients/conformance/run.py LANGUAGE COMMAND...

starts the gateway (LLM_GATEWAY_BIN), the models behind it, a second one that speaks TLS, and a
stand-in for a gateway of a later version; tells the command of them in its environment (README.md
here); and ends them. Each test writes the name of the cell that it has shown to LLM_GATEWAY_CELLS.
Fails if the command fails, if a cell of README.md is missing (of the language `browser` none is
wanted), or if a gateway did not end well.
"""

import http.server
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import newer
import upstream

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BINARY = os.environ.get("LLM_GATEWAY_BIN", str(ROOT / ".build/debug/llm-gateway"))
KEY = "sk-client-0123456789abcdef"
DEMO_KEY = "sk-demo-only-0123456789abcdef"
BUDGET_KEY = "sk-budget-0123456789abcdef"
PRICE = "input_cost_per_token: 0.000001, output_cost_per_token: 0.000002"
CONFIG = f"""
model_list:
  - {{model_name: demo, litellm_params: {{model: scripted/demo?first_ms=0&interval_ms=1, {PRICE}}}}}
  - {{model_name: slow, litellm_params: {{model: scripted/demo?first_ms=30000}}}}
  - {{model_name: paced, litellm_params: {{model: scripted/demo?chunks=400&interval_ms=5}}}}
@UPSTREAM@
general_settings: {{master_key: {KEY}}}
router_settings: {{num_retries: 0}}
gateway_settings:
  loops: 1
  cors: {{allow_origins: ['@ORIGIN@']}}
  keys:
    - {{key: {DEMO_KEY}, alias: demo-only, models: [demo]}}
    - {{key: {BUDGET_KEY}, alias: penniless, max_budget: 0.0000001, budget_duration: daily}}
"""
SECONDS = 60


def scripted(name: str) -> str:
    return f"  - {{model_name: {name}, litellm_params: {{model: scripted/demo?first_ms=0}}}}\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gateway:
    """A port, and the processes that serve it one after the other."""

    def __init__(self, folder: pathlib.Path, config: str):
        self.folder, self.config, self.port = folder, config, free_port()
        self.processes: list[subprocess.Popen] = []
        (folder / "data").mkdir(parents=True)
        # Where the quick start leaves the key, for the examples of the READMEs.
        (folder / "data" / "master-key").write_text(KEY + "\n")
        self.start()

    def start(self, *flags: str) -> None:
        (self.folder / "config.yaml").write_text(self.config)
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen(
                [BINARY, "serve", "--config", "config.yaml", "--port", str(self.port), *flags],
                stdout=subprocess.PIPE, stderr=log, cwd=self.folder)
        self.processes.append(process)
        assert b"listens on" in process.stdout.readline(), (self.folder / "log").read_text()

    def restart(self) -> str:
        """Has a successor take over, and returns the name of a model that only this one has."""
        name = f"restarted-{len(self.processes)}"
        self.config = self.config.replace("general_settings", scripted(name) + "general_settings")
        self.start("--takeover")
        return name

    def stop(self) -> list[str]:
        """What went wrong."""
        self.processes[-1].terminate()
        statuses = [process.wait(timeout=SECONDS) for process in self.processes]
        return [f"a gateway ended with {status}" for status in statuses if status]


class Control(http.server.BaseHTTPRequestHandler):
    """What tests ask of their surroundings; `curl --fail` in a shell is enough for each."""

    gateway: Gateway
    upstream: "upstream.Upstream"

    def do_GET(self):
        if self.path == "/restart":
            self.reply(200, self.gateway.restart())
        elif self.path == "/idle":
            end = time.monotonic() + 10
            while self.upstream.running and time.monotonic() < end:
                time.sleep(0.01)
            self.reply(500 if self.upstream.running else 200, str(self.upstream.running))
        else:
            self.reply(404, self.path)

    def reply(self, status: int, text: str):
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def serve(handler) -> int:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def cells() -> list[str]:
    """The names in the first column of the list."""
    return re.findall(r"^\| `([a-z-]+)` \|", (HERE / "README.md").read_text(), re.MULTILINE)


def missing(language: str, covered: set[str]) -> list[str]:
    """Tells which cells were shown; the failure if not all were."""
    print(f"{language}: " + ", ".join(
        f"{cell} {'shown' if cell in covered else 'MISSING'}" for cell in cells()))
    return ["cells are missing"] if set(cells()) - covered else []


def run(language: str, command: list[str], folder: pathlib.Path) -> list[str]:
    """Runs the command with all there is to talk to; returns what went wrong."""
    subprocess.run(
        [ROOT / "Tests/Certificates/make.sh", folder / "tls"], check=True, timeout=SECONDS)
    models = upstream.Upstream()
    # A browser's page is served from an address of its own, which the gateway lets in.
    origin = f"http://127.0.0.1:{free_port()}"
    config = CONFIG.replace("@UPSTREAM@", models.deployments()).replace("@ORIGIN@", origin)
    gateway = Gateway(folder / "gateway", config)
    tls = Gateway(folder / "secure", config + f"""  tls:
    cert_file: {folder}/tls/server.pem
    key_file: {folder}/tls/server.key
""")
    later = newer.Newer()
    Control.gateway, Control.upstream = gateway, models
    shown = folder / "cells"
    shown.touch()
    done = subprocess.run(command, env=os.environ | {
        "LLM_GATEWAY_ADDRESS": f"127.0.0.1:{gateway.port}",
        "LLM_GATEWAY_TLS_ADDRESS": f"localhost:{tls.port}",
        "LLM_GATEWAY_TLS_CA": str(folder / "tls/ca.pem"),
        "LLM_GATEWAY_NEWER_ADDRESS": f"127.0.0.1:{later.grpc_port}",
        "LLM_GATEWAY_NEWER_URL": f"http://127.0.0.1:{later.connect_port}",
        "LLM_GATEWAY_KEY": KEY,
        "LLM_GATEWAY_DEMO_KEY": DEMO_KEY,
        "LLM_GATEWAY_BUDGET_KEY": BUDGET_KEY,
        "LLM_GATEWAY_CONTROL": f"http://127.0.0.1:{serve(Control)}",
        "LLM_GATEWAY_ORIGIN": origin,
        "LLM_GATEWAY_FOLDER": str(folder / "gateway"),
        "LLM_GATEWAY_CELLS": str(shown),
    })
    failures = gateway.stop() + tls.stop()
    later.stop()
    if done.returncode:
        failures.append(f"the tests ended with {done.returncode}")
    if language != "browser":
        failures += missing(language, set(shown.read_text().split()))
    if failures:
        print((folder / "gateway" / "log").read_text()[-4000:], file=sys.stderr)
    return failures


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="llm-gateway-") as folder:
        failures = run(sys.argv[1], sys.argv[2:], pathlib.Path(folder))
    for failure in failures:
        print(f"{sys.argv[1]}: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
