"""Calls whose fates are drawn by a seed, and an upstream that does what each asks for and keeps its
own bill. outcome_callers.py has the clients that take their part in it."""

import asyncio
import collections
import dataclasses
import json
import random

# How often each fate is drawn. The first are the upstream's, the last are the client's.
FATES = {"ok": 40, "unreported": 6, "4xx": 6, "5xx": 8, "hang": 2, "stall": 2, "cut": 12,
         "lost": 4, "gone": 20, "deadline": 4}
# What a gateway waits for: a first token, and one in the middle, that come late and not too late.
SLOW_FATES = {"late": 3, "pause": 3}
MAX_TOKENS = 40
OPENAI = "openai h1"


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
    door: str = OPENAI
    # What it came to.
    bill: list = dataclasses.field(default_factory=lambda: [0, 0])
    observed: int = 0
    status: int | str = ""
    ended: bool = False


def draw(
        number: int, chance: random.Random, keys: list[str], unbounded: set[str],
        doors: tuple = (OPENAI,), fates: dict = FATES) -> Plan:
    fate = chance.choices(list(fates), fates.values())[0]
    key = chance.choice(keys)
    # Deadlines are gRPC's.
    door = "grpc" if fate == "deadline" else chance.choice(doors)
    is_stream = fate in ("stall", "cut", "deadline", "pause") or chance.random() < 0.6
    is_bounded = key not in unbounded or chance.random() < 0.3 or door.startswith("anthropic")
    bound = chance.randint(1, MAX_TOKENS) if is_bounded else None
    tokens = chance.randint(1, MAX_TOKENS)
    return Plan(number, key, fate, is_stream, bound, tokens, chance.randint(0, tokens),
                "x" * chance.randint(1, 200), door)


class OutcomeUpstream:
    """Serves calls as their plans say. A call's number is in its `user`. What is slow takes as many
    seconds as it is told."""

    def __init__(self, plans: dict[int, Plan], slow_seconds: float = 0):
        self.plans = plans
        self.slow_seconds = slow_seconds
        self.port = 0
        self.running = 0
        self.writers: set[asyncio.StreamWriter] = set()
        self.gathered = asyncio.Event()
        self.gathering = 0
        self.gather_count = 0

    async def start(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def close_connections(self):
        """Closes those that no call is using, as a server does with idle ones; waits for all."""
        while self.running:
            await asyncio.sleep(0.01)
        for writer in list(self.writers):
            writer.close()

    async def _serve(self, reader, writer):
        self.writers.add(writer)
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
            self.writers.discard(writer)
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
        if plan.fate == "late":
            await asyncio.sleep(self.slow_seconds)
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
        is_lost = plan.fate == "lost"
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                     b"content-length: %d\r\n\r\n%s" % (len(body), body[:-1] if is_lost else body))
        await writer.drain()
        return not is_lost

    async def _stream(self, plan, count, usage, reader, writer) -> bool:
        if plan.fate == "hang":
            await self._silence(reader, writer)
            return False
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                     b"transfer-encoding: chunked\r\n\r\n")
        chunk = b'{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":' \
            b'[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}'
        if plan.fate == "lost":
            self._event(writer, chunk.replace(b'"content":"word"', b'"role":"assistant"'))
            plan.bill[1] += 1
            await writer.drain()
            return False
        for written in range(count):
            if plan.fate in ("cut", "stall") and written >= plan.at:
                break
            if plan.fate == "pause" and written == plan.at:
                await writer.drain()
                await asyncio.sleep(self.slow_seconds)
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


def tally(plans) -> str:
    """How many calls had each fate and ending."""
    counts = collections.Counter(f"{plan.fate} {plan.status}" for plan in plans)
    return ", ".join(f"{name}: {count}" for name, count in counts.most_common())
