from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from llmgateway.v1 import common_pb2 as _common_pb2
from llmgateway.v1 import message_pb2 as _message_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OutputModality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTPUT_MODALITY_UNSPECIFIED: _ClassVar[OutputModality]
    OUTPUT_MODALITY_TEXT: _ClassVar[OutputModality]
    OUTPUT_MODALITY_AUDIO: _ClassVar[OutputModality]
    OUTPUT_MODALITY_IMAGE: _ClassVar[OutputModality]

class Verbosity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERBOSITY_UNSPECIFIED: _ClassVar[Verbosity]
    VERBOSITY_LOW: _ClassVar[Verbosity]
    VERBOSITY_MEDIUM: _ClassVar[Verbosity]
    VERBOSITY_HIGH: _ClassVar[Verbosity]

class ReasoningEffort(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASONING_EFFORT_UNSPECIFIED: _ClassVar[ReasoningEffort]
    REASONING_EFFORT_NONE: _ClassVar[ReasoningEffort]
    REASONING_EFFORT_MINIMAL: _ClassVar[ReasoningEffort]
    REASONING_EFFORT_LOW: _ClassVar[ReasoningEffort]
    REASONING_EFFORT_MEDIUM: _ClassVar[ReasoningEffort]
    REASONING_EFFORT_HIGH: _ClassVar[ReasoningEffort]

class CacheMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CACHE_MODE_UNSPECIFIED: _ClassVar[CacheMode]
    CACHE_MODE_OFF: _ClassVar[CacheMode]
    CACHE_MODE_ON: _ClassVar[CacheMode]
    CACHE_MODE_REFRESH: _ClassVar[CacheMode]

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_STOP: _ClassVar[FinishReason]
    FINISH_REASON_LENGTH: _ClassVar[FinishReason]
    FINISH_REASON_TOOL_CALLS: _ClassVar[FinishReason]
    FINISH_REASON_CONTENT_FILTER: _ClassVar[FinishReason]
    FINISH_REASON_REFUSAL: _ClassVar[FinishReason]

class FinishCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_CAUSE_UNSPECIFIED: _ClassVar[FinishCause]
    FINISH_CAUSE_MODEL: _ClassVar[FinishCause]
    FINISH_CAUSE_MAX_TOKENS: _ClassVar[FinishCause]
    FINISH_CAUSE_STOP_SEQUENCE: _ClassVar[FinishCause]
    FINISH_CAUSE_BUDGET: _ClassVar[FinishCause]
    FINISH_CAUSE_DEADLINE: _ClassVar[FinishCause]
    FINISH_CAUSE_CONTEXT_WINDOW: _ClassVar[FinishCause]
    FINISH_CAUSE_PAUSE_TURN: _ClassVar[FinishCause]
OUTPUT_MODALITY_UNSPECIFIED: OutputModality
OUTPUT_MODALITY_TEXT: OutputModality
OUTPUT_MODALITY_AUDIO: OutputModality
OUTPUT_MODALITY_IMAGE: OutputModality
VERBOSITY_UNSPECIFIED: Verbosity
VERBOSITY_LOW: Verbosity
VERBOSITY_MEDIUM: Verbosity
VERBOSITY_HIGH: Verbosity
REASONING_EFFORT_UNSPECIFIED: ReasoningEffort
REASONING_EFFORT_NONE: ReasoningEffort
REASONING_EFFORT_MINIMAL: ReasoningEffort
REASONING_EFFORT_LOW: ReasoningEffort
REASONING_EFFORT_MEDIUM: ReasoningEffort
REASONING_EFFORT_HIGH: ReasoningEffort
CACHE_MODE_UNSPECIFIED: CacheMode
CACHE_MODE_OFF: CacheMode
CACHE_MODE_ON: CacheMode
CACHE_MODE_REFRESH: CacheMode
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_STOP: FinishReason
FINISH_REASON_LENGTH: FinishReason
FINISH_REASON_TOOL_CALLS: FinishReason
FINISH_REASON_CONTENT_FILTER: FinishReason
FINISH_REASON_REFUSAL: FinishReason
FINISH_CAUSE_UNSPECIFIED: FinishCause
FINISH_CAUSE_MODEL: FinishCause
FINISH_CAUSE_MAX_TOKENS: FinishCause
FINISH_CAUSE_STOP_SEQUENCE: FinishCause
FINISH_CAUSE_BUDGET: FinishCause
FINISH_CAUSE_DEADLINE: FinishCause
FINISH_CAUSE_CONTEXT_WINDOW: FinishCause
FINISH_CAUSE_PAUSE_TURN: FinishCause

class ChatRequest(_message.Message):
    __slots__ = ("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "output_modalities", "audio_output", "sampling", "reasoning", "verbosity", "max_output_tokens", "choice_count", "top_logprobs", "predicted_output", "prompt_cache_key", "service_tier", "store", "end_user", "metadata", "labels", "routing", "extra_body_json", "json_dialect")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    TOOL_CHOICE_FIELD_NUMBER: _ClassVar[int]
    PARALLEL_TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_MODALITIES_FIELD_NUMBER: _ClassVar[int]
    AUDIO_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    VERBOSITY_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CHOICE_COUNT_FIELD_NUMBER: _ClassVar[int]
    TOP_LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    PROMPT_CACHE_KEY_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIER_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    END_USER_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    EXTRA_BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    JSON_DIALECT_FIELD_NUMBER: _ClassVar[int]
    model: str
    messages: _containers.RepeatedCompositeFieldContainer[_message_pb2.Message]
    tools: _containers.RepeatedCompositeFieldContainer[_message_pb2.Tool]
    tool_choice: _message_pb2.ToolChoice
    parallel_tool_calls: bool
    response_format: _message_pb2.ResponseFormat
    output_modalities: _containers.RepeatedScalarFieldContainer[OutputModality]
    audio_output: AudioOutputParams
    sampling: SamplingParams
    reasoning: ReasoningParams
    verbosity: Verbosity
    max_output_tokens: int
    choice_count: int
    top_logprobs: int
    predicted_output: str
    prompt_cache_key: str
    service_tier: str
    store: bool
    end_user: str
    metadata: _containers.ScalarMap[str, str]
    labels: _containers.ScalarMap[str, str]
    routing: RoutingParams
    extra_body_json: str
    json_dialect: str
    def __init__(self, model: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[_message_pb2.Message, _Mapping]]] = ..., tools: _Optional[_Iterable[_Union[_message_pb2.Tool, _Mapping]]] = ..., tool_choice: _Optional[_Union[_message_pb2.ToolChoice, _Mapping]] = ..., parallel_tool_calls: bool = ..., response_format: _Optional[_Union[_message_pb2.ResponseFormat, _Mapping]] = ..., output_modalities: _Optional[_Iterable[_Union[OutputModality, str]]] = ..., audio_output: _Optional[_Union[AudioOutputParams, _Mapping]] = ..., sampling: _Optional[_Union[SamplingParams, _Mapping]] = ..., reasoning: _Optional[_Union[ReasoningParams, _Mapping]] = ..., verbosity: _Optional[_Union[Verbosity, str]] = ..., max_output_tokens: _Optional[int] = ..., choice_count: _Optional[int] = ..., top_logprobs: _Optional[int] = ..., predicted_output: _Optional[str] = ..., prompt_cache_key: _Optional[str] = ..., service_tier: _Optional[str] = ..., store: bool = ..., end_user: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., routing: _Optional[_Union[RoutingParams, _Mapping]] = ..., extra_body_json: _Optional[str] = ..., json_dialect: _Optional[str] = ...) -> None: ...

