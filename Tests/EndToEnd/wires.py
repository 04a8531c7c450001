"""The contract's methods for clients of the Connect library, which has no generator in use here."""

from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.protocol import ProtocolType
from grpc_health.v1 import health_pb2
from llmgateway.v1 import chat_service_pb2, model_service_pb2

PROTOCOLS = {
    "connect": ProtocolType.CONNECT, "grpc": ProtocolType.GRPC, "grpc-web": ProtocolType.GRPC_WEB}
CODECS = {"proto": google_protobuf_binary_codec, "json": google_protobuf_json_codec}


def method(
        service, name, request, response, level=IdempotencyLevel.UNKNOWN, kind=StreamType.UNARY):
    return MethodInfo(
        name=name, service_name=service, input=request, output=response, idempotency_level=level,
        stream_type=kind)


GENERATE = method(
    "llmgateway.v1.ChatService", "GenerateChatCompletion",
    chat_service_pb2.GenerateChatCompletionRequest,
    chat_service_pb2.GenerateChatCompletionResponse)
STREAM = method(
    "llmgateway.v1.ChatService", "StreamChatCompletion",
    chat_service_pb2.StreamChatCompletionRequest, chat_service_pb2.StreamChatCompletionResponse,
    kind=StreamType.SERVER_STREAM)
ESTIMATE = method(
    "llmgateway.v1.ChatService", "EstimateChatCompletion",
    chat_service_pb2.EstimateChatCompletionRequest,
    chat_service_pb2.EstimateChatCompletionResponse)
LIST_MODELS = method(
    "llmgateway.v1.ModelService", "ListModels", model_service_pb2.ListModelsRequest,
    model_service_pb2.ListModelsResponse, IdempotencyLevel.NO_SIDE_EFFECTS)
GET_MODEL = method(
    "llmgateway.v1.ModelService", "GetModel", model_service_pb2.GetModelRequest,
    model_service_pb2.GetModelResponse, IdempotencyLevel.NO_SIDE_EFFECTS)
CHECK = method(
    "grpc.health.v1.Health", "Check", health_pb2.HealthCheckRequest,
    health_pb2.HealthCheckResponse)
