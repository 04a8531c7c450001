"""The OpenAI SDK, unchanged but for its base URL."""

import asyncio

import httpx
import openai
import pytest

from conftest import LIMITED_KEY, MASTER_KEY, STALL, Gateway, config_of, model, wait_until

HELLO = [{"role": "user", "content": "Hello"}]


def client(gateway, key=MASTER_KEY, **options):
    options.setdefault("max_retries", 0)
    return openai.OpenAI(base_url=gateway.url + "/v1", api_key=key, **options)


def test_a_whole_answer(gateway):
    answer = client(gateway).chat.completions.create(model="gpt-4o", messages=HELLO)
    assert "gpt-4o" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens > 0


@pytest.mark.parametrize("model", ["gpt-4o", "demo"])
def test_a_stream(gateway, model):
    stream = client(gateway).chat.completions.create(
        model=model, messages=HELLO, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert len(text) > 10
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens > 0


def test_usage_is_shown_only_to_those_who_ask(gateway):
    stream = client(gateway).chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    assert all(chunk.choices for chunk in stream)


def test_the_asynchronous_client(gateway):
    async def run():
        async with openai.AsyncOpenAI(
                base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0) as sdk:
            stream = await sdk.chat.completions.create(model="demo", messages=HELLO, stream=True)
            return [chunk async for chunk in stream]

    assert len(asyncio.run(run())) > 10


@pytest.mark.parametrize("model", ["gpt-4o", "demo"])
@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings(gateway, model, encoding):
    if model == "gpt-4o" and encoding == "base64":
        pytest.skip("the mock answers with floats whatever is asked")
    reply = client(gateway).embeddings.create(
        model=model, input=["a", "b"], encoding_format=encoding)
    assert len(reply.data) == 2


def test_models(gateway):
    sdk = client(gateway)
    assert {"demo", "gpt-4o"} <= {model.id for model in sdk.models.list()}
    assert sdk.models.retrieve("demo").id == "demo"
    assert [m.id for m in client(gateway, LIMITED_KEY).models.list()] == ["demo"]


def test_unknown_fields_reach_an_upstream_of_the_same_dialect(gateway):
    answer = client(gateway).chat.completions.create(
        model="gpt-4o", messages=HELLO, extra_body={"top_k": 3, "my_field": {"a": [1]}})
    assert answer.choices


ERRORS = [
    ("nobody", MASTER_KEY, openai.BadRequestError, "nobody"),
    ("demo", "sk-unknown", openai.AuthenticationError, "not known"),
    ("demo", "no-such-form", openai.AuthenticationError, "sk-"),
    ("gpt-4o", LIMITED_KEY, openai.PermissionDeniedError, "may not use"),
    ("refusing", MASTER_KEY, openai.InternalServerError, "Connection refused"),
    ("reset", MASTER_KEY, openai.InternalServerError, "closed the connection"),
    ("garbage", MASTER_KEY, openai.InternalServerError, "rules of HTTP"),
    ("not-json", MASTER_KEY, openai.InternalServerError, "not valid JSON"),
    ("wrong-type", MASTER_KEY, openai.InternalServerError, "text/html"),
    ("unauthorized", MASTER_KEY, openai.AuthenticationError, "answered 401: bad key [hidden]"),
    ("limited", MASTER_KEY, openai.RateLimitError, "slow down"),
    ("broken", MASTER_KEY, openai.InternalServerError, "boom"),
    ("stall", MASTER_KEY, openai.APIStatusError, "did not complete its answer in time"),
]


@pytest.mark.parametrize("model,key,kind,words", ERRORS)
def test_errors_are_of_the_sdks_own_classes(gateway, model, key, kind, words):
    with pytest.raises(kind) as raised:
        client(gateway, key).chat.completions.create(model=model, messages=HELLO)
    assert words in str(raised.value)
    # The gateway's own key, which an upstream repeats, is not for clients.
    assert "sk-upstream" not in str(raised.value)
    assert isinstance(raised.value.body["code"], str)
    assert raised.value.request_id
    if model == "limited":
        assert raised.value.response.headers["retry-after"] == "7"


PLAIN_ERRORS = [
    ("nobody", MASTER_KEY, openai.NotFoundError, "model_not_found"),
    ("demo", "sk-unknown", openai.AuthenticationError, "invalid_api_key"),
    ("broken", LIMITED_KEY, openai.PermissionDeniedError, ""),
    ("limited", MASTER_KEY, openai.RateLimitError, ""),
    ("broken", MASTER_KEY, openai.InternalServerError, ""),
    ("unauthorized", MASTER_KEY, openai.InternalServerError, ""),
    ("stall", MASTER_KEY, openai.InternalServerError, ""),
]


@pytest.fixture(scope="module")
def plain_gateway(tmp_path_factory, faulty):
    """A gateway that answers with OpenAI's own statuses instead of LiteLLM's."""
    models = model("demo", "scripted/demo") + "".join(
        model(fault, f"openai/{fault}", f"http://127.0.0.1:{faulty.port}/{fault}/v1", STALL)
        for fault in ("broken", "limited", "unauthorized", "stall"))
    config = config_of(models) + "  litellm_statuses: false\n"
    gateway = Gateway(tmp_path_factory.mktemp("plain"), config)
    yield gateway
    assert gateway.stop() == 0, gateway.log()


@pytest.mark.parametrize("model_name,key,kind,code", PLAIN_ERRORS)
def test_errors_with_openais_own_statuses(plain_gateway, model_name, key, kind, code):
    with pytest.raises(kind) as raised:
        client(plain_gateway, key).chat.completions.create(model=model_name, messages=HELLO)
    assert code in (raised.value.code or "")
    assert isinstance(raised.value.body["code"], (str, type(None)))


def test_a_model_that_is_not_there(plain_gateway):
    with pytest.raises(openai.NotFoundError):
        client(plain_gateway).models.retrieve("nobody")


@pytest.mark.parametrize("is_stream", [False, True])
def test_the_sdks_own_timeout(gateway, faulty, is_stream):
    """The SDK gives up, and the gateway gives up on the upstream with it."""
    faulty.closed_at.pop("stall", None)
    with pytest.raises(openai.APITimeoutError):
        client(gateway, timeout=0.3).chat.completions.create(
            model="stall", messages=HELLO, stream=is_stream)
    wait_until(lambda: "stall" in faulty.closed_at, what="the upstream's close")


def test_the_sdks_timeout_in_the_middle_of_a_stream(gateway, faulty):
    faulty.closed_at.pop("stall-in-stream", None)
    stream = client(gateway, timeout=0.3).chat.completions.create(
        model="stall-in-stream", messages=HELLO, stream=True)
    with pytest.raises((openai.APITimeoutError, httpx.ReadTimeout)):
        for _ in stream:
            pass
    wait_until(lambda: "stall-in-stream" in faulty.closed_at, what="the upstream's close")


def test_a_stream_that_is_closed_early_stops_its_upstream(gateway, faulty):
    faulty.closed_at.pop("endless", None)
    with client(gateway).chat.completions.create(
            model="endless", messages=HELLO, stream=True) as stream:
        next(iter(stream))
    wait_until(lambda: "endless" in faulty.closed_at, what="the upstream's close")


def test_a_gateway_that_cannot_be_reached():
    sdk = openai.OpenAI(base_url="http://127.0.0.1:1/v1", api_key=MASTER_KEY, max_retries=0)
    with pytest.raises(openai.APIConnectionError):
        sdk.models.list()


def test_the_sdk_tries_again_after_what_may_pass(gateway, faulty):
    """503 may pass, so the SDK asks again; 401 will not, so it does not."""
    for model_name, attempts in (("garbage", 2), ("unauthorized", 1)):
        faulty.counts.pop(model_name, None)
        with pytest.raises(openai.APIStatusError):
            client(gateway, max_retries=1).chat.completions.create(
                model=model_name, messages=HELLO)
        first = faulty.counts[model_name]
        faulty.counts.pop(model_name, None)
        with pytest.raises(openai.APIStatusError):
            client(gateway).chat.completions.create(model=model_name, messages=HELLO)
        assert first == attempts * faulty.counts[model_name]


@pytest.mark.parametrize("model", ["half-stream", "no-done", "stall-in-stream", "error-event"])
def test_a_stream_that_breaks_is_an_error(gateway, model):
    stream = client(gateway).chat.completions.create(model=model, messages=HELLO, stream=True)
    with pytest.raises(openai.APIError):
        for _ in stream:
            pass


BODIES = [
    (b"{", 400, "line 1"),
    (b'{"model":"demo",\n "messages": [}', 400, "line 2"),
    (b'{"model":"demo","messages":[{"role":"user","content":"\xff"}]}', 400, "UTF-8"),
    (b'{"model":"demo"}', 400, "messages"),
    (b'{"model":"demo","messages":[]}', 400, "messages"),
    (b'{"model":7,"messages":[{"role":"user","content":"x"}]}', 400, "model"),
    (b'{"model":"demo","messages":[{"role":"king","content":"x"}]}', 400, "messages[0].role"),
    (b'{"model":"demo","messages":[{"role":"user","content":"x"}],"n":"two"}', 400, "n must"),
    (b"[]", 400, "object"),
    (b"", 400, ""),
    (b'{"model":"demo","messages":[{"role":"user","content":"' + b"x" * (1 << 20) + b'"}]}',
     413, "larger"),
]


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("body,status,words", BODIES)
def test_bad_bodies_are_refused_with_what_is_wrong(gateway, body, status, words, http2):
    with httpx.Client(http1=not http2, http2=http2) as http:
        headers = {"authorization": f"Bearer {MASTER_KEY}", "content-type": "application/json"}
        reply = http.post(gateway.url + "/v1/chat/completions", content=body, headers=headers)
        assert reply.status_code == status
        assert words in reply.json()["error"]["message"]
        assert isinstance(reply.json()["error"]["code"], str)
        # The connection, or at least the gateway, lives on.
        assert http.get(gateway.url + "/health/liveliness").json() == "I'm alive!"


def test_paths_and_methods(gateway):
    with httpx.Client(base_url=gateway.url) as http:
        assert http.get("/nothing").status_code == 404
        wrong = http.get("/v1/chat/completions")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
        assert http.get("/health/readiness").json()["status"] == "healthy"
        assert http.get("/v1/models").status_code == 401
        typed = http.post(
            "/chat/completions", content=b"x", headers={
                "content-type": "text/plain", "authorization": f"Bearer {MASTER_KEY}"})
        assert typed.status_code == 415
