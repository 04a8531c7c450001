from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UsageSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    USAGE_SOURCE_UNSPECIFIED: _ClassVar[UsageSource]
    USAGE_SOURCE_REPORTED: _ClassVar[UsageSource]
    USAGE_SOURCE_COUNTED: _ClassVar[UsageSource]
    USAGE_SOURCE_ESTIMATED: _ClassVar[UsageSource]

class CacheStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CACHE_STATUS_UNSPECIFIED: _ClassVar[CacheStatus]
    CACHE_STATUS_HIT: _ClassVar[CacheStatus]
    CACHE_STATUS_MISS: _ClassVar[CacheStatus]

class AttemptOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTEMPT_OUTCOME_UNSPECIFIED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_SUCCEEDED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_CONNECT_FAILED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_RATE_LIMITED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_SERVER_ERROR: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_TIMED_OUT: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_AUTH_FAILED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_MODEL_NOT_FOUND: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_INVALID_REQUEST: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_CONTEXT_WINDOW_EXCEEDED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_CONTENT_POLICY: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_MALFORMED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_INTERRUPTED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_CANCELLED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_SKIPPED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_HEDGE_LOST: _ClassVar[AttemptOutcome]

class TimeoutKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIMEOUT_KIND_UNSPECIFIED: _ClassVar[TimeoutKind]
    TIMEOUT_KIND_CONNECT: _ClassVar[TimeoutKind]
    TIMEOUT_KIND_FIRST_TOKEN: _ClassVar[TimeoutKind]
    TIMEOUT_KIND_BETWEEN_TOKENS: _ClassVar[TimeoutKind]
    TIMEOUT_KIND_ATTEMPT: _ClassVar[TimeoutKind]
    TIMEOUT_KIND_CALL: _ClassVar[TimeoutKind]

class LimitKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMIT_KIND_UNSPECIFIED: _ClassVar[LimitKind]
    LIMIT_KIND_REQUESTS: _ClassVar[LimitKind]
    LIMIT_KIND_TOKENS: _ClassVar[LimitKind]
    LIMIT_KIND_INPUT_TOKENS: _ClassVar[LimitKind]
    LIMIT_KIND_OUTPUT_TOKENS: _ClassVar[LimitKind]
    LIMIT_KIND_CONCURRENT_REQUESTS: _ClassVar[LimitKind]
    LIMIT_KIND_SPEND: _ClassVar[LimitKind]
USAGE_SOURCE_UNSPECIFIED: UsageSource
USAGE_SOURCE_REPORTED: UsageSource
USAGE_SOURCE_COUNTED: UsageSource
USAGE_SOURCE_ESTIMATED: UsageSource
CACHE_STATUS_UNSPECIFIED: CacheStatus
CACHE_STATUS_HIT: CacheStatus
CACHE_STATUS_MISS: CacheStatus
ATTEMPT_OUTCOME_UNSPECIFIED: AttemptOutcome
ATTEMPT_OUTCOME_SUCCEEDED: AttemptOutcome
ATTEMPT_OUTCOME_CONNECT_FAILED: AttemptOutcome
ATTEMPT_OUTCOME_RATE_LIMITED: AttemptOutcome
ATTEMPT_OUTCOME_SERVER_ERROR: AttemptOutcome
ATTEMPT_OUTCOME_TIMED_OUT: AttemptOutcome
ATTEMPT_OUTCOME_AUTH_FAILED: AttemptOutcome
ATTEMPT_OUTCOME_MODEL_NOT_FOUND: AttemptOutcome
ATTEMPT_OUTCOME_INVALID_REQUEST: AttemptOutcome
ATTEMPT_OUTCOME_CONTEXT_WINDOW_EXCEEDED: AttemptOutcome
ATTEMPT_OUTCOME_CONTENT_POLICY: AttemptOutcome
ATTEMPT_OUTCOME_MALFORMED: AttemptOutcome
ATTEMPT_OUTCOME_INTERRUPTED: AttemptOutcome
ATTEMPT_OUTCOME_CANCELLED: AttemptOutcome
ATTEMPT_OUTCOME_SKIPPED: AttemptOutcome
ATTEMPT_OUTCOME_HEDGE_LOST: AttemptOutcome
TIMEOUT_KIND_UNSPECIFIED: TimeoutKind
TIMEOUT_KIND_CONNECT: TimeoutKind
TIMEOUT_KIND_FIRST_TOKEN: TimeoutKind
TIMEOUT_KIND_BETWEEN_TOKENS: TimeoutKind
TIMEOUT_KIND_ATTEMPT: TimeoutKind
TIMEOUT_KIND_CALL: TimeoutKind
LIMIT_KIND_UNSPECIFIED: LimitKind
LIMIT_KIND_REQUESTS: LimitKind
LIMIT_KIND_TOKENS: LimitKind
LIMIT_KIND_INPUT_TOKENS: LimitKind
LIMIT_KIND_OUTPUT_TOKENS: LimitKind
LIMIT_KIND_CONCURRENT_REQUESTS: LimitKind
LIMIT_KIND_SPEND: LimitKind

