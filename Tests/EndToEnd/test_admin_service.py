"""AdminService from outside: by the client generated from proto/, by grpcurl over reflection, and as
JSON over Connect and gRPC-Web."""

import json
import sqlite3
import subprocess
import time
import types

import grpc
import httpx
import pytest
from google.protobuf import duration_pb2, field_mask_pb2, timestamp_pb2
from google.rpc import error_details_pb2, status_pb2

from conftest import MASTER_KEY, Gateway
from llmgateway.v1 import (
    admin_service_pb2 as admin, admin_service_pb2_grpc, chat_pb2, chat_service_pb2,
    chat_service_pb2_grpc, common_pb2, error_pb2, message_pb2)
from test_buf_curl import buf_curl
from test_grpc import GRPCURL, grpcurl

CONFIG = f"""
model_list:
  - model_name: demo
    litellm_params: {{model: 'scripted/demo?chunks=3&chunk_bytes=4&first_ms=0&interval_ms=0',
      input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
general_settings: {{master_key: {MASTER_KEY}}}
gateway_settings: {{loops: 2}}
"""
SERVICE = "llmgateway.v1.AdminService"
MONTH = admin.BUDGET_PERIOD_MONTH


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("admin-service"), CONFIG)
    yield gateway
    assert gateway.stop() == 0, gateway.log()


@pytest.fixture(scope="module")
def service(gateway):
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        stub = admin_service_pb2_grpc.AdminServiceStub(channel)

        def caller(key):
            class Call:
                def __getattr__(self, method):
                    return lambda request: getattr(stub, method)(
                        request, metadata=[("authorization", f"Bearer {key}")], timeout=30)
            return Call()
        yield types.SimpleNamespace(admin=caller(MASTER_KEY), by=caller)


def chat(gateway, key, **more):
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hi"}], **more}
    return httpx.post(
        f"{gateway.url}/v1/chat/completions", json=body,
        headers={"authorization": f"Bearer {key}"}, timeout=30)


