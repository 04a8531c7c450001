"""Models of OpenAI's dialect that do what a script of the gateway's own cannot."""

import http.server
import json
import threading
import time

CALL = {"id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'}
# In LiteLLM's shape, with a field that the gateway has no name for.
THOUGHT = {
    "reasoning_content": "Hm", "provider_specific_fields": {"citations": None}, "thinking_blocks": [
        {"type": "thinking", "thinking": "Hm", "signature": "c2lnbmVk"}]}
MODELS = ("limited", "tools", "endless")


class Upstream:
    """`limited` asks to come back in seven seconds; `tools` thinks, asks for the weather, and tells
    it when it has the tool's answer; `endless` goes on until its caller has gone. `running` counts the
    streams of the last."""

    def __init__(self):
        self.running = 0
        handler = type("Handler", (Handler,), {"upstream": self})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def deployments(self) -> str:
        base = f"api_base: 'http://127.0.0.1:{self.port}/v1', api_key: sk-u"
        return "\n".join(
            f"  - {{model_name: {name}, litellm_params: {{model: openai/{name}, {base}}}}}"
            for name in MODELS)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: Upstream

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        getattr(self, request["model"])(request)

    def limited(self, _):
        body = b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}'
        self.head(429, "application/json", ("retry-after", "7"), ("content-length", len(body)))
        self.wfile.write(body)

    def tools(self, request):
        last = request["messages"][-1]
        if last["role"] == "tool":
            message, reason = {"content": "It is " + text_of(last["content"])}, "stop"
        else:
            assert request["tools"][0]["function"]["name"] == CALL["name"], request
            call = {"id": CALL["id"], "type": "function", "function": {
                "name": CALL["name"], "arguments": CALL["arguments"]}}
            message, reason = {**THOUGHT, "content": None, "tool_calls": [call]}, "tool_calls"
        if request.get("stream"):
            self.stream(pieces(message), reason)
            return
        body = json.dumps({
            "id": "x", "object": "chat.completion", "created": 1, "model": "tools",
            "usage": usage(), "choices": [{
                "index": 0, "finish_reason": reason, "message": {"role": "assistant", **message}}],
        }).encode()
        self.head(200, "application/json", ("content-length", len(body)))
        self.wfile.write(body)

    def endless(self, _):
        self.upstream.running += 1
        try:
            self.stream(endless(), "stop")
        except OSError:
            self.close_connection = True
        finally:
            self.upstream.running -= 1

    def stream(self, deltas, reason: str):
        self.head(200, "text/event-stream", ("transfer-encoding", "chunked"))
        for delta in deltas:
            self.event([{"index": 0, "delta": delta, "finish_reason": None}])
        self.event([{"index": 0, "delta": {}, "finish_reason": reason}])
        self.event([], usage=usage())
        self.chunk(b"data: [DONE]\n\n")
        self.chunk(b"")

    def event(self, choices, **more):
        self.chunk(b"data: " + json.dumps({
            "id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": choices, **more}).encode() + b"\n\n")

    def chunk(self, data: bytes):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def head(self, status: int, kind: str, *headers):
        self.send_response(status)
        for name, value in (("content-type", kind), *headers):
            self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *_):
        pass


def usage():
    return {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}


def text_of(content) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def pieces(message):
    """A message as deltas: a tool's arguments come a few characters at a time."""
    if message["content"]:
        yield {"role": "assistant", "content": message["content"]}
        return
    # Each on its own, as they come from a model that thinks.
    yield {"role": "assistant", "content": "", **THOUGHT}
    yield {"provider_specific_fields": THOUGHT["provider_specific_fields"]}
    [call] = message["tool_calls"]
    function = {"name": call["function"]["name"], "arguments": ""}
    yield {"role": "assistant", "tool_calls": [{**call, "index": 0, "function": function}]}
    arguments = call["function"]["arguments"]
    for start in range(0, len(arguments), 4):
        yield {"tool_calls": [
            {"index": 0, "function": {"arguments": arguments[start:start + 4]}}]}


def endless():
    while True:
        yield {"content": "and "}
        time.sleep(0.01)
