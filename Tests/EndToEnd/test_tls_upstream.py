"""Upstreams over https: another gateway, a server of Python's, and one behind a proxy."""

import http.server
import json
import socket
import ssl
import threading

import openai
import pytest

from conftest import LIMITED_KEY, MASTER_KEY, Gateway, config_of, model
from test_tls import HELLO, certificates, secure, url  # noqa: F401  (fixtures)


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers every chat with one sentence, and says whom the client's certificate names."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        subject = dict(part[0] for part in (self.connection.getpeercert() or {}).get("subject", ()))
        message = {"role": "assistant", "content": f"hello {subject.get('commonName', 'nobody')}"}
        body = json.dumps({
            "id": "c", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def python_server(certificates):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates("server.pem"), certificates("server.key"))
    context.load_verify_locations(certificates("ca.pem"))
    context.verify_mode = ssl.CERT_OPTIONAL
    # Handshakes are made by the thread of their connection: in the one that accepts, a client that
    # is slow, or has left, would hold up all others.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


class ConnectProxy:
    """Makes connections for others: every name stands for this machine, one port for another."""

    def __init__(self, target: int):
        self.target = target
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.asked.append(head.decode())
        if "proxy-authorization: Basic bWU6c2VjcmV0" not in self.asked[-1]:
            client.sendall(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")
            client.close()
            return
        upstream = socket.create_connection(("127.0.0.1", self.target))
        if self.asked[-1].startswith("CONNECT "):
            client.sendall(b"HTTP/1.1 200 Made\r\n\r\n")
        else:
            upstream.sendall(head.replace(b" http://a.example.test/", b" /", 1))
        threading.Thread(target=self._pipe, args=(upstream, client), daemon=True).start()
        self._pipe(client, upstream)

    @staticmethod
    def _pipe(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def deployment(name: str, port: int, host: str = "127.0.0.1", key: str = "sk-up", **params) -> str:
    params = {"model": "openai/demo", "api_base": f"https://{host}:{port}/v1", **params}
    if key:
        params["api_key"] = key
    return f"  - model_name: {name}\n    litellm_params: {json.dumps(params)}\n"


@pytest.fixture(scope="module")
def front(tmp_path_factory, certificates, secure, python_server):
    ca = certificates("ca.pem")
    gateway = Gateway(tmp_path_factory.mktemp("front"), config_of(
        deployment("gateway", secure.port, key=LIMITED_KEY, ssl_verify=ca)
        + deployment("by-certificate", secure.port, key="", ssl_verify=ca,
                     ssl_certificate=certificates("client.pem"),
                     ssl_key=certificates("client.key"))
        + deployment("python", python_server, ssl_verify=ca)
        + deployment("python-by-certificate", python_server, ssl_verify=ca,
                     ssl_certificate=certificates("client.pem"),
                     ssl_key=certificates("client.key"))
        + deployment("unknown-authority", python_server)
        + deployment("other-authority", python_server, ssl_verify=certificates("other-ca.pem"))
        + deployment("unchecked", python_server, ssl_verify=False)))
    yield gateway
    assert gateway.stop() == 0, gateway.log()


def ask(gateway, name, **options):
    sdk = openai.OpenAI(base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0)
    return sdk.chat.completions.create(model=name, messages=HELLO, **options)


@pytest.mark.parametrize("name", ["gateway", "by-certificate"])
def test_a_gateway_behind_a_gateway(front, name):
    assert ask(front, name).choices[0].message.content
    assert len(list(ask(front, name, stream=True))) > 10


@pytest.mark.parametrize("name,words", [
    ("python", "hello nobody"), ("python-by-certificate", "hello billing"),
    ("unchecked", "hello nobody")])
def test_a_server_of_python(front, name, words):
    for _ in range(3):
        assert ask(front, name).choices[0].message.content == words


@pytest.mark.parametrize("name", ["unknown-authority", "other-authority"])
def test_an_upstream_that_is_not_trusted(front, name):
    with pytest.raises(openai.InternalServerError) as raised:
        ask(front, name)
    assert "127.0.0.1" in str(raised.value) and "ca_file" in str(raised.value)
    assert "certificate" in str(raised.value)


def test_an_upstream_that_is_not_checked_is_warned_of(front):
    assert "certificate is not checked" in front.log()


def test_a_proxy_carries_tls(tmp_path, monkeypatch, certificates, python_server):
    proxy = ConnectProxy(python_server)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", "other.test")
    gateway = Gateway(tmp_path, config_of(
        deployment("m", 443, host="a.example.test", ssl_verify=certificates("ca.pem"))))
    try:
        assert ask(gateway, "m").choices[0].message.content == "hello nobody"
        assert proxy.asked[0].startswith("CONNECT a.example.test:443 HTTP/1.1\r\n")
        assert "secret" not in gateway.log()
    finally:
        assert gateway.stop() == 0


def test_a_proxy_passes_requests_in_the_clear_on(tmp_path, monkeypatch):
    for name in ["upstream", "front"]:
        (tmp_path / name).mkdir()
    upstream = Gateway(
        tmp_path / "upstream",
        config_of(model("demo", "scripted/demo?first_ms=0&interval_ms=0")))
    proxy = ConnectProxy(upstream.port)
    monkeypatch.setenv("HTTP_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
    # The SDK of this test reads the same variables.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    gateway = Gateway(tmp_path / "front", config_of(
        deployment("m", 80, host="a.example.test", key=MASTER_KEY).replace("https:", "http:")))
    try:
        assert ask(gateway, "m").choices[0].message.content
        assert proxy.asked[0].startswith(
            "POST http://a.example.test/v1/chat/completions HTTP/1.1\r\nhost: a.example.test\r\n")
        assert "secret" not in gateway.log()
    finally:
        assert gateway.stop() == 0
        assert upstream.stop() == 0


def test_a_proxy_that_refuses_is_named(tmp_path, monkeypatch, certificates, python_server):
    proxy = ConnectProxy(python_server)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:wrong@127.0.0.1:{proxy.port}")
    gateway = Gateway(tmp_path, config_of(
        deployment("m", 443, host="a.example.test", ssl_verify=certificates("ca.pem"))))
    try:
        with pytest.raises(openai.InternalServerError) as raised:
            ask(gateway, "m")
        assert "407" in str(raised.value) and "wrong" not in str(raised.value)
    finally:
        assert gateway.stop() == 0
