"""Every endpoint of LiteLLM's that is offered, called by name, with the shape that its clients read."""

import datetime

import httpx
import pytest

from conftest import MASTER_KEY, Gateway
from test_keys import Admin

SCRIPTED = "scripted/demo?chunks=3&chunk_bytes=4&first_ms=0&interval_ms=0"
CONFIG = f"""
model_list:
  - model_name: m
    litellm_params: {{model: '{SCRIPTED}', rpm: 1000000,
      input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
  - model_name: dear
    litellm_params: {{model: '{SCRIPTED}', input_cost_per_token: 0.01, output_cost_per_token: 0.02}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings: {{loops: 2}}
"""

KEY_ROW = {"token", "key_name", "key_alias", "spend", "max_budget", "budget_duration",
           "budget_reset_at", "expires", "models", "user_id", "team_id", "metadata", "blocked",
           "rpm_limit", "tpm_limit", "max_parallel_requests", "created_at", "updated_at"}
TEAM_ROW = {"team_id", "team_alias", "members_with_roles", "metadata", "max_budget", "spend",
            "models", "blocked", "budget_duration", "budget_reset_at", "created_at", "updated_at"}
USER_ROW = {"user_id", "user_email", "user_alias", "user_role", "spend", "max_budget", "models",
            "metadata"}
BUDGET_ROW = {"budget_id", "max_budget", "soft_budget", "max_parallel_requests", "tpm_limit",
              "rpm_limit", "budget_duration", "model_max_budget", "budget_reset_at"}
CUSTOMER_ROW = {"user_id", "alias", "blocked", "spend", "litellm_budget_table"}
MEMBERSHIP = {"user_id", "team_id", "spend", "litellm_budget_table"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("surface"), CONFIG)
    yield gateway
    assert gateway.stop() == 0, gateway.log()


@pytest.fixture(scope="module")
def admin(gateway):
    return Admin(gateway)


def chat(gateway, key, model="m", **more):
    """The status of a call, and its error's type."""
    answer = httpx.post(
        gateway.url + "/v1/chat/completions", timeout=60,
        headers={"authorization": f"Bearer {key}"},
        json={"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}],
              **more})
    return answer.status_code, None if answer.status_code == 200 else answer.json()["error"]["type"]


def has(row, names):
    assert names <= row.keys(), names - row.keys()
    return row


def only(rows, **wanted):
    """The one row with these values."""
    found = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    assert len(found) == 1, (wanted, rows)
    return found[0]


# -- Keys


def test_keys_are_made_changed_shown_and_ended(gateway, admin):
    made = admin.post(
        "/key/generate", key_alias="surface-1", models=["m"], max_budget=2, budget_duration="30d",
        rpm_limit=50, tpm_limit=5000, max_parallel_requests=7, metadata={"a": 1}, tags=["t"],
        duration="30d")
    has(made, KEY_ROW | {"key", "token_id", "created_by", "updated_by"})
    key, token = made["key"], made["token"]
    assert made["token_id"] == token and made["metadata"] == {"a": 1}
    for shown in (key, token):
        info = admin.get("/key/info", key=shown)
        assert info["key"] == shown
        has(info["info"], KEY_ROW - {"token"} | {"total_spend", "last_active", "status",
                                                "litellm_budget_table", "budget_limits_usage"})
        assert info["info"]["status"] == "active" and "key" not in info["info"]
    own = Admin(gateway, key).get("/key/info")
    assert own["info"]["key_alias"] == "surface-1"
    both = admin.post("/v2/key/info", keys=[key, token])
    assert both["key"] == [key, token] and len(both["info"]) == 2
    admin.get("/key/info", status=404, key="0" * 64)

    other = admin.post("/key/generate", key_alias="surface-2")
    page = admin.get("/key/list", search="surface-", size=1, page=2)
    assert {"keys", "total_count", "current_page", "total_pages"} <= page.keys()
    assert (page["total_count"], page["current_page"], page["total_pages"]) == (2, 2, 2)
    whole = admin.get("/key/list", key_alias="surface-1", return_full_object=True)["keys"]
    has(whole[0], KEY_ROW)
    aliases = admin.get("/key/aliases", size=100)
    has(aliases, {"aliases", "total_count", "current_page", "total_pages", "size"})
    assert {"surface-1", "surface-2"} <= set(aliases["aliases"])

    changed = admin.post("/key/update", key=key, rpm_limit=60)
    assert changed["key"] == key and changed["rpm_limit"] == 60 and changed["tpm_limit"] == 5000
    bulk = admin.post("/key/bulk_update", keys=[
        {"key": other["token"], "tpm_limit": 9}, {"key": "f" * 64, "tpm_limit": 9}])
    assert bulk["total_requested"] == 2
    assert [len(bulk[part]) for part in ("successful_updates", "failed_updates")] == [1, 1]
    assert admin.get("/key/info", key=other["token"])["info"]["tpm_limit"] == 9

    assert admin.post("/key/block", key=token)["blocked"] is True
    assert chat(gateway, key) == (401, "auth_error")
    assert admin.post("/key/unblock", key=token)["blocked"] is False
    assert chat(gateway, key)[0] == 200
    spent = admin.get("/key/info", key=key)["info"]["spend"]
    assert spent > 0
    reset = admin.post(f"/key/{token}/reset_spend", reset_to=0)
    has(reset, {"key_hash", "spend", "previous_spend", "max_budget", "budget_reset_at"})
    assert (reset["previous_spend"], reset["spend"]) == (spent, 0)
    renewed = admin.post(f"/key/{token}/regenerate", grace_period="1h")
    assert renewed["key"] != key and chat(gateway, renewed["key"])[0] == chat(gateway, key)[0] == 200
    assert admin.post("/key/regenerate", key=renewed["key"])["key"] != renewed["key"]
    assert admin.post("/key/delete", key_aliases=["surface-1"]) == {"deleted_keys": ["surface-1"]}
    assert admin.post("/key/delete", keys=[other["token"]]) == {"deleted_keys": [other["token"]]}
    assert chat(gateway, other["key"]) == (401, "token_not_found_in_db")


