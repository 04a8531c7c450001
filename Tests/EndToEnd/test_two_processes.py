"""Two processes that have one data folder open, as they do during a restart: what is changed at
one of them holds at the other."""

import pytest

from billing_upstream import BillingUpstream
from conftest import MASTER_KEY, Gateway, wait_until
from service import Service
from test_keys import Admin, chat, config


@pytest.fixture
def upstream():
    upstream = BillingUpstream(tokens=10, pause=0)
    yield upstream
    upstream.stop()


@pytest.fixture
def both(tmp_path, upstream):
    """Two processes beside each other, with one folder."""
    processes = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        text = config(upstream).replace("loops: 2", f"loops: 1, data_dir: '{tmp_path}/data'")
        processes.append(Gateway(folder, text))
    yield processes
    for process in processes:
        assert process.stop() == 0, process.log()


def test_changes_are_seen_by_the_other_process_both_ways(both):
    for first, second in (both, both[::-1]):
        here, there = Admin(first), Admin(second)
        made = here.post("/key/generate", team_id="t", key_alias=f"from-{first.port}")
        key = made["key"]
        wait_until(lambda: chat(second, key)[0] == 200, what="the key at the other")
        there.post("/key/block", key=key)
        wait_until(lambda: chat(first, key) == (401, "auth_error"), what="the block")
        here.post("/key/unblock", key=key)
        wait_until(lambda: chat(second, key)[0] == 200, what="the unblocking")
        there.post("/team/update", team_id="t", models=["llama-3.1-8b"])
        wait_until(lambda: chat(first, key)[0] == 403, what="the team's models")
        here.post("/team/update", team_id="t", models=[])
        wait_until(lambda: chat(second, key)[0] == 200, what="the team's models")
        # A budget that is spent at one is spent at the other.
        here.post("/key/update", key=key, max_budget=0.0000001)
        wait_until(lambda: chat(second, key)[0] == 422, what="the budget")
        there.post("/key/delete", keys=[key])
        wait_until(
            lambda: chat(first, key) == (401, "token_not_found_in_db"), what="the deletion")
        assert "has changed the directory" in first.log()


def test_budgets_are_shared_to_the_nano_dollar(both, upstream):
    """Two processes, one cap: together they let through what it covers."""
    made = Admin(both[0]).post("/key/generate", max_budget=0.0005)
    wait_until(lambda: chat(both[1], made["key"])[0] == 200, what="the key at the other")
    statuses = []
    while len(statuses) < 200 and not statuses[-2:] == [422, 422]:
        statuses += [chat(process, made["key"])[0] for process in both]
    assert statuses.count(200) >= 4 and statuses[-2:] == [422, 422]
    info = Admin(both[1]).get("/key/info", key=made["key"])["info"]
    assert info["spend"] <= 0.0005


def test_a_key_made_before_a_restart_and_one_made_after_it_work(tmp_path, upstream):
    service = Service(tmp_path, config(upstream))
    try:
        service.start()
        before = Admin(service).post("/key/generate")["key"]
        service.restart()
        assert chat(service, before)[0] == 200
        after = Admin(service).post("/key/generate")["key"]
        for key in (before, after):
            assert chat(service, key)[0] == 200
    finally:
        service.stop()


def test_stored_models_are_seen_by_both_processes(tmp_path, upstream, monkeypatch):
    """What /model/new, update and delete do at one process the other serves too."""
    monkeypatch.setenv("LLM_GATEWAY_SALT_KEY", "a-salt-of-the-test-0123456789")
    processes = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        text = config(upstream).replace(
            "loops: 2", f"loops: 1, egress_allowed: [127.0.0.0/8], data_dir: '{tmp_path}/data'")
        text = text.replace("{master_key:", "{store_model_in_db: true, master_key:")
        processes.append(Gateway(folder, text))
    try:
        for first, second in (processes, processes[::-1]):
            here, there = Admin(first), Admin(second)
            name = f"stored-{first.port}"

            def status(model):
                return chat(second, MASTER_KEY, model)[0]

            here.post("/model/new", model_name=name, model_info={"id": name}, litellm_params={
                "model": "openai/m", "api_base": f"http://127.0.0.1:{upstream.port}/v1",
                "api_key": "sk-of-the-upstream", "input_cost_per_token": 0.000001,
                "output_cost_per_token": 0.000002})
            assert chat(first, MASTER_KEY, name)[0] == 200
            wait_until(lambda: status(name) == 200, what="the model at the other")
            here.post("/model/update", model_info={"id": name}, model_name=name + "-renamed")
            wait_until(lambda: status(name + "-renamed") == 200, what="the new name")
            assert status(name) == 400
            # And deleted by the one that did not make it.
            there.post("/model/delete", id=name)
            wait_until(
                lambda: chat(first, MASTER_KEY, name + "-renamed")[0] == 400, what="its end")
    finally:
        for process in processes:
            assert process.stop() == 0, process.log()
