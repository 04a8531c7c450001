"""The cases of the benchmarks: what is asked by which door, how the answer is checked, and h2load's
part in it."""

import dataclasses
import json
import pathlib
import re
import ssl
import subprocess
import time
import urllib.request

import processes
from processes import Failure, Peer

KEY = "sk-bench-0123456789abcdef"
CHUNKS_PER_STREAM = 100
# As upstream.c has them: more of these in a row than any other text has.
TEXT = re.compile(rb"t{20,}|x{20,}")
LOAD_SECONDS_MAX = 240
GRPC_METHOD = "/llmgateway.v1.ChatService/"
# What peers are set up for: in the clear, with TLS before them, with an upstream that speaks
# HTTP/2, and with two cores for what else has one.
PLAIN, TLS, HTTP2_UPSTREAM, TWO_CORES = SETTINGS = ("plain", "TLS", "HTTP/2 upstream", "two cores")


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    protocol: str
    connections: int
    streams: int
    requests: int
    is_stream: bool
    is_grpc: bool = False
    setting: str = PLAIN
    # Whose dialect the upstream speaks.
    vendor: str = "openai"

    @property
    def unit(self) -> str:
        return "chunk" if self.is_stream else "request"

    @property
    def units(self) -> int:
        return self.requests * (CHUNKS_PER_STREAM if self.is_stream else 1)

    @property
    def path(self) -> str:
        if not self.is_grpc:
            return "/v1/chat/completions"
        return GRPC_METHOD + ("Stream" if self.is_stream else "Generate") + "ChatCompletion"

    @property
    def content_type(self) -> str:
        return "application/grpc" if self.is_grpc else "application/json"

    def body(self, user: str = "") -> bytes:
        return grpc_body(user) if self.is_grpc else json_body(self.is_stream, user)

    def reduced(self, share: float) -> "Case":
        """The same with a share of the requests."""
        requests = max(1, int(self.requests * share))
        return dataclasses.replace(
            self, requests=requests, connections=min(self.connections, requests))


UNARY, STREAMS = 20_000, 1_200
CASES = [
    Case("h1 unary 32", "h1", 32, 1, UNARY, False),
    Case("h2 unary 32x1", "h2", 32, 1, UNARY, False),
    Case("h2 unary 10x10", "h2", 10, 10, UNARY, False),
    Case("gRPC unary 10x10", "h2", 10, 10, UNARY, False, is_grpc=True),
    Case("h1 stream 400", "h1", 400, 1, STREAMS, True),
    Case("h2 stream 400x1", "h2", 400, 1, STREAMS, True),
    Case("h2 stream 40x10", "h2", 40, 10, STREAMS, True),
    Case("gRPC stream 40x10", "h2", 40, 10, STREAMS, True, is_grpc=True),
    Case("TLS h1 unary 32", "h1", 32, 1, UNARY, False, setting=TLS),
    Case("TLS h2 unary 10x10", "h2", 10, 10, UNARY, False, setting=TLS),
    Case("TLS h2 stream 40x10", "h2", 40, 10, STREAMS, True, setting=TLS),
    Case("h2 to h2 unary 10x10", "h2", 10, 10, UNARY, False, setting=HTTP2_UPSTREAM),
    Case("h2 to h2 stream 40x10", "h2", 40, 10, STREAMS, True, setting=HTTP2_UPSTREAM),
    Case("two cores h2 unary 32x1", "h2", 32, 1, UNARY, False, setting=TWO_CORES),
]


def field(number: int, value: bytes) -> bytes:
    """A field of protobuf's with a length (wire type 2), at most two bytes of tag and of length."""
    tag, length = number << 3 | 2, len(value)
    return b"".join(
        bytes([each]) if each < 128 else bytes([each & 127 | 128, each >> 7])
        for each in (tag, length)) + value


def json_body(is_stream: bool, user: str = "") -> bytes:
    request = {"model": "m", "messages": [{"role": "user", "content": "x" * 200}]}
    if is_stream:
        request["stream"] = True
    if user:
        request["user"] = user
    return json.dumps(request, separators=(",", ":")).encode()