def test_a_key_s_health_is_told_to_its_holder(gateway, admin):
    key = admin.generate()
    assert Admin(gateway, key).post("/key/health")["key"] == "healthy"
    admin.post("/key/block", key=key)
    Admin(gateway, key).post("/key/health", status=401)


def test_a_key_has_names_of_its_own_for_models_and_a_limit_by_the_day(gateway, admin):
    made = admin.post("/key/generate", aliases={"fast": "m"}, models=["m"], tpd_limit=1000)
    assert made["aliases"] == {"fast": "m"} and made["tpd_limit"] == 1000
    assert chat(gateway, made["key"], "fast")[0] == 200
    assert chat(gateway, made["key"], "dear")[0] == 403
    assert chat(gateway, made["key"], max_tokens=2000)[0] == 429
    changed = admin.post("/key/update", key=made["key"], aliases=None, tpd_limit=None)
    assert changed["aliases"] == {} and changed["tpd_limit"] is None
    assert chat(gateway, made["key"], "fast")[0] == 403
    assert chat(gateway, made["key"], max_tokens=2000)[0] == 200


# -- Teams


def test_teams_are_made_changed_listed_and_ended(gateway, admin):
    made = has(admin.post(
        "/team/new", team_id="surface", team_alias="Surface", models=["m"], max_budget=5,
        budget_duration="1mo", rpm_limit=100,
        members_with_roles=[{"role": "admin", "user_id": "lead"}]), TEAM_ROW)
    assert made["members_with_roles"] == [{"role": "admin", "user_id": "lead"}]
    admin.post("/team/new", team_id="surface-2", team_alias="Other")
    key = admin.generate(team_id="surface")

    changed = admin.post("/team/update", team_id="surface", max_budget=6)
    assert changed["team_id"] == "surface" and has(changed["data"], TEAM_ROW)["max_budget"] == 6
    assert has(only(admin.get("/team/list"), team_id="surface"), TEAM_ROW)["team_alias"] == "Surface"
    page = admin.get("/v2/team/list", page=1, page_size=1)
    assert {"teams", "total", "page", "page_size", "total_pages"} <= page.keys()
    assert page["total"] >= 2 and page["total_pages"] == page["total"] and len(page["teams"]) == 1
    assert admin.get("/v2/team/list", team_alias="Surface")["teams"][0]["team_id"] == "surface"
    assert admin.get("/team/list", user_id="lead")[0]["team_id"] == "surface"

    assert chat(gateway, key)[0] == 200 and chat(gateway, key, "dear")[0] == 403
    assert set(admin.post("/team/model/add", team_id="surface", models=["dear"])["models"]) == {
        "m", "dear"}
    assert chat(gateway, key, "dear")[0] == 200
    assert admin.post("/team/model/delete", team_id="surface", models=["dear"])["models"] == ["m"]
    assert chat(gateway, key, "dear")[0] == 403
    assert admin.post("/team/block", team_id="surface")["blocked"] is True
    assert chat(gateway, key) == (401, "auth_error")
    assert admin.post("/team/unblock", team_id="surface")["blocked"] is False
    assert chat(gateway, key)[0] == 200

    today = str(datetime.datetime.now(datetime.timezone.utc).date())
    days = admin.get("/team/daily/activity", team_ids="surface", start_date=today, end_date=today)
    assert days["results"][0]["metrics"]["successful_requests"] == 3
    assert "surface" in days["results"][0]["breakdown"]["entities"]
    assert admin.post("/team/delete", team_ids=["surface"]) == {"deleted_teams": ["surface"]}
    assert chat(gateway, key)[0] == 401
    admin.get("/team/info", status=404, team_id="surface")


