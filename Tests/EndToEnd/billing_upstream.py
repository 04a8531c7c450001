"""An upstream of the OpenAI dialect that keeps its own bill: what it wrote, whoever read it."""

import asyncio
import json
import threading
import time


class BillingUpstream:
    """Streams `tokens` tokens an answer, `burst` at a time with a pause between."""

    def __init__(self, tokens=60, burst=1, pause=0.005, keeps_bounds=True):
        self.tokens, self.burst, self.pause = tokens, burst, pause
        self.keeps_bounds = keeps_bounds
        self.input_tokens = 0
        self.output_tokens = 0
        self.calls = 0
        self.running = 0
        self.port = None
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()
        self._ready.wait(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    def stop(self):
        def end():
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.call_soon(self._loop.stop)

        self._loop.call_soon_threadsafe(end)

    def bill(self, input_nano, output_nano):
        """What it asks for, in nano-dollars."""
        return self.input_tokens * input_nano + self.output_tokens * output_nano

    async def _serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1]) for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:"))
                await self._answer(json.loads(await reader.readexactly(length)), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def quiesce(self):
        """Waits until it has seen the end of every call: from then on its bill stands still."""
        end = time.monotonic() + 30
        while self.running and time.monotonic() < end:
            time.sleep(0.01)
        assert not self.running, f"{self.running} calls did not end"

    async def _answer(self, request, writer):
        self.running += 1
        try:
            await self._write(request, writer)
        finally:
            self.running -= 1

    async def _write(self, request, writer):
        self.calls += 1
        size = sum(len(m["content"].encode()) if isinstance(m["content"], str) else
                   sum(len(p.get("text", "").encode()) for p in m["content"])
                   for m in request["messages"])
        prompt = (size + 3) // 4
        self.input_tokens += prompt
        bound = request.get("max_completion_tokens") or request.get("max_tokens") or self.tokens
        count = min(bound, self.tokens) if self.keeps_bounds else self.tokens
        usage = {"prompt_tokens": prompt, "completion_tokens": count,
                 "total_tokens": prompt + count}
        reason = "length" if count < self.tokens else "stop"
        if not request.get("stream"):
            self.output_tokens += count
            body = json.dumps({
                "id": "x", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [{"index": 0, "finish_reason": reason, "message": {
                    "role": "assistant", "content": "word" * count}}], "usage": usage}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                         b"content-length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                     b"transfer-encoding: chunked\r\n\r\n")

        def event(value):
            data = b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode())
            writer.write(b"%x\r\n" % (len(data) + 2) + data + b"\n\n\r\n")

        def chunk(delta, finish=None):
            return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
                    "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

        written = 0
        while written < count:
            for _ in range(min(self.burst, count - written)):
                event(chunk({"content": "word"}))
                written += 1
                self.output_tokens += 1
            await writer.drain()
            if self.pause:
                await asyncio.sleep(self.pause)
            if writer.is_closing():
                return
        event(chunk({}, reason))
        event({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
               "choices": [], "usage": usage})
        event(b"[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