class AudioOutputParams(_message.Message):
    __slots__ = ("voice", "mime_type")
    VOICE_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    voice: str
    mime_type: str
    def __init__(self, voice: _Optional[str] = ..., mime_type: _Optional[str] = ...) -> None: ...

class SamplingParams(_message.Message):
    __slots__ = ("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "stop_sequences", "logit_bias")
    class LogitBiasEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: float
        def __init__(self, key: _Optional[int] = ..., value: _Optional[float] = ...) -> None: ...
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_PENALTY_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_PENALTY_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    STOP_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    LOGIT_BIAS_FIELD_NUMBER: _ClassVar[int]
    temperature: float
    top_p: float
    top_k: int
    frequency_penalty: float
    presence_penalty: float
    seed: int
    stop_sequences: _containers.RepeatedScalarFieldContainer[str]
    logit_bias: _containers.ScalarMap[int, float]
    def __init__(self, temperature: _Optional[float] = ..., top_p: _Optional[float] = ..., top_k: _Optional[int] = ..., frequency_penalty: _Optional[float] = ..., presence_penalty: _Optional[float] = ..., seed: _Optional[int] = ..., stop_sequences: _Optional[_Iterable[str]] = ..., logit_bias: _Optional[_Mapping[int, float]] = ...) -> None: ...

class ReasoningParams(_message.Message):
    __slots__ = ("effort", "max_reasoning_tokens", "include_reasoning")
    EFFORT_FIELD_NUMBER: _ClassVar[int]
    MAX_REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_REASONING_FIELD_NUMBER: _ClassVar[int]
    effort: ReasoningEffort
    max_reasoning_tokens: int
    include_reasoning: bool
    def __init__(self, effort: _Optional[_Union[ReasoningEffort, str]] = ..., max_reasoning_tokens: _Optional[int] = ..., include_reasoning: bool = ...) -> None: ...

class RoutingParams(_message.Message):
    __slots__ = ("fallback_models", "context_window_fallback_models", "content_policy_fallback_models", "required_tags", "cache_mode", "first_token_timeout", "drop_unsupported_params", "clamp_to_budget")
    FALLBACK_MODELS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_FALLBACK_MODELS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_POLICY_FALLBACK_MODELS_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_TAGS_FIELD_NUMBER: _ClassVar[int]
    CACHE_MODE_FIELD_NUMBER: _ClassVar[int]
    FIRST_TOKEN_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    DROP_UNSUPPORTED_PARAMS_FIELD_NUMBER: _ClassVar[int]
    CLAMP_TO_BUDGET_FIELD_NUMBER: _ClassVar[int]
    fallback_models: _containers.RepeatedScalarFieldContainer[str]
    context_window_fallback_models: _containers.RepeatedScalarFieldContainer[str]
    content_policy_fallback_models: _containers.RepeatedScalarFieldContainer[str]
    required_tags: _containers.RepeatedScalarFieldContainer[str]
    cache_mode: CacheMode
    first_token_timeout: _duration_pb2.Duration
    drop_unsupported_params: bool
    clamp_to_budget: bool
    def __init__(self, fallback_models: _Optional[_Iterable[str]] = ..., context_window_fallback_models: _Optional[_Iterable[str]] = ..., content_policy_fallback_models: _Optional[_Iterable[str]] = ..., required_tags: _Optional[_Iterable[str]] = ..., cache_mode: _Optional[_Union[CacheMode, str]] = ..., first_token_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., drop_unsupported_params: bool = ..., clamp_to_budget: bool = ...) -> None: ...

class ChatCompletion(_message.Message):
    __slots__ = ("id", "create_time", "choices", "usage", "cost", "routing", "provider_fields_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    create_time: _timestamp_pb2.Timestamp
    choices: _containers.RepeatedCompositeFieldContainer[Choice]
    usage: _common_pb2.Usage
    cost: _common_pb2.Cost
    routing: _common_pb2.RoutingInfo
    provider_fields_json: str
    def __init__(self, id: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., choices: _Optional[_Iterable[_Union[Choice, _Mapping]]] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping]] = ..., cost: _Optional[_Union[_common_pb2.Cost, _Mapping]] = ..., routing: _Optional[_Union[_common_pb2.RoutingInfo, _Mapping]] = ..., provider_fields_json: _Optional[str] = ...) -> None: ...