def test_members_come_are_changed_and_go(gateway, admin):
    admin.post("/team/new", team_id="crew")
    added = admin.post(
        "/team/member_add", team_id="crew", member={"role": "user", "user_id": "sailor"},
        max_budget_in_team=0.000001)
    has(added, TEAM_ROW | {"updated_team_memberships"})
    has(only(added["updated_team_memberships"], user_id="sailor"), MEMBERSHIP)
    key = admin.generate(team_id="crew", user_id="sailor")
    assert chat(gateway, key) == (422, "budget_exceeded")
    changed = admin.post(
        "/team/member_update", team_id="crew", user_id="sailor", role="admin",
        max_budget_in_team=10, rpm_limit=5)
    has(changed, {"team_id", "user_id", "max_budget_in_team", "rpm_limit", "tpm_limit"})
    assert (changed["role"], changed["max_budget_in_team"], changed["rpm_limit"]) == ("admin", 10, 5)
    assert chat(gateway, key)[0] == 200
    info = admin.get("/team/info", team_id="crew")
    assert {"team_id", "team_info", "keys", "team_memberships"} <= info.keys()
    has(info["team_info"], TEAM_ROW)
    has(info["keys"][0], KEY_ROW)
    assert has(only(info["team_memberships"], user_id="sailor"), MEMBERSHIP)["spend"] > 0
    gone = admin.post("/team/member_delete", team_id="crew", user_id="sailor")
    assert gone["members_with_roles"] == [] and chat(gateway, key)[0] == 401


# -- Users


def test_users_are_made_changed_listed_and_ended(gateway, admin):
    made = admin.post("/user/new", user_id="pat", user_email="pat@example.com", user_alias="Pat",
                      user_role="internal_user", max_budget=3)
    has(made, USER_ROW | {"key", "token", "key_name", "expires"})
    assert chat(gateway, made["key"])[0] == 200
    info = admin.get("/user/info", user_id="pat")
    assert {"user_id", "user_info", "keys", "teams"} <= info.keys()
    assert has(info["user_info"], USER_ROW)["spend"] > 0 and len(info["keys"]) == 1
    assert Admin(gateway, made["key"]).get("/user/info")["user_id"] == "pat"
    changed = admin.post("/user/update", user_id="pat", max_budget=0.000001)
    assert changed["user_id"] == "pat" and has(changed["data"], USER_ROW)["max_budget"] == 0.000001
    assert chat(gateway, made["key"]) == (422, "budget_exceeded")
    page = admin.get("/user/list", user_ids="pat", page=1, page_size=10)
    assert {"users", "total", "page", "page_size", "total_pages"} <= page.keys()
    assert has(page["users"][0], USER_ROW | {"key_count"})["key_count"] == 1 and page["total"] == 1
    today = str(datetime.datetime.now(datetime.timezone.utc).date())
    days = admin.get("/user/daily/activity", user_id="pat", start_date=today, end_date=today)
    has(days["metadata"], {
        "total_spend", "total_prompt_tokens", "total_completion_tokens", "total_tokens",
        "total_api_requests", "total_successful_requests", "total_failed_requests", "page",
        "total_pages", "has_more"})
    assert days["metadata"]["total_successful_requests"] == 1
    has(days["results"][0]["metrics"], {
        "spend", "prompt_tokens", "completion_tokens", "cache_read_input_tokens",
        "cache_creation_input_tokens", "total_tokens", "successful_requests", "failed_requests",
        "api_requests"})
    has(days["results"][0]["breakdown"], {
        "models", "model_groups", "providers", "endpoints", "api_keys", "entities", "mcp_servers"})
    assert admin.post("/user/delete", user_ids=["pat"]) == {"deleted_users": ["pat"]}
    assert chat(gateway, made["key"])[0] == 401
    admin.get("/user/info", status=404, user_id="pat")


# -- Budgets and customers


