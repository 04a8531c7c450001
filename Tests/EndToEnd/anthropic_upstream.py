"""An upstream that speaks Anthropic's Messages API, keeps what it was asked, and answers as the model
that is named says."""

import http.server
import json
import threading
import time

SIGNATURE = "EqoBCkgIARABGAIiQL2/+thinking/sig=="
USAGE = {
    "input_tokens": 10, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 7,
    "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 1, "service_tier": "standard"}


def message(content, stop_reason="end_turn", usage=USAGE):
    return {
        "id": "msg_upstream", "type": "message", "role": "assistant", "model": "claude-upstream",
        "content": content, "stop_reason": stop_reason, "stop_sequence": None, "usage": usage}


THINKING = [
    {"type": "thinking", "thinking": "Let me see.", "signature": SIGNATURE},
    {"type": "redacted_thinking", "data": "opaque=="},
    {"type": "text", "text": "Done."}]
CALL = [{"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}]


def events_of(blocks, stop_reason):
    """The events of a stream that says the blocks."""
    yield "message_start", {"message": message([], None)}
    yield "ping", {}
    for index, block in enumerate(blocks):
        start = dict(block)
        deltas = []
        if block["type"] == "text":
            start["text"] = ""
            deltas = [{"type": "text_delta", "text": block["text"]}]
        elif block["type"] == "thinking":
            start.update(thinking="", signature="")
            deltas = [
                {"type": "thinking_delta", "thinking": block["thinking"]},
                {"type": "signature_delta", "signature": block["signature"]}]
        elif block["type"] == "tool_use":
            start["input"] = {}
            text = json.dumps(block["input"])
            deltas = [{"type": "input_json_delta", "partial_json": p} for p in (text[:4], text[4:])]
        yield "content_block_start", {"index": index, "content_block": start}
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    yield "message_delta", {
        "delta": {"stop_reason": stop_reason, "stop_sequence": None},
        "usage": dict(USAGE, output_tokens=42)}
    yield "message_stop", {}


class AnthropicUpstream:
    def __init__(self):
        upstream = self
        self.requests = []
        self.gone = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                fields = [(name.lower(), value) for name, value in self.headers.items()]
                upstream.requests.append((self.path, fields, body))
                upstream.answer(self, json.loads(body))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, asked):
        model = asked["model"]
        if model == "failing":
            return self.send(handler, 400, {
                "type": "error", "request_id": "req_up",
                "error": {"type": "invalid_request_error", "message": "messages: too odd"}})
        if model == "overloaded":
            return self.send(handler, 529, {
                "type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
        if handler.path.endswith("/count_tokens"):
            return self.send(handler, 200, {"input_tokens": 123})
        blocks, reason = {
            "thinking": (THINKING, "end_turn"), "calling": (CALL, "tool_use"),
        }.get(model, ([{"type": "text", "text": "Hello!"}], "end_turn"))
        if not asked.get("stream"):
            usage = dict(USAGE, output_tokens=42)
            return self.send(handler, 200, message(blocks, reason, usage))
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        events = events_of(blocks, reason)
        try:
            for name, data in events:
                if model in ("cut", "endless") and name == "content_block_stop":
                    break
                self.event(handler, name, data)
            while model == "endless":
                self.event(handler, "content_block_delta", {
                    "index": 0, "delta": {"type": "text_delta", "text": "more "}})
                time.sleep(0.01)
            handler.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.gone.set()
        if model == "cut":
            handler.close_connection = True

    @staticmethod
    def event(handler, name, data):
        text = f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
        handler.wfile.flush()

    @staticmethod
    def send(handler, status, reply):
        body = json.dumps(reply).encode()
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
