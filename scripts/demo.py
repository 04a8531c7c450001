"""Streams a completion of a real model through the gateway twice: over gRPC, and by the OpenAI SDK.

Starts a small model's server and the gateway in front of it, on ports of their own, and ends both.

Usage: scripts/demo.py [PROMPT]      LLM_GATEWAY_BIN names the gateway's binary
"""

import contextlib
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time

import openai

import real_model

sys.path.insert(0, str(real_model.ROOT / "clients/python"))
import llmgateway  # noqa: E402  (found by the line above)

BINARY = os.environ.get("LLM_GATEWAY_BIN", str(real_model.ROOT / ".build/release/llm-gateway"))
# The model is small and only continues texts.
PROMPT = "Once upon a time, in a small village by the sea,"
MODEL = "gemma3-270m"
TOKENS_MAX = 48


@contextlib.contextmanager
def step(text: str):
    """Tells that something begins, and how long it took."""
    print(f"{text} ", end="", flush=True)
    began = time.monotonic()
    yield
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def dot():
    print(".", end="", flush=True)


def start_gateway(folder: pathlib.Path, model: real_model.RealModel, key: str):
    """The gateway in front of the model, and its port."""
    port = real_model.free_port()
    config = folder / "config.yaml"
    config.write_text(f"""
model_list:
  - model_name: {MODEL}
    litellm_params: {{model: openai/{model.model}, api_base: '{model.base_url}', api_key: none}}
general_settings: {{master_key: os.environ/DEMO_KEY}}
""")
    log = folder / "gateway.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [BINARY, "serve", "--config", str(config), "--port", str(port)],
            stdout=output, stderr=output, cwd=folder, env={**os.environ, "DEMO_KEY": key})
    end = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        if process.poll() is not None or time.monotonic() > end:
            real_model.stop(process)
            raise RuntimeError(f"the gateway did not start:\n{log.read_text()}")
        time.sleep(0.01)


def stream_by_grpc(port: int, key: str, prompt: str) -> str:
    text = ""
    with llmgateway.Client(f"127.0.0.1:{port}", key, timeout=120) as client:
        with client.stream(
                MODEL, prompt, max_output_tokens=TOKENS_MAX,
                sampling={"temperature": 0}) as stream:
            for piece in stream.texts():
                print(piece, end="", flush=True)
                text += piece
        first = stream.routing.first_token_latency.ToTimedelta().total_seconds()
        print(f"\n  [{stream.usage.output_tokens} tokens by {stream.routing.upstream_model}, the "
              f"first after {first:.2f} s]")
    return text


def stream_by_openai(port: int, key: str, prompt: str) -> str:
    text, usage = "", None
    with openai.OpenAI(
            base_url=f"http://127.0.0.1:{port}/v1", api_key=key, timeout=120) as client:
        for chunk in client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": prompt}], stream=True,
                stream_options={"include_usage": True}, max_tokens=TOKENS_MAX, temperature=0):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                piece = choice.delta.content or ""
                print(piece, end="", flush=True)
                text += piece
    print(f"\n  [{usage.completion_tokens} tokens]")
    return text


def main(prompt: str) -> int:
    problem = real_model.missing()
    if problem:
        sys.exit(f"demo: {problem}; run `make venv`")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as started:
        folder = pathlib.Path(name)
        key = "sk-" + secrets.token_hex(24)
        with step("Joining the model's weights, once"):
            real_model.weights()
        with step("Starting the model's server"):
            model = real_model.RealModel(folder, waiting=dot)
        started.callback(model.stop)
        with step("Starting the gateway in front of it"):
            process, port = start_gateway(folder, model, key)
        started.callback(real_model.stop, process)
        print(f"\ngRPC, by clients/python: {prompt!r}")
        by_grpc = stream_by_grpc(port, key, prompt)
        print(f"\nOpenAI SDK, by its base URL: {prompt!r}")
        by_openai = stream_by_openai(port, key, prompt)
    print("\nBoth processes have ended.")
    return 0 if by_grpc and by_openai else 1


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:]) or PROMPT))
