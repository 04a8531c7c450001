"""Calls whose fates are drawn by a seed, an upstream that does what each asks for and keeps its own
bill, and clients that take their part in it: they read, or leave, or let a deadline pass."""

import asyncio
import collections
import dataclasses
import json
import random

import grpc

from llmgateway.v1 import chat_pb2, chat_service_pb2, chat_service_pb2_grpc, message_pb2

# How often each fate is drawn. The first are the upstream's, the last are the client's.
FATES = {"ok": 40, "unreported": 6, "4xx": 6, "5xx": 8, "hang": 2, "stall": 2, "cut": 12,
         "gone": 20, "deadline": 4}
MAX_TOKENS = 40


@dataclasses.dataclass
class Plan:
    """One call: who makes it, how, and what becomes of it."""
    number: int
    key: str
    fate: str
    is_stream: bool
    max_tokens: int | None
    tokens: int
    at: int  # where the fate happens, in tokens
    text: str
    # What it came to.
    bill: list = dataclasses.field(default_factory=lambda: [0, 0])
    observed: int = 0
    status: int | str = ""
    ended: bool = False


def draw(number: int, chance: random.Random, keys: list[str], unbounded: set[str]) -> Plan:
    fate = chance.choices(list(FATES), FATES.values())[0]
    key = chance.choice(keys)
    is_stream = fate in ("stall", "cut", "deadline") or chance.random() < 0.6
    is_bounded = key not in unbounded or chance.random() < 0.3
    bound = chance.randint(1, MAX_TOKENS) if is_bounded else None
    tokens = chance.randint(1, MAX_TOKENS)
    return Plan(number, key, fate, is_stream, bound, tokens, chance.randint(0, tokens),
                "x" * chance.randint(1, 200))


