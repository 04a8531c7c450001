"""The peers that compare.py knows, each set up as a plain reverse proxy with one worker."""

import pathlib
import shutil

import check
import smoke

# Where `make bench` installs what Debian does not have.
INSTALLED = smoke.HERE / ".build/peers/bin"
ENVOY_FILTERS = "type.googleapis.com/envoy.extensions.filters"


def relay(upstream: int, folder: pathlib.Path) -> smoke.Peer:
    peer = smoke.gateway(upstream, folder)
    peer.name = "relay"
    peer.version_command = [smoke.BINARY, "version"]
    return peer


def all_on(upstream: int, folder: pathlib.Path) -> smoke.Peer:
    port = smoke.free_port()
    path = folder / "all-on.yaml"
    path.write_text(check.config(upstream))
    return smoke.Peer(
        "all on", [smoke.BINARY, "serve", "--config", path, "--port", str(port), "--data-dir",
                   folder / "all-on-data"], {"h1": port, "h2": port}, folder)


def nginx(buffering: str):
    def make(upstream: int, folder: pathlib.Path) -> smoke.Peer | None:
        if not shutil.which("nginx", path="/usr/sbin:/usr/bin"):
            return None
        name = "nginx" if buffering == "off" else "nginx-buffered"
        peer = smoke.nginx(name, buffering, upstream, folder)
        peer.version_command = ["/usr/sbin/nginx", "-v"]
        return peer
    return make


def haproxy(upstream: int, folder: pathlib.Path) -> smoke.Peer | None:
    command = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    if not command:
        return None
    ports = {"h1": smoke.free_port(), "h2": smoke.free_port()}
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
    bind 127.0.0.1:{ports["h1"]}
    bind 127.0.0.1:{ports["h2"]} proto h2
    default_backend model
backend model
    server upstream 127.0.0.1:{upstream} pool-max-conn 1024
""")
    peer = smoke.Peer("haproxy", [command, "-db", "-f", path], ports, folder)
    peer.version_command = [command, "-v"]
    return peer


def envoy(upstream: int, folder: pathlib.Path) -> smoke.Peer | None:
    command = INSTALLED / "envoy"
    if not command.exists():
        return None
    port = smoke.free_port()
    path = folder / "envoy.yaml"
    path.write_text(f"""
static_resources:
  listeners:
    - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": {ENVOY_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager
                codec_type: AUTO
                stat_prefix: in
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{{match: {{prefix: "/"}}, route: {{cluster: model, timeout: 0s}}}}]
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": {ENVOY_FILTERS}.http.router.v3.Router
  clusters:
    - name: model
      type: STATIC
      circuit_breakers:
        thresholds:
          - {{max_connections: 4096, max_requests: 8192, max_pending_requests: 8192}}
      load_assignment:
        cluster_name: model
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address: {{socket_address: {{address: 127.0.0.1, port_value: {upstream}}}}}
""")
    peer = smoke.Peer(
        "envoy", [command, "-c", path, "--concurrency", "1", "--log-level", "error",
                  "--use-dynamic-base-id"], {"h1": port, "h2": port}, folder)
    peer.version_command = [command, "--version"]
    return peer


def sglang_router(upstream: int, folder: pathlib.Path) -> smoke.Peer | None:
    command = INSTALLED / "sglang-router"
    if not command.exists():
        return None
    port = smoke.free_port()
    peer = smoke.Peer(
        "sglang-router",
        [command, "launch", "--worker-urls", f"http://127.0.0.1:{upstream}", "--host", "127.0.0.1",
         "--port", str(port), "--policy", "round_robin", "--log-level", "error",
         "--prometheus-port", str(smoke.free_port())], {"h1": port, "h2": port}, folder)
    peer.version_command = [command, "--version"]
    return peer


MAKERS = {
    "relay": relay, "all on": all_on, "nginx": nginx("off"), "nginx-buffered": nginx("on"),
    "haproxy": haproxy, "envoy": envoy, "sglang-router": sglang_router}
