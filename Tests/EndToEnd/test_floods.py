"""Floods and slow attacks against the real binary: the process stays up, another client is served
meanwhile, and memory grows by less than 16 MiB.

`make test-floods` runs each for a quarter of a minute and prints the figures; FLOOD_SECONDS says how
long. The short form, a second each, is part of every test run.
"""

import http.client
import json
import multiprocessing
import os
import queue
import re
import time
import urllib.request

import pytest

import floods
from conftest import MASTER_KEY, Gateway, model

SECONDS = float(os.environ.get("FLOOD_SECONDS", "1"))
ATTACKERS = 4
GROWTH_MAX = 16 * 1024 * 1024
LONG = json.dumps({
    "model": "long", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}).encode()
LONG_REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer "
    + MASTER_KEY.encode() + b"\r\ncontent-type: application/json\r\ncontent-length: "
    + str(len(LONG)).encode() + b"\r\n\r\n" + LONG)
# How many connections a slow attacker has.
MANY = 100

FLOODS = {
    "rapid reset": (floods.rapid_reset, ()),
    "made you reset": (floods.made_you_reset, ()),
    "CONTINUATION": (floods.continuation, ()),
    "SETTINGS": (floods.settings, ()),
    "PING": (floods.ping, ()),
    "empty DATA": (floods.empty_data, ()),
    "PRIORITY": (floods.priority, ()),
    "WINDOW_UPDATE": (floods.window_update, ()),
    "zero window": (floods.zero_window, (50, MASTER_KEY, LONG)),
    "HPACK bomb": (floods.hpack_bomb, ()),
    "huge headers": (floods.huge_headers, ()),
    "chunk extensions": (floods.chunk_extensions, (MASTER_KEY,)),
    "slowloris": (floods.slowloris, (MANY,)),
    "slow body": (floods.slow_body, (MANY, MASTER_KEY)),
    "slow read": (floods.slow_read, (MANY // 20, LONG_REQUEST)),
}

# As what the server counts them.
REFUSALS = {
    "rapid reset": "flood_resets", "made you reset": "flood_resets",
    "CONTINUATION": "flood_continuations", "SETTINGS": "flood_control_frames",
    "PING": "flood_pings", "empty DATA": "flood_control_frames",
    "PRIORITY": "flood_control_frames", "WINDOW_UPDATE": "flood_control_frames",
    "zero window": "slow_reader", "HPACK bomb": "head_too_large",
    "huge headers": "head_too_large", "chunk extensions": "malformed",
    "slowloris": "slow_head", "slow body": "slow_body", "slow read": "slow_reader",
}


def refused(gateway, kind):
    request = urllib.request.Request(
        gateway.url + "/metrics", headers={"authorization": f"Bearer {MASTER_KEY}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        page = answer.read().decode()
    return int(re.search(rf'llm_gateway_refused_total{{kind="{kind}"}} (\d+)', page)[1])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("floods"), f"""
model_list:
{model("long", "scripted/demo?chunks=20000&first_ms=0&interval_ms=0&chunk_bytes=50")}
general_settings:
  master_key: {MASTER_KEY}
gateway_settings:
  loops: 1
  limits: {{body_bytes_max: 1MiB}}
  timeouts: {{headers: 500ms, body: 2s, body_stall: 500ms, write_stall: 500ms, drain: 1s}}
""")
    # What a first request of each kind takes is not a flood's doing.
    attack(gateway, floods.hpack_bomb, (), 0.2)
    attack(gateway, floods.zero_window, (50, MASTER_KEY, LONG), 0.3)
    time.sleep(1)
    began = time.monotonic()
    yield gateway
    assert gateway.stop() == 0, gateway.log()
    # However much was refused, there is a line of each kind every ten seconds, and one at the end.
    lines = [line for line in gateway.log().splitlines() if '"msg":"refused"' in line]
    rounds = (time.monotonic() - began) / 10 + 3
    assert 0 < len(lines) <= len(set(REFUSALS.values())) * 2 * rounds


def run_attack(function, target, source, seconds, arguments, results):
    results.put(function(target, source, time.monotonic() + seconds, *arguments))


def attack(gateway, function, arguments, seconds, meanwhile=lambda: time.sleep(0.05)):
    """Runs a flood from several processes; calls `meanwhile` until all have ended. Returns how often
    the server cut them off."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    attackers = [
        context.Process(target=run_attack, args=(
            function, ("127.0.0.1", gateway.port), f"127.0.0.{number + 2}", seconds, arguments,
            results)) for number in range(ATTACKERS)]
    for attacker in attackers:
        attacker.start()
    cut = 0
    try:
        for _ in attackers:
            while True:
                meanwhile()
                try:
                    cut += results.get_nowait()
                    break
                except queue.Empty:
                    assert any(attacker.is_alive() for attacker in attackers) or results.qsize()
    finally:
        for attacker in attackers:
            attacker.join(timeout=seconds + floods.PATIENCE + 10)
            if attacker.is_alive():
                attacker.kill()
    return cut


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_harms_nobody_else(gateway, name, record_property):
    function, arguments = FLOODS[name]
    before = gateway.resident_bytes()
    peak = before
    refused_before = refused(gateway, REFUSALS[name])
    idle_descriptors = gateway.descriptors()
    began_at = time.monotonic()
    descriptors = []
    waits = []

    def ask():
        nonlocal peak
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        connection.request("GET", "/health/liveliness")
        assert connection.getresponse().status == 200
        connection.close()
        waits.append(time.monotonic() - began)
        peak = max(peak, gateway.resident_bytes())
        descriptors.append((time.monotonic() - began_at, gateway.descriptors()))
        time.sleep(0.02)

    cut = attack(gateway, function, arguments, SECONDS, meanwhile=ask)
    grown = peak - before
    waits.sort()
    print(
        f"{name:17} grown {grown / 1024:7.0f} KiB; cut off {cut:5}; others: {len(waits):5} served, "
        f"median {waits[len(waits) // 2] * 1000:6.1f} ms, worst {waits[-1] * 1000:6.1f} ms")
    record_property("grown_bytes", grown)
    assert gateway.process.poll() is None, gateway.log()
    assert grown < GROWTH_MAX
    assert waits[-1] < 10
    assert refused(gateway, REFUSALS[name]) > refused_before
    if name == "slow read":
        # What the attackers do not see, the server's descriptors show, while they still read.
        held = [count for at, count in descriptors if at < SECONDS + floods.SLOW_READ_EXTRA - 1]
        assert max(held) > idle_descriptors + ATTACKERS
        assert min(held[held.index(max(held)):]) <= idle_descriptors + ATTACKERS
    else:
        assert cut > 0, "nobody was cut off"