class Choice(_message.Message):
    __slots__ = ("index", "message", "finish_reason", "finish_cause", "stop_sequence", "logprobs", "refusal_logprobs", "provider_fields_json")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    FINISH_CAUSE_FIELD_NUMBER: _ClassVar[int]
    STOP_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    index: int
    message: _message_pb2.Message
    finish_reason: FinishReason
    finish_cause: FinishCause
    stop_sequence: str
    logprobs: _containers.RepeatedCompositeFieldContainer[TokenLogprob]
    refusal_logprobs: _containers.RepeatedCompositeFieldContainer[TokenLogprob]
    provider_fields_json: str
    def __init__(self, index: _Optional[int] = ..., message: _Optional[_Union[_message_pb2.Message, _Mapping]] = ..., finish_reason: _Optional[_Union[FinishReason, str]] = ..., finish_cause: _Optional[_Union[FinishCause, str]] = ..., stop_sequence: _Optional[str] = ..., logprobs: _Optional[_Iterable[_Union[TokenLogprob, _Mapping]]] = ..., refusal_logprobs: _Optional[_Iterable[_Union[TokenLogprob, _Mapping]]] = ..., provider_fields_json: _Optional[str] = ...) -> None: ...

class ChatStarted(_message.Message):
    __slots__ = ("id", "create_time", "routing")
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    id: str
    create_time: _timestamp_pb2.Timestamp
    routing: _common_pb2.RoutingInfo
    def __init__(self, id: _Optional[str] = ..., create_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., routing: _Optional[_Union[_common_pb2.RoutingInfo, _Mapping]] = ...) -> None: ...

