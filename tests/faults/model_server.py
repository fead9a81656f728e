"""A server of chat models on loopback that does whatever a test says, byte for byte, over real HTTP."""

import json
import socket
import threading
from contextlib import suppress


class ModelServer:
    """Answers each connection with what `script(request)` yields: bytes are sent, numbers are seconds of silence.

    `script` gets the request's head and body; what it yields after `None` is never sent, and the connection stays open until the client
    goes away.
    """

    def __init__(self, script):
        self.script = script
        self.requests = []
        self._ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)
        assert not any(thread.is_alive() for thread in self._threads), "a connection of the server is still open"

    def _accept(self):
        while not self._ended.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection, suppress(OSError):
            connection.settimeout(10)
            head, body = _request(connection)
            if not head:
                return
            self.requests.append((head, body))
            for step in self.script((head, body)):
                if step is None:
                    self._wait_for_the_end(connection)
                    return
                if isinstance(step, bytes):
                    connection.sendall(step)
                elif self._ended.wait(step):
                    return
            connection.shutdown(socket.SHUT_WR)

    def _wait_for_the_end(self, connection):
        connection.settimeout(0.1)
        while not self._ended.is_set():
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue


def _request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return "", b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    length = next((int(line.split(":")[1]) for line in text.splitlines() if line.lower().startswith("content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return text, body


# --- whole replies ----------------------------------------------------------------------------------------------------


def http(body, status="200 OK", kind="application/json", headers=()):
    """A response with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def head(status="200 OK", kind="text/event-stream", headers=()):
    """The head of a response that ends with its connection."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *headers]).encode("latin-1") + b"\r\n\r\n"


def event(delta, finish=None):
    """One event of a streamed chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    value = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def openai_stream(*pieces):
    """A whole streamed reply."""
    said = b"".join(event({"content": piece}) for piece in pieces)
    return head() + event({"role": "assistant", "content": ""}) + said + event({}, "stop") + b"data: [DONE]\n\n"


def openai_whole(text):
    """A whole reply that is not streamed."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return http(
        json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}).encode()
    )


def ollama_stream(*pieces):
    """A whole streamed reply of Ollama's."""
    rows = [
        {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": p}, "done": False} for p in pieces
    ]
    rows.append(
        {
            "model": "m",
            "created_at": "2026-01-01T00:00:00Z",
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": "stop",
        }
    )
    return head(kind="application/x-ndjson") + b"".join(json.dumps(row).encode() + b"\n" for row in rows)
