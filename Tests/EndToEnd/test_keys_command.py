"""`llm-gateway keys` against a gateway that serves, as an operator uses it; and resets of spend."""

import json
import os
import re
import sqlite3
import subprocess

import httpx
import pytest

from conftest import BINARY, MASTER_KEY, Gateway

CONFIG = f"""
model_list:
  - model_name: demo
    litellm_params: {{model: 'scripted/demo?chunks=3&chunk_bytes=4&first_ms=0&interval_ms=0',
      input_cost_per_token: 0.01, output_cost_per_token: 0.01}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings: {{loops: 2}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("keys-command"), CONFIG)
    yield gateway
    assert gateway.stop() == 0, gateway.log()


def run(gateway, *arguments, key=MASTER_KEY, url=None, status=0, text=""):
    environment = {
        name: value for name, value in os.environ.items()
        if name not in ("LITELLM_MASTER_KEY", "LLM_GATEWAY_ADMIN_KEY")}
    environment["LLM_GATEWAY_URL"] = url or gateway.url
    if key:
        environment["LLM_GATEWAY_ADMIN_KEY"] = key
    done = subprocess.run(
        [BINARY, "keys", *arguments], capture_output=True, text=True, timeout=60, input=text,
        env=environment)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def chat(gateway, key):
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}
    return httpx.post(
        f"{gateway.url}/v1/chat/completions", json=body,
        headers={"authorization": f"Bearer {key}"}, timeout=30).status_code


def make(gateway, *options):
    return json.loads(run(gateway, "create", "--json", *options))


def test_a_key_from_its_making_to_its_end(gateway):
    printed = run(
        gateway, "create", "--alias", "backend", "--team", "core", "--model", "demo", "--tag",
        "blue", "--max-budget", "100.5", "--budget-duration", "monthly", "--rpm", "60",
        "--duration", "30d")
    secret = re.search(r"^key +(sk-\S+)$", printed, re.M)[1]
    assert "not shown again" in printed
    assert chat(gateway, secret) == 200
    listed = run(gateway, "list", "--team", "core")
    [header, row] = listed.splitlines()
    assert header.split()[:4] == ["ID", "KEY", "ALIAS", "TEAM"]
    assert "backend" in row and "100.5/monthly" in row and "active" in row
    assert secret not in listed
    identity = row.split()[0]
    assert run(gateway, "revoke", identity).startswith("revoked " + identity)
    assert chat(gateway, secret) == 401
    assert len(run(gateway, "list", "--team", "core").splitlines()) == 1
    assert "deleted" in run(gateway, "list", "--status", "deleted")


def test_many_keys_are_listed_page_by_page_and_revoked_from_a_pipe(gateway):
    client = httpx.Client(
        base_url=gateway.url, headers={"authorization": f"Bearer {MASTER_KEY}"}, timeout=60)
    for index in range(205):
        client.post("/key/generate", json={"user_id": "many", "key_alias": f"many-{index}"})
    keys = json.loads(run(gateway, "list", "--user", "many", "--json"))
    assert [key["key_alias"] for key in keys] == [f"many-{i}" for i in reversed(range(205))]
    ids = "\n".join(key["key_id"] for key in keys)
    gone = json.loads(run(gateway, "revoke", "-", "--json", text=ids))
    assert len(gone) == 205
    assert json.loads(run(gateway, "list", "--user", "many", "--json")) == []


def test_refusals_have_their_own_exit_status(gateway):
    assert "no key" in run(gateway, "list", key=None, status=64)
    assert "does not answer" in run(
        gateway, "list", url="http://127.0.0.1:1", status=2)
    assert "not known" in run(gateway, "list", key="sk-unknown-0123456789", status=3)
    plain = make(gateway, "--user", "plain")["key"]
    assert "for yourself" in run(gateway, "create", "--user", "somebody", key=plain, status=3)
    make(gateway, "--alias", "taken")
    assert "taken" in run(gateway, "create", "--alias", "taken", status=3)
    assert "no key with the alias" in run(gateway, "revoke", "--alias", "nobody", status=3)
    assert "budget_duration" in run(
        gateway, "create", "--max-budget", "1", "--budget-duration", "soon", status=3)
    assert "no argument" in run(gateway, "revoke", "sk-0123456789abcdef", status=64)
    assert "`-5` is no amount" in run(gateway, "create", "--max-budget", "-5", status=64)
    assert "--rpm is -5" in run(gateway, "create", "--rpm", "-5", status=64)
    for wrong in (["--max-budget", "abc"], ["--rpm", "1.5"]):
        run(gateway, "create", *wrong, status=64)
    silent = run(gateway, "list", url="http://127.0.0.1:1", status=2)
    assert "cannot be connected to" in silent and "connectFailed" not in silent


def test_spend_is_reset(gateway):
    """/global/spend/reset and those of one team and one user, with their audit rows."""
    client = httpx.Client(
        base_url=gateway.url, headers={"authorization": f"Bearer {MASTER_KEY}"}, timeout=60)
    client.post("/team/new", json={"team_id": "t", "max_budget": 1, "budget_duration": "30d"})
    client.post("/user/new", json={"user_id": "u", "auto_create_key": False})
    made = make(gateway, "--team", "t", "--user", "u", "--max-budget", "1")
    assert chat(gateway, made["key"]) == 200

    def spends():
        return (
            client.get("/team/info", params={"team_id": "t"}).json()["team_info"]["spend"],
            client.get("/user/info", params={"user_id": "u"}).json()["user_info"]["spend"],
            client.get("/key/info", params={"key": made["token"]}).json()["info"]["spend"])
    team, user, key = spends()
    assert team == user == key > 0
    half = team / 2
    answer = client.post("/team/t/reset_spend", json={"reset_to": half}).json()
    assert answer["previous_spend"] == team and answer["spend"] == half
    assert client.post("/team/t/reset_spend", json={"reset_to": 5}).status_code == 422
    assert client.post("/user/u/reset_spend", json={}).status_code == 200
    assert spends() == (half, 0, key)
    assert client.post("/team/nobody/reset_spend", json={}).status_code == 404
    denied = httpx.post(
        f"{gateway.url}/global/spend/reset", timeout=60,
        headers={"authorization": f"Bearer {made['key']}"})
    assert denied.status_code == 403
    answer = client.post("/global/spend/reset")
    assert answer.json() == {
        "message": "Spend for all API Keys and Teams reset successfully", "status": "success"}
    assert spends() == (0, 0, 0)
    # What was spent stays on record.
    assert client.get("/global/spend").json()["spend"] > 0
    assert chat(gateway, made["key"]) == 200
    assert spends()[0] == pytest.approx(team)
    with sqlite3.connect(gateway.folder / "data" / "llm-gateway.db") as database:
        rows = database.execute(
            "SELECT object, object_id FROM audit WHERE action = 'reset_spend' ORDER BY id"
        ).fetchall()
    assert rows == [("team", "t"), ("user", "u"), ("gateway", "keys and teams")]
