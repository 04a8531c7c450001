"""The client for programs that wait for their calls."""

from collections.abc import Iterator

from .connection import Connection, Seconds, Stream, Texts, Turns, chat_of, embeddings_of
from .errors import translated
from .v1 import chat_pb2, chat_service_pb2, embedding_service_pb2, model_service_pb2


class ChatStream(Stream):
    """Iterate over it for the deltas, or over ``texts()``; failures come out of the iteration.

    Leaving it early by ``cancel``, or at the end of a ``with`` block, stops the upstream. After the
    last delta ``finished`` tells how it ended, with ``usage`` and ``routing``.
    """

    def __iter__(self) -> Iterator[chat_pb2.ChatDelta]:
        with translated():
            for event in self._call:
                self._take(event)
                if event.HasField("delta"):
                    yield event.delta
        self._check_end()

    def texts(self, choice: int = 0) -> Iterator[str]:
        """The pieces of one choice's text."""
        for delta in self:
            if delta.choice_index == choice and delta.HasField("text"):
                yield delta.text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cancel()


class Client(Connection):
    """Calls that wait. Safe to share between threads. See ``Connection`` for its arguments."""

    def _call(self, method, request, timeout: Seconds):
        with translated():
            return self._start(method, request, timeout)

    def chat(
            self, model: str, messages: Turns, *, timeout: Seconds = None, **fields
    ) -> chat_pb2.ChatCompletion:
        """A whole completion. ``fields`` are those of ``ChatRequest``."""
        request = chat_service_pb2.GenerateChatCompletionRequest(
            chat=chat_of(model, messages, fields))
        return self._call(self._chat.GenerateChatCompletion, request, timeout).completion

    def stream(
            self, model: str, messages: Turns, *, timeout: Seconds = None, **fields
    ) -> ChatStream:
        """A completion piece by piece."""
        request = chat_service_pb2.StreamChatCompletionRequest(
            chat=chat_of(model, messages, fields))
        return ChatStream(self._start(self._chat.StreamChatCompletion, request, timeout))

    def embed(
            self, model: str, inputs: Texts, *, timeout: Seconds = None, **fields
    ) -> embedding_service_pb2.GenerateEmbeddingsResponse:
        """An embedding of each input. ``fields`` are those of ``GenerateEmbeddingsRequest``."""
        request = embeddings_of(model, inputs, fields)
        return self._call(self._embeddings.GenerateEmbeddings, request, timeout)

    def models(self, *, timeout: Seconds = None) -> Iterator[model_service_pb2.Model]:
        """The models that the key may use, by name; pages are fetched as they are needed."""
        request = model_service_pb2.ListModelsRequest()
        while True:
            page = self._call(self._models.ListModels, request, timeout)
            yield from page.models
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def model(self, name: str, *, timeout: Seconds = None) -> model_service_pb2.Model:
        """One model, by the name that requests use."""
        request = model_service_pb2.GetModelRequest(name=f"models/{name}")
        return self._call(self._models.GetModel, request, timeout).model

    def close(self) -> None:
        """Closes the connection; calls that still run are cancelled."""
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
