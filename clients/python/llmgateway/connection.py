"""What both clients share: the channel, and how requests are made of Python's own types."""

from collections.abc import Iterable, Mapping

import grpc

from .errors import InternalError
from .v1 import (
    chat_pb2, chat_service_pb2, chat_service_pb2_grpc, common_pb2, embedding_service_pb2,
    embedding_service_pb2_grpc, message_pb2, model_service_pb2_grpc)

# One turn: a message of the contract, or a mapping with "role" and "content".
Turn = message_pb2.Message | Mapping[str, str]
# A conversation, oldest turn first; a text alone is its only turn, the user's.
Turns = str | Iterable[Turn]
Texts = str | Iterable[str]
Seconds = float | None


class Connection:
    """A connection to a gateway; ``Client`` and ``AsyncClient`` make calls with it.

    target:      ``host:port``
    key:         the API key
    credentials: ``grpc.ssl_channel_credentials(...)`` for TLS; without, in the clear
    timeout:     seconds a call may take unless it says otherwise; ``None``: as the gateway has it
    options:     gRPC's own options of a channel
    """

    _api = grpc

    def __init__(
            self, target: str, key: str | None = None, *,
            credentials: grpc.ChannelCredentials | None = None, timeout: Seconds = None,
            options: Iterable[tuple] = ()):
        # The gateway bounds what it sends; a bound of gRPC's own would only get in the way.
        options = [("grpc.max_receive_message_length", -1), *options]
        self.channel = (
            self._api.secure_channel(target, credentials, options=options) if credentials
            else self._api.insecure_channel(target, options=options))
        self.timeout = timeout
        self._metadata = [("authorization", f"Bearer {key}")] if key else []
        self._chat = chat_service_pb2_grpc.ChatServiceStub(self.channel)
        self._embeddings = embedding_service_pb2_grpc.EmbeddingServiceStub(self.channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def _start(self, method, request, timeout: Seconds):
        timeout = self.timeout if timeout is None else timeout
        return method(request, timeout=timeout, metadata=self._metadata)


class Stream:
    """A completion that is on its way, as far as it has come."""

    def __init__(self, call):
        self._call = call
        self._is_cancelled = False
        self.started: chat_pb2.ChatStarted | None = None
        self.finished: chat_pb2.ChatFinished | None = None
        self._parts: dict[int, message_pb2.Part] = {}

    def _take(self, event: chat_service_pb2.StreamChatCompletionResponse) -> None:
        if event.HasField("started"):
            self.started = event.started
        elif event.HasField("finished"):
            self.finished = event.finished
        elif event.HasField("delta") and event.delta.choice_index == 0:
            append(event.delta, self._parts.setdefault(event.delta.part_index, message_pb2.Part()))

    def _check_end(self) -> None:
        if self.finished is None:
            raise InternalError(
                grpc.StatusCode.INTERNAL, "The stream ended without its last event.")

    @property
    def usage(self) -> common_pb2.Usage | None:
        """The tokens used; ``None`` until the stream has finished."""
        return self.finished.usage if self.finished else None

    @property
    def routing(self) -> common_pb2.RoutingInfo | None:
        """Who serves the stream, with timings once it has finished; ``None`` until it starts."""
        event = self.finished or self.started
        return event.routing if event else None

    @property
    def message(self) -> message_pb2.Message:
        """The first choice's message as far as it has come: its text, reasoning, refusal and tool
        calls, to be sent back in the next turn."""
        # A piece may have nothing but fields of the upstream's own: no part comes of that alone.
        return message_pb2.Message(role=message_pb2.ROLE_ASSISTANT, parts=[
            part for _, part in sorted(self._parts.items()) if part.WhichOneof("content")])

    def cancel(self) -> None:
        """Ends the call; the gateway closes its upstream within milliseconds."""
        self._is_cancelled = True
        self._call.cancel()


def append(delta: chat_pb2.ChatDelta, part: message_pb2.Part) -> None:
    """Adds a piece to its part."""
    part.signature += delta.signature
    if delta.HasField("text"):
        part.text += delta.text
    elif delta.HasField("refusal"):
        part.refusal += delta.refusal
    elif delta.HasField("reasoning"):
        part.reasoning.text += delta.reasoning.text
        part.reasoning.redacted_data += delta.reasoning.redacted_data
    elif delta.HasField("tool_call"):
        part.tool_call.id += delta.tool_call.id
        part.tool_call.name += delta.tool_call.name
        part.tool_call.arguments_json += delta.tool_call.arguments_json


def chat_of(model: str, messages: Turns, fields: dict) -> chat_pb2.ChatRequest:
    turns = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    return chat_pb2.ChatRequest(model=model, messages=map(message_of, turns), **fields)


def message_of(turn: Turn) -> message_pb2.Message:
    if isinstance(turn, message_pb2.Message):
        return turn
    return message_pb2.Message(
        role=f"ROLE_{turn['role'].upper()}", parts=[{"text": turn["content"]}])


def embeddings_of(
        model: str, inputs: Texts, fields: dict
) -> embedding_service_pb2.GenerateEmbeddingsRequest:
    texts = [inputs] if isinstance(inputs, str) else inputs
    return embedding_service_pb2.GenerateEmbeddingsRequest(
        model=model, inputs=[{"text": text} for text in texts], **fields)


def text_of(completion: chat_pb2.ChatCompletion, choice: int = 0) -> str:
    """The text of a completion's choice, without its reasoning and tool calls."""
    return "".join(part.text for part in completion.choices[choice].message.parts)


def tool_calls_of(message: message_pb2.Message) -> list[message_pb2.ToolCall]:
    """The calls that a model asks for."""
    return [part.tool_call for part in message.parts if part.HasField("tool_call")]


def tool_result(call: message_pb2.ToolCall, text: str, *, is_error=False) -> message_pb2.Message:
    """What a tool answered, as the turn after the message that asked for it."""
    return message_pb2.Message(role=message_pb2.ROLE_TOOL, parts=[message_pb2.Part(
        tool_result={"tool_call_id": call.id, "parts": [{"text": text}], "is_error": is_error})])
