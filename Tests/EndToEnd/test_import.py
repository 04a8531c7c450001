"""`llm-gateway import litellm`: from a dump of LiteLLM's database to keys that work."""

import datetime
import json
import sqlite3
import subprocess

import httpx
import pytest

import litellm_dump as dump
from conftest import BINARY, MASTER_KEY, Gateway

CONFIG = f"""
model_list:
  - model_name: demo
    litellm_params: {{model: 'scripted/demo?chunks=3&chunk_bytes=4&first_ms=0&interval_ms=0',
      input_cost_per_token: 0.01, output_cost_per_token: 0.01}}
  - model_name: other
    litellm_params: {{model: scripted/demo}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings: {{loops: 2}}
"""
BACKEND, TEAM, SPENT, MEMBER = [f"sk-{name}-0123456789abcdef" for name in (
    "backend", "team", "spent", "member")]
STALE, DASHBOARD, GUARDED, LISTED = [f"sk-{name}-0123456789abcdef" for name in (
    "stale", "dashboard", "guarded", "listed")]
LATER = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)).strftime(
    "%Y-%m-%d %H:%M:%S.123")


def tables():
    return {
        "LiteLLM_SpendLogs": [],
        "LiteLLM_BudgetTable": [
            dump.row("LiteLLM_BudgetTable", budget_id="shared", max_budget=50.0,
                     budget_duration="7d", rpm_limit=1000, created_by="x", updated_by="x"),
            dump.row("LiteLLM_BudgetTable", budget_id="member", max_budget=0.5,
                     allowed_models=["demo"], created_by="x", updated_by="x")],
        "LiteLLM_TeamTable": [
            dump.row("LiteLLM_TeamTable", team_id="t-1", team_alias='Core ü \\ "x"',
                     max_budget=100.0, budget_duration="30d", spend=99.999, models=["demo"],
                     budget_reset_at=LATER,
                     members_with_roles=[{"role": "admin", "user_id": "u-1"},
                                         {"role": "user", "user_id": "u-2"}],
                     metadata={"owner": "eve\nline", "tags": ["blue"]})],
        "LiteLLM_UserTable": [
            dump.row("LiteLLM_UserTable", user_id="u-1", user_email="eve@example.com",
                     user_role="proxy_admin_viewer", teams=["t-1"]),
            dump.row("LiteLLM_UserTable", user_id="u-2", user_role="internal_user",
                     models=["no-default-models"])],
        "LiteLLM_TeamMembership": [
            dump.row("LiteLLM_TeamMembership", user_id="u-2", team_id="t-1", budget_id="member")],
        "LiteLLM_EndUserTable": [
            dump.row("LiteLLM_EndUserTable", user_id="customer", blocked=True)],
        "LiteLLM_VerificationToken": [
            dump.key(BACKEND, key_alias="backend", rpm_limit=3, models=["demo"],
                     budget_id="shared", metadata={"model_rpm_limit": {"demo": 2}, "k": "v"}),
            dump.key(TEAM, team_id="t-1", models=["all-team-models"]),
            dump.key(SPENT, max_budget=10.0, spend=10.0),
            dump.key(MEMBER, team_id="t-1", user_id="u-2"),
            dump.key(STALE, expires="2026-01-01 00:00:00"),
            dump.key(DASHBOARD, team_id="litellm-dashboard", user_id="u-1"),
            dump.key(GUARDED, key_alias="guarded", metadata={"guardrails": ["pii"]})],
    }


def columns_of_logs():
    dump.COLUMNS.setdefault("LiteLLM_SpendLogs", ["request_id"])


def run(folder, *arguments, status=0):
    done = subprocess.run(
        [BINARY, "import", "litellm", "--data-dir", str(folder / "data"), *arguments],
        capture_output=True, text=True, timeout=120, cwd=folder)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def counts(report):
    return {name: tuple(count[key] for key in ("taken", "unchanged", "kept", "skipped"))
            for name, count in json.loads(report)["counts"].items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    columns_of_logs()
    folder = tmp_path_factory.mktemp("import")
    (folder / "litellm.sql").write_text(dump.sql(tables()))
    return folder


def chat(gateway, key, model="demo", **more):
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], **more}
    return httpx.post(
        f"{gateway.url}/v1/chat/completions", json=body,
        headers={"authorization": f"Bearer {key}"}, timeout=30)


def test_a_trial_writes_nothing(folder):
    printed = run(folder, "--from", "litellm.sql", "--dry-run")
    assert "dry run" in printed and not (folder / "data" / "llm-gateway.db").exists()
    assert "skipped key guarded (sk-...cdef): has metadata.guardrails" in printed
    for secret in (BACKEND, GUARDED, STALE):
        assert secret not in printed and dump.hashed(secret) not in printed


