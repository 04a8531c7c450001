"""An upstream of OpenAI's dialect that keeps what it was asked, byte for byte, and gives short answers."""

import http.server
import json
import threading

USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
CHUNK = {"id": "cmpl-up", "object": "text_completion", "created": 1, "model": "up"}


class EchoUpstream:
    def __init__(self):
        upstream = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                upstream.requests.append((self.path, body.decode()))
                upstream.answer(self, json.loads(body))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, asked):
        kind = handler.path.rsplit("/", 1)[-1]
        reply = {
            "moderations": {
                "id": "modr-up", "model": asked.get("model"), "results": [{
                    "flagged": False, "categories": {}, "category_scores": {},
                    "category_applied_input_types": {}}]},
            "rerank": {
                "id": "rr", "model": asked.get("model"), "usage": {"total_tokens": 9},
                "results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]},
        }.get(kind)
        if reply is None and kind == "completions" and "chat" in handler.path:
            reply = {
                "id": "chatcmpl-up", "object": "chat.completion", "created": 1, "model": "up",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {
                    "role": "assistant", "content": "Hi", "reasoning_content": "Hm", "new": 1}}],
                "usage": USAGE}
        if reply is None and asked.get("stream"):
            return self.stream(handler, [
                dict(CHUNK, choices=[{"index": 0, "text": text, "logprobs": None,
                                      "finish_reason": reason}])
                for text, reason in (("Hel", None), ("lo", "stop"))]
                + [dict(CHUNK, choices=[], usage=USAGE)])
        if reply is None:
            reply = dict(CHUNK, usage=USAGE, choices=[
                {"index": 0, "text": "Hello", "logprobs": None, "finish_reason": "stop"}])
        body = json.dumps(reply).encode()
        handler.send_response(200)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @staticmethod
    def stream(handler, chunks):
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("connection", "close")
        handler.end_headers()
        for chunk in chunks:
            handler.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        handler.wfile.write(b"data: [DONE]\n\n")
        handler.close_connection = True
