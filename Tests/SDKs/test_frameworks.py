"""Frameworks and programs that people have, unchanged but for the address and the key, each against
models of upstreams that speak another dialect than it does."""

import asyncio
import pathlib
import subprocess
import sys

import pytest

from support import (  # noqa: F401
    ALL, ASK, MASTER_KEY, NOT_ANTHROPICS, NOT_OPENAIS, gateway, get_weather, llmock)


def check_chain(model):
    """Plain, streamed, and with a tool that is called and answered, as LangChain does it."""
    from langchain_core.messages import HumanMessage, ToolMessage
    from langchain_core.tools import tool

    assert model.invoke(ASK).text
    assert "".join(piece.text for piece in model.stream(ASK))
    bound = model.bind_tools([tool(get_weather)])
    called = bound.invoke(ASK)
    call = called.tool_calls[0]
    assert call["name"] == "get_weather" and "city" in call["args"]
    answer = bound.invoke([
        HumanMessage(ASK), called, ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"])])
    assert answer.text
    assert called.usage_metadata["input_tokens"] > 0


@pytest.mark.parametrize("name", NOT_OPENAIS)
def test_langchain_openai(gateway, name):
    from langchain_openai import ChatOpenAI

    check_chain(ChatOpenAI(
        model=name, base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0, stream_usage=True))


@pytest.mark.parametrize("name", NOT_ANTHROPICS)
def test_langchain_anthropic(gateway, name):
    from langchain_anthropic import ChatAnthropic

    check_chain(ChatAnthropic(
        model=name, base_url=gateway.url, api_key=MASTER_KEY, max_retries=0, max_tokens=100))


@pytest.mark.parametrize("name", ALL)
def test_langchain_ollama(gateway, name):
    from langchain_ollama import ChatOllama

    check_chain(ChatOllama(model=name, base_url=gateway.url, client_kwargs={
        "headers": {"authorization": f"Bearer {MASTER_KEY}"}}))


@pytest.mark.parametrize("name", NOT_OPENAIS)
def test_pydantic_ai_over_openai(gateway, name):
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    check_agent(Agent(OpenAIChatModel(
        name, provider=OpenAIProvider(base_url=gateway.url + "/v1", api_key=MASTER_KEY))))


@pytest.mark.parametrize("name", NOT_ANTHROPICS)
def test_pydantic_ai_over_anthropic(gateway, name):
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    check_agent(Agent(AnthropicModel(
        name, provider=AnthropicProvider(base_url=gateway.url, api_key=MASTER_KEY))))


def check_agent(agent):
    """An answer, streamed too."""
    assert agent.run_sync(ASK).output

    async def stream():
        async with agent.run_stream(ASK) as result:
            return [piece async for piece in result.stream_text(delta=True)]

    assert "".join(asyncio.run(stream()))


@pytest.mark.parametrize("name", NOT_OPENAIS)
def test_instructor(gateway, name):
    import instructor
    import openai
    import pydantic

    class Weather(pydantic.BaseModel):
        city: str

    client = instructor.from_openai(
        openai.OpenAI(base_url=gateway.url + "/v1", api_key=MASTER_KEY, max_retries=0),
        mode=instructor.Mode.TOOLS)
    answer = client.chat.completions.create(
        model=name, response_model=Weather, max_retries=0, messages=[{"role": "user", "content": ASK}])
    assert isinstance(answer.city, str)


@pytest.mark.parametrize("name", NOT_OPENAIS)
@pytest.mark.parametrize("options", [[], ["--no-stream"]])
def test_llm(gateway, name, options, tmp_path):
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: {name}\n  model_name: {name}\n  api_base: {gateway.url}/v1\n"
        f"  api_key_name: gateway\n")
    (tmp_path / "keys.json").write_text('{"gateway": "%s"}' % MASTER_KEY)
    tool = pathlib.Path(sys.executable).with_name("llm")
    done = subprocess.run(
        [tool, "-m", name, *options, ASK], env={"LLM_USER_PATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