def grpc_body(user: str = "") -> bytes:
    """The same as a gRPC message: Message.role is 1 (3, the user), parts 2; end_user is 19."""
    message = b"\x08\x03" + field(2, field(1, b"x" * 200))
    end_user = field(19, user.encode()) if user else b""
    request = field(1, field(1, b"m") + field(2, message) + end_user)
    return b"\0" + len(request).to_bytes(4, "big") + request


def ask(peer: Peer, case: Case) -> bytes:
    """One answer over HTTP/1.1; a gRPC door's by gRPC-Web, whose messages are the same."""
    kind = "application/grpc-web+proto" if case.is_grpc else case.content_type
    scheme = "https" if case.setting == TLS else "http"
    request = urllib.request.Request(
        f"{scheme}://127.0.0.1:{peer.ports['h1']}{case.path}", data=case.body(),
        headers={"authorization": f"Bearer {KEY}", "content-type": kind})
    context = ssl._create_unverified_context() if case.setting == TLS else None
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        return answer.read()


def check_answer(peer: Peer, case: Case) -> int:
    """Reads one answer and compares its text. Returns its length, for the load to be held to."""
    data = ask(peer, case)
    if case.is_grpc:
        return check_messages(peer, case, data)
    if not case.is_stream:
        text = json.loads(data)["choices"][0]["message"]["content"]
        if not text or set(text) != {"x"}:
            raise Failure(f"{peer.name} answered {data[:200]!r}")
        return len(data)
    events = [event.removeprefix(b"data: ") for event in data.split(b"\n\n") if event.strip()]
    deltas = [json.loads(event)["choices"] for event in events[:-1]]
    texts = [choices[0]["delta"].get("content") for choices in deltas if choices]
    texts = [text for text in texts if text]
    if events[-1].strip() != b"[DONE]" or len(texts) != CHUNKS_PER_STREAM:
        raise Failure(f"{peer.name} streamed {len(texts)} chunks of text")
    if set("".join(texts)) != {"t"}:
        raise Failure(f"{peer.name} changed the text of the stream")
    return len(data)


def check_messages(peer: Peer, case: Case, data: bytes) -> int:
    """gRPC-Web's frames; the last has the trailers, which gRPC sends as headers."""
    length, texts = 0, 0
    while len(data) >= 5 and not data[0] & 0x80:
        end = 5 + int.from_bytes(data[1:5], "big")
        texts += len(TEXT.findall(data[:end]))
        length, data = length + end, data[end:]
    if b"grpc-status:0" not in data.replace(b" ", b"").lower():
        raise Failure(f"{peer.name} ended with {data!r}")
    if texts != (CHUNKS_PER_STREAM if case.is_stream else 1):
        raise Failure(f"{peer.name} sent {texts} messages with text")
    return length


def load(peer: Peer, case: Case, folder: pathlib.Path, answer_bytes: int) -> float:
    """Runs h2load; fails unless every request was answered, and with as many bytes as it should.
    Returns the seconds that it took."""
    data = folder / "request"
    data.write_bytes(case.body())
    scheme = "https" if case.setting == TLS else "http"
    began = time.monotonic()
    done = subprocess.run(
        ["taskset", "-c", processes.LOAD_CORE, "h2load",
         *(["--h1"] if case.protocol == "h1" else []), "-n", str(case.requests),
         "-c", str(case.connections), "-m", str(case.streams), "-d", str(data),
         "-H", f"authorization: Bearer {KEY}", "-H", f"content-type: {case.content_type}",
         "-H", "te: trailers",
         f"{scheme}://127.0.0.1:{peer.ports[case.protocol]}{case.path}"],
        capture_output=True, text=True, timeout=LOAD_SECONDS_MAX)
    seconds = time.monotonic() - began
    statuses = re.search(r"status codes: (\d+) 2xx", done.stdout)
    received = re.search(r"\((\d+)\) data", done.stdout)
    if not statuses or not received or int(statuses[1]) != case.requests:
        raise Failure(f"{peer.name}, {case.name}: not every request was answered:\n{done.stdout}")
    # Of HTTP/1.1, h2load counts the framing of chunks too.
    per_request = int(received[1]) / case.requests
    if not answer_bytes * 0.98 <= per_request <= answer_bytes * 1.15 + 64:
        raise Failure(
            f"{peer.name}, {case.name}: {per_request:.0f} bytes an answer, not {answer_bytes}")
    return seconds
