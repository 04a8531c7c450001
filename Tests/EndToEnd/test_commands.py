"""The commands of the binary, as a newcomer meets them: quick start, check, version, refusals."""

import json
import os
import pathlib
import re
import socket
import stat
import subprocess
import sys

import httpx
import pytest

from conftest import BINARY, MASTER_KEY, ROOT, answers, free_port, wait_until

TOOLS = str(pathlib.Path(sys.executable).parent)
CONFIG = f"""
model_list:
  - model_name: demo
    litellm_params: {{model: scripted/demo}}
  - model_name: later
    litellm_params: {{model: openai/gpt-4o, api_key: os.environ/NOT_SET_ANYWHERE}}
general_settings: {{master_key: {MASTER_KEY}}}
"""


def run(*arguments, folder, seconds=20):
    return subprocess.run(
        [BINARY, *arguments], cwd=folder, capture_output=True, text=True, timeout=seconds)


class QuickStart:
    """`serve` without a configuration, in a folder of its own; ends with the test."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.port = free_port()
        self.output = open(folder / "stdout", "w+")
        environment = {
            name: value for name, value in os.environ.items()
            if name not in ("OPENAI_API_KEY", "LITELLM_MASTER_KEY")}
        self.process = subprocess.Popen(
            [BINARY, "serve", "--port", str(self.port)], cwd=folder, env=environment,
            stdout=self.output, stderr=subprocess.DEVNULL)

    def __enter__(self):
        wait_until(lambda: answers(f"http://127.0.0.1:{self.port}/health/readiness"))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0
        self.output.close()

    def printed(self) -> str:
        """What it printed, with the last line of its invitation: the port answers before."""
        text = (self.folder / "stdout").read_text
        wait_until(lambda: text().endswith("/StreamChatCompletion\n"))
        return text()

    def shell(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, capture_output=True, text=True, timeout=60,
            env={**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}"})
        assert done.returncode == 0, done.stderr
        return done.stdout


def streamed_text(answer: str) -> str:
    events = [line.removeprefix("data: ") for line in answer.splitlines() if line]
    assert events.pop() == "[DONE]"
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def grpc_text(answer: str) -> str:
    events, rest = [], answer.strip()
    while rest:
        event, end = json.JSONDecoder().raw_decode(rest)
        events.append(event)
        rest = rest[end:].lstrip()
    assert "started" in events[0] and "finished" in events[-1]
    return "".join(event.get("delta", {}).get("text", "") for event in events)


def test_the_lines_that_the_quick_start_prints_answer(tmp_path):
    with QuickStart(tmp_path) as gateway:
        printed = gateway.printed()
        curl, grpcurl = re.split(r"\n  (?=grpcurl )", printed.split("Try it:\n")[1])
        text = streamed_text(gateway.shell(curl))
        assert text.startswith("Hello! I am the demo model")
        assert grpc_text(gateway.shell(grpcurl)) == text


def test_the_commands_of_the_readme_answer(tmp_path):
    readme = (ROOT / "README.md").read_text().split("\n## ")
    [quick_start] = [section for section in readme if section.startswith("Quick start")]
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", quick_start, re.MULTILINE)
    code = [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in blocks]
    with QuickStart(tmp_path) as gateway:
        def of(start):
            [block] = [each for each in code if each.startswith(start)]
            # What it prints stands below it.
            return block.split("\n\n")[0].replace("127.0.0.1:4000", f"127.0.0.1:{gateway.port}")

        text = streamed_text(gateway.shell(of("curl -N")))
        assert grpc_text(gateway.shell(of("grpcurl"))) == text
        whole = json.loads(gateway.shell(of("curl http")))["completion"]
        assert whole["choices"][0]["message"]["parts"][0]["text"] == text
        for start, printed in [
                ("from openai", "['demo']"),
                ("import llmgateway", "Hello! |I |am |the |demo |model |of |this |gateway.")]:
            done = subprocess.run(
                [sys.executable, "-c", of(start)], cwd=tmp_path, capture_output=True, text=True,
                timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT / "clients/python")})
            assert (done.stdout.strip(), done.stderr) == (printed, "")
            assert f"\n    {printed}\n" in quick_start


def test_the_master_key_is_kept_and_is_for_its_owner_alone(tmp_path):
    keys = []
    for _ in range(2):
        with QuickStart(tmp_path):
            path = tmp_path / "data/master-key"
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            keys.append(path.read_text())
            assert keys[-1].strip() not in (tmp_path / "stdout").read_text()
    assert keys[0] == keys[1]


def test_check_tells_and_its_status_says_whether_the_gateway_starts(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    done = run("check", "--config", str(path), folder=tmp_path)
    assert done.returncode == 0
    assert "NOT_SET_ANYWHERE" in done.stdout and "the gateway starts with it" in done.stdout
    assert MASTER_KEY not in done.stdout
    path.write_text(CONFIG + "litellm_settings: {set_verbose: true}\n")
    assert run("check", "--config", str(path), folder=tmp_path).returncode == 0
    assert run("check", "--config", str(path), "--strict", folder=tmp_path).returncode == 1
    path.write_text(CONFIG + "gateway_settings: {no_such_key: 1}\n")
    done = run("check", "--config", str(path), folder=tmp_path)
    assert done.returncode == 1 and "no_such_key" in done.stdout
    assert run("serve", "--config", str(path), folder=tmp_path).returncode == 1


def test_refusals_to_start_say_why(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("model_list: [\n")
    done = run("serve", "--config", str(path), folder=tmp_path)
    assert done.returncode == 1 and "config.yaml" in done.stderr
    done = run("serve", "--config", "nothing.yaml", folder=tmp_path)
    assert done.returncode != 0 and "nothing.yaml" in done.stderr
    path.write_text(CONFIG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--config", str(path), "--port", str(port), folder=tmp_path)
        assert done.returncode == 2 and str(port) in done.stderr


def test_readiness_is_for_everybody_and_says_healthy(tmp_path):
    with QuickStart(tmp_path) as gateway, httpx.Client(
            base_url=f"http://127.0.0.1:{gateway.port}") as http:
        assert http.get("/health/readiness").json()["status"] == "healthy"
        for path in ("/health/liveliness", "/health/liveness"):
            assert http.get(path).json() == "I'm alive!"


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_version(tmp_path, arguments):
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 0 and re.search(r"\d+\.\d+\.\d+", done.stdout)


@pytest.mark.parametrize("command", [[], ["serve"], ["check"], ["version"]])
def test_help_has_an_example(tmp_path, command):
    done = run(*command, "--help", folder=tmp_path)
    assert done.returncode == 0 and "Example: llm-gateway" in done.stdout
