"""What the gateway does not do by itself: details that are broken, ends that are missing, TLS."""

import subprocess
from concurrent import futures

import grpc
import pytest

import llmgateway
from llmgateway.v1 import chat_service_pb2, model_service_pb2, model_service_pb2_grpc


@pytest.mark.parametrize("details", [None, b"", b"\xff\xff", b"\x1a\x05\x0a\x63abc"])
def test_details_that_cannot_be_read_do_not_hide_the_failure(details):
    error = llmgateway.GatewayError(grpc.StatusCode.UNAVAILABLE, "gone", details)
    assert (error.message, error.reason, error.retry_after) == ("gone", "", None)


def test_a_class_of_ones_own_takes_no_status_away():
    class Mine(llmgateway.KeyInvalid):
        pass

    assert Mine not in llmgateway.GatewayError.classes.values()


def test_a_stream_without_its_last_event_is_no_answer():
    event = chat_service_pb2.StreamChatCompletionResponse(delta={"text": "half an"})
    texts = llmgateway.ChatStream([event]).texts()
    assert next(texts) == "half an"
    with pytest.raises(llmgateway.InternalError, match="without its last event"):
        next(texts)


class Models(model_service_pb2_grpc.ModelServiceServicer):
    """Two pages of models, for those who have the key."""

    def ListModels(self, request, context):
        assert ("authorization", "Bearer sk-tls") in context.invocation_metadata()
        if request.page_token:
            return model_service_pb2.ListModelsResponse(models=[{"name": "models/b"}])
        return model_service_pb2.ListModelsResponse(
            models=[{"name": "models/a"}], next_page_token="a")


def test_pages_and_tls(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out",
         str(certificate)], check=True, capture_output=True)
    server = grpc.server(futures.ThreadPoolExecutor(1))
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials(
        [(key.read_bytes(), certificate.read_bytes())]))
    server.start()
    try:
        trusted = grpc.ssl_channel_credentials(certificate.read_bytes())
        with llmgateway.Client(f"localhost:{port}", "sk-tls", credentials=trusted) as client:
            assert [model.name for model in client.models(timeout=20)] == ["models/a", "models/b"]
        with llmgateway.Client(f"localhost:{port}", "sk-tls") as client:
            with pytest.raises(llmgateway.Unavailable):
                list(client.models(timeout=20))
    finally:
        server.stop(None)