class Usage(_message.Message):
    __slots__ = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "audio_input_tokens", "image_input_tokens", "output_tokens", "reasoning_tokens", "audio_output_tokens", "image_output_tokens", "source", "in_flight_tokens")
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHED_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    IMAGE_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    IMAGE_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    input_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    audio_input_tokens: int
    image_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    audio_output_tokens: int
    image_output_tokens: int
    source: UsageSource
    in_flight_tokens: int
    def __init__(self, input_tokens: _Optional[int] = ..., cached_input_tokens: _Optional[int] = ..., cache_write_tokens: _Optional[int] = ..., audio_input_tokens: _Optional[int] = ..., image_input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., audio_output_tokens: _Optional[int] = ..., image_output_tokens: _Optional[int] = ..., source: _Optional[_Union[UsageSource, str]] = ..., in_flight_tokens: _Optional[int] = ...) -> None: ...

class Cost(_message.Message):
    __slots__ = ("total_nano_usd", "input_nano_usd", "output_nano_usd", "failed_attempts_nano_usd", "ledger_id", "price_unknown", "excess_nano_usd")
    TOTAL_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    INPUT_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    FAILED_ATTEMPTS_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    LEDGER_ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    EXCESS_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    total_nano_usd: int
    input_nano_usd: int
    output_nano_usd: int
    failed_attempts_nano_usd: int
    ledger_id: str
    price_unknown: bool
    excess_nano_usd: int
    def __init__(self, total_nano_usd: _Optional[int] = ..., input_nano_usd: _Optional[int] = ..., output_nano_usd: _Optional[int] = ..., failed_attempts_nano_usd: _Optional[int] = ..., ledger_id: _Optional[str] = ..., price_unknown: bool = ..., excess_nano_usd: _Optional[int] = ...) -> None: ...

class RoutingInfo(_message.Message):
    __slots__ = ("model", "upstream_model", "provider", "dialect", "deployment", "service_tier", "cache_status", "attempts", "queue_duration", "first_token_latency", "dropped_params", "max_output_tokens")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    DIALECT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIER_FIELD_NUMBER: _ClassVar[int]
    CACHE_STATUS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_DURATION_FIELD_NUMBER: _ClassVar[int]
    FIRST_TOKEN_LATENCY_FIELD_NUMBER: _ClassVar[int]
    DROPPED_PARAMS_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    model: str
    upstream_model: str
    provider: str
    dialect: str
    deployment: str
    service_tier: str
    cache_status: CacheStatus
    attempts: _containers.RepeatedCompositeFieldContainer[Attempt]
    queue_duration: _duration_pb2.Duration
    first_token_latency: _duration_pb2.Duration
    dropped_params: _containers.RepeatedScalarFieldContainer[str]
    max_output_tokens: int
    def __init__(self, model: _Optional[str] = ..., upstream_model: _Optional[str] = ..., provider: _Optional[str] = ..., dialect: _Optional[str] = ..., deployment: _Optional[str] = ..., service_tier: _Optional[str] = ..., cache_status: _Optional[_Union[CacheStatus, str]] = ..., attempts: _Optional[_Iterable[_Union[Attempt, _Mapping]]] = ..., queue_duration: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., first_token_latency: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., dropped_params: _Optional[_Iterable[str]] = ..., max_output_tokens: _Optional[int] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("deployment", "start_time", "latency", "outcome", "http_status", "timeout_kind")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_KIND_FIELD_NUMBER: _ClassVar[int]
    deployment: str
    start_time: _timestamp_pb2.Timestamp
    latency: _duration_pb2.Duration
    outcome: AttemptOutcome
    http_status: int
    timeout_kind: TimeoutKind
    def __init__(self, deployment: _Optional[str] = ..., start_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., latency: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., outcome: _Optional[_Union[AttemptOutcome, str]] = ..., http_status: _Optional[int] = ..., timeout_kind: _Optional[_Union[TimeoutKind, str]] = ...) -> None: ...
