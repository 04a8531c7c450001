"""Opens the page of this folder in a headless Chromium and shows what it streamed.

    clients/conformance/run.py browser clients/typescript/browser/show.py

serves the page at LLM_GATEWAY_ORIGIN, which is not the gateway's own, so that the browser asks the
gateway first whether the page may call it. Fails unless the pieces came one after the other.
"""

import functools
import html
import http.server
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

CLIENT = pathlib.Path(__file__).resolve().parents[1]


class Files(http.server.SimpleHTTPRequestHandler):
    """The client's files, and a place to post what a page showed."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript"}
    reports: queue.Queue[str] = queue.Queue()

    def do_POST(self):
        self.reports.put(self.rfile.read(int(self.headers["content-length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def page(origin: str, key: str) -> str:
    """What the page shows in the end."""
    wanted = urllib.parse.urlencode({
        "gateway": "http://" + os.environ["LLM_GATEWAY_ADDRESS"], "key": key, "model": "paced",
        "report": "/report"})
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    assert browser, "there is no Chromium; scripts/deps.sh browser installs it"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             f"--user-data-dir={profile}", "--remote-debugging-port=0",
             f"{origin}/browser/index.html#{wanted}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return Files.reports.get(timeout=120)
        finally:
            process.terminate()
            process.wait(timeout=30)


def main() -> int:
    origin = os.environ["LLM_GATEWAY_ORIGIN"]
    address = ("127.0.0.1", urllib.parse.urlsplit(origin).port)
    server = http.server.ThreadingHTTPServer(
        address, functools.partial(Files, directory=str(CLIENT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    document = page(origin, os.environ["LLM_GATEWAY_KEY"])
    pieces = re.findall(r'<span data-ms="(\d+)">(.*?)</span>', document)
    end = re.search(r'<p id="end">(.*?)</p>', document, re.DOTALL)[1]
    text = html.unescape("".join(piece for _, piece in pieces))
    times = [int(time) for time, _ in pieces]
    print(text[:60], "...")
    print(f"{len(pieces)} pieces over {times[-1] - times[0] if times else 0} ms; {end}")
    refused = page(origin, "sk-unknown-0123456789")
    print(html.unescape(re.search(r'<p id="end">(.*?)</p>', refused, re.DOTALL)[1]))
    # Twelve letters each, five milliseconds apart.
    assert (len(pieces), len(text), end) == (400, 4800, "400 tokens by scripted")
    assert times[-1] - times[0] > 1_000, "the pieces came all at once"
    assert "KeyInvalid" in refused
    return 0


if __name__ == "__main__":
    sys.exit(main())
