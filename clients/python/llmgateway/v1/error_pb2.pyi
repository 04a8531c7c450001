from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from llmgateway.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_REQUEST: _ClassVar[ErrorReason]
    ERROR_REASON_KEY_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_ALLOWED: _ClassVar[ErrorReason]
    ERROR_REASON_MODEL_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_RATE_LIMITED: _ClassVar[ErrorReason]
    ERROR_REASON_BUDGET_EXHAUSTED: _ClassVar[ErrorReason]
    ERROR_REASON_UPSTREAM_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_UPSTREAM_REJECTED: _ClassVar[ErrorReason]
    ERROR_REASON_UPSTREAM_INTERRUPTED: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_DUPLICATE_REQUEST: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_CONTEXT_WINDOW_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_CONTENT_POLICY: _ClassVar[ErrorReason]
    ERROR_REASON_TIMED_OUT: _ClassVar[ErrorReason]
    ERROR_REASON_CANCELLED: _ClassVar[ErrorReason]
    ERROR_REASON_UPSTREAM_AUTH_FAILED: _ClassVar[ErrorReason]
    ERROR_REASON_UPSTREAM_RATE_LIMITED: _ClassVar[ErrorReason]
    ERROR_REASON_UNSUPPORTED_PARAMETER: _ClassVar[ErrorReason]
    ERROR_REASON_PRICE_UNKNOWN: _ClassVar[ErrorReason]
    ERROR_REASON_STORE_UNAVAILABLE: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_REQUEST: ErrorReason
ERROR_REASON_KEY_INVALID: ErrorReason
ERROR_REASON_NOT_ALLOWED: ErrorReason
ERROR_REASON_MODEL_NOT_FOUND: ErrorReason
ERROR_REASON_RATE_LIMITED: ErrorReason
ERROR_REASON_BUDGET_EXHAUSTED: ErrorReason
ERROR_REASON_UPSTREAM_UNAVAILABLE: ErrorReason
ERROR_REASON_UPSTREAM_REJECTED: ErrorReason
ERROR_REASON_UPSTREAM_INTERRUPTED: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_DUPLICATE_REQUEST: ErrorReason
ERROR_REASON_REQUEST_ID_REUSED: ErrorReason
ERROR_REASON_CONTEXT_WINDOW_EXCEEDED: ErrorReason
ERROR_REASON_CONTENT_POLICY: ErrorReason
ERROR_REASON_TIMED_OUT: ErrorReason
ERROR_REASON_CANCELLED: ErrorReason
ERROR_REASON_UPSTREAM_AUTH_FAILED: ErrorReason
ERROR_REASON_UPSTREAM_RATE_LIMITED: ErrorReason
ERROR_REASON_UNSUPPORTED_PARAMETER: ErrorReason
ERROR_REASON_PRICE_UNKNOWN: ErrorReason
ERROR_REASON_STORE_UNAVAILABLE: ErrorReason

class ErrorContext(_message.Message):
    __slots__ = ("completion_id", "reason", "attempts", "usage", "cost", "violations", "upstream_error", "timeout_kind", "resource_name")
    COMPLETION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_ERROR_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_KIND_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    completion_id: str
    reason: ErrorReason
    attempts: _containers.RepeatedCompositeFieldContainer[_common_pb2.Attempt]
    usage: _common_pb2.Usage
    cost: _common_pb2.Cost
    violations: _containers.RepeatedCompositeFieldContainer[LimitViolation]
    upstream_error: UpstreamError
    timeout_kind: _common_pb2.TimeoutKind
    resource_name: str
    def __init__(self, completion_id: _Optional[str] = ..., reason: _Optional[_Union[ErrorReason, str]] = ..., attempts: _Optional[_Iterable[_Union[_common_pb2.Attempt, _Mapping]]] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping]] = ..., cost: _Optional[_Union[_common_pb2.Cost, _Mapping]] = ..., violations: _Optional[_Iterable[_Union[LimitViolation, _Mapping]]] = ..., upstream_error: _Optional[_Union[UpstreamError, _Mapping]] = ..., timeout_kind: _Optional[_Union[_common_pb2.TimeoutKind, str]] = ..., resource_name: _Optional[str] = ...) -> None: ...

class UpstreamError(_message.Message):
    __slots__ = ("provider", "deployment", "http_status", "code", "message", "body_json")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    provider: str
    deployment: str
    http_status: int
    code: str
    message: str
    body_json: str
    def __init__(self, provider: _Optional[str] = ..., deployment: _Optional[str] = ..., http_status: _Optional[int] = ..., code: _Optional[str] = ..., message: _Optional[str] = ..., body_json: _Optional[str] = ...) -> None: ...

class LimitViolation(_message.Message):
    __slots__ = ("subject", "kind", "window", "model", "limit", "requested", "remaining", "reset_time", "spent", "held")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    RESET_TIME_FIELD_NUMBER: _ClassVar[int]
    SPENT_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    subject: str
    kind: _common_pb2.LimitKind
    window: _duration_pb2.Duration
    model: str
    limit: int
    requested: int
    remaining: int
    reset_time: _timestamp_pb2.Timestamp
    spent: int
    held: int
    def __init__(self, subject: _Optional[str] = ..., kind: _Optional[_Union[_common_pb2.LimitKind, str]] = ..., window: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., model: _Optional[str] = ..., limit: _Optional[int] = ..., requested: _Optional[int] = ..., remaining: _Optional[int] = ..., reset_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., spent: _Optional[int] = ..., held: _Optional[int] = ...) -> None: ...
