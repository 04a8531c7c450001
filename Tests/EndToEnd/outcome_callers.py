"""The clients of outcome_load.py's calls, by every door: they read, or leave, or let time pass."""

import asyncio
import dataclasses
import itertools
import json
import re
from collections.abc import Callable

import grpc

from http_calls import HTTP1Call, HTTP2Call, HTTP2Connection
from llmgateway.v1 import chat_pb2, chat_service_pb2, chat_service_pb2_grpc, message_pb2
from outcome_load import OPENAI, Plan

CALL_SECONDS_MAX = 60
SERVICE = "/llmgateway.v1.ChatService/"


def contract_request(plan: Plan):
    """The message of a plan's call, and the method's name."""
    kind = (chat_service_pb2.StreamChatCompletionRequest if plan.is_stream
            else chat_service_pb2.GenerateChatCompletionRequest)
    message = message_pb2.Message(
        role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text=plan.text)])
    request = kind(chat=chat_pb2.ChatRequest(
        model="m", end_user=str(plan.number), max_output_tokens=plan.max_tokens or 0,
        messages=[message]))
    return request, ("Stream" if plan.is_stream else "Generate") + "ChatCompletion"


def openai_request(plan: Plan):
    value = {"model": "m", "stream": plan.is_stream, "user": str(plan.number),
             "messages": [{"role": "user", "content": plan.text}]}
    if plan.max_tokens:
        value["max_tokens"] = plan.max_tokens
    return "/v1/chat/completions", "application/json", json.dumps(value).encode()


def anthropic_request(plan: Plan):
    value = {"model": "m", "stream": plan.is_stream, "max_tokens": plan.max_tokens,
             "metadata": {"user_id": str(plan.number)},
             "messages": [{"role": "user", "content": plan.text}]}
    return "/v1/messages", "application/json", json.dumps(value).encode()


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def grpc_web_request(plan: Plan):
    request, method = contract_request(plan)
    return SERVICE + method, "application/grpc-web+proto", framed(request.SerializeToString())


def connect_request(plan: Plan):
    request, method = contract_request(plan)
    data = request.SerializeToString()
    if plan.is_stream:
        return SERVICE + method, "application/connect+proto", framed(data)
    return SERVICE + method, "application/proto", data


def openai_end(plan: Plan, body: bytes):
    plan.ended = not plan.is_stream or body.endswith(b"data: [DONE]\n\n") or b'"error"' in body


def anthropic_end(plan: Plan, body: bytes):
    plan.ended = not plan.is_stream or b"event: message_stop" in body or b"event: error" in body


def grpc_web_end(plan: Plan, body: bytes):
    """The trailers are the last frame of the body."""
    if found := re.search(rb"grpc-status: ?(\d+)", body):
        plan.ended = True
        plan.status = "OK" if found[1] == b"0" else f"grpc-status {found[1].decode()}"


def connect_end(plan: Plan, body: bytes):
    """A stream's last frame has its own flag, and says what failed."""
    if not plan.is_stream:
        plan.ended = True
        return
    while len(body) >= 5:
        flags, length = body[0], int.from_bytes(body[1:5], "big")
        if flags & 2:
            plan.ended = True
            if "error" in json.loads(body[5:5 + length]):
                plan.status = "error"
        body = body[5 + length:]


@dataclasses.dataclass(frozen=True)
class Door:
    request: Callable  # Its path, content type and body.
    end: Callable  # Notes what the whole body says about how the call ended.
    is_http2: bool = False


HTTP_DOORS = {
    OPENAI: Door(openai_request, openai_end),
    "openai h2": Door(openai_request, openai_end, is_http2=True),
    "anthropic h1": Door(anthropic_request, anthropic_end),
    "anthropic h2": Door(anthropic_request, anthropic_end, is_http2=True),
    "grpc-web h1": Door(grpc_web_request, grpc_web_end),
    "connect h2": Door(connect_request, connect_end, is_http2=True),
}
DOORS = (*HTTP_DOORS, "grpc")


class Gate:
    """What the callers share: the port, a gRPC channel, and connections of HTTP/2."""

    HTTP2_CONNECTIONS = 4

    def __init__(self, port: int):
        self.port = port
        self.channel = grpc.aio.insecure_channel(
            f"127.0.0.1:{port}", options=[("grpc.initial_reconnect_backoff_ms", 50),
                                          ("grpc.max_reconnect_backoff_ms", 200)])
        self.stub = chat_service_pb2_grpc.ChatServiceStub(self.channel)
        self.connections = [HTTP2Connection(port) for _ in range(self.HTTP2_CONNECTIONS)]
        self.turns = itertools.cycle(range(self.HTTP2_CONNECTIONS))

    def http2(self) -> HTTP2Connection:
        index = next(self.turns)
        if self.connections[index].is_going:
            self.connections[index] = HTTP2Connection(self.port)
        return self.connections[index]

    async def close(self):
        await self.channel.close()
        for connection in self.connections:
            connection.close()


class Caller:
    """A client of one call after another, with a connection of its own for HTTP/1.1."""

    def __init__(self, gate: Gate):
        self.gate = gate
        self.http1 = HTTP1Call(gate.port)

    def close(self):
        self.http1.close()

    async def call(self, plan: Plan):
        if plan.door == "grpc":
            return await self._over_grpc(plan)
        door = HTTP_DOORS[plan.door]
        call = HTTP2Call(self.gate.http2()) if door.is_http2 else self.http1
        try:
            await asyncio.wait_for(self._over_http(plan, door, call), CALL_SECONDS_MAX)
        except (OSError, asyncio.IncompleteReadError):
            plan.status = "broken"
            call.close()
        except asyncio.CancelledError:
            call.close()
            raise

    async def _over_http(self, plan: Plan, door: Door, call):
        path, kind, body = door.request(plan)
        await call.send(path, {"authorization": f"Bearer {plan.key}", "content-type": kind}, body)
        if leaves_early(plan):
            await asyncio.sleep(0.005)
            plan.status = "left"
            return call.close()
        plan.status = await call.status()
        read = bytearray()
        async for piece in call.pieces():
            read += piece
            plan.observed = read.count(b"word")
            if plan.fate == "gone" and plan.observed >= plan.at:
                plan.status = "left"
                return call.close()
        if plan.status == 200:
            door.end(plan, bytes(read))
        else:
            plan.ended = True

    async def _over_grpc(self, plan: Plan):
        request, method = contract_request(plan)
        seconds = 0.05 + plan.at / 200 if plan.fate == "deadline" else CALL_SECONDS_MAX
        call = getattr(self.gate.stub, method)(
            request, timeout=seconds, metadata=[("authorization", f"Bearer {plan.key}")])
        try:
            if leaves_early(plan):
                await asyncio.sleep(0.005)
                plan.status = "left"
                call.cancel()
            elif plan.is_stream:
                await self._read(plan, call)
            else:
                reply = await call
                plan.observed = reply.completion.SerializeToString().count(b"word")
                plan.status, plan.ended = "OK", True
        except grpc.aio.AioRpcError as error:
            plan.status = error.code().name

    @staticmethod
    async def _read(plan: Plan, call):
        async for event in call:
            plan.observed += event.HasField("delta")
            plan.ended = event.HasField("finished")
            if plan.fate == "gone" and plan.observed >= plan.at:
                plan.status, plan.ended = "left", False
                call.cancel()
                return
        plan.status = "OK"


def leaves_early(plan: Plan) -> bool:
    return plan.fate == "gone" and (plan.at == 0 or not plan.is_stream)