def test_budgets_are_made_changed_listed_and_ended(gateway, admin):
    made = has(admin.post("/budget/new", budget_id="small", max_budget=0.000001,
                          budget_duration="1d", rpm_limit=1000), BUDGET_ROW)
    assert made["budget_id"] == "small" and made["budget_reset_at"]
    key = admin.generate(budget_id="small")
    assert chat(gateway, key) == (422, "budget_exceeded")
    assert has(admin.post("/budget/update", budget_id="small", max_budget=4), BUDGET_ROW)[
        "max_budget"] == 4
    assert chat(gateway, key)[0] == 200
    assert [has(row, BUDGET_ROW)["rpm_limit"] for row in admin.post(
        "/budget/info", budgets=["small"])] == [1000]
    assert has(only(admin.get("/budget/list"), budget_id="small"), BUDGET_ROW)["max_budget"] == 4
    # One that keys are held by stays.
    admin.post("/key/update", key=key, budget_id=None)
    assert admin.post("/budget/delete", id="small")["budget_id"] == "small"
    admin.post("/budget/info", status=404, budgets=["small"])


@pytest.mark.parametrize("family", ["customer", "end_user"])
def test_customers_are_made_changed_listed_blocked_and_ended(gateway, admin, family):
    name, key = f"{family}-1", admin.generate()
    made = has(admin.post(f"/{family}/new", user_id=name, alias="First", max_budget=0.000001),
               CUSTOMER_ROW)
    assert made["litellm_budget_table"]["max_budget"] == 0.000001
    assert chat(gateway, key, user=name) == (422, "budget_exceeded")
    changed = has(admin.post(f"/{family}/update", user_id=name, max_budget=8, alias="Second"),
                  CUSTOMER_ROW)
    assert changed["alias"] == "Second" and changed["litellm_budget_table"]["max_budget"] == 8
    assert chat(gateway, key, user=name)[0] == 200
    info = has(admin.get(f"/{family}/info", end_user_id=name), CUSTOMER_ROW)
    assert info["spend"] > 0 and info["blocked"] is False
    assert has(only(admin.get(f"/{family}/list"), user_id=name), CUSTOMER_ROW)["alias"] == "Second"
    blocked = admin.post(f"/{family}/block", user_ids=[name])
    assert blocked["blocked_users"] == [{"user_id": name, "blocked": True}]
    assert chat(gateway, key, user=name)[0] == 403 and chat(gateway, key)[0] == 200
    assert admin.post(f"/{family}/unblock", user_ids=[name])["blocked_users"] == []
    assert chat(gateway, key, user=name)[0] == 200
    assert admin.post(f"/{family}/delete", user_ids=[name])["deleted_customers"] == 1
    admin.get(f"/{family}/info", status=404, end_user_id=name)


# -- Spend, models, health


def test_spend_is_reported_in_every_shape(gateway, admin):
    key = admin.generate(key_alias="spender", tags=["surface-tag"])
    assert chat(gateway, key, user="somebody")[0] == 200
    now = datetime.datetime.now(datetime.timezone.utc).date()
    days = {"start_date": str(now), "end_date": str(now + datetime.timedelta(days=1))}
    has(only(admin.get("/spend/keys"), key_alias="spender"), {"token", "spend", "key_name"})
    assert isinstance(admin.get("/spend/users"), list)
    has(only(admin.get("/spend/tags", **days), individual_request_tag="surface-tag"),
        {"log_count", "total_spend"})
    has(admin.get("/spend/models")[0], {"model", "total_spend"})
    has(admin.get("/spend/logs", summarize="false")[0], {
        "request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens",
        "completion_tokens", "startTime", "endTime", "request_duration_ms", "completionStartTime",
        "model", "model_id", "model_group", "custom_llm_provider", "user", "team_id", "end_user",
        "metadata", "request_tags", "cache_hit", "status"})
    has(admin.get("/spend/logs", **days)[0], {"startTime", "spend", "users", "models"})
    has(admin.get("/spend/logs/v2", **days), {"data", "total", "page", "page_size", "total_pages"})
    prompt = [{"role": "user", "content": "Hello there"}]
    assert admin.post("/spend/calculate", model="m", messages=prompt)["cost"] > 0
    answer = {"model": "dear", "usage": {"prompt_tokens": 10, "completion_tokens": 5}}
    assert admin.post("/spend/calculate", completion_response=answer)["cost"] == 0.2
    has(admin.get("/global/spend"), {"spend", "max_budget"})
    has(admin.get("/global/spend/logs")[0], {"date", "spend"})
    has(only(admin.get("/global/spend/keys", limit=100), key_alias="spender"),
        {"api_key", "key_name", "total_spend"})
    has(admin.get("/global/spend/models", limit=10)[0], {"model", "total_spend"})
    has(admin.get("/global/spend/teams"), {"daily_spend", "teams", "total_spend_per_team"})
    has(admin.get("/global/spend/provider", **days)[0], {"provider", "spend"})
    has(only(admin.get("/global/spend/tags", **days), individual_request_tag="surface-tag"),
        {"log_count", "total_spend"})
    for group, names in [
            ("team", {"group_by_day", "teams"}), ("customer", {"group_by_day", "customers"}),
            ("api_key", {"api_key", "total_cost", "total_input_tokens", "total_output_tokens",
                         "model_details"})]:
        has(admin.get("/global/spend/report", group_by=group, **days)[0], names)
    has(admin.post("/global/spend/end_users")[0], {"end_user", "total_count", "total_spend"})
    activity = admin.get("/global/activity", **days)
    assert {"daily_data", "sum_api_requests", "sum_total_tokens"} <= activity.keys()
    has(activity["daily_data"][0], {"date", "api_requests", "total_tokens"})
    has(only(admin.get("/global/activity/model", **days), model="m"),
        {"daily_data", "sum_api_requests", "sum_total_tokens"})


