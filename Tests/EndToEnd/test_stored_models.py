"""Deployments that are made over the API: in effect at once, over restarts and reloads, with their
secrets encrypted and their addresses held to the egress rule."""

import http.server
import json
import signal
import threading

import httpx
import pytest

from billing_upstream import BillingUpstream
from conftest import MASTER_KEY, wait_until
from service import Service

SALT = "a-salt-of-the-test-0123456789"
SECRET = "sk-provider-secret-0123456789"


@pytest.fixture(scope="module")
def upstream():
    upstream = BillingUpstream(burst=60, pause=0)
    yield upstream
    upstream.stop()


def config(stores="true", egress="egress_allowed: [127.0.0.0/8],", models=""):
    return f"""
model_list:
  - model_name: filed
    litellm_params: {{model: scripted/demo}}
    model_info: {{id: filed-1}}
{models}
general_settings: {{master_key: {MASTER_KEY}, store_model_in_db: {stores}}}
gateway_settings: {{{egress} loops: 2}}
"""


class Models:
    def __init__(self, folder, text, **environment):
        environment = {"LLM_GATEWAY_SALT_KEY": SALT} | environment
        self.service = Service(folder, text, **environment)
        self.process = self.service.start()
        self.client = httpx.Client(
            base_url=self.service.url, headers={"authorization": f"Bearer {MASTER_KEY}"},
            timeout=60)

    def ask(self, method, path, status=200, **body):
        answer = self.client.request(method, path, json=body or None)
        assert answer.status_code == status, answer.text
        return answer

    def chat(self, model, key=None):
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return self.client.post("/v1/chat/completions", headers=headers, json={
            "model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5})

    def info(self, identity):
        answer = self.client.get("/model/info", params={"litellm_model_id": identity})
        return answer.json()["data"][0] if answer.status_code == 200 else None


@pytest.fixture
def models(tmp_path):
    started = Models(tmp_path, config())
    yield started
    started.service.stop()


def params(upstream, **more):
    return {"model": "openai/m", "api_base": f"http://127.0.0.1:{upstream.port}/v1",
            "api_key": SECRET, "input_cost_per_token": 0.000001,
            "output_cost_per_token": 0.000002} | more


def test_a_deployment_from_its_making_to_its_end(models, upstream):
    assert models.chat("made").status_code == 400
    answer = models.ask(
        "POST", "/model/new", model_name="made", litellm_params=params(upstream, rpm=100),
        model_info={"id": "made-1", "mode": "chat"})
    made = answer.json()
    assert made["model_id"] == "made-1" and made["model_info"]["db_model"] is True
    assert made["litellm_params"]["rpm"] == 100
    assert SECRET not in answer.text
    assert models.chat("made").status_code == 200
    told = models.info("made-1")
    assert told["model_info"]["db_model"] is True and told["litellm_params"]["rpm"] == 100
    assert models.info("filed-1")["model_info"]["db_model"] is False
    models.ask("POST", "/model/new", 400, model_name="x", litellm_params=params(upstream),
               model_info={"id": "filed-1"})

    changed = models.ask("PATCH", "/model/made-1/update", model_name="renamed",
                         litellm_params={"rpm": None, "weight": 3}).json()
    assert changed["litellm_params"]["weight"] == 3 and "rpm" not in changed["litellm_params"]
    assert models.chat("made").status_code == 400 and models.chat("renamed").status_code == 200
    models.ask("POST", "/model/update", model_info={"id": "made-1"}, model_name="made")
    assert models.chat("made").status_code == 200

    # Over a restart, whose processes overlap.
    models.service.restart()
    assert models.chat("made").status_code == 200
    for file in (models.service.folder / "data").glob("llm-gateway.db*"):
        assert SECRET.encode() not in file.read_bytes(), file
    for process in models.service.processes:
        assert SECRET not in models.service.log_of(process)

    # The file is read again, and what was made stays beside it.
    extra = "  - {model_name: later, litellm_params: {model: scripted/demo}}"
    models.service.config.write_text(config(models=extra))
    models.service.processes[-1].send_signal(signal.SIGHUP)
    wait_until(lambda: models.chat("later").status_code == 200, what="the new model")
    assert models.chat("made").status_code == 200

    answer = models.ask("POST", "/model/delete", id="made-1")
    assert answer.json() == {"message": "Model: made-1 deleted successfully"}
    assert models.chat("made").status_code == 400 and models.info("made-1") is None
    models.ask("POST", "/model/delete", 404, id="made-1")
    models.ask("POST", "/model/delete", 400, id="filed-1")


@pytest.mark.parametrize("change,said", [
    ({"api_base": "http://169.254.169.254/v1"}, "own network"),
    ({"api_base": "http://localhost:9/v1"}, "own network"),
    ({"api_key": "os.environ/HOME"}, "environment"),
    ({"ssl_verify": False}, "configuration file only"),
    ({"model": "nobody/m"}, "not built in"),
    ({"guardrails": ["pii"]}, "guardrails"),
    ({"rpm": "many"}, "rpm")])
def test_what_is_unsafe_or_makes_no_sense_is_refused(tmp_path, upstream, change, said):
    models = Models(tmp_path, config(egress=""))
    try:
        answer = models.ask(
            "POST", "/model/new", 422, model_name="bad",
            litellm_params={"model": "openai/m", "api_base": "https://api.example.com/v1",
                            "api_key": SECRET} | change)
        assert said in answer.text and SECRET not in answer.text
        assert models.chat("bad").status_code == 400
    finally:
        models.service.stop()


class Listener(http.server.BaseHTTPRequestHandler):
    """Answers a chat, and remembers what it was sent as a credential."""

    seen: list = []

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        Listener.seen.append(self.headers.get("authorization"))
        body = json.dumps({
            "id": "x", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": "Hi"}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_vendors_key_of_the_environment_is_not_sent_elsewhere(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    models = Models(tmp_path, config(), OPENAI_API_KEY="sk-of-the-environment")
    try:
        base = f"http://127.0.0.1:{server.server_port}/v1"
        models.ask("POST", "/model/new", model_name="bare",
                   litellm_params={"model": "openai/m", "api_base": base})
        models.ask("POST", "/model/new", model_name="keyed",
                   litellm_params={"model": "openai/m", "api_base": base, "api_key": SECRET})
        assert models.chat("bare").status_code == models.chat("keyed").status_code == 200
        assert Listener.seen == [None, f"Bearer {SECRET}"]
    finally:
        models.service.stop()
        server.shutdown()


def test_without_a_salt_or_the_setting_nothing_is_stored(tmp_path, upstream):
    for name, text, environment in [
            ("off", config(stores="false"), {}),
            ("unsalted", config(), {"LLM_GATEWAY_SALT_KEY": ""})]:
        folder = tmp_path / name
        folder.mkdir()
        models = Models(folder, text, **environment)
        try:
            answer = models.ask(
                "POST", "/model/new", 400, model_name="made", litellm_params=params(upstream))
            assert "LLM_GATEWAY_SALT_KEY" in answer.text
        finally:
            models.service.stop()


def test_another_salt_leaves_models_out_and_says_so(tmp_path, upstream):
    models = Models(tmp_path, config())
    models.ask("POST", "/model/new", model_name="made", litellm_params=params(upstream))
    models.service.stop()
    again = Models(tmp_path, config(), LLM_GATEWAY_SALT_KEY="another-salt-0123456789")
    try:
        assert again.chat("made").status_code == 400 and again.chat("filed").status_code == 200
        assert "sealed with another" in again.service.log_of(again.process)
    finally:
        again.service.stop()


def test_only_admins_make_models(models, upstream):
    key = models.ask("POST", "/key/generate", user_id="plain").json()["key"]
    for method, path in [("POST", "/model/new"), ("POST", "/model/update"),
                         ("PATCH", "/model/x/update"), ("POST", "/model/delete")]:
        answer = httpx.request(
            method, models.service.url + path, json={}, timeout=30,
            headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == 403
