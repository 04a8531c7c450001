"""LlamaIndex, which wants an older SDK of OpenAI's than the other frameworks."""

import pytest

from support import ASK, MASTER_KEY, NOT_OPENAIS, gateway, get_weather, llmock  # noqa: F401


@pytest.mark.parametrize("name", NOT_OPENAIS)
def test_llama_index(gateway, name):
    from llama_index.core.llms import ChatMessage
    from llama_index.core.tools import FunctionTool
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(
        model=name, api_base=gateway.url + "/v1", api_key=MASTER_KEY, is_chat_model=True,
        is_function_calling_model=True, max_retries=0)
    assert model.chat([ChatMessage(role="user", content=ASK)]).message.content
    pieces = list(model.stream_chat([ChatMessage(role="user", content=ASK)]))
    assert pieces[-1].message.content
    called = model.chat_with_tools([FunctionTool.from_defaults(get_weather)], user_msg=ASK)
    assert model.get_tool_calls_from_response(called)[0].tool_name == "get_weather"
