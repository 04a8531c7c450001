from llmgateway.v1 import chat_pb2 as _chat_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerateChatCompletionRequest(_message.Message):
    __slots__ = ("chat", "request_id")
    CHAT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    chat: _chat_pb2.ChatRequest
    request_id: str
    def __init__(self, chat: _Optional[_Union[_chat_pb2.ChatRequest, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GenerateChatCompletionResponse(_message.Message):
    __slots__ = ("completion",)
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    completion: _chat_pb2.ChatCompletion
    def __init__(self, completion: _Optional[_Union[_chat_pb2.ChatCompletion, _Mapping]] = ...) -> None: ...

class StreamChatCompletionRequest(_message.Message):
    __slots__ = ("chat", "request_id")
    CHAT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    chat: _chat_pb2.ChatRequest
    request_id: str
    def __init__(self, chat: _Optional[_Union[_chat_pb2.ChatRequest, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class StreamChatCompletionResponse(_message.Message):
    __slots__ = ("sequence", "started", "delta", "finished")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    started: _chat_pb2.ChatStarted
    delta: _chat_pb2.ChatDelta
    finished: _chat_pb2.ChatFinished
    def __init__(self, sequence: _Optional[int] = ..., started: _Optional[_Union[_chat_pb2.ChatStarted, _Mapping]] = ..., delta: _Optional[_Union[_chat_pb2.ChatDelta, _Mapping]] = ..., finished: _Optional[_Union[_chat_pb2.ChatFinished, _Mapping]] = ...) -> None: ...

class EstimateChatCompletionRequest(_message.Message):
    __slots__ = ("chat",)
    CHAT_FIELD_NUMBER: _ClassVar[int]
    chat: _chat_pb2.ChatRequest
    def __init__(self, chat: _Optional[_Union[_chat_pb2.ChatRequest, _Mapping]] = ...) -> None: ...

class EstimateChatCompletionResponse(_message.Message):
    __slots__ = ("input_tokens", "reserved_nano_usd", "input_tokens_max", "output_tokens_max", "input_nano_usd_per_million_tokens", "output_nano_usd_per_million_tokens", "deployment")
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    RESERVED_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_MAX_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_MAX_FIELD_NUMBER: _ClassVar[int]
    INPUT_NANO_USD_PER_MILLION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_NANO_USD_PER_MILLION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    input_tokens: int
    reserved_nano_usd: int
    input_tokens_max: int
    output_tokens_max: int
    input_nano_usd_per_million_tokens: int
    output_nano_usd_per_million_tokens: int
    deployment: str
    def __init__(self, input_tokens: _Optional[int] = ..., reserved_nano_usd: _Optional[int] = ..., input_tokens_max: _Optional[int] = ..., output_tokens_max: _Optional[int] = ..., input_nano_usd_per_million_tokens: _Optional[int] = ..., output_nano_usd_per_million_tokens: _Optional[int] = ..., deployment: _Optional[str] = ...) -> None: ...
