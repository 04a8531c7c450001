"""Restarts under load, and hand-overs that go wrong. RESTARTS says how many; 3 unless told."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import grpc
import openai
import pytest

from conftest import MASTER_KEY, config_of, model, wait_until
from load import (
    GRPCLoad, H2LoadLoad, HTTP2Load, Load, SDKLoad, SDKStreamLoad, stream_request)
from llmgateway.v1 import chat_service_pb2_grpc
from service import Service

RESTARTS = int(os.environ.get("RESTARTS", "3"))
DEMO = model("demo", "scripted/demo?first_ms=5&interval_ms=1")


def config(models: str = DEMO, drain: str = "10s", loops: int = 2) -> str:
    text = config_of(models).replace("loops: 1", f"loops: {loops}")
    return text.replace("drain: 10s", f"drain: {drain}, drain_idle: 500ms")


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path, config())
    yield service
    service.stop()


def answers(service) -> bool:
    with urllib.request.urlopen(service.url + "/health/readiness", timeout=10) as reply:
        return json.load(reply)["status"] == "healthy"


def run_under_load(service, restart, count):
    """Restarts while all kinds of clients call; returns the load, ended."""
    if not shutil.which("h2load"):
        if os.environ.get("CI"):
            pytest.fail("h2load is not installed")
        pytest.skip("h2load is not installed")
    load: list[Load] = [
        kind(service.port, MASTER_KEY)
        for kind in (SDKLoad, SDKLoad, SDKStreamLoad, GRPCLoad, GRPCLoad, HTTP2Load)]
    load.append(H2LoadLoad(service.port, MASTER_KEY, service.folder))
    for client in load:
        client.start()
    for _ in range(count):
        before = [client.done for client in load]
        wait_until(
            lambda: all(client.done > start or client.failures
                        for client, start in zip(load, before)),
            seconds=120, what="progress of every client")
        restart()
    for client in load:
        client.ends.set()
    for client in load:
        client.join(timeout=120)
        assert not client.is_alive(), f"{client} hangs"
    return load


def expect_no_failure(service, load):
    done = {}
    for client in load:
        name = type(client).__name__
        done[name] = done.get(name, 0) + client.done
    print(f"requests over {RESTARTS} restarts: {done}, {sum(done.values())} in all")
    assert [failure for client in load for failure in client.failures] == []
    for process in service.processes:
        assert '"status":"failed"' not in service.log_of(process)


def test_restarts_under_load_lose_no_request(service):
    service.start()
    load = run_under_load(service, service.restart, RESTARTS)
    expect_no_failure(service, load)
    assert len(service.processes) == RESTARTS + 1


def test_the_number_of_loops_may_change(tmp_path):
    """Sockets are shared when they are fewer than the loops, and gathered when they are more."""
    service = Service(tmp_path, config(loops=3))
    try:
        service.start()
        load = [SDKLoad(service.port, MASTER_KEY), HTTP2Load(service.port, MASTER_KEY)]
        for client in load:
            client.start()
        for loops in (1, 4, 2):
            service.config.write_text(config(loops=loops))
            service.restart()
            for _ in range(20):
                assert answers(service)
        for client in load:
            client.ends.set()
            client.join(timeout=60)
            assert client.done > 0 and client.failures == []
    finally:
        service.stop()


def test_a_successor_that_cannot_start_changes_nothing(service):
    old = service.start()
    broken = service.folder / "broken.yaml"
    broken.write_text("model_list: 7\n")
    good, service.config = service.config, broken
    assert service.spawn("--takeover").wait(timeout=30) == 1
    service.config = good
    assert answers(service)
    # One that has the sockets already, and dies.
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as successor:
        successor.connect(str(service.control))
        successor.send(b"takeover 1")
        text, descriptors, _, _ = socket.recv_fds(successor, 256, 64)
        assert text.split()[:2] == [b"sockets", b"2"] and len(descriptors) == 2
        for descriptor in descriptors:
            os.close(descriptor)
    service.await_log(old, "a takeover failed")
    assert answers(service)
    assert service.control.stat().st_mode & 0o777 == 0o600
    service.restart()
    assert answers(service)


def test_two_takeovers_at_once_come_one_after_the_other(service):
    service.start()
    client = SDKLoad(service.port, MASTER_KEY)
    client.start()
    rivals = [service.spawn("--takeover") for _ in range(2)]
    for rival in rivals:
        service.await_serving(rival)
    ended = wait_until(
        lambda: [p for p in service.processes if p.poll() is not None][1:], what="two ends")
    assert all(process.returncode == 0 for process in ended)
    assert answers(service)
    assert sum(process.poll() is None for process in service.processes) == 1
    client.ends.set()
    client.join(timeout=60)
    assert client.done > 0 and client.failures == []


def test_a_takeover_may_follow_another_at_once(tmp_path):
    """Nobody waits for the processes before to end, and the first of them drains for long."""
    slow = model("slow", "scripted/demo?chunks=1000&first_ms=0&interval_ms=10")
    service = Service(tmp_path, config(DEMO + slow, loops=1))
    service.start()
    sdk = openai.OpenAI(base_url=service.url + "/v1", api_key=MASTER_KEY, max_retries=0)
    stream = sdk.chat.completions.create(
        model="slow", messages=[{"role": "user", "content": "Hello"}], stream=True)
    next(stream)
    for _ in range(8):
        service.start("--takeover")
    assert answers(service)
    assert service.processes[0].poll() is None
    stream.close()
    wait_until(lambda: sum(p.poll() is None for p in service.processes) == 1, what="all other ends")
    assert all(p.returncode == 0 for p in service.processes[:-1])
    service.stop()


class FakePredecessor:
    """Listens on the port and at the control path, and behaves as it is told."""

    def __init__(self, service, behaviour):
        service.control.parent.mkdir(mode=0o700, exist_ok=True)
        self.port = socket.create_server(("127.0.0.1", service.port))
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.bind(str(service.control))
        self.control.listen()
        threading.Thread(target=self.run, args=(behaviour,), daemon=True).start()

    def run(self, behaviour):
        channel, _ = self.control.accept()
        assert channel.recv(256).startswith(b"takeover ")
        behaviour(self, channel)
        # As the kernel does for one that was killed.
        self.control.close()
        self.port.close()
        channel.close()


def die_at_once(predecessor, channel):
    pass


def die_after_the_sockets(predecessor, channel):
    socket.send_fds(channel, [b"sockets 1 1"], [predecessor.port.fileno()])
    assert channel.recv(256) == b"ready"


@pytest.mark.parametrize("behaviour", [die_at_once, die_after_the_sockets])
def test_a_predecessor_may_die_in_the_middle(service, behaviour):
    predecessor = FakePredecessor(service, behaviour)
    queued = socket.create_connection(("127.0.0.1", service.port))
    queued.sendall(b"GET /health/liveliness HTTP/1.1\r\nhost: a\r\n\r\n")
    process = service.start("--takeover")
    assert answers(service)
    if behaviour is die_after_the_sockets:
        service.await_log(process, "gone")
        assert queued.recv(4096).startswith(b"HTTP/1.1 200")
    queued.close()
    assert predecessor


def test_a_takeover_without_a_predecessor_is_a_start(service):
    service.start("--takeover")
    assert answers(service)


def test_a_socket_of_the_supervisor_outlives_the_process(service):
    """systemd's socket activation, by its own variables: what waits is served, before and after."""
    listener = socket.create_server(("127.0.0.1", service.port), backlog=64)
    # Bash: dash takes descriptors of one digit only.
    shell = ("/bin/bash", "-c", f'LISTEN_PID=$$ exec "$0" "$@" 3<&{listener.fileno()}')

    def call():
        peer = socket.create_connection(("127.0.0.1", service.port))
        peer.sendall(b"GET /health/readiness HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        return peer

    for _ in range(2):
        early = [call() for _ in range(20)]
        service.environment["LISTEN_FDS"] = "1"
        process = service.start(wrapper=shell, pass_fds=(listener.fileno(),))
        for peer in early:
            assert peer.recv(4096).startswith(b"HTTP/1.1 200")
            peer.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    listener.close()


def test_signals_restart_and_reload(tmp_path):
    """SIGUSR2 starts a successor, which tells the supervisor that it is the main process now."""
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.bind(str(tmp_path / "notify"))
    notices.settimeout(30)
    service = Service(tmp_path, config(), NOTIFY_SOCKET=str(tmp_path / "notify"))
    old = service.start()
    assert notices.recv(256) == b"READY=1\nMAINPID=%d" % old.pid
    old.send_signal(signal.SIGHUP)
    assert notices.recv(256).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert notices.recv(256) == b"READY=1\nMAINPID=%d" % old.pid
    old.send_signal(signal.SIGUSR2)
    state = notices.recv(256)
    assert state.startswith(b"READY=1\nMAINPID=")
    successor = int(state.split(b"=")[-1])
    assert successor != old.pid
    try:
        assert old.wait(timeout=30) == 0
        assert answers(service)
    finally:
        os.kill(successor, signal.SIGTERM)
    assert notices.recv(256) == b"STOPPING=1"
    wait_until(lambda: not os.path.exists(f"/proc/{successor}/fd"), what="the successor's end")
    service.stop()
    notices.close()


def test_what_outlives_the_drain_is_told_why_it_ends(tmp_path):
    slow = model("slow", "scripted/demo?chunks=1000&first_ms=0&interval_ms=50")
    service = Service(tmp_path, config(slow, drain="1s"))
    process = service.start()
    sdk = openai.OpenAI(base_url=service.url + "/v1", api_key=MASTER_KEY, max_retries=0)
    hello = [{"role": "user", "content": "Hello"}]
    stream = sdk.chat.completions.create(model="slow", messages=hello, stream=True)
    next(stream)
    with grpc.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        call = chat_service_pb2_grpc.ChatServiceStub(channel).StreamChatCompletion(
            stream_request("slow"), metadata=[("authorization", f"Bearer {MASTER_KEY}")])
        next(call)
        whole: list[Exception] = []

        def ask():
            try:
                sdk.chat.completions.create(model="slow", messages=hello)
            except openai.APIError as error:
                whole.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(openai.APIError, match="shutting down"):
            for _ in stream:
                pass
        with pytest.raises(grpc.RpcError) as raised:
            for _ in call:
                pass
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
        assert "shutting down" in raised.value.details()
        asking.join(timeout=30)
        assert isinstance(whole[0], openai.InternalServerError)
        assert whole[0].status_code == 503 and "shutting down" in str(whole[0])
        assert whole[0].response.headers["retry-after"] == "1"
    assert process.wait(timeout=30) == 0
    failed = [
        json.loads(line) for line in service.log_of(process).splitlines()
        if '"status":"failed"' in line]
    assert [(line["reason"], line["origin"]) for line in failed] == [("DRAIN", "gateway")] * 3
    service.stop()
