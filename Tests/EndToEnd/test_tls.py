"""TLS on the gateway's port: the clients people use, the tools that judge it, and its files."""

import json
import shutil
import signal
import socket
import subprocess
import sys

import grpc
import httpx
import openai
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from conftest import BINARY, MASTER_KEY, Gateway, config_of, model, wait_until
from tls_support import Certificates

HELLO = [{"role": "user", "content": "Hello"}]


def tls_config(certificates, lines: str = "", name: str = "server") -> str:
    return config_of(model("demo", "scripted/demo?first_ms=0&interval_ms=0")) + (
        f"  tls:\n    cert_file: {certificates(name + '.pem')}\n"
        f"    key_file: {certificates(name + '.key')}\n{lines}")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory, certificates):
    gateway = Gateway(tmp_path_factory.mktemp("secure"), tls_config(certificates, f"""\
    client_ca_file: {certificates('ca.pem')}
    client_certificate: optional
    client_principal:
      - {{san: "uri:spiffe://example.test/billing", key: limited}}
"""))
    yield gateway
    assert gateway.stop() == 0, gateway.log()


def url(gateway) -> str:
    return f"https://127.0.0.1:{gateway.port}"


def curl(gateway, certificates, *arguments):
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--cacert", certificates("ca.pem"), *arguments],
        capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


@pytest.mark.parametrize("version,number", [("--http1.1", "1.1"), ("--http2", "2")])
def test_curl(secure, certificates, version, number):
    answer = curl(
        secure, certificates, version, "--write-out", " %{http_version}",
        url(secure) + "/health/liveliness")
    assert answer == f'"I\'m alive!" {number}'


def test_a_balancers_header_before_tls(tmp_path, certificates):
    """PROXY protocol, version 2, in front of TLS: the log tells who called, and by what."""
    gateway = Gateway(tmp_path, tls_config(certificates, """\
  trusted_proxies: [127.0.0.2]
  proxy_protocol: true
"""))
    addresses = bytes([192, 0, 2, 7, 10, 0, 0, 1]) + (56324).to_bytes(2, "big") + b"\x01\xbb"
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + len(addresses).to_bytes(2, "big") + addresses
    body = json.dumps({"model": "demo", "messages": HELLO}).encode()
    try:
        with socket.create_connection(
                ("127.0.0.1", gateway.port), timeout=30,
                source_address=("127.0.0.2", 0)) as plain:
            plain.sendall(header)
            with certificates.context().wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(
                    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
                    b"user-agent: balanced/1\r\nconnection: close\r\n"
                    + f"authorization: Bearer {MASTER_KEY}\r\n".encode()
                    + f"content-length: {len(body)}\r\n\r\n".encode() + body)
                answer = b""
                while part := tls.recv(65536):
                    answer += part
        assert answer.startswith(b"HTTP/1.1 200 ")
    finally:
        assert gateway.stop() == 0
    line = next(line for line in gateway.log().splitlines() if '"msg":"call"' in line)
    assert json.loads(line)["client"] == "192.0.2.7"
    assert json.loads(line)["user_agent"] == "balanced/1"


def test_the_openai_sdk(secure, certificates):
    sdk = openai.OpenAI(
        base_url=url(secure) + "/v1", api_key=MASTER_KEY, max_retries=0,
        http_client=httpx.Client(verify=certificates.context()))
    assert sdk.chat.completions.create(model="demo", messages=HELLO).choices
    stream = sdk.chat.completions.create(model="demo", messages=HELLO, stream=True)
    assert len(list(stream)) > 10


def test_grpc(secure, certificates):
    credentials = grpc.ssl_channel_credentials(certificates.bytes("ca.pem"))
    with grpc.secure_channel(f"127.0.0.1:{secure.port}", credentials) as channel:
        reply = health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(), timeout=10)
        assert reply.status == health_pb2.HealthCheckResponse.SERVING


def list_models(secure, certificates, client, **headers):
    with httpx.Client(verify=certificates.context(client)) as http:
        return http.get(url(secure) + "/v1/models", headers=headers)


def test_a_certificate_stands_for_a_key(secure, certificates):
    reply = list_models(secure, certificates, "client")
    assert [entry["id"] for entry in reply.json()["data"]] == ["demo"]
    # A key wins over the certificate.
    assert list_models(
        secure, certificates, "client", authorization="Bearer sk-unknown-key").status_code == 401


def test_a_certificate_of_nobody_is_told_so(secure, certificates):
    reply = list_models(secure, certificates, "nobody")
    assert reply.status_code == 401
    assert "CN=nobody" in reply.json()["error"]["message"]
    assert list_models(secure, certificates, "").status_code == 401


def test_mutual_tls_with_grpc(secure, certificates):
    credentials = grpc.ssl_channel_credentials(
        certificates.bytes("ca.pem"), certificates.bytes("client.key"),
        certificates.bytes("client.pem"))
    with grpc.secure_channel(f"127.0.0.1:{secure.port}", credentials) as channel:
        call = channel.unary_unary("/llmgateway.v1.ModelService/ListModels")
        assert b"demo" in call(b"", timeout=10)


