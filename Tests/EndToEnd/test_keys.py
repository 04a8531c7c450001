"""Virtual keys from outside: LiteLLM's endpoints by a plain HTTP client, the keys on the doors of
models, and the rows in the database."""

import json
import re
import signal
import sqlite3
import time

import httpx
import pytest

from billing_upstream import BillingUpstream
from conftest import MASTER_KEY, Gateway

PRICE = "input_cost_per_token: 0.000001, output_cost_per_token: 0.000002"


@pytest.fixture(scope="module")
def upstream():
    upstream = BillingUpstream(burst=60, pause=0)
    yield upstream
    upstream.stop()


def config(upstream):
    return f"""
model_list:
  - model_name: gpt-4o-mini
    litellm_params: {{model: openai/m, api_base: 'http://127.0.0.1:{upstream.port}/v1', api_key: k, {PRICE}}}
  - model_name: llama-3.1-8b
    litellm_params: {{model: openai/m, api_base: 'http://127.0.0.1:{upstream.port}/v1', api_key: k, {PRICE}}}
    model_info: {{access_groups: [open]}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings: {{loops: 2}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    gateway = Gateway(tmp_path_factory.mktemp("keys"), config(upstream))
    yield gateway
    assert gateway.stop() == 0, gateway.log()


class Admin:
    """Asks a gateway's management."""

    def __init__(self, gateway, key=MASTER_KEY):
        self.client = httpx.Client(
            base_url=gateway.url, headers={"authorization": f"Bearer {key}"}, timeout=60)

    def post(self, path, status=200, **body):
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path, status=200, **query):
        answer = self.client.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def generate(self, **body):
        return self.post("/key/generate", **body)["key"]


@pytest.fixture()
def admin(gateway):
    return Admin(gateway)


def chat(gateway, key, model="gpt-4o-mini", **more):
    """The status of a call, and its error's type or its cost."""
    answer = httpx.post(
        gateway.url + "/v1/chat/completions", timeout=60,
        headers={"authorization": f"Bearer {key}"},
        json={"model": model, "max_tokens": 60, "messages": [{"role": "user", "content": "Hi"}],
              **more})
    if answer.status_code == 200:
        return 200, float(answer.headers["x-litellm-response-cost"])
    return answer.status_code, answer.json()["error"]["type"]


# As its user wrote it, in one line and with comments.
CURL_BODY = """{ "team_id": "team-backend", "key_alias": "backend-team-key", "models": ["gpt-4o-mini",
"llama-3.1-8b"], "max_budget": 100, # USD limit
"budget_duration": "monthly", "rpm_limit": 100, # requests per minute
"tpm_limit": 500000 # tokens per minute
}"""


def test_the_users_curl_line_makes_a_key_that_works_at_once(gateway, curl, admin):
    body = json.loads(re.sub("#.*", "", CURL_BODY))
    answer = curl(gateway, "--http1.1", "/key/generate", body)
    assert answer.status == 200
    made = answer.json()
    key = made["key"]
    assert re.fullmatch("sk-[A-Za-z0-9_-]{43}", key) and made["key_name"] == "sk-..." + key[-4:]
    for field, value in body.items():
        assert made[field] == value, field
    for model in body["models"]:
        assert chat(gateway, key, model)[0] == 200
    info = admin.get("/key/info", key=key)
    assert info["key"] == key and info["info"]["spend"] > 0 and info["info"]["last_active"]
    listed = admin.get("/key/list", team_id="team-backend")
    assert listed["keys"] == [made["token"]] and listed["total_count"] == 1
    limited = httpx.post(
        gateway.url + "/v1/chat/completions", headers={"authorization": f"Bearer {key}"},
        json={"model": "gpt-4o-mini", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]})
    assert limited.headers["x-ratelimit-limit-requests"] == "100"


