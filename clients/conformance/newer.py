"""A gateway of a later version: it says what today's contract has no word for. Over gRPC its
messages have fields, enum values, an event and a detail of an error that are unknown; as Connect
JSON the same. It has two pages of models besides."""

import http.server
import json
import pathlib
import struct
import sys
import threading
from concurrent import futures

import grpc
from google.protobuf import any_pb2
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2, status_pb2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

from llmgateway.v1 import chat_pb2, chat_service_pb2, error_pb2, model_service_pb2  # noqa: E402

# Field 1000, a varint; field 1001, bytes; both of any message.
UNKNOWN = b"\xc0\x3e\x07" + b"\xca\x3e\x03new"
UNKNOWN_ENUM = 99
COMPLETION = chat_pb2.ChatCompletion(
    id="later", choices=[{"message": {"role": "ROLE_ASSISTANT", "parts": [{"text": "Hello"}]}}],
    usage={"output_tokens": 1})
EVENTS = [
    chat_service_pb2.StreamChatCompletionResponse(sequence=1, started={"id": "later"}),
    chat_service_pb2.StreamChatCompletionResponse(sequence=2, delta={"text": "Hel"}),
    # The event that is not known: a number, and nothing else that is.
    chat_service_pb2.StreamChatCompletionResponse(sequence=3),
    # A delta of a kind that is not known.
    chat_service_pb2.StreamChatCompletionResponse(sequence=4, delta={}),
    chat_service_pb2.StreamChatCompletionResponse(sequence=5, delta={"text": "lo"}),
    chat_service_pb2.StreamChatCompletionResponse(
        sequence=6, finished={"usage": {"output_tokens": 2}}),
]
PAGES = {
    "": model_service_pb2.ListModelsResponse(
        models=[{"name": "models/a", "display_name": "a"}], next_page_token="a"),
    "a": model_service_pb2.ListModelsResponse(models=[{"name": "models/b", "display_name": "b"}]),
}
REASON = "MOON_IN_THE_WRONG_PHASE"
WORDS = "The moon is in the wrong phase."


def completion_bytes() -> bytes:
    completion = chat_pb2.ChatCompletion.FromString(COMPLETION.SerializeToString() + UNKNOWN)
    completion.choices[0].finish_reason = UNKNOWN_ENUM
    return chat_service_pb2.GenerateChatCompletionResponse(
        completion=completion).SerializeToString() + UNKNOWN


def status_bytes() -> bytes:
    status = status_pb2.Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], message=WORDS)
    status.details.add(type_url="type.googleapis.com/llmgateway.v2.Moon", value=UNKNOWN)
    info = error_details_pb2.ErrorInfo(reason=REASON, domain="llmgateway")
    context = error_pb2.ErrorContext(completion_id="later", reason=UNKNOWN_ENUM)
    for detail in (info, context):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status.SerializeToString()


class Newer:
    """Serves gRPC at `grpc_port` and Connect JSON at `connect_port`. The model `moon` fails."""

    def __init__(self):
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers([Services()])
        self.grpc_port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        connect = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Connect)
        self.connect_port = connect.server_address[1]
        threading.Thread(target=connect.serve_forever, daemon=True).start()

    def stop(self):
        self.server.stop(None).wait()


class Services(grpc.GenericRpcHandler):
    def service(self, details):
        method = details.method.rpartition("/")[2]
        if method == "StreamChatCompletion":
            return grpc.unary_stream_rpc_method_handler(self.stream)
        return grpc.unary_unary_rpc_method_handler(getattr(self, method))

    def GenerateChatCompletion(self, request: bytes, context) -> bytes:
        chat = chat_service_pb2.GenerateChatCompletionRequest.FromString(request).chat
        if chat.model == "moon":
            context.set_trailing_metadata([("grpc-status-details-bin", status_bytes())])
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, WORDS)
        return completion_bytes()

    def stream(self, _, context):
        for event in EVENTS:
            yield event.SerializeToString() + UNKNOWN

    def ListModels(self, request: bytes, context) -> bytes:
        token = model_service_pb2.ListModelsRequest.FromString(request).page_token
        return PAGES[token].SerializeToString() + UNKNOWN


class Connect(http.server.BaseHTTPRequestHandler):
    """The same in JSON. What is not known has names there."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        getattr(self, self.path.rpartition("/")[2])(body)

    def GenerateChatCompletion(self, body: bytes):
        if json.loads(body)["chat"]["model"] == "moon":
            self.reply(429, "application/json", json.dumps({
                "code": "resource_exhausted", "message": WORDS, "details": [
                    {"type": "llmgateway.v2.Moon", "value": "AA", "debug": {"phase": "FULL"}},
                    {"type": "google.rpc.ErrorInfo", "value": "", "debug": {"reason": REASON}},
                    {"type": "llmgateway.v1.ErrorContext", "value": "", "debug": {
                        "completionId": "later", "reason": f"ERROR_REASON_{REASON}"}}]}).encode())
            return
        completion = MessageToDict(COMPLETION) | {"later": {"a": 1}}
        completion["choices"][0]["finishReason"] = "FINISH_REASON_LATER"
        self.reply(200, "application/json", json.dumps(
            {"completion": completion, "another": [None]}).encode())

    def StreamChatCompletion(self, body: bytes):
        frames = [frame(0, MessageToDict(event) | {"another": {}}) for event in EVENTS]
        self.reply(200, "application/connect+json", b"".join(frames) + frame(2, {}))

    def ListModels(self, body: bytes):
        self.reply(200, "application/json", json.dumps(
            MessageToDict(PAGES[json.loads(body).get("pageToken", "")])).encode())

    def reply(self, status: int, kind: str, body: bytes):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def frame(flags: int, value) -> bytes:
    body = json.dumps(value).encode()
    return struct.pack(">BI", flags, len(body)) + body