def test_a_certificate_of_another_authority_is_turned_away(secure, certificates):
    with pytest.raises(httpx.TransportError):
        list_models(secure, certificates, "other-client")


def test_plain_text_is_told_to_use_tls(secure):
    reply = httpx.get(f"http://127.0.0.1:{secure.port}/health/liveliness")
    assert reply.status_code == 400 and "https://" in reply.text


def s_client(gateway, certificates, *arguments):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}", "-CAfile",
         certificates("ca.pem"), *arguments],
        input="GET /health/liveliness HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


def test_openssls_client_and_its_sessions(secure, certificates, tmp_path):
    session = tmp_path / "session"
    first = s_client(
        secure, certificates, "-ign_eof", "-verify_return_error", "-sess_out", session)
    assert "Verify return code: 0" in first and "I'm alive!" in first
    again = s_client(secure, certificates, "-ign_eof", "-sess_in", session)
    assert "Reused, TLSv1.3" in again and "I'm alive!" in again


def test_no_weak_protocol_or_cipher(secure, tmp_path):
    """sslyze tries everything that a client may ask for, and known attacks."""
    out = tmp_path / "sslyze.json"
    done = subprocess.run(
        [sys.executable, "-m", "sslyze", "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1",
         "--tlsv1_2", "--tlsv1_3", "--elliptic_curves", "--compression", "--reneg", "--resum",
         "--early_data", "--fallback", "--heartbleed", "--openssl_ccs", "--robot", "--json_out",
         out, f"127.0.0.1:{secure.port}"],
        capture_output=True, text=True, timeout=240)
    if "No module named sslyze" in done.stderr:
        pytest.skip("sslyze is not installed")
    result = json.loads(out.read_text())["server_scan_results"][0]["scan_result"]

    def accepted(name):
        suites = result[name]["result"]["accepted_cipher_suites"]
        return {suite["cipher_suite"]["name"] for suite in suites}

    for name in ["ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"]:
        assert accepted(f"{name}_cipher_suites") == set()
    assert accepted("tls_1_2_cipher_suites") == {
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}
    assert accepted("tls_1_3_cipher_suites") == {
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
    curves = result["elliptic_curves"]["result"]["supported_curves"]
    assert {curve["name"] for curve in curves} == {"X25519", "secp256r1", "secp384r1"}
    assert not result["tls_compression"]["result"]["supports_compression"]
    renegotiation = result["session_renegotiation"]["result"]
    assert renegotiation["supports_secure_renegotiation"]
    assert not renegotiation["is_vulnerable_to_client_renegotiation_dos"]
    assert not result["heartbleed"]["result"]["is_vulnerable_to_heartbleed"]
    assert not result["openssl_ccs_injection"]["result"]["is_vulnerable_to_ccs_injection"]
    assert "NOT_VULNERABLE" in result["robot"]["result"]["robot_result"]
    assert not result["tls_1_3_early_data"]["result"]["supports_early_data"]
    assert result["session_resumption"]["result"]["tls_ticket_resumption_result"] == (
        "FULLY_SUPPORTED")


def served_name(gateway, certificates) -> str:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as plain:
        with certificates.context().wrap_socket(plain, server_hostname="localhost") as secured:
            return dict(part[0] for part in secured.getpeercert()["subject"])["commonName"]


def test_new_files_are_served_without_a_restart(tmp_path, certificates):
    for kind in ["pem", "key"]:
        shutil.copy(certificates(f"server.{kind}"), certificates(f"live.{kind}"))
    gateway = Gateway(tmp_path, tls_config(certificates, name="live"))
    try:
        with httpx.Client(verify=certificates.context()) as http:
            assert http.get(url(gateway) + "/health/liveliness").status_code == 200
            assert served_name(gateway, certificates) == "server"
            # Half of it is no certificate: the old one stays, and the log says why.
            shutil.copy(certificates("renewed.pem"), certificates("live.pem"))
            wait_until(lambda: "cannot be read again" in gateway.log(), what="the log's word")
            assert served_name(gateway, certificates) == "server"
            shutil.copy(certificates("renewed.key"), certificates("live.key"))
            gateway.process.send_signal(signal.SIGHUP)
            wait_until(
                lambda: served_name(gateway, certificates) == "renewed", what="the new one")
            assert "live.key" in gateway.log() and "PRIVATE" not in gateway.log()
            # The connection from before goes on.
            assert http.get(url(gateway) + "/health/liveliness").status_code == 200
    finally:
        assert gateway.stop() == 0


@pytest.mark.parametrize("name,words", [
    ("missing", "missing.pem cannot be read"), ("ca", ""), ("mixed", "belongs to")])
def test_files_that_cannot_be_used_keep_it_from_starting(tmp_path, certificates, name, words):
    if name == "mixed":
        shutil.copy(certificates("server.pem"), certificates("mixed.pem"))
        shutil.copy(certificates("renewed.key"), certificates("mixed.key"))
    path = tmp_path / "config.yaml"
    path.write_text(tls_config(certificates, name=name))
    done = subprocess.run(
        [BINARY, "check", "--config", path], capture_output=True, text=True, timeout=30)
    assert (done.returncode != 0) == bool(words)
    assert words in done.stdout
