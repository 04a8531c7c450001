"""The gateway as the benchmarks run it: as little as there is, all on, or all on but a feature."""

import dataclasses
import pathlib

from cases import HTTP2_UPSTREAM, KEY, PLAIN, TWO_CORES
from processes import BINARY, PEER_CORE, Peer, free_port

# Every feature with a price of its own. The row of each call and the metrics are always there.
FEATURES = ("limits", "budget", "log")
LIMITS = "rpm_limit: 100000000, tpm_limit: 1000000000000, max_parallel_requests: 10000"


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a peer is started for, by its name in cases.SETTINGS."""

    name: str
    upstream: int  # A port.
    certificates: pathlib.Path | None = None
    vendor: str = "openai"


def relay_config(setting: Setting, loops: int = 1) -> str:
    """One static key, and the row that every call has."""
    return models(setting) + f"""
general_settings: {{master_key: {KEY}}}
gateway_settings:
  loops: {loops}
  log: {{sample: 0}}
""" + wires(setting)


def all_on_config(setting: Setting, without: str = "", loops: int = 1, extra: str = "") -> str:
    """A key with limits and a budget, and so a durable hold for each call, and a log line."""
    limits = "" if without == "limits" else ", " + LIMITS
    budget = "" if without == "budget" else ", max_budget: 1000000"
    log = "  log: {sample: 0}\n" if without == "log" else ""
    return models(setting) + f"""
general_settings: {{master_key: sk-master-0123456789abcdef}}
gateway_settings:
  loops: {loops}
  keys: [{{key: {KEY}{budget}{limits}}}]
{log}{extra}""" + wires(setting)


def models(setting: Setting) -> str:
    path = "/v1" if setting.vendor == "openai" else ""
    return f"""
model_list:
  - model_name: m
    litellm_params:
      {{model: {setting.vendor}/m, api_base: 'http://127.0.0.1:{setting.upstream}{path}', api_key: sk-x,
        input_cost_per_token: 0.000001, output_cost_per_token: 0.000002}}
"""


def wires(setting: Setting) -> str:
    lines = ""
    if setting.certificates:
        lines += (f"  tls: {{cert_file: {setting.certificates / 'server.pem'}, "
                  f"key_file: {setting.certificates / 'server.key'}}}\n")
    if setting.name == HTTP2_UPSTREAM:
        lines += f"  upstream: {{http2_hosts: ['127.0.0.1:{setting.upstream}']}}\n"
    return lines


def gateway(name: str, config: str, folder: pathlib.Path, cores: str = PEER_CORE) -> Peer:
    port = free_port()
    file_name = name.replace(" ", "-").replace(",", "")
    path = folder / f"{file_name}.yaml"
    path.write_text(config)
    return Peer(
        name, [BINARY, "serve", "--config", path, "--host", "127.0.0.1", "--port", str(port),
               "--data-dir", folder / f"{file_name}-data"],
        {"h1": port, "h2": port}, folder, cores=cores, version=[BINARY, "version"])


def relay(setting: Setting, folder: pathlib.Path) -> Peer:
    return gateway("relay", relay_config(setting), folder)


def all_on(setting: Setting, folder: pathlib.Path) -> Peer:
    return gateway("all on", all_on_config(setting), folder)


def but(feature: str):
    def make(setting: Setting, folder: pathlib.Path) -> Peer | None:
        if setting.name != PLAIN:
            return None
        return gateway(f"all but {feature}", all_on_config(setting, feature), folder)
    return make


def two_loops(name: str, config):
    """Two loops where there are two cores for them."""
    def make(setting: Setting, folder: pathlib.Path) -> Peer | None:
        if setting.name != TWO_CORES:
            return None
        return gateway(name, config(setting, loops=2), folder, cores="0,1")
    return make


MAKERS = {
    "relay": relay, "all on": all_on,
    **{f"all but {feature}": but(feature) for feature in FEATURES},
    "relay, two loops": two_loops("relay, two loops", relay_config),
    "all on, two loops": two_loops("all on, two loops", all_on_config)}
