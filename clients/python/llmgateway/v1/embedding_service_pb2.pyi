from llmgateway.v1 import chat_pb2 as _chat_pb2
from llmgateway.v1 import common_pb2 as _common_pb2
from llmgateway.v1 import message_pb2 as _message_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EmbeddingInputType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMBEDDING_INPUT_TYPE_UNSPECIFIED: _ClassVar[EmbeddingInputType]
    EMBEDDING_INPUT_TYPE_QUERY: _ClassVar[EmbeddingInputType]
    EMBEDDING_INPUT_TYPE_DOCUMENT: _ClassVar[EmbeddingInputType]
    EMBEDDING_INPUT_TYPE_CLASSIFICATION: _ClassVar[EmbeddingInputType]
    EMBEDDING_INPUT_TYPE_CLUSTERING: _ClassVar[EmbeddingInputType]
    EMBEDDING_INPUT_TYPE_SIMILARITY: _ClassVar[EmbeddingInputType]

class EmbeddingElementType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMBEDDING_ELEMENT_TYPE_UNSPECIFIED: _ClassVar[EmbeddingElementType]
    EMBEDDING_ELEMENT_TYPE_FLOAT: _ClassVar[EmbeddingElementType]
    EMBEDDING_ELEMENT_TYPE_INT8: _ClassVar[EmbeddingElementType]
    EMBEDDING_ELEMENT_TYPE_BINARY: _ClassVar[EmbeddingElementType]
EMBEDDING_INPUT_TYPE_UNSPECIFIED: EmbeddingInputType
EMBEDDING_INPUT_TYPE_QUERY: EmbeddingInputType
EMBEDDING_INPUT_TYPE_DOCUMENT: EmbeddingInputType
EMBEDDING_INPUT_TYPE_CLASSIFICATION: EmbeddingInputType
EMBEDDING_INPUT_TYPE_CLUSTERING: EmbeddingInputType
EMBEDDING_INPUT_TYPE_SIMILARITY: EmbeddingInputType
EMBEDDING_ELEMENT_TYPE_UNSPECIFIED: EmbeddingElementType
EMBEDDING_ELEMENT_TYPE_FLOAT: EmbeddingElementType
EMBEDDING_ELEMENT_TYPE_INT8: EmbeddingElementType
EMBEDDING_ELEMENT_TYPE_BINARY: EmbeddingElementType

class GenerateEmbeddingsRequest(_message.Message):
    __slots__ = ("model", "inputs", "input_type", "dimension_count", "element_type", "request_id", "routing", "end_user", "labels", "extra_body_json", "json_dialect")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TYPE_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    END_USER_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    JSON_DIALECT_FIELD_NUMBER: _ClassVar[int]
    model: str
    inputs: _containers.RepeatedCompositeFieldContainer[EmbeddingInput]
    input_type: EmbeddingInputType
    dimension_count: int
    element_type: EmbeddingElementType
    request_id: str
    routing: _chat_pb2.RoutingParams
    end_user: str
    labels: _containers.ScalarMap[str, str]
    extra_body_json: str
    json_dialect: str
    def __init__(self, model: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[EmbeddingInput, _Mapping]]] = ..., input_type: _Optional[_Union[EmbeddingInputType, str]] = ..., dimension_count: _Optional[int] = ..., element_type: _Optional[_Union[EmbeddingElementType, str]] = ..., request_id: _Optional[str] = ..., routing: _Optional[_Union[_chat_pb2.RoutingParams, _Mapping]] = ..., end_user: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., extra_body_json: _Optional[str] = ..., json_dialect: _Optional[str] = ...) -> None: ...

class EmbeddingInput(_message.Message):
    __slots__ = ("text", "tokens", "media")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    text: str
    tokens: TokenList
    media: _message_pb2.Media
    def __init__(self, text: _Optional[str] = ..., tokens: _Optional[_Union[TokenList, _Mapping]] = ..., media: _Optional[_Union[_message_pb2.Media, _Mapping]] = ...) -> None: ...

class TokenList(_message.Message):
    __slots__ = ("token_ids",)
    TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    token_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, token_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class GenerateEmbeddingsResponse(_message.Message):
    __slots__ = ("id", "embeddings", "usage", "cost", "routing")
    ID_FIELD_NUMBER: _ClassVar[int]
    EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    id: str
    embeddings: _containers.RepeatedCompositeFieldContainer[Embedding]
    usage: _common_pb2.Usage
    cost: _common_pb2.Cost
    routing: _common_pb2.RoutingInfo
    def __init__(self, id: _Optional[str] = ..., embeddings: _Optional[_Iterable[_Union[Embedding, _Mapping]]] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping]] = ..., cost: _Optional[_Union[_common_pb2.Cost, _Mapping]] = ..., routing: _Optional[_Union[_common_pb2.RoutingInfo, _Mapping]] = ...) -> None: ...

class Embedding(_message.Message):
    __slots__ = ("float_vector", "int8_vector", "binary_vector")
    FLOAT_VECTOR_FIELD_NUMBER: _ClassVar[int]
    INT8_VECTOR_FIELD_NUMBER: _ClassVar[int]
    BINARY_VECTOR_FIELD_NUMBER: _ClassVar[int]
    float_vector: FloatVector
    int8_vector: bytes
    binary_vector: bytes
    def __init__(self, float_vector: _Optional[_Union[FloatVector, _Mapping]] = ..., int8_vector: _Optional[bytes] = ..., binary_vector: _Optional[bytes] = ...) -> None: ...

class FloatVector(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...
