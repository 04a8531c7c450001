"""What was spent, from outside: the ledger's reports after real calls, and who may read them."""

import datetime
import decimal
import json
import re
import sqlite3
import subprocess

import httpx
import pytest

from conftest import BINARY, MASTER_KEY, ROOT, Gateway

KEY, OTHER = "sk-reports-0123456789", "sk-others-0123456789"
CONFIG = f"""
model_list:
  - model_name: m
    litellm_params: {{model: 'scripted/demo?chunks=3&chunk_bytes=4&first_ms=0&interval_ms=0',
      input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
  - model_name: dear
    litellm_params: {{model: 'scripted/demo?chunks=3&chunk_bytes=4&first_ms=0&interval_ms=0',
      input_cost_per_token: 0.0001, output_cost_per_token: 0.0002}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings:
  keys:
    - {{key: {KEY}, alias: reports, team: t, user: ann}}
    - {{key: {OTHER}, alias: others}}
  teams: [{{id: t}}]
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("reports"), config=CONFIG)
    for key, model, count in [(KEY, "m", 3), (OTHER, "dear", 2), (KEY, "dear", 1)]:
        for _ in range(count):
            response = httpx.post(
                f"{gateway.url}/v1/chat/completions", headers=auth(key),
                json={"model": model, "messages": [{"role": "user", "content": "Hello"}],
                      "metadata": {"tags": ["red"]}, "user": "customer-1"})
            assert response.status_code == 200, response.text
    yield gateway
    gateway.stop()


def auth(key):
    return {"authorization": f"Bearer {key}"}


def get(gateway, path, key=MASTER_KEY, status=200, **query):
    response = httpx.get(gateway.url + path, headers=auth(key), params=query)
    assert response.status_code == status, response.text
    return json.loads(response.text, parse_float=decimal.Decimal)


def spent(rows, member="spend"):
    return sum(row[member] for row in rows)


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


def days():
    return {"start_date": str(today() - datetime.timedelta(days=1)),
            "end_date": str(today() + datetime.timedelta(days=1))}


def test_the_probes_need_no_key(gateway):
    response = httpx.get(gateway.url + "/health/liveliness")
    assert (response.status_code, response.json()) == (200, "I'm alive!")


def test_every_report_tells_the_same_sum(gateway):
    rows = get(gateway, "/spend/logs", summarize="false")
    whole = spent(rows)
    assert len(rows) == 6 and whole > 0
    assert {row["status"] for row in rows} == {"success"}
    assert spent(get(gateway, "/spend/keys")) == whole
    assert spent(get(gateway, "/spend/models"), "total_spend") == whole
    assert get(gateway, "/global/spend")["spend"] == whole
    assert spent(get(gateway, "/global/spend/logs")) == whole
    assert spent(get(gateway, "/global/spend/keys"), "total_spend") == whole
    assert spent(get(gateway, "/global/spend/models"), "total_spend") == whole
    assert spent(get(gateway, "/global/spend/provider", **days())) == whole
    assert spent(get(gateway, "/global/spend/tags", **days()), "total_spend") == whole
    assert spent(get(gateway, "/spend/tags"), "total_spend") == whole
    teams = get(gateway, "/global/spend/teams")
    assert spent(teams["total_spend_per_team"], "total_spend") == whole
    assert teams["teams"] == ["Unassigned", "t"]
    report = get(gateway, "/global/spend/report", group_by="team", **days())
    assert sum(spent(day["teams"], "total_spend") for day in report) == whole
    report = get(gateway, "/global/spend/report", group_by="api_key", **days())
    assert spent(report, "total_cost") == whole
    activity = get(gateway, "/team/daily/activity", **days())
    assert activity["metadata"]["total_spend"] == whole
    assert spent(get(gateway, "/spend/logs", **days())) == whole
    assert get(gateway, "/spend/logs/v2", **days())["total"] == 6


def test_a_row_is_found_by_the_id_of_its_call(gateway):
    response = httpx.post(
        f"{gateway.url}/v1/chat/completions", headers=auth(MASTER_KEY),
        json={"model": "m", "messages": [{"role": "user", "content": "Hello"}]})
    rows = get(gateway, "/spend/logs", request_id=response.headers["x-litellm-call-id"])
    assert len(rows) == 1
    assert str(rows[0]["spend"]) == response.headers["x-litellm-response-cost"]
    assert rows[0]["prompt_tokens"] == response.json()["usage"]["prompt_tokens"]
    assert rows[0]["api_key"] == "master"


def test_a_plain_key_sees_its_own_and_no_more(gateway):
    keys = get(gateway, "/spend/keys", KEY)
    assert [key["key_alias"] for key in keys] == ["reports"]
    models = get(gateway, "/spend/models", KEY)
    assert {model["model"] for model in models} == {"m", "dear"}
    assert [model["model"] for model in get(gateway, "/spend/models", OTHER)] == ["dear"]
    for path in ["/global/spend", "/global/spend/keys", "/global/activity", "/spend/tags"]:
        error = get(gateway, path, KEY, status=403)["error"]
        assert error["code"] == "403" and "internal_user" in error["message"]
        get(gateway, path, "sk-unknown-0123456789", status=401)


def test_the_table_of_routes_is_the_documentation_s(gateway):
    page = (ROOT / "Sources/Gateway/Documentation.docc/Management.md").read_text()
    documented = set(re.findall(r"^\| (\w+) \| (/\S*) \| ([\w ]+) \|$", page, re.MULTILINE))
    served = {(route["methods"][0], route["path"], route["role"])
              for route in get(gateway, "/routes", KEY)["routes"]}
    assert served == documented


def test_a_path_of_litellm_s_that_is_not_offered_says_so(gateway):
    error = get(gateway, "/organization/list", status=404)["error"]
    assert "LiteLLM" in error["message"]


def run(gateway, *arguments, status=0):
    done = subprocess.run([BINARY, *arguments], cwd=gateway.folder, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def test_the_command_line_tells_what_the_doors_tell(gateway):
    sums = json.loads(run(gateway, "spend", "--by", "key", "--by", "model", "--json"),
                      parse_float=decimal.Decimal)
    told = {key["token"]: key["spend"] for key in get(gateway, "/spend/keys")}
    assert sum(row["usd"] for row in sums) == sum(told.values())
    table = run(gateway, "spend", "--config", "config.yaml", "--by", "day")
    assert table.startswith("DAY") and str(today()) in table and "total" in table
    assert run(gateway, "spend", "--csv").startswith("model,calls,failed,")
    exported = [json.loads(line, parse_float=decimal.Decimal)
                for line in run(gateway, "export").splitlines()]
    assert sum(row["usd"] for row in exported) == sum(told.values())
    assert "Hello" not in json.dumps(exported, default=str)
    assert len(run(gateway, "export", "--csv").splitlines()) == len(exported) + 1


def test_a_backup_is_made_while_calls_run(gateway):
    run(gateway, "backup", "copy.db")
    with sqlite3.connect(gateway.folder / "copy.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM ledger").fetchone()[0] >= 6
    assert "there already" in run(gateway, "backup", "copy.db", status=2)
    assert "to do" not in run(gateway, "migrate", "--status")
    assert "no database" in run(gateway, "spend", "--data-dir", "nowhere", status=2)


def test_health_calls_every_deployment_and_accounts_for_it(gateway):
    health = get(gateway, "/health")
    assert health["healthy_count"] == 2 and health["unhealthy_count"] == 0
    assert {row["model_name"] for row in health["healthy_endpoints"]} == {"m", "dear"}
    get(gateway, "/health", KEY, status=403)
    probes = get(gateway, "/spend/logs", api_key="health-check", summarize="false")
    assert len(probes) == 2 and all(row["completion_tokens"] >= 1 for row in probes)
    backlog = get(gateway, "/health/backlog")
    assert backlog["in_flight_requests"] == 0
    assert get(gateway, "/health/readiness/details")["db"] == "connected"
    info = get(gateway, "/model/info")["data"]
    assert {row["model_name"] for row in info} == {"m", "dear"}
    assert {str(row["model_info"]["input_cost_per_token"]) for row in info} == {"0.000001", "0.0001"}
