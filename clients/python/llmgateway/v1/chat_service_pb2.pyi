from llmgateway.v1 import chat_pb2 as _chat_pb2
from llmgateway.v1 import error_pb2 as _error_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

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
    __slots__ = ("input_tokens", "reserved_nano_usd", "input_tokens_max", "output_tokens_max", "input_nano_usd_per_million_tokens", "output_nano_usd_per_million_tokens", "deployment", "deployments", "violations")
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    RESERVED_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_MAX_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_MAX_FIELD_NUMBER: _ClassVar[int]
    INPUT_NANO_USD_PER_MILLION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_NANO_USD_PER_MILLION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENTS_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    input_tokens: int
    reserved_nano_usd: int
    input_tokens_max: int
    output_tokens_max: int
    input_nano_usd_per_million_tokens: int
    output_nano_usd_per_million_tokens: int
    deployment: str
    deployments: _containers.RepeatedCompositeFieldContainer[DeploymentEstimate]
    violations: _containers.RepeatedCompositeFieldContainer[_error_pb2.LimitViolation]
    def __init__(self, input_tokens: _Optional[int] = ..., reserved_nano_usd: _Optional[int] = ..., input_tokens_max: _Optional[int] = ..., output_tokens_max: _Optional[int] = ..., input_nano_usd_per_million_tokens: _Optional[int] = ..., output_nano_usd_per_million_tokens: _Optional[int] = ..., deployment: _Optional[str] = ..., deployments: _Optional[_Iterable[_Union[DeploymentEstimate, _Mapping]]] = ..., violations: _Optional[_Iterable[_Union[_error_pb2.LimitViolation, _Mapping]]] = ...) -> None: ...

class DeploymentEstimate(_message.Message):
    __slots__ = ("deployment", "provider", "upstream_model", "obstacle", "prices", "reserved_nano_usd", "output_tokens_max")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MODEL_FIELD_NUMBER: _ClassVar[int]
    OBSTACLE_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    RESERVED_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_MAX_FIELD_NUMBER: _ClassVar[int]
    deployment: str
    provider: str
    upstream_model: str
    obstacle: str
    prices: TokenPrices
    reserved_nano_usd: int
    output_tokens_max: int
    def __init__(self, deployment: _Optional[str] = ..., provider: _Optional[str] = ..., upstream_model: _Optional[str] = ..., obstacle: _Optional[str] = ..., prices: _Optional[_Union[TokenPrices, _Mapping]] = ..., reserved_nano_usd: _Optional[int] = ..., output_tokens_max: _Optional[int] = ...) -> None: ...

class TokenPrices(_message.Message):
    __slots__ = ("input_nano_usd", "cached_input_nano_usd", "cache_write_nano_usd", "audio_input_nano_usd", "output_nano_usd", "reasoning_nano_usd", "audio_output_nano_usd")
    INPUT_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    CACHED_INPUT_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    AUDIO_INPUT_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    REASONING_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    AUDIO_OUTPUT_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    input_nano_usd: int
    cached_input_nano_usd: int
    cache_write_nano_usd: int
    audio_input_nano_usd: int
    output_nano_usd: int
    reasoning_nano_usd: int
    audio_output_nano_usd: int
    def __init__(self, input_nano_usd: _Optional[int] = ..., cached_input_nano_usd: _Optional[int] = ..., cache_write_nano_usd: _Optional[int] = ..., audio_input_nano_usd: _Optional[int] = ..., output_nano_usd: _Optional[int] = ..., reasoning_nano_usd: _Optional[int] = ..., audio_output_nano_usd: _Optional[int] = ...) -> None: ...
