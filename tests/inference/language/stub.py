"""A server on loopback that speaks the chat protocol, well or badly, as a test tells it to."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def completion(text, **usage):
    """The body of a chat completion that says `text`."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "stub",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        **({"usage": usage} if usage else {}),
    }


def answer(share, sd=0.1, evidence=(), *, readable=True):
    """A reply as the reader asks for it."""
    return json.dumps({"readable": readable, "share_offered": share, "share_sd": sd, "evidence": list(evidence)})


@contextmanager
def serving(respond, tls=None):
    """Base URL of a server and its list of requests.

    `respond(request, number)` gives a status and a body, and headers if it likes.
    """
    requests = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append(
                {
                    "path": self.path,
                    "key": self.headers["Authorization"],
                    "headers": dict(self.headers.items()),
                    "time": time.monotonic(),
                    **body,
                }
            )
            status, reply, *headers = respond(body, len(requests))
            raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            try:
                self.send_response(status)
                sent = {"Content-Type": "application/json", "Content-Length": str(len(raw)), "retry-after-ms": "5"}
                for name, value in (sent | (headers[0] if headers else {})).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)
            except OSError:
                self.close_connection = True  # the client gave up

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *arguments: None  # handshakes that clients break off
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http{'' if tls is None else 's'}://127.0.0.1:{server.server_port}/v1", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def speaking(talk):
    """Base URL of a server that is no web server, and what was sent to it; `talk(send)` says what it likes.

    `send(bytes)` is False once the client has gone.
    """
    heard = []

    def serve(conversation):
        with conversation:
            heard.append(_heard(conversation))

            def send(piece):
                try:
                    conversation.sendall(piece)
                except OSError:
                    return False
                return True

            talk(send)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while True:
                try:
                    conversation, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(conversation,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/v1", heard
        finally:
            server.shutdown(socket.SHUT_RDWR)


def _heard(conversation):
    """A whole request: head, and as much body as the head announces."""
    conversation.settimeout(5)
    text = b""
    while b"\r\n\r\n" not in text and (piece := conversation.recv(65536)):
        text += piece
    head, _, body = text.partition(b"\r\n\r\n")
    announced = [line for line in head.splitlines() if line.lower().startswith(b"content-length:")]
    length = int(announced[0].split(b":")[1]) if announced else 0
    while len(body) < length and (piece := conversation.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body
