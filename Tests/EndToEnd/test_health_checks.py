"""Deployments that are called from time to time to see how they are: what `/health` and the router
make of it, and who pays."""

import httpx
import pytest

from conftest import MASTER_KEY, Gateway, wait_until
from routing_upstream import RoutingUpstream

CONFIG = """
model_list:
  - model_name: m
    litellm_params: {{model: openai/m, api_base: '{one}', api_key: k,
      input_cost_per_token: 0.001, output_cost_per_token: 0.001}}
    model_info: {{id: one, health_check_timeout: 1}}
  - model_name: m
    litellm_params: {{model: openai/m, api_base: '{two}', api_key: k}}
    model_info: {{id: two}}
  - model_name: dear
    litellm_params: {{model: openai/dear, api_base: '{one}', api_key: k}}
    model_info: {{id: dear, disable_background_health_check: true}}
general_settings:
  master_key: {key}
  background_health_checks: true
  health_check_interval: 1
  enable_health_check_routing: true
router_settings: {{num_retries: 0, disable_cooldowns: true}}
gateway_settings: {{loops: 2}}
"""


@pytest.fixture
def checked(tmp_path):
    ones = [RoutingUpstream(), RoutingUpstream()]
    gateway = Gateway(
        tmp_path, CONFIG.format(one=ones[0].base, two=ones[1].base, key=MASTER_KEY))
    yield gateway, ones
    assert gateway.stop() == 0, gateway.log()
    for one in ones:
        one.stop()


def get(gateway, path):
    answer = httpx.get(gateway.url + path, headers={"authorization": f"Bearer {MASTER_KEY}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def healthy(gateway):
    return sorted(one["model_id"] for one in get(gateway, "/health")["healthy_endpoints"])


def ask(gateway):
    return httpx.post(
        gateway.url + "/v1/chat/completions", headers={"authorization": f"Bearer {MASTER_KEY}"},
        json={"model": "m", "messages": [{"role": "user", "content": "Hi"}]})


def test_the_router_follows_the_checks(checked):
    gateway, ones = checked
    wait_until(lambda: healthy(gateway) == ["one", "two"], what="the first checks")
    report = get(gateway, "/health")
    assert [one["model_id"] for one in report["unchecked_endpoints"]] == ["dear"]
    assert report["healthy_endpoints"][0]["router_state"] == "open"
    # One fails, and no client's call has met it: none will.
    ones[0].always = 500
    wait_until(lambda: healthy(gateway) == ["two"], what="the failing check")
    unhealthy = get(gateway, "/health")["unhealthy_endpoints"][0]
    assert unhealthy["exception_status"] == 500 and unhealthy["consecutive_failures"] == 0
    state = {d["id"]: d for model in get(gateway, "/router/state")["models"]
             for d in model["deployments"]}
    assert state["one"]["last_check"]["passed"] is False and state["one"]["state"] == "open"
    assert state["two"]["last_check"]["passed"] is True
    assert [ask(gateway).status_code for _ in range(12)] == [200] * 12
    assert all(body.get("max_tokens") == 1 or body.get("max_completion_tokens") == 1
               for _, body in ones[0].requests), "nothing but checks"
    # It returns as soon as a check has passed.
    ones[0].reset()
    wait_until(lambda: healthy(gateway) == ["one", "two"], what="the return")
    # One that hangs fails by its own bound.
    ones[0].delay = 2.5
    wait_until(
        lambda: any(one["exception_status"] == 408
                    for one in get(gateway, "/health")["unhealthy_endpoints"]),
        what="the bound of one check")


def test_checks_are_charged_to_the_gateway_alone(checked):
    gateway, ones = checked
    wait_until(lambda: ones[0].count >= 3 and ones[1].count >= 3, what="some checks")
    rows = wait_until(
        lambda: get(gateway, "/spend/logs?summarize=false&api_key=health-check"),
        what="their rows")
    assert {row["api_key"] for row in rows} == {"health-check"}
    assert {row["model_id"] for row in rows} <= {"one", "two"}
    assert any(row["spend"] > 0 for row in rows if row["model_id"] == "one")
    assert "litellm_proxy_total_requests_metric_total" in httpx.get(
        gateway.url + "/metrics", headers={"authorization": f"Bearer {MASTER_KEY}"}).text
