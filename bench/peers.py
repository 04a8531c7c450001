"""The other proxies, each set up as a plain reverse proxy with one worker.

A maker returns nothing where its proxy is not installed, or is not made for the setting."""

import pathlib

from cases import HTTP2_UPSTREAM, KEY, PLAIN
from gateways import Setting
from processes import HERE, LOAD_CORE, PEER_CORE, Peer, free_port, installed

# Where `make bench` installs what Debian does not have; LiteLLM's packages and others' disagree.
INSTALLED = HERE / ".build/peers/bin"
LITELLM = HERE / ".build/litellm/bin/litellm"
ENVOY = "type.googleapis.com/envoy.extensions"


def package_version(folder: pathlib.Path, name: str) -> list:
    """A command that prints which version of a Python package stands beside a program."""
    return [folder / "python", "-c",
            f"import importlib.metadata as m; print('{name}', m.version('{name}'))"]


def nginx_ports(setting: Setting) -> tuple[dict, str]:
    """Ports, and the lines that listen on them; without TLS, HTTP/2 has a port of its own."""
    port = free_port()
    if not setting.certificates:
        ports = {"h1": port, "h2": free_port()}
        return ports, (f"listen 127.0.0.1:{ports['h1']} backlog=4096;"
                       f"listen 127.0.0.1:{ports['h2']} http2 backlog=4096;")
    return {"h1": port, "h2": port}, (
        f"listen 127.0.0.1:{port} ssl http2 backlog=4096;"
        f"ssl_certificate {setting.certificates / 'server.pem'};"
        f"ssl_certificate_key {setting.certificates / 'server.key'};"
        "ssl_protocols TLSv1.2 TLSv1.3;")


def nginx(name: str, buffering: str, cores: str = PEER_CORE):
    def make(setting: Setting, folder: pathlib.Path) -> Peer | None:
        command = installed("nginx")
        # It calls upstreams by HTTP/1.1 alone.
        if not command or setting.name == HTTP2_UPSTREAM:
            return None
        ports, listen = nginx_ports(setting)
        text = (HERE / "nginx.conf").read_text()
        for word, value in {
                "FOLDER": str(folder), "NAME": name, "BUFFERING": buffering, "LISTEN": listen,
                "UPSTREAM": str(setting.upstream)}.items():
            text = text.replace(f"@{word}@", value)
        path = folder / f"{name}.conf"
        path.write_text(text)
        return Peer(name, [command, "-c", str(path)], ports, folder, cores=cores,
                    version=[command, "-v"])
    return make


def http2_upstream(upstream: int, folder: pathlib.Path) -> Peer:
    """nginx before the upstream, on the load's core: an upstream that speaks HTTP/2."""
    return nginx("http2-upstream", "off", LOAD_CORE)(Setting(PLAIN, upstream), folder)


def haproxy(setting: Setting, folder: pathlib.Path) -> Peer | None:
    command = installed("haproxy")
    if not command:
        return None
    ports = {"h1": free_port(), "h2": free_port()}
    binds = {"h1": "", "h2": " proto h2"}
    if setting.certificates:
        pair = folder / "haproxy.pem"
        pair.write_text("".join(
            (setting.certificates / f"server.{kind}").read_text() for kind in ("pem", "key")))
        ports = dict.fromkeys(ports, ports["h1"])
        binds = {"h1": f" ssl crt {pair} alpn h2,http/1.1"}
    lines = "\n    ".join(f"bind 127.0.0.1:{ports[kind]}{how}" for kind, how in binds.items())
    server = " proto h2" if setting.name == HTTP2_UPSTREAM else ""
    path = folder / "haproxy.cfg"
    path.write_text(f"""
global
    nbthread 1
    maxconn 8192
    tune.h2.max-concurrent-streams 256
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    http-reuse always
frontend in
    {lines}
    default_backend model
backend model
    server upstream 127.0.0.1:{setting.upstream} pool-max-conn 1024{server}
""")
    return Peer("haproxy", [command, "-db", "-f", path], ports, folder, version=[command, "-v"])


def envoy(setting: Setting, folder: pathlib.Path) -> Peer | None:
    command = INSTALLED / "envoy"
    if not command.exists():
        return None
    port = free_port()
    path = folder / "envoy.yaml"
    path.write_text(f"""
static_resources:
  listeners:
    - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": {ENVOY}.filters.network.http_connection_manager.v3.HttpConnectionManager
                codec_type: AUTO
                stat_prefix: in
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{{match: {{prefix: "/"}}, route: {{cluster: model, timeout: 0s}}}}]
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: {{"@type": {ENVOY}.filters.http.router.v3.Router}}
{envoy_tls(setting)}
  clusters:
    - name: model
      type: STATIC
{envoy_upstream(setting)}
      circuit_breakers:
        thresholds:
          - {{max_connections: 4096, max_requests: 8192, max_pending_requests: 8192}}
      load_assignment:
        cluster_name: model
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address:
                    socket_address: {{address: 127.0.0.1, port_value: {setting.upstream}}}
""")
    return Peer(
        "envoy", [command, "-c", path, "--concurrency", "1", "--log-level", "error",
                  "--use-dynamic-base-id"], {"h1": port, "h2": port}, folder,
        version=[command, "--version"])


def envoy_tls(setting: Setting) -> str:
    if not setting.certificates:
        return ""
    return f"""
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": {ENVOY}.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                alpn_protocols: [h2, http/1.1]
                tls_certificates:
                  - certificate_chain: {{filename: {setting.certificates / "server.pem"}}}
                    private_key: {{filename: {setting.certificates / "server.key"}}}"""


def envoy_upstream(setting: Setting) -> str:
    if setting.name != HTTP2_UPSTREAM:
        return ""
    return f"""
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": {ENVOY}.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: {{http2_protocol_options: {{}}}}"""


def router(name: str):
    """sglang-router, and vllm-router, which was made from it."""
    def make(setting: Setting, folder: pathlib.Path) -> Peer | None:
        command = INSTALLED / name
        if not command.exists() or setting.name != PLAIN:
            return None
        port = free_port()
        start = ["launch"] if name == "sglang-router" else []
        return Peer(
            name, [command, *start, "--worker-urls", f"http://127.0.0.1:{setting.upstream}",
                   "--host", "127.0.0.1", "--port", str(port), "--policy", "round_robin",
                   "--log-level", "error", "--prometheus-port", str(free_port())],
            {"h1": port, "h2": port}, folder, start_seconds=60,
            version=package_version(INSTALLED, name))
    return make


def litellm(setting: Setting, folder: pathlib.Path) -> Peer | None:
    if not LITELLM.exists() or setting.name != PLAIN:
        return None
    port = free_port()
    path = folder / "litellm.yaml"
    path.write_text(f"""
model_list:
  - model_name: m
    litellm_params:
      {{model: openai/m, api_base: 'http://127.0.0.1:{setting.upstream}/v1', api_key: sk-x}}
general_settings: {{master_key: {KEY}}}
""")
    return Peer(
        "litellm", [LITELLM, "--config", path, "--host", "127.0.0.1", "--port", str(port),
                    "--num_workers", "1"], {"h1": port}, folder, start_seconds=180,
        load_share=0.05,
        version=package_version(LITELLM.parent, "litellm"),
        environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True"})


MAKERS = {
    "nginx": nginx("nginx", "off"), "nginx-buffered": nginx("nginx-buffered", "on"),
    "haproxy": haproxy, "envoy": envoy, "sglang-router": router("sglang-router"),
    "vllm-router": router("vllm-router"), "litellm": litellm}
