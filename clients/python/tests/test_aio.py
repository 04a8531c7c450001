"""The client for asyncio, against the real binary."""

import asyncio

import pytest

import llmgateway
from conftest import KEY


def run(target, body, key=KEY):
    async def within():
        async with llmgateway.AsyncClient(target, key) as client:
            return await body(client)

    return asyncio.run(asyncio.wait_for(within(), 30))


def test_whole_completions_at_once(target):
    async def body(client):
        return await asyncio.gather(*(client.chat("demo", "Hello") for _ in range(20)))

    texts = {llmgateway.text_of(completion) for completion in run(target, body)}
    assert len(texts) == 1 and texts.pop().startswith("Hello! I am the demo model")


def test_a_stream(target):
    async def body(client):
        async with client.stream("demo", "Hello", max_output_tokens=3) as stream:
            texts = [text async for text in stream.texts()]
        return texts, stream

    texts, stream = run(target, body)
    assert texts == ["Hello! ", "I ", "am "]
    assert stream.usage.output_tokens == 3
    assert stream.routing.provider == "scripted"


def test_embeddings_and_models(target):
    async def body(client):
        reply = await client.embed("demo", ["a", "b"])
        names = [model.display_name async for model in client.models()]
        return len(reply.embeddings), names, await client.model("demo")

    count, names, model = run(target, body)
    assert (count, names[0], model.name) == (2, "demo", "models/demo")


def test_leaving_a_stream_cancels_its_call_and_not_the_task(target):
    async def body(client):
        async with client.stream("paced", "Hello") as stream:
            async for _ in stream:
                break
        with pytest.raises(llmgateway.CallCancelled):
            async for _ in stream:
                pass
        return llmgateway.text_of(await client.chat("demo", "Hello"))

    assert run(target, body)


def test_cancelling_a_task_cancels_its_call(target):
    async def body(client):
        task = asyncio.ensure_future(client.chat("slow", "Hello"))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(target, body)


@pytest.mark.parametrize("key,call,kind", [
    ("sk-unknown-0123456789", lambda client: client.chat("demo", "x"), llmgateway.KeyInvalid),
    (KEY, lambda client: client.chat("nobody", "x"), llmgateway.NotFound),
    (KEY, lambda client: client.chat("limited", "x"), llmgateway.ResourceExhausted),
    (KEY, lambda client: client.chat("slow", "x", timeout=0.2), llmgateway.DeadlineExceeded),
    (KEY, lambda client: client.embed("demo", []), llmgateway.InvalidRequest),
])
def test_errors_are_of_the_same_classes(target, key, call, kind):
    async def body(client):
        with pytest.raises(kind) as raised:
            await call(client)
        return raised.value

    assert run(target, body, key).message


def test_errors_of_streams_come_out_of_the_iteration(target):
    async def body(client):
        with pytest.raises(llmgateway.NotFound) as raised:
            async for _ in client.stream("nobody", "Hello"):
                pass
        return raised.value.reason

    assert run(target, body) == "MODEL_NOT_FOUND"
