"""The contract over Connect, gRPC and gRPC-Web, in protobuf and in JSON, with the Connect
project's own Python client."""

import itertools

import pytest
from connectrpc.client import ConnectClientSync
from connectrpc.code import Code
from connectrpc.compression.gzip import GzipCompression
from connectrpc.errors import ConnectError
from grpc_health.v1 import health_pb2
from llmgateway.v1 import chat_service_pb2, error_pb2, model_service_pb2
from pyqwest import HTTPVersion, SyncClient, SyncHTTPTransport

import wires
from conftest import MASTER_KEY

HEADERS = {"authorization": f"Bearer {MASTER_KEY}"}
VERSIONS = {"h1": HTTPVersion.HTTP1, "h2": HTTPVersion.HTTP2}
# Every combination that can be: gRPC itself needs HTTP/2.
COMBINATIONS = [
    combination for combination in itertools.product(wires.PROTOCOLS, wires.CODECS, VERSIONS)
    if combination[0] != "grpc" or combination[2] == "h2"]


@pytest.fixture(params=COMBINATIONS, ids="-".join)
def client(request, gateway):
    protocol, codec, version = request.param
    transport = SyncHTTPTransport(http_version=VERSIONS[version])
    with ConnectClientSync(
            gateway.url, protocol=wires.PROTOCOLS[protocol], codec=wires.CODECS[codec](),
            http_client=SyncClient(transport)) as client:
        yield client


def chat(request_type, text="Hello", model="demo"):
    request = request_type()
    request.chat.model = model
    request.chat.messages.add(role=3).parts.add(text=text)
    return request


def call(client, method, request, **options):
    return client.execute_unary(request=request, method=method, headers=HEADERS, **options)


def test_one_message_each_way(client):
    reply = call(client, wires.GENERATE, chat(chat_service_pb2.GenerateChatCompletionRequest))
    assert reply.completion.choices[0].message.parts[0].text.startswith("Hello! I am the demo")
    assert reply.completion.usage.output_tokens > 0
    assert reply.completion.create_time.seconds > 1_700_000_000


def test_a_stream(client):
    events = list(client.execute_server_stream(
        request=chat(chat_service_pb2.StreamChatCompletionRequest), method=wires.STREAM,
        headers=HEADERS))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert events[0].HasField("started") and events[-1].HasField("finished")
    text = "".join(event.delta.text for event in events[1:-1])
    assert text.startswith("Hello! I am the demo")


def test_an_estimate(client):
    reply = call(client, wires.ESTIMATE, chat(chat_service_pb2.EstimateChatCompletionRequest))
    assert 0 < reply.input_tokens <= reply.input_tokens_max and reply.output_tokens_max > 0
    assert [each.deployment for each in reply.deployments] == [reply.deployment]
    assert reply.deployments[0].provider == "scripted" and not reply.violations


def test_a_large_message_is_compressed_both_ways(client):
    """The client compresses what it sends, and accepts what is compressed."""
    request = chat(chat_service_pb2.GenerateChatCompletionRequest, "to and fro " * 20_000)
    reply = call(client, wires.GENERATE, request)
    assert reply.completion.usage.input_tokens > 20_000


def test_health_needs_no_key(client):
    reply = client.execute_unary(request=health_pb2.HealthCheckRequest(), method=wires.CHECK)
    assert reply.status == health_pb2.HealthCheckResponse.SERVING


def test_models(client):
    models = call(client, wires.LIST_MODELS, model_service_pb2.ListModelsRequest()).models
    assert "models/demo" in [model.name for model in models]


@pytest.mark.parametrize("codec", wires.CODECS)
def test_get_by_connect(gateway, codec):
    with ConnectClientSync(gateway.url, codec=wires.CODECS[codec]()) as client:
        reply = call(
            client, wires.GET_MODEL, model_service_pb2.GetModelRequest(name="models/demo"),
            use_get=True)
        assert reply.model.name == "models/demo"


def test_an_error_of_the_gateway(client):
    with pytest.raises(ConnectError) as raised:
        call(client, wires.GENERATE,
             chat(chat_service_pb2.GenerateChatCompletionRequest, model="nobody"))
    assert raised.value.code == Code.NOT_FOUND
    assert "nobody" in raised.value.message
    details = {detail.type_name: detail.message_bytes for detail in raised.value.details}
    context = error_pb2.ErrorContext.FromString(details["llmgateway.v1.ErrorContext"])
    assert context.reason == error_pb2.ERROR_REASON_MODEL_NOT_FOUND
    assert "google.rpc.ErrorInfo" in details


def test_a_stream_that_fails(client):
    with pytest.raises(ConnectError) as raised:
        list(client.execute_server_stream(
            request=chat(chat_service_pb2.StreamChatCompletionRequest, model="nobody"),
            method=wires.STREAM, headers=HEADERS))
    assert raised.value.code == Code.NOT_FOUND


def test_no_key(client):
    with pytest.raises(ConnectError) as raised:
        client.execute_unary(
            request=model_service_pb2.ListModelsRequest(), method=wires.LIST_MODELS)
    assert raised.value.code == Code.UNAUTHENTICATED


def test_a_deadline(client):
    with pytest.raises(ConnectError) as raised:
        call(client, wires.GENERATE,
             chat(chat_service_pb2.GenerateChatCompletionRequest, model="slow"), timeout_ms=200)
    assert raised.value.code == Code.DEADLINE_EXCEEDED


def test_a_bad_field(client):
    request = chat(chat_service_pb2.GenerateChatCompletionRequest)
    request.chat.sampling.temperature = 9
    with pytest.raises(ConnectError) as raised:
        call(client, wires.GENERATE, request)
    assert raised.value.code == Code.INVALID_ARGUMENT
    assert "chat.sampling.temperature" in raised.value.message


def test_gzip_for_what_is_sent(gateway):
    with ConnectClientSync(
            gateway.url, codec=wires.CODECS["json"](), send_compression=GzipCompression(),
            accept_compression=[GzipCompression()]) as client:
        call(client, wires.GENERATE, chat(chat_service_pb2.GenerateChatCompletionRequest))
