"""An upstream whose answers a test scripts, and that counts what it is asked: of OpenAI's dialect, and,
for answers that come whole, of Anthropic's."""

import http.server
import json
import socket
import threading
import time


class RoutingUpstream:
    """Answers each request by the first of `script`, or with 200 when there is none."""

    def __init__(self, port=0):
        self.script = []
        self.always = None
        self.delay = 0.0
        self.requests = []
        self.connections = set()
        self.in_flight = 0
        self.in_flight_max = 0
        self.lock = threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def setup(self):
                super().setup()
                owner.connections.add(self.connection)

            def finish(self):
                owner.connections.discard(self.connection)
                super().finish()

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with owner.lock:
                    owner.requests.append((time.monotonic(), body))
                    owner.in_flight += 1
                    owner.in_flight_max = max(owner.in_flight_max, owner.in_flight)
                    step = owner.script.pop(0) if owner.script else owner.always
                try:
                    time.sleep(owner.delay)
                    owner.answer(self, body, step)
                finally:
                    with owner.lock:
                        owner.in_flight -= 1

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def count(self):
        return len(self.requests)

    def reset(self):
        with self.lock:
            self.script, self.always, self.delay = [], None, 0.0
            self.requests.clear()
            self.in_flight_max = 0

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def kill(self):
        """Stops, and breaks every connection, as a process that dies does."""
        self.stop()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def answer(self, handler, body, step):
        status, headers = step if isinstance(step, tuple) else (step or 200, {})
        if status == 200 and body.get("stream"):
            chunk = {
                "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]}
            data = b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n"
            kind = "text/event-stream"
        elif status == 200 and handler.path.endswith("/v1/messages"):
            data = json.dumps({
                "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
                "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn",
                "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()
            kind = "application/json"
        elif status == 200:
            data = json.dumps({
                "id": "c", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [{
                    "index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": "hi"}}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
            kind = "application/json"
        else:
            data = json.dumps({"error": {"message": f"scripted {status}"}}).encode()
            kind = "application/json"
        handler.send_response(status)
        handler.send_header("content-type", kind)
        handler.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)