class ChatDelta(_message.Message):
    __slots__ = ("choice_index", "part_index", "text", "reasoning", "tool_call", "refusal", "media", "annotation", "signature", "logprobs", "refusal_logprobs", "provider_fields_json")
    CHOICE_INDEX_FIELD_NUMBER: _ClassVar[int]
    PART_INDEX_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALL_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    ANNOTATION_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    choice_index: int
    part_index: int
    text: str
    reasoning: ReasoningDelta
    tool_call: ToolCallDelta
    refusal: str
    media: MediaDelta
    annotation: _message_pb2.Annotation
    signature: str
    logprobs: _containers.RepeatedCompositeFieldContainer[TokenLogprob]
    refusal_logprobs: _containers.RepeatedCompositeFieldContainer[TokenLogprob]
    provider_fields_json: str
    def __init__(self, choice_index: _Optional[int] = ..., part_index: _Optional[int] = ..., text: _Optional[str] = ..., reasoning: _Optional[_Union[ReasoningDelta, _Mapping]] = ..., tool_call: _Optional[_Union[ToolCallDelta, _Mapping]] = ..., refusal: _Optional[str] = ..., media: _Optional[_Union[MediaDelta, _Mapping]] = ..., annotation: _Optional[_Union[_message_pb2.Annotation, _Mapping]] = ..., signature: _Optional[str] = ..., logprobs: _Optional[_Iterable[_Union[TokenLogprob, _Mapping]]] = ..., refusal_logprobs: _Optional[_Iterable[_Union[TokenLogprob, _Mapping]]] = ..., provider_fields_json: _Optional[str] = ...) -> None: ...

class ReasoningDelta(_message.Message):
    __slots__ = ("text", "redacted_data")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REDACTED_DATA_FIELD_NUMBER: _ClassVar[int]
    text: str
    redacted_data: bytes
    def __init__(self, text: _Optional[str] = ..., redacted_data: _Optional[bytes] = ...) -> None: ...

class ToolCallDelta(_message.Message):
    __slots__ = ("id", "name", "arguments_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    arguments_json: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., arguments_json: _Optional[str] = ...) -> None: ...

class MediaDelta(_message.Message):
    __slots__ = ("data", "mime_type", "transcript", "file_id", "expire_time")
    DATA_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    mime_type: str
    transcript: str
    file_id: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, data: _Optional[bytes] = ..., mime_type: _Optional[str] = ..., transcript: _Optional[str] = ..., file_id: _Optional[str] = ..., expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ChatFinished(_message.Message):
    __slots__ = ("outcomes", "usage", "cost", "routing", "provider_fields_json")
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    outcomes: _containers.RepeatedCompositeFieldContainer[ChoiceOutcome]
    usage: _common_pb2.Usage
    cost: _common_pb2.Cost
    routing: _common_pb2.RoutingInfo
    provider_fields_json: str
    def __init__(self, outcomes: _Optional[_Iterable[_Union[ChoiceOutcome, _Mapping]]] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping]] = ..., cost: _Optional[_Union[_common_pb2.Cost, _Mapping]] = ..., routing: _Optional[_Union[_common_pb2.RoutingInfo, _Mapping]] = ..., provider_fields_json: _Optional[str] = ...) -> None: ...

class ChoiceOutcome(_message.Message):
    __slots__ = ("choice_index", "finish_reason", "finish_cause", "stop_sequence", "provider_fields_json")
    CHOICE_INDEX_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    FINISH_CAUSE_FIELD_NUMBER: _ClassVar[int]
    STOP_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    choice_index: int
    finish_reason: FinishReason
    finish_cause: FinishCause
    stop_sequence: str
    provider_fields_json: str
    def __init__(self, choice_index: _Optional[int] = ..., finish_reason: _Optional[_Union[FinishReason, str]] = ..., finish_cause: _Optional[_Union[FinishCause, str]] = ..., stop_sequence: _Optional[str] = ..., provider_fields_json: _Optional[str] = ...) -> None: ...

class TokenLogprob(_message.Message):
    __slots__ = ("token", "token_data", "logprob", "candidates")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOKEN_DATA_FIELD_NUMBER: _ClassVar[int]
    LOGPROB_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    token: str
    token_data: bytes
    logprob: float
    candidates: _containers.RepeatedCompositeFieldContainer[TokenCandidate]
    def __init__(self, token: _Optional[str] = ..., token_data: _Optional[bytes] = ..., logprob: _Optional[float] = ..., candidates: _Optional[_Iterable[_Union[TokenCandidate, _Mapping]]] = ...) -> None: ...

class TokenCandidate(_message.Message):
    __slots__ = ("token", "token_data", "logprob")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOKEN_DATA_FIELD_NUMBER: _ClassVar[int]
    LOGPROB_FIELD_NUMBER: _ClassVar[int]
    token: str
    token_data: bytes
    logprob: float
    def __init__(self, token: _Optional[str] = ..., token_data: _Optional[bytes] = ..., logprob: _Optional[float] = ...) -> None: ...