class OutcomeUpstream:
    """Serves calls as their plans say. A call's number is in its `user`."""

    def __init__(self, plans: dict[int, Plan]):
        self.plans = plans
        self.port = 0
        self.running = 0
        self.gathered = asyncio.Event()
        self.gathering = 0
        self.gather_count = 0

    async def start(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                              if line.lower().startswith(b"content-length:"))
                request = json.loads(await reader.readexactly(length))
                self.running += 1
                try:
                    if not await self._answer(request, reader, writer):
                        return
                finally:
                    self.running -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, request, reader, writer) -> bool:
        """False when the connection is to be closed."""
        plan = self.plans[int(request["user"])]
        if plan.fate == "gather":
            self.gathering += 1
            if self.gathering >= self.gather_count:
                self.gathered.set()
            await self.gathered.wait()
        if plan.fate in ("4xx", "5xx"):
            status = b"400 Bad Request" if plan.fate == "4xx" else b"500 Internal Server Error"
            body = b'{"error":{"message":"no","type":"invalid_request_error"}}'
            writer.write(b"HTTP/1.1 %s\r\ncontent-type: application/json\r\n"
                         b"content-length: %d\r\n\r\n%s" % (status, len(body), body))
            await writer.drain()
            return True
        bound = request.get("max_completion_tokens") or request.get("max_tokens") or MAX_TOKENS
        count = min(bound, plan.tokens)
        plan.bill[0] += (len(plan.text) + 3) // 4
        usage = {"prompt_tokens": (len(plan.text) + 3) // 4, "completion_tokens": count}
        usage["total_tokens"] = sum(usage.values())
        if plan.fate == "unreported":
            usage = None
        if not request.get("stream"):
            return await self._whole(plan, count, usage, reader, writer)
        return await self._stream(plan, count, usage, reader, writer)

    async def _whole(self, plan, count, usage, reader, writer) -> bool:
        plan.bill[1] += count
        if plan.fate == "hang":
            await self._silence(reader, writer)
            return False
        body = json.dumps({
            "id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {
                "role": "assistant", "content": "word" * count}}]}).encode()
        if plan.fate == "gone":
            await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                     b"content-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        return True

    async def _stream(self, plan, count, usage, reader, writer) -> bool:
        if plan.fate == "hang":
            await self._silence(reader, writer)
            return False
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                     b"transfer-encoding: chunked\r\n\r\n")
        chunk = b'{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":' \
            b'[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}'
        for written in range(count):
            if plan.fate in ("cut", "stall") and written >= plan.at:
                break
            self._event(writer, chunk)
            plan.bill[1] += 1
            if written % 4 == 3 or plan.fate == "gone":
                await writer.drain()
                await asyncio.sleep(0.02 if plan.fate == "deadline" else 0.001)
                if writer.is_closing() or reader.at_eof():
                    return False
        if plan.fate == "cut":
            await writer.drain()
            return False
        if plan.fate == "stall":
            await writer.drain()
            await self._silence(reader, writer)
            return False
        self._event(writer, chunk.replace(b'"content":"word"', b"").replace(b"null", b'"stop"'))
        if usage:
            self._event(writer, json.dumps({
                "id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
                "choices": [], "usage": usage}).encode())
        self._event(writer, b"[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    @staticmethod
    async def _silence(reader, writer):
        """Says nothing until the gateway gives up."""
        while not writer.is_closing() and not reader.at_eof():
            await asyncio.sleep(0.05)

    @staticmethod
    def _event(writer, data):
        writer.write(b"%x\r\ndata: %s\n\n\r\n" % (len(data) + 8, data))


class Caller:
    """A client with a connection of its own, one call after another."""

    def __init__(self, port: int, channel: grpc.aio.Channel):
        self.port = port
        self.stub = chat_service_pb2_grpc.ChatServiceStub(channel)
        self.reader = self.writer = None

    def close(self):
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None

    async def call(self, plan: Plan):
        try:
            if plan.fate == "deadline":
                await self._over_grpc(plan)
            else:
                await asyncio.wait_for(self._over_http(plan), 60)
        except (OSError, asyncio.IncompleteReadError):
            plan.status = "broken"
            self.close()
        except asyncio.CancelledError:
            self.close()
            raise

    async def _over_http(self, plan: Plan):
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        value = {"model": "m", "stream": plan.is_stream, "user": str(plan.number),
                 "messages": [{"role": "user", "content": plan.text}]}
        if plan.max_tokens:
            value["max_tokens"] = plan.max_tokens
        data = json.dumps(value).encode()
        self.writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer %s\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (plan.key.encode(), len(data), data))
        leaves_early = plan.fate == "gone" and (plan.at == 0 or not plan.is_stream)
        if leaves_early:
            await asyncio.sleep(0.005)
            plan.status = "left"
            return self.close()
        head = await self.reader.readuntil(b"\r\n\r\n")
        plan.status = int(head[9:12])
        if b"chunked" not in head:
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            text = await self.reader.readexactly(length)
            plan.observed = text.count(b"word")
            plan.ended = True
            return
        last = b""
        while True:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            piece = await self.reader.readexactly(size + 2)
            if size == 0:
                plan.ended = last.endswith(b"[DONE]\n\n\r\n") or b'"error"' in last
                return
            last = piece
            plan.observed += piece.count(b'"word"')
            if plan.fate == "gone" and plan.observed >= plan.at:
                plan.status = "left"
                return self.close()

    async def _over_grpc(self, plan: Plan):
        request = chat_service_pb2.StreamChatCompletionRequest(chat=chat_pb2.ChatRequest(
            model="m", end_user=str(plan.number), max_output_tokens=plan.max_tokens or 0,
            messages=[message_pb2.Message(
                role=message_pb2.ROLE_USER, parts=[message_pb2.Part(text=plan.text)])]))
        try:
            async for event in self.stub.StreamChatCompletion(
                    request, timeout=0.05 + plan.at / 200,
                    metadata=[("authorization", f"Bearer {plan.key}")]):
                plan.observed += event.HasField("delta")
                plan.ended = event.HasField("finished")
            plan.status = "OK"
        except grpc.aio.AioRpcError as error:
            plan.status = error.code().name


def tally(plans) -> str:
    """How many calls had each fate and ending."""
    counts = collections.Counter(f"{plan.fate} {plan.status}" for plan in plans)
    return ", ".join(f"{name}: {count}" for name, count in counts.most_common())