def test_block_unblock_delete_and_expiry_take_effect_at_once(gateway, admin):
    key = admin.generate()
    for _ in range(5):
        admin.post("/key/block", key=key)
        assert chat(gateway, key) == (401, "auth_error")
        admin.post("/key/unblock", key=key)
        assert chat(gateway, key)[0] == 200
    admin.post("/key/update", key=key, duration="1s")
    time.sleep(1.1)
    assert chat(gateway, key) == (401, "expired_key")
    admin.post("/key/update", key=key, duration=None)
    assert chat(gateway, key)[0] == 200
    admin.post("/key/delete", keys=[key])
    assert chat(gateway, key) == (401, "token_not_found_in_db")
    assert admin.get("/key/info", key=key)["info"]["status"] == "deleted"


def test_what_is_sent_again_under_one_id_is_made_once(gateway, admin):
    """A retry after a lost answer makes no second key; the secret is not told again, as nobody
    has it."""
    def make(path, identity, **body):
        return admin.client.post(path, json=body, headers={"idempotency-key": identity})

    for path, body, identity in [
            ("/key/generate", {"key_alias": "once"}, "first"),
            ("/team/new", {"team_id": "once"}, "second"),
            ("/user/new", {"user_id": "once"}, "third"),
            ("/budget/new", {"budget_id": "once", "max_budget": 1}, "fourth"),
            ("/customer/new", {"user_id": "once"}, "fifth")]:
        first = make(path, identity, **body)
        assert first.status_code == 200, first.text
        again = make(path, identity, **body)
        assert again.status_code == 409, again.text
        assert again.headers["x-llm-gateway-duplicate-of"] == first.headers["x-request-id"]
        assert "Nothing more is made" in again.text
        secret = first.json().get("key")
        assert secret is None or secret not in again.text
    assert admin.get("/key/list", key_alias="once")["total_count"] == 1
    assert make("/key/generate", "first", key_alias="other").status_code == 400
    # What was refused made nothing, and its id is free.
    assert make("/key/generate", "sixth", key_alias="once").status_code == 400
    assert make("/key/generate", "sixth", key_alias="twice").status_code == 200


def test_reports_call_keys_teams_and_users_by_their_names(gateway, admin):
    admin.post("/user/new", user_id="named", user_email="named@example.com", auto_create_key=False)
    admin.post("/team/new", team_id="named-team", team_alias="The Team")
    made = admin.post("/key/generate", key_alias="before", user_id="named", team_id="named-team")
    assert chat(gateway, made["key"])[0] == 200
    admin.post("/key/update", key=made["key"], key_alias="after")
    for path in ("/spend/keys", "/global/spend/keys"):
        rows = [row for row in admin.get(path) if row.get("token", row.get("api_key")) == made["token"]]
        assert [(row["key_alias"], row["key_name"]) for row in rows] == [("after", made["key_name"])]
    assert rows and admin.get("/spend/keys")[0]["team_alias"] in ("The Team", None)
    users = {row["user_id"]: row["user_email"] for row in admin.get("/spend/users")}
    assert users["named"] == "named@example.com"
    teams = admin.get("/global/spend/teams")
    assert "The Team" in teams["teams"] and teams["daily_spend"][-1]["The Team"] > 0
    assert {"named-team"} <= {row["team_id"] for row in teams["total_spend_per_team"]}
    day = teams["daily_spend"][-1]["date"]
    report = admin.get("/global/spend/report", start_date=day, end_date=day)
    assert "The Team" in [row["team_name"] for row in report[0]["teams"]]


def test_a_regenerated_key_and_its_old_one_share_a_budget(gateway, admin):
    old = admin.generate(max_budget=0.0005, budget_duration="1d")
    status, cost = chat(gateway, old)
    assert status == 200
    new = admin.post("/key/regenerate", key=old, grace_period="1h")["key"]
    spent = cost
    while True:
        status, cost = chat(gateway, old)
        if status != 200:
            break
        spent += cost
    assert (status, cost) == (422, "budget_exceeded") and spent <= 0.0005
    assert chat(gateway, new) == (422, "budget_exceeded")
    gone = admin.post("/key/regenerate", key=new)["key"]
    assert chat(gateway, new)[0] == 401 and chat(gateway, gone)[0] == 422
    token = admin.get("/key/info", key=gone)
    admin.post(f"/key/{gone}/reset_spend", reset_to=0)
    assert chat(gateway, gone)[0] == 200
    after = admin.get("/key/info", key=gone)["info"]
    assert after["spend"] < token["info"]["spend"] < after["total_spend"]


