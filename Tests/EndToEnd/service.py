"""The gateway as its clients see it over restarts: one port, whichever process serves it."""

import os
import pathlib
import select
import signal
import subprocess

from conftest import BINARY, free_port, wait_until


class Service:
    """A port, and the processes that served it, the present one last."""

    def __init__(self, folder: pathlib.Path, config: str, **environment: str):
        self.folder = folder
        self.port = free_port()
        self.config = folder / "config.yaml"
        self.config.write_text(config)
        self.environment = os.environ | environment
        self.processes: list[subprocess.Popen] = []
        self.logs: list[pathlib.Path] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def control(self) -> pathlib.Path:
        return self.folder / "data" / f"control-{self.port}"

    def spawn(self, *flags: str, wrapper: tuple[str, ...] = (), **options) -> subprocess.Popen:
        """Starts a process, and does not wait for it."""
        log = self.folder / f"stderr-{len(self.logs)}.log"
        with open(log, "wb") as errors:
            process = subprocess.Popen(
                [*wrapper, BINARY, "serve", "--config", str(self.config), "--port",
                 str(self.port), *flags],
                stdout=subprocess.PIPE, stderr=errors, cwd=self.folder, env=self.environment,
                **options)
        self.processes.append(process)
        self.logs.append(log)
        return process

    def start(self, *flags: str, **options) -> subprocess.Popen:
        """Starts a process and waits until it serves."""
        process = self.spawn(*flags, **options)
        self.await_serving(process)
        return process

    def await_serving(self, process: subprocess.Popen):
        readable, _, _ = select.select([process.stdout], [], [], 60)
        line = process.stdout.readline() if readable else b""
        assert b"listens on" in line, (process.poll(), self.log_of(process))

    def restart(self) -> subprocess.Popen:
        """Replaces the process that serves, and waits until it has ended."""
        old = next(process for process in self.processes if process.poll() is None)
        new = self.start("--takeover")
        assert old.wait(timeout=60) == 0, self.log_of(old)
        return new

    def log_of(self, process: subprocess.Popen) -> str:
        return self.logs[self.processes.index(process)].read_text()

    def await_log(self, process: subprocess.Popen, text: str):
        wait_until(lambda: text in self.log_of(process), what=f"a line with {text!r} in the log")

    def stop(self):
        """Ends what still runs; each process must have ended well."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(timeout=60)
            process.stdout.close()