def test_models_are_told_with_what_they_cost(admin):
    info = only(admin.get("/model/info")["data"], model_name="m")
    has(info, {"litellm_params", "model_info"})
    has(info["model_info"], {"id", "db_model", "key", "mode", "input_cost_per_token",
                             "output_cost_per_token", "litellm_provider", "max_tokens"})
    assert "api_key" not in info["litellm_params"]
    assert admin.get("/v1/model/info", litellm_model_id=info["model_info"]["id"])["data"] == [info]
    group = admin.get("/model_group/info", model_group="m")["data"]
    assert [row["model_group"] for row in group] == ["m"]
    has(group[0], {"providers", "max_input_tokens", "max_output_tokens", "input_cost_per_token",
                   "output_cost_per_token", "mode", "tpm", "rpm"})


@pytest.mark.parametrize("path", ["/health/liveliness", "/health/liveness"])
def test_both_spellings_of_the_probe_need_no_key(gateway, path):
    answer = httpx.get(gateway.url + path)
    assert (answer.status_code, answer.json()) == (200, "I'm alive!")


def test_health_of_deployments_and_of_the_process(gateway, admin):
    health = admin.get("/health", model="m")
    has(health, {"healthy_endpoints", "unhealthy_endpoints", "healthy_count", "unhealthy_count"})
    has(health["healthy_endpoints"][0], {"model", "api_base", "model_id"})
    assert (health["healthy_count"], health["unhealthy_count"]) == (1, 0)
    ready = httpx.get(gateway.url + "/health/readiness").json()
    assert (ready["status"], ready["db"]) == ("healthy", "connected")
    has(admin.get("/health/readiness/details"), {"status", "db", "cache", "version"})
    has(admin.get("/health/backlog"), {
        "in_flight_requests", "admitted_requests", "queued_requests", "rejected_requests"})


def test_all_spend_begins_anew(gateway, admin):
    key = admin.generate(max_budget=1, budget_duration="1d")
    assert chat(gateway, key)[0] == 200
    assert admin.post("/global/spend/reset") == {
        "message": "Spend for all API Keys and Teams reset successfully", "status": "success"}
    assert admin.get("/key/info", key=key)["info"]["spend"] == 0


# -- What is not offered


@pytest.mark.parametrize("method,path", [
    ("POST", "/organization/new"), ("GET", "/organization/list"), ("GET", "/config/yaml"),
    ("POST", "/guardrails/apply_guardrail"), ("GET", "/budget/settings"), ("POST", "/cache/flushall"),
    ("POST", "/key/bulk_delete"), ("POST", "/team/bulk_member_add"), ("GET", "/provider/budgets"),
    ("POST", "/model/block"), ("GET", "/health/services"), ("GET", "/spend/capture_rate"),
    ("GET", "/v2/organization/list"), ("POST", "/v3/login/exchange"), ("GET", "/sso/key/generate"),
    ("GET", "/tag/list"), ("POST", "/credentials")])
def test_a_path_of_litellm_s_that_is_not_offered_is_404_and_says_so(admin, method, path):
    answer = admin.client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert "LiteLLM" in error["message"] and path in error["message"], error
    assert error["code"] == "404"


def test_a_path_that_is_nobody_s_is_404_without_litellm(admin):
    answer = admin.client.get("/no-such-path")
    assert answer.status_code == 404 and "LiteLLM" not in answer.text
