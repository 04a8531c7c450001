"""The gateway in front of models of three dialects, and a tool, for all frameworks."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))
from conftest import MASTER_KEY, Gateway, llmock  # noqa: E402,F401

CONFIG = """
model_list:
  - model_name: gpt-4o
    litellm_params: {{model: openai/gpt-4o, api_base: '{base}', api_key: k}}
  - model_name: claude-sonnet-4-5
    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_base: '{root}/anthropic', api_key: k, drop_params: true}}
  - model_name: gemini-2.5-flash
    litellm_params: {{model: gemini/gemini-2.5-flash, api_base: '{root}/gemini', api_key: k, drop_params: true}}
general_settings: {{master_key: {key}}}
router_settings: {{num_retries: 0}}
"""
ASK = "What is the weather in Paris?"
NOT_OPENAIS = ["claude-sonnet-4-5", "gemini-2.5-flash"]
NOT_ANTHROPICS = ["gpt-4o", "gemini-2.5-flash"]
ALL = ["gpt-4o", "claude-sonnet-4-5", "gemini-2.5-flash"]


@pytest.fixture(scope="module")
def gateway(llmock, tmp_path_factory):  # noqa: F811
    text = CONFIG.format(base=llmock, root=llmock.removesuffix("/v1"), key=MASTER_KEY)
    made = Gateway(tmp_path_factory.mktemp("sdks"), text)
    yield made
    assert made.stop() == 0, made.log()


def get_weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: Its name.
    """
    return f"11 degrees in {city}"