def refusal(call):
    """The code of a call that must fail, and its details by their types."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    metadata = dict(raised.value.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    details = {any.TypeName(): any for any in status.details}
    return raised.value.code(), details


def context_of(details):
    context = error_pb2.ErrorContext()
    assert details["llmgateway.v1.ErrorContext"].Unpack(context)
    return context


def test_a_team_with_a_budget_spends_it(gateway, service):
    service.admin.CreateTeam(admin.CreateTeamRequest(team_id="spender", team=admin.Team()))
    budget = service.admin.CreateBudget(admin.CreateBudgetRequest(budget=admin.Budget(
        subject="teams/spender", limit_nano_usd=1_000_000_000, calendar=MONTH))).budget
    made = service.admin.CreateApiKey(
        admin.CreateApiKeyRequest(api_key=admin.ApiKey(team="teams/spender", tags=["blue"])))
    assert chat(gateway, made.secret).status_code == 200
    read = service.admin.GetBudget(admin.GetBudgetRequest(name=budget.name)).budget
    assert 0 < read.spent_nano_usd < 1_000_000 and read.reserved_nano_usd == 0
    key = service.admin.GetApiKey(admin.GetApiKeyRequest(name=made.api_key.name)).api_key
    assert abs(key.last_use_time.seconds - time.time()) < 120
    assert key.last_use_time.seconds % 60 == 0

    lowered = service.admin.UpdateBudget(admin.UpdateBudgetRequest(
        budget=admin.Budget(name=budget.name, limit_nano_usd=0, etag=read.etag),
        update_mask=field_mask_pb2.FieldMask(paths=["limit_nano_usd"]))).budget
    assert lowered.limit_nano_usd == 0 and lowered.spent_nano_usd == read.spent_nano_usd
    assert chat(gateway, made.secret).status_code == 422

    now = int(time.time())
    midnight = now - now % 86_400
    for start, end in [(midnight, midnight + 86_400), (now - 3_600, now + 60)]:
        def rows(subject, *dimensions):
            return service.admin.QuerySpend(admin.QuerySpendRequest(
                start_time=timestamp_pb2.Timestamp(seconds=start),
                end_time=timestamp_pb2.Timestamp(seconds=end), subject=subject,
                group_by=dimensions)).rows
        [row] = rows("teams/spender", admin.SPEND_DIMENSION_API_KEY, admin.SPEND_DIMENSION_MODEL)
        assert list(row.group) == [made.api_key.name, "models/demo"]
        assert row.cost.total_nano_usd == read.spent_nano_usd and row.request_count == 1
        [row] = rows("tags/blue")
        assert row.cost.total_nano_usd == read.spent_nano_usd


def test_the_whole_gateway_has_a_budget_at_once(gateway, service):
    secret = service.admin.CreateApiKey(
        admin.CreateApiKeyRequest(api_key=admin.ApiKey())).secret
    assert chat(gateway, secret).status_code == 200
    budget = service.admin.CreateBudget(admin.CreateBudgetRequest(budget=admin.Budget(
        subject="gateway", limit_nano_usd=0, calendar=admin.BUDGET_PERIOD_TOTAL))).budget
    assert chat(gateway, secret).status_code == 422
    service.admin.DeleteBudget(admin.DeleteBudgetRequest(name=budget.name))
    assert chat(gateway, secret).status_code == 200


def test_limits_of_a_key_are_kept(gateway, service):
    made = service.admin.CreateApiKey(admin.CreateApiKeyRequest(api_key=admin.ApiKey(
        limits=[admin.Limit(
            kind=common_pb2.LIMIT_KIND_REQUESTS, value=1,
            window=duration_pb2.Duration(seconds=60))])))
    assert [chat(gateway, made.secret).status_code for _ in range(2)] == [200, 429]


def test_limits_of_other_windows_and_of_one_side_are_kept(gateway, service):
    def limit(kind, seconds, value):
        return admin.Limit(kind=kind, value=value, window=duration_pb2.Duration(seconds=seconds))

    wanted = [limit(common_pb2.LIMIT_KIND_REQUESTS, 3_600, 2),
              limit(common_pb2.LIMIT_KIND_INPUT_TOKENS, 60, 100),
              limit(common_pb2.LIMIT_KIND_OUTPUT_TOKENS, 86_400, 10)]
    made = service.admin.CreateApiKey(
        admin.CreateApiKeyRequest(api_key=admin.ApiKey(limits=wanted)))
    read = service.admin.GetApiKey(admin.GetApiKeyRequest(name=made.api_key.name)).api_key
    assert list(read.limits) == wanted

    def refused(**more):
        answer = chat(gateway, made.secret, **more)
        assert answer.status_code == 429
        return answer.headers["rate_limit_type"], answer.json()["error"]["message"]

    assert refused(max_tokens=11)[0] == "output-tokens"
    kind, message = refused(max_tokens=5, messages=[{"role": "user", "content": "word " * 200}])
    assert kind == "input-tokens" and "input tokens per minute" in message
    assert [chat(gateway, made.secret, max_tokens=2).status_code for _ in range(2)] == [200, 200]
    kind, message = refused(max_tokens=2)
    assert kind == "requests" and "requests in 3600 s" in message


def test_a_key_has_names_of_its_own_for_models(gateway, service):
    made = service.admin.CreateApiKey(admin.CreateApiKeyRequest(api_key=admin.ApiKey(
        allowed_models=["demo"], model_aliases={"fast": "demo", "other": "nothing-here"},
        limits=[admin.Limit(kind=common_pb2.LIMIT_KIND_REQUESTS, value=2, model="demo",
                            window=duration_pb2.Duration(seconds=60))])))
    assert dict(made.api_key.model_aliases) == {"fast": "demo", "other": "nothing-here"}
    listed = httpx.get(f"{gateway.url}/v1/models", headers={
        "authorization": f"Bearer {made.secret}"}).json()["data"]
    assert [model["id"] for model in listed] == ["demo", "fast"]
    # By either name it is one model, held to one limit.
    assert [chat(gateway, made.secret, model=name).status_code
            for name in ("fast", "demo", "fast")] == [200, 200, 429]
    assert chat(gateway, made.secret, model="other").status_code == 403
    stranger = service.admin.CreateApiKey(admin.CreateApiKeyRequest(api_key=admin.ApiKey()))
    assert chat(gateway, stranger.secret, model="fast").status_code == 400


def test_spend_is_grouped_by_the_labels_of_requests(gateway, service):
    secret = service.admin.CreateApiKey(admin.CreateApiKeyRequest(
        api_key=admin.ApiKey(tags=["labelled"]))).secret
    with grpc.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        stub = chat_service_pb2_grpc.ChatServiceStub(channel)

        def call(**labels):
            request = chat_service_pb2.GenerateChatCompletionRequest(chat=chat_pb2.ChatRequest(
                model="demo", labels=labels, max_output_tokens=5, messages=[message_pb2.Message(
                    role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text="Hi")])]))
            return stub.GenerateChatCompletion(
                request, metadata=[("authorization", f"Bearer {secret}")], timeout=30)

        costs = [call(job="nightly", step="1").completion.cost.total_nano_usd,
                 call(job="nightly", step="2").completion.cost.total_nano_usd,
                 call(job="daily").completion.cost.total_nano_usd, call().completion.cost.total_nano_usd]
        with pytest.raises(grpc.RpcError) as raised:
            call(job="x" * 257)
        assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "chat.labels" in raised.value.details()
    now = int(time.time())
    rows = service.admin.QuerySpend(admin.QuerySpendRequest(
        start_time=timestamp_pb2.Timestamp(seconds=now - 3_600), subject="tags/labelled",
        end_time=timestamp_pb2.Timestamp(seconds=now + 60), label="job",
        group_by=[admin.SPEND_DIMENSION_LABEL])).rows
    assert {row.group[0]: (row.request_count, row.cost.total_nano_usd) for row in rows} == {
        "": (1, costs[3]), "daily": (1, costs[2]), "nightly": (2, costs[0] + costs[1])}
    logged = httpx.get(f"{gateway.url}/spend/logs", params={"summarize": "false"}, headers={
        "authorization": f"Bearer {MASTER_KEY}"}).json()
    assert {"job": "nightly", "step": "2"} in [row["metadata"]["labels"] for row in logged]


def test_a_repeat_makes_nothing_more(service):
    request = admin.CreateApiKeyRequest(
        api_key=admin.ApiKey(alias="once", metadata={"b": "1", "a": "2", "c": "3"}),
        request_id="create-once")
    name = service.admin.CreateApiKey(request).api_key.name
    code, details = refusal(lambda: service.admin.CreateApiKey(request))
    assert code == grpc.StatusCode.ALREADY_EXISTS
    assert context_of(details).resource_name == name
    request.api_key.alias = "twice"
    code, details = refusal(lambda: service.admin.CreateApiKey(request))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert context_of(details).reason == error_pb2.ERROR_REASON_REQUEST_ID_REUSED


def test_roles_come_from_users_and_keys(service):
    for name, role in [("ro", admin.USER_ROLE_VIEWER), ("me", admin.USER_ROLE_USER)]:
        service.admin.CreateUser(admin.CreateUserRequest(
            user_id=name, user=admin.User(role=role)))
    viewer = service.admin.CreateApiKey(admin.CreateApiKeyRequest(api_key=admin.ApiKey(
        user="users/ro", role=admin.API_KEY_ROLE_ADMIN))).secret
    assert service.by(viewer).ListUsers(admin.ListUsersRequest()).users
    # The key was given more than its user may.
    code, _ = refusal(lambda: service.by(viewer).CreateTeam(
        admin.CreateTeamRequest(team_id="x", team=admin.Team())))
    assert code == grpc.StatusCode.PERMISSION_DENIED
    code, _ = refusal(lambda: service.by("sk-unknown-0123456789").ListTeams(
        admin.ListTeamsRequest()))
    assert code == grpc.StatusCode.UNAUTHENTICATED


def test_faults_name_the_fields(service):
    code, details = refusal(lambda: service.admin.CreateApiKey(admin.CreateApiKeyRequest(
        api_key=admin.ApiKey(alias="x" * 9, limits=[admin.Limit(
            kind=common_pb2.LIMIT_KIND_TOKENS, value=1,
            window=duration_pb2.Duration(seconds=86_401))]))))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    bad = error_details_pb2.BadRequest()
    assert details["google.rpc.BadRequest"].Unpack(bad)
    assert [violation.field for violation in bad.field_violations] == ["api_key.limits[0].window"]


def test_by_grpcurl(gateway):
    assert SERVICE in grpcurl(gateway, "list")
    made = grpcurl_call(gateway, "CreateTeam", {
        "team_id": "curl", "team": {"display_name": "Curl", "metadata": {"k": "v"}}})
    assert made["team"]["name"] == "teams/curl" and made["team"]["etag"] == "1"
    assert "rpc CreateApiKey" in grpcurl(gateway, "describe", SERVICE)
    changed = grpcurl_call(gateway, "UpdateTeam", {
        "team": {"name": "teams/curl", "displayName": "New"}, "updateMask": {"paths": ["display_name"]}})
    assert changed["team"]["displayName"] == "New" and changed["team"]["metadata"] == {"k": "v"}


def grpcurl_call(gateway, method, body):
    done = subprocess.run(
        [GRPCURL, "-plaintext", "-H", f"authorization: Bearer {MASTER_KEY}", "-d",
         json.dumps(body), f"127.0.0.1:{gateway.port}", f"{SERVICE}/{method}"],
        capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("protocol", ["grpcweb", "connect"])
def test_by_other_wires(gateway, protocol):
    done = buf_curl(
        gateway, protocol, f"{SERVICE}/CreateUser",
        json.dumps({"userId": protocol, "user": {"email": f"{protocol}@example.com"}}),
        "--http2-prior-knowledge")
    assert done.returncode == 0, done.stderr
    user = json.loads(done.stdout)["user"]
    assert user["name"] == f"users/{protocol}" and user["role"] == "USER_ROLE_USER"


def test_as_json_over_http(gateway):
    """What a script without any gRPC library does."""
    def post(method, body, status=200):
        answer = httpx.post(
            f"{gateway.url}/{SERVICE}/{method}", json=body, timeout=30,
            headers={"authorization": f"Bearer {MASTER_KEY}"})
        assert answer.status_code == status, answer.text
        return answer.json()
    budget = post("CreateBudget", {"budget": {
        "subject": "customers/a/b", "limitNanoUsd": "5000", "every": "3600s"}})["budget"]
    assert budget["every"] == "3600s" and "resetTime" in budget
    missing = post("CreateBudget", {"budget": {"subject": "customers/x"}}, status=400)
    assert missing["code"] == "invalid_argument"
    # Reading changes nothing, and so may be asked by GET.
    query = {"message": json.dumps({"name": budget["name"]}), "encoding": "json", "connect": "v1"}
    read = httpx.get(
        f"{gateway.url}/{SERVICE}/GetBudget", params=query, timeout=30,
        headers={"authorization": f"Bearer {MASTER_KEY}"})
    assert read.json()["budget"]["subject"] == "customers/a/b"


def test_changes_are_audited_and_outlive_the_process(gateway, service):
    made = service.admin.CreateApiKey(admin.CreateApiKeyRequest(
        api_key=admin.ApiKey(display_name="Kept", alias="kept")))
    with sqlite3.connect(gateway.folder / "data" / "llm-gateway.db") as database:
        rows = database.execute(
            "SELECT author, action, object FROM audit WHERE object_id = ?",
            [made.api_key.name.removeprefix("keys/")]).fetchall()
        assert rows == [("master", "create", "key")]
        everything = "\n".join(database.iterdump())
        assert made.secret not in everything and "Kept" in everything