def test_a_budget_that_is_set_later_counts_what_was_spent(gateway, admin):
    key = admin.generate()
    status, spent = chat(gateway, key)
    assert status == 200
    told = admin.get("/key/info", key=key)["info"]["spend"]
    assert told == pytest.approx(spent)
    # A first budget, one of another length, and one that several share.
    admin.post("/key/update", key=key, max_budget=spent / 2)
    assert chat(gateway, key) == (422, "budget_exceeded")
    admin.post("/key/update", key=key, budget_duration="1mo")
    assert chat(gateway, key) == (422, "budget_exceeded")
    assert admin.get("/key/info", key=key)["info"]["spend"] == told
    admin.post("/budget/new", budget_id="set-later", max_budget=spent / 2, budget_duration="7d")
    other = admin.generate()
    assert chat(gateway, other)[0] == 200
    admin.post("/key/update", key=other, budget_id="set-later")
    assert chat(gateway, other) == (422, "budget_exceeded")
    # One that has room, and one that is set after a reset, let calls through.
    admin.post("/key/update", key=key, max_budget=spent + 0.01)
    assert chat(gateway, key)[0] == 200
    admin.post(f"/key/{key}/reset_spend", reset_to=0)
    admin.post("/key/update", key=key, max_budget=0.0005, budget_duration="1d")
    assert chat(gateway, key)[0] == 200
    admin.post("/team/new", team_id="set-later")
    member = admin.generate(team_id="set-later")
    assert chat(gateway, member)[0] == 200
    admin.post("/team/update", team_id="set-later", max_budget=spent / 2, budget_duration="7d")
    assert chat(gateway, member) == (422, "budget_exceeded")


def test_models_and_access_groups_bind(gateway, admin):
    key = admin.generate(models=["open"])
    assert chat(gateway, key, "llama-3.1-8b")[0] == 200
    assert chat(gateway, key, "gpt-4o-mini") == (403, "key_model_access_denied")


def test_roles_reach_as_far_as_they_should(gateway, admin):
    key = admin.generate(user_id="alice")
    alice = Admin(gateway, key)
    own = alice.post("/key/generate")
    assert own["user_id"] == "alice"
    other = admin.generate(user_id="bob")
    alice.post("/key/block", status=404, key=other)
    alice.post("/key/generate", status=403, user_id="bob")
    assert set(alice.get("/key/list")["keys"]) == {
        own["token"], admin.get("/key/list", user_id="alice", return_full_object=True)[
            "keys"][-1]["token"]}
    nobody = Admin(gateway, admin.generate())
    nobody.post("/key/generate", status=403)


def test_no_answer_is_lost_to_kill_9_and_no_secret_is_kept(tmp_path, upstream):
    gateway = Gateway(tmp_path, config(upstream))
    admin = Admin(gateway)
    keys = [admin.generate(key_alias=f"k{index}") for index in range(50)]
    gateway.process.send_signal(signal.SIGKILL)
    gateway.process.wait()
    again = Gateway(tmp_path, config(upstream))
    try:
        for key in keys:
            assert chat(again, key)[0] == 200
        assert chat(again, keys[0] + "x")[0] == 401
        Admin(again).post("/key/generate", status=422, key=keys[0][:8])
        Admin(again).post("/key/generate", status=400, key=keys[0])
        with sqlite3.connect(f"file:{tmp_path}/data/llm-gateway.db?mode=ro", uri=True) as db:
            assert db.execute("SELECT count(*) FROM audit").fetchone()[0] == 50
    finally:
        assert again.stop() == 0, again.log()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for key in keys:
        assert key.encode() not in kept, "a secret was written down"
