"""Alerts of budgets, posted to a webhook: once, whatever the webhook does, and nothing secret in
them."""

import http.server
import json
import threading
import time

import httpx
import pytest

from billing_upstream import BillingUpstream
from conftest import MASTER_KEY, Gateway, free_port, wait_until
from test_money import PRICE, body, one
WARNING = "x-llm-gateway-budget-warning"


class Webhook:
    """Keeps what is posted; answers what the test says, in turn, then 200."""

    def __init__(self):
        self.posts, self.answers = [], []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                raw = self.rfile.read(int(self.headers["content-length"]))
                owner.posts.append((self.path, raw.decode()))
                status = owner.answers.pop(0) if owner.answers else 200
                if status == 0:
                    time.sleep(3)
                    status = 200
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/T0/secret-path/?a=b"

    def events(self, kind):
        return [json.loads(raw) for _, raw in self.posts if json.loads(raw)["event"] == kind]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def upstream():
    upstream = BillingUpstream(tokens=10, pause=0)
    yield upstream
    upstream.stop()


@pytest.fixture
def webhook():
    webhook = Webhook()
    yield webhook
    webhook.stop()


def config(upstream, webhook_url):
    return f"""
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: 'http://127.0.0.1:{upstream.port}/v1', api_key: sk-upstream-secret, {PRICE}}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings:
  loops: 2
  accounting: {{output_tokens_max: 20}}
  alerting: {{webhook_url: '{webhook_url}', timeout: 1s}}
"""


def admin(gateway, path, **fields):
    answer = httpx.post(gateway.url + path, json=fields, timeout=60,
                        headers={"authorization": f"Bearer {MASTER_KEY}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def call(gateway, key, **more):
    return httpx.post(gateway.url + "/v1/chat/completions", json={**body(False), **more}, timeout=60,
                      headers={"authorization": f"Bearer {key}"})


def make(gateway):
    admin(gateway, "/user/new", user_id="ann", user_email="ann@example.com", auto_create_key=False)
    admin(gateway, "/team/new", team_id="t", team_alias="Team", soft_budget=0.00001, max_budget=1,
          budget_duration="monthly")
    return admin(gateway, "/key/generate", key_alias="alias", user_id="ann", team_id="t",
                 max_budget=0.0002, soft_budget=0.0001, budget_duration="1d")["key"]


def test_a_soft_budget_and_an_exhausted_one_are_told_once(tmp_path, upstream, webhook):
    gateway = Gateway(tmp_path, config(upstream, webhook.url))
    try:
        key = make(gateway)
        webhook.answers = [500, 429]
        statuses = [call(gateway, key).status_code for _ in range(20)]
        assert 200 in statuses and statuses[-1] == 422
        wait_until(lambda: len(webhook.events("budget_crossed")) == 1, what="the last alert")
        soft = webhook.events("soft_budget_crossed")
        # The team's, refused twice and then accepted, and the key's.
        assert [event["event_group"] for event in soft] == ["team"] * 3 + ["key"]
        assert soft[0]["team_id"] == "t" and soft[0]["team_alias"] == "Team"
        assert soft[0]["token"] is None and soft[0]["max_budget"] == 1
        event = soft[-1]
        assert event["soft_budget"] == 0.0001 and 0.0001 <= event["spend"] < 0.0002
        assert event["key_alias"] == "alias" and event["user_id"] == "ann"
        assert event["user_email"] == "ann@example.com" and len(event["token"]) == 64
        assert event["projected_spend"] is None and "Soft Budget Crossed" in event["event_message"]
        assert event["budget_reset_at"].endswith("T00:00:00.000Z")
        crossed = webhook.events("budget_crossed")[0]
        assert crossed["event_group"] == "key" and crossed["max_budget"] == 0.0002
        assert {path for path, _ in webhook.posts} == {"/T0/secret-path/?a=b"}
        everything = "".join(raw for _, raw in webhook.posts) + gateway.log()
        for secret in (key, MASTER_KEY, "sk-upstream-secret", "secret-path"):
            assert secret not in everything
        wait_until(lambda: one(gateway, "SELECT count(*) FROM budget_alert") == 3, what="the record")
    finally:
        assert gateway.stop() == 0, gateway.log()
    # Another process does not tell it again; a bound that it meets for the first time it does.
    count = len(webhook.posts)
    again = Gateway(tmp_path, config(upstream, webhook.url))
    try:
        assert call(again, key).status_code == 422
        other = admin(again, "/key/generate", soft_budget=0.00001)["key"]
        # A worst case that is held is not spent; the call after the one that spent it tells.
        assert call(again, other, max_tokens=1000).status_code == 200
        answer = call(again, other)
        assert answer.status_code == 200 and "soft budget" in answer.headers[WARNING]
        wait_until(lambda: len(webhook.posts) > count, what="the new key's alert")
        assert len(webhook.posts) == count + 1
    finally:
        assert again.stop() == 0, again.log()


def test_a_dead_or_silent_webhook_holds_up_no_call(tmp_path, upstream, webhook):
    webhook.answers = [0]
    gateway = Gateway(tmp_path, config(upstream, webhook.url))
    try:
        key = make(gateway)
        assert WARNING not in call(gateway, key).headers
        began = time.monotonic()
        answer = call(gateway, key)
        assert answer.status_code == 200 and time.monotonic() - began < 1
        assert "soft budget" in answer.headers[WARNING]
        # The silent answer is given up, and another try made.
        wait_until(lambda: len(webhook.posts) >= 2, what="the second try")
        # Its end is not waited for either.
        webhook.answers = [0, 0, 0]
    finally:
        assert gateway.stop() == 0, gateway.log()
    dead = tmp_path / "dead"
    dead.mkdir()
    gateway = Gateway(dead, config(upstream, f"http://127.0.0.1:{free_port()}/x").replace(
        "timeout: 1s", "timeout: 1s, attempts_max: 1"))
    try:
        key = make(gateway)
        assert [call(gateway, key).status_code for _ in range(2)] == [200, 200]
        wait_until(lambda: "was not accepted" in gateway.log(), what="the log of the failure")
        assert one(gateway, "SELECT count(*) FROM budget_alert") == 0
    finally:
        assert gateway.stop() == 0, gateway.log()


def test_litellm_s_own_settings_name_the_webhook(tmp_path, upstream, webhook, monkeypatch):
    monkeypatch.setenv("WEBHOOK_URL", webhook.url)
    text = config(upstream, webhook.url).replace(f"{MASTER_KEY}}}", f"{MASTER_KEY}, alerting: [webhook]}}")
    text = "\n".join(line for line in text.splitlines() if "webhook_url" not in line)
    gateway = Gateway(tmp_path, text)
    try:
        key = make(gateway)
        # Too large for the budget as a whole: refused, and not told of.
        assert call(gateway, key, max_tokens=1_000_000).status_code == 422
        assert [call(gateway, key).status_code for _ in range(2)] == [200, 200]
        wait_until(lambda: webhook.events("soft_budget_crossed"), what="the alert")
        assert not webhook.events("budget_crossed")
    finally:
        assert gateway.stop() == 0, gateway.log()
