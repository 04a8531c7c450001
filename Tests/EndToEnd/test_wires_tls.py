"""All wires under TLS, where ALPN chooses the version of HTTP."""

import json
import subprocess

import pytest

from conftest import MASTER_KEY, ROOT, Gateway
from test_buf_curl import BUF, REQUEST, messages
from test_tls import tls_config
from tls_support import Certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory, certificates):
    gateway = Gateway(tmp_path_factory.mktemp("secure"), tls_config(certificates))
    yield gateway
    assert gateway.stop() == 0, gateway.log()


@pytest.mark.parametrize("protocol", ["grpc", "grpcweb", "connect"])
@pytest.mark.parametrize("method", ["GenerateChatCompletion", "StreamChatCompletion"])
def test_buf_curl(secure, certificates, protocol, method):
    done = subprocess.run(
        [BUF, "curl", "--cacert", certificates("ca.pem"), "--protocol", protocol,
         "-H", f"authorization: Bearer {MASTER_KEY}", "-d", REQUEST, "--schema", str(ROOT / "proto"),
         f"https://127.0.0.1:{secure.port}/llmgateway.v1.ChatService/{method}"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert list(messages(done.stdout))


@pytest.mark.parametrize("version,number", [("--http1.1", "1.1"), ("--http2", "2")])
def test_curl(secure, certificates, version, number):
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--cacert", certificates("ca.pem"), version,
         "--write-out", "\n%{http_version}", "-H", f"authorization: Bearer {MASTER_KEY}",
         "-H", "content-type: application/json", "-d", REQUEST,
         f"https://127.0.0.1:{secure.port}/llmgateway.v1.ChatService/GenerateChatCompletion"],
        capture_output=True, text=True, timeout=60)
    body, _, seen = done.stdout.rpartition("\n")
    assert seen == number, done.stderr
    assert json.loads(body)["completion"]["choices"]
