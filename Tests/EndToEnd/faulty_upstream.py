"""An upstream that misbehaves in every way the gateway has to survive, each under its own path."""

import socket
import threading
import time

CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    b'[{"index":0,"delta":{"content":"' + b"x" * 64 + b'"},"finish_reason":null}]}\n\n')
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def framed(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class FaultyUpstream:
    """Serves each connection on a thread of its own."""

    faults = [
        "reset", "garbage", "stall", "half-stream", "stall-in-stream", "endless", "not-json",
        "wrong-type", "error-event", "unauthorized", "limited", "broken", "no-done", "late-end",
    ]

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.sent = {}
        self.begun = {}
        self.counts = {}
        self.connections = {}
        self.closed_at = {}
        self.stopped = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.stopped.set()
        self.listener.close()

    def _accept(self):
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                while True:
                    fault = self._read_request(connection)
                    self.connections.setdefault(fault, set()).add(connection.getpeername())
                    if fault is None or not self._answer(connection, fault):
                        return
            except OSError:
                return

    def _read_request(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return None
            data += piece
        head, body = data.split(b"\r\n\r\n", 1)
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += connection.recv(65536)
        return head.split(b" ")[1].split(b"/")[1].decode()

    def _answer(self, connection, fault) -> bool:
        """Returns whether the connection can be used again."""
        self.begun[fault] = time.monotonic()
        self.counts[fault] = self.counts.get(fault, 0) + 1
        if fault == "reset":
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        elif fault == "garbage":
            connection.sendall(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
        elif fault == "stall":
            self._wait_for_close(connection, fault)
        elif fault in ("half-stream", "no-done"):
            connection.sendall(HEAD + framed(CHUNK) * 3)
            if fault == "no-done":
                connection.sendall(b"0\r\n\r\n")
                return True
        elif fault == "late-end":
            connection.sendall(HEAD + framed(CHUNK) + framed(b"data: [DONE]\n\n"))
            time.sleep(0.05)
            connection.sendall(b"0\r\n\r\n")
            return True
        elif fault == "stall-in-stream":
            connection.sendall(HEAD + framed(CHUNK))
            self._wait_for_close(connection, fault)
        elif fault == "endless":
            self._send_for_ever(connection, fault)
        elif fault == "error-event":
            error = b'data: {"error":{"message":"overloaded","code":503}}\n\n'
            connection.sendall(HEAD + framed(CHUNK) + framed(error) + b"0\r\n\r\n")
        else:
            return self._answer_whole(connection, fault)
        return False

    def _answer_whole(self, connection, fault) -> bool:
        status, kind, body = {
            "not-json": (200, "application/json", b"{never"),
            "wrong-type": (200, "text/html", b"<html>"),
            "unauthorized": (
                401, "application/json", b'{"error":{"message":"bad key sk-upstream-1234"}}'),
            "limited": (429, "application/json", b'{"error":{"message":"slow down"}}'),
            "broken": (500, "application/json", b'{"error":{"message":"boom"}}'),
        }[fault]
        connection.sendall(
            b"HTTP/1.1 %d X\r\ncontent-type: %s\r\ncontent-length: %d\r\nretry-after: 7\r\n\r\n%s"
            % (status, kind.encode(), len(body), body))
        return True

    def _wait_for_close(self, connection, fault):
        while connection.recv(65536):
            pass
        self.closed_at[fault] = time.monotonic()

    def _send_for_ever(self, connection, fault):
        self.sent[fault] = 0
        connection.sendall(HEAD)
        connection.setblocking(False)
        piece = framed(CHUNK) * 64
        rest = piece
        while not self.stopped.is_set():
            try:
                if connection.recv(1, socket.MSG_PEEK) == b"":
                    break
            except BlockingIOError:
                pass
            except OSError:
                break
            try:
                count = connection.send(rest)
                self.sent[fault] += count
                rest = rest[count:] or piece
            except BlockingIOError:
                time.sleep(0.002)
            except OSError:
                break
        self.closed_at[fault] = time.monotonic()
