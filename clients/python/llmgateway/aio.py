"""The client for programs that use asyncio; its words are those of ``Client``."""

import asyncio
from collections.abc import AsyncIterator

import grpc.aio

from .connection import Connection, Seconds, Stream, Texts, Turns, chat_of, embeddings_of
from .errors import CallCancelled, translated
from .v1 import chat_pb2, chat_service_pb2, embedding_service_pb2, model_service_pb2


class AsyncChatStream(Stream):
    """As ``ChatStream``, for ``async for`` and ``async with``."""

    async def __aiter__(self) -> AsyncIterator[chat_pb2.ChatDelta]:
        try:
            with translated():
                async for event in self._call:
                    self._take(event)
                    if event.HasField("delta"):
                        yield event.delta
        except asyncio.CancelledError:
            # gRPC raises it for its own call too; only a task that is cancelled should see it.
            if not self._is_cancelled:
                raise
            raise CallCancelled(grpc.StatusCode.CANCELLED, "The call was cancelled.") from None
        self._check_end()

    async def texts(self, choice: int = 0) -> AsyncIterator[str]:
        """The pieces of one choice's text."""
        async for delta in self:
            if delta.choice_index == choice and delta.HasField("text"):
                yield delta.text

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.cancel()


class AsyncClient(Connection):
    """Calls to await. Make it where the event loop runs. See ``Connection`` for its arguments."""

    _api = grpc.aio

    async def _call(self, method, request, timeout: Seconds):
        with translated():
            return await self._start(method, request, timeout)

    async def chat(
            self, model: str, messages: Turns, *, timeout: Seconds = None, **fields
    ) -> chat_pb2.ChatCompletion:
        request = chat_service_pb2.GenerateChatCompletionRequest(
            chat=chat_of(model, messages, fields))
        return (await self._call(self._chat.GenerateChatCompletion, request, timeout)).completion

    def stream(
            self, model: str, messages: Turns, *, timeout: Seconds = None, **fields
    ) -> AsyncChatStream:
        request = chat_service_pb2.StreamChatCompletionRequest(
            chat=chat_of(model, messages, fields))
        return AsyncChatStream(self._start(self._chat.StreamChatCompletion, request, timeout))

    async def embed(
            self, model: str, inputs: Texts, *, timeout: Seconds = None, **fields
    ) -> embedding_service_pb2.GenerateEmbeddingsResponse:
        request = embeddings_of(model, inputs, fields)
        return await self._call(self._embeddings.GenerateEmbeddings, request, timeout)

    async def models(self, *, timeout: Seconds = None) -> AsyncIterator[model_service_pb2.Model]:
        request = model_service_pb2.ListModelsRequest()
        while True:
            page = await self._call(self._models.ListModels, request, timeout)
            for model in page.models:
                yield model
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def model(self, name: str, *, timeout: Seconds = None) -> model_service_pb2.Model:
        request = model_service_pb2.GetModelRequest(name=f"models/{name}")
        return (await self._call(self._models.GetModel, request, timeout)).model

    async def close(self) -> None:
        await self.channel.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.close()
