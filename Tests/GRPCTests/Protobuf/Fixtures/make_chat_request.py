"""Writes chat_request.pb: a request with every kind of field set, by Google's own runtime.

Run from the root of the repository, with protobuf installed:
    PYTHONPATH=clients/python python3 Tests/GRPCTests/Protobuf/Fixtures/make_chat_request.py
"""

import pathlib

from google.protobuf import duration_pb2
from llmgateway.v1 import chat_pb2, chat_service_pb2, message_pb2

user = message_pb2.Message(
    role=message_pb2.ROLE_USER,
    name="anna",
    parts=[
        message_pb2.Part(text="Grüße, 世界 \U0001F30D"),
        message_pb2.Part(
            media=message_pb2.Media(
                inline_data=bytes(range(256)),
                mime_type="image/png",
                detail=message_pb2.MEDIA_DETAIL_LOW,
            ),
            cache_breakpoint=message_pb2.CacheBreakpoint(ttl=duration_pb2.Duration(seconds=300)),
        ),
    ],
)
assistant = message_pb2.Message(
    role=message_pb2.ROLE_ASSISTANT,
    parts=[
        message_pb2.Part(
            tool_call=message_pb2.ToolCall(id="call_1", name="sum", arguments_json='{"a":[1,2]}')
        )
    ],
)
tool = message_pb2.Message(
    role=message_pb2.ROLE_TOOL,
    parts=[
        message_pb2.Part(
            tool_result=message_pb2.ToolResult(
                tool_call_id="call_1",
                parts=[message_pb2.ToolResultPart(text="3")],
                is_error=True,
            )
        )
    ],
)
request = chat_service_pb2.GenerateChatCompletionRequest(
    chat=chat_pb2.ChatRequest(
        model="team/model",
        messages=[user, assistant, tool],
        tools=[message_pb2.Tool(name="sum", parameters_json="{}", strict=False)],
        tool_choice=message_pb2.ToolChoice(
            allowed_tools=message_pb2.AllowedTools(
                mode=message_pb2.TOOL_CHOICE_MODE_REQUIRED, tool_names=["sum", "other"]
            )
        ),
        parallel_tool_calls=False,
        output_modalities=[chat_pb2.OUTPUT_MODALITY_TEXT, chat_pb2.OUTPUT_MODALITY_AUDIO],
        sampling=chat_pb2.SamplingParams(
            temperature=0.0,
            top_p=0.25,
            seed=-9007199254740993,
            stop_sequences=["a", "b"],
            logit_bias={50256: -100.0},
        ),
        max_output_tokens=2147483647,
        top_logprobs=0,
        metadata={"key": "value"},
        routing=chat_pb2.RoutingParams(
            cache_mode=chat_pb2.CACHE_MODE_REFRESH,
            first_token_timeout=duration_pb2.Duration(seconds=1, nanos=500000000),
        ),
    ),
    request_id="5f3c",
)
path = pathlib.Path(__file__).with_name("chat_request.pb")
path.write_bytes(request.SerializeToString(deterministic=True))