def test_it_is_taken_once(folder):
    taken = {
        "budgets": (2, 0, 0, 0), "teams": (1, 0, 0, 0), "users": (2, 0, 0, 0),
        "members": (2, 0, 0, 0), "customers": (1, 0, 0, 0), "keys": (4, 0, 0, 3)}
    assert counts(run(folder, "--from", "litellm.sql", "--json")) == taken
    again = counts(run(folder, "--from", "litellm.sql", "--json"))
    assert again == {
        name: (0, count[0], 0, count[3]) for name, count in taken.items()}
    with sqlite3.connect(folder / "data" / "llm-gateway.db") as database:
        rows = database.execute(
            "SELECT count(*), count(DISTINCT object_id) FROM audit WHERE author = 'import'"
        ).fetchall()
    assert rows == [(12, 12)]


def test_keys_go_on_working_under_their_budgets(folder):
    gateway = Gateway(folder, CONFIG)
    try:
        def info(path, **query):
            return httpx.get(
                f"{gateway.url}{path}", params=query, timeout=30,
                headers={"authorization": f"Bearer {MASTER_KEY}"}).json()
        assert chat(gateway, BACKEND).status_code == 200
        assert chat(gateway, BACKEND, "other").status_code == 403
        assert [chat(gateway, BACKEND).status_code for _ in range(2)] == [200, 429]
        row = info("/key/info", key=BACKEND)["info"]
        assert row["max_budget"] == 50 and row["budget_duration"] == "7d"
        assert row["metadata"] == {"k": "v"} and row["model_rpm_limit"] == {"demo": 2}
        assert row["created_at"].startswith("2026-01-02T03:04:05")
        # The team has a thousandth of a dollar left of its period, the key has nothing.
        assert chat(gateway, TEAM).status_code == 422
        assert chat(gateway, SPENT).status_code == 422
        assert info("/key/info", key=SPENT)["info"]["spend"] == 10
        team = info("/team/info", team_id="t-1")
        assert team["team_info"]["team_alias"] == 'Core ü \\ "x"'
        assert team["team_info"]["spend"] == 99.999
        roles = {m["user_id"]: m["role"] for m in team["team_info"]["members_with_roles"]}
        assert roles == {"u-1": "admin", "u-2": "user"}
        for secret in (STALE, DASHBOARD, GUARDED):
            assert chat(gateway, secret).status_code == 401
        assert chat(gateway, BACKEND, user="customer").status_code in (403, 429)
        # While a gateway serves, nothing is written.
        said = run(folder, "--from", "litellm.sql", status=2)
        assert "a gateway serves from it" in said
    finally:
        assert gateway.stop() == 0, gateway.log()


def test_answers_of_endpoints_are_taken_too(folder):
    keys = {"keys": [dump.key(LISTED, key_alias="listed", team_id="t-2")],
            "total_count": 1, "current_page": 1, "total_pages": 1}
    for name, content in [("keys.json", keys), ("teams.json", [
            dump.row("LiteLLM_TeamTable", team_id="t-2", team_alias="Two",
                     members_with_roles=[])])]:
        (folder / name).write_text(json.dumps(content))
    report = counts(run(folder, "--from", "teams.json", "--from", "keys.json", "--json"))
    assert report["teams"][0] == report["keys"][0] == 1
    gateway = Gateway(folder, CONFIG)
    try:
        assert chat(gateway, LISTED).status_code == 200
    finally:
        assert gateway.stop() == 0, gateway.log()


def test_what_is_here_and_differs_stays(folder):
    changed = tables()
    changed["LiteLLM_TeamTable"][0]["max_budget"] = 5.0
    changed["LiteLLM_VerificationToken"] = [
        dump.key("sk-another-0123456789abcdef", key_alias="backend")]
    (folder / "changed.sql").write_text(dump.sql(changed))
    printed = run(folder, "--from", "changed.sql")
    assert "kept team t-1" in printed
    assert "skipped key backend" in printed and "already" in printed


@pytest.mark.parametrize("content,said", [
    ("PGDMP\x01\x0e", "pg_restore"),
    ("SELECT 1;", "none of LiteLLM's tables"),
    ('INSERT INTO public."LiteLLM_TeamTable" VALUES (1);', "--inserts"),
    ('{"keys": ["abc"]}', "return_full_object"),
    ('COPY public."LiteLLM_TeamTable" (team_id) FROM stdin;\na\n', "cut short"),
    ("[1]", "objects"), ("{", "not valid JSON"), ('{"keys": []}', "no records")])
def test_what_is_no_dump_is_refused(folder, content, said):
    (folder / "bad").write_text(content)
    assert said in run(folder, "--from", "bad", status=1)
