"""The server of the page: this machine only, for whoever holds the token, and the newest question first."""

from __future__ import annotations

import hmac
import http.cookies
import json
import os
import secrets
import socket
import socketserver
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from contracts.cli.explore import answers
from contracts.cli.explore.opened import opened_text, tab_of
from contracts.cli.explore.overtaken import Overtaken, answering_until, each_round
from contracts.cli.explore.tabs.menus import Opened
from contracts.display.palette import PALETTE
from contracts.errors import ContractError, ProblemError
from contracts.inputs.documents import parse_json

LOOPBACK = "127.0.0.1"
FIRST_PORT, PORTS_TRIED = 8427, 20
LARGEST = 4 * 2**20  # bytes of a request
KEPT = 16  # opened problems, and pages whose newest question is remembered
PATIENCE = 30.0  # seconds that a connection may say nothing
PAGE = {"/": ("index.html", "text/html"), "/explore.js": ("explore.js", "text/javascript"),
        "/plot.js": ("plot.js", "text/javascript"), "/explore.css": ("explore.css", "text/css")}  # fmt: skip
GUARDS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Refused(NamedTuple):
    """Why a request is not answered."""

    status: int
    reason: str


class Session:
    """What a server remembers: its token, the problems that were opened, and which question of a page is the newest."""

    def __init__(self, opened: Opened | None = None) -> None:
        self.token = secrets.token_urlsafe(24)
        self.first = None if opened is None else "0"
        self._opened: OrderedDict[str, Opened] = OrderedDict() if opened is None else OrderedDict({"0": opened})
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._guard, self._solving = threading.Lock(), threading.Lock()
        self._count = 0

    def answer(self, path: str, asked: Any) -> tuple[int, dict[str, Any]]:
        """The status and the document that answer a question."""
        verbs: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
            "/start": self._start, "/draw": self._draw, "/open": self._open, "/download": self._download,
        }  # fmt: skip
        if path not in verbs:
            return 404, {"error": "there is no such page"}
        try:
            if not isinstance(asked, dict):
                raise ProblemError(f"the question is {type(asked).__name__}: ask with an object")
            found = verbs[path](asked)
        except ContractError as exc:
            found = {"error": str(exc), "kind": type(exc).__name__}  # an answer: browsers log other states as faults
        return 200, {"superseded": True} if found is None else found

    def _start(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"tabs": answers.tabs(), "palette": PALETTE, "opened": self.first and self._told(self.first)}

    def _draw(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        page, number = str(asked.get("page"))[:64], asked.get("number")
        number = number if isinstance(number, int) else 0
        opened = self._found(asked)
        with self._guard:
            self._newest[page] = max(number, self._newest.get(page, number))
            self._newest.move_to_end(page)
            while len(self._newest) > KEPT:
                self._newest.popitem(last=False)
        with self._solving, answering_until(lambda: self._newest.get(page, number) > number):  # one at a time
            try:
                each_round()  # by the turn of an old question, a newer one may have come
                return {**answers.draw(asked.get("state"), opened), "number": number}
            except Overtaken:
                return None

    def _open(self, asked: dict[str, Any]) -> dict[str, Any]:
        opened = opened_text(asked.get("name"), asked.get("text"))
        with self._guard:
            self._count += 1
            name = str(self._count)
            self._opened[name] = opened
            for old in [key for key in self._opened if key != self.first][:-KEPT]:
                del self._opened[old]
        return self._told(name)

    def _download(self, asked: dict[str, Any]) -> dict[str, Any]:
        opened = self._found(asked)
        with self._solving:
            name, text = answers.download(asked.get("state"), asked.get("form"), opened)
        return {"name": name, "text": text}

    def _told(self, name: str) -> dict[str, Any]:
        opened = self._opened[name]
        return {"id": name, "name": opened.name, "tab": tab_of(opened)}

    def _found(self, asked: dict[str, Any]) -> Opened | None:
        name = asked.get("opened")
        if name is None:
            return None
        if not isinstance(name, str) or name not in self._opened:
            raise ProblemError("the file that was opened is not here any more: open it again")
        return self._opened[name]


class Server(ThreadingHTTPServer):
    """Bound to loopback; a browser that went away is no error."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two servers share a port

    def __init__(self, session: Session, port: int) -> None:
        self.session = session
        super().__init__((LOOPBACK, port), Handler)

    def server_bind(self) -> None:
        """As of any TCP server: that of HTTP asks the network for a name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    @property
    def address(self) -> str:
        """Where the page is, with the token that opens it."""
        return f"http://{LOOPBACK}:{self.server_port}/?{self.session.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Faults of ours are told on the terminal; connections that break are not."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "contracts", ""
    timeout = PATIENCE
    wbufsize = -1  # head and body leave together
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """The page and its parts."""
        parts = urlsplit(self.path)
        if (refused := self._refused(parts.query)) is not None:
            return self._refuse(refused)
        if parts.path not in PAGE:
            return self._refuse(Refused(404, "there is no such page"))
        name, kind = PAGE[parts.path]
        content = resources.files("contracts.cli.explore").joinpath("page", name).read_bytes()
        return self._send(200, content, kind)

    def do_POST(self) -> None:
        """Questions, which are JSON."""
        refused = self._refused("") or self._unreadable()
        if refused is not None:
            return self._refuse(refused)
        content = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            asked = parse_json(content.decode("utf-8"))
        except ValueError as exc:
            return self._refuse(Refused(400, f"the question is not JSON: {exc}"))
        status, document = self.server.session.answer(self.path, asked)
        return self._send(status, json.dumps(document, allow_nan=False).encode(), "application/json")

    def _refused(self, query: str) -> Refused | None:
        """Other hosts, other origins, and whoever has no token."""
        port = self.server.server_port
        host = self.headers.get("Host", "")
        if host not in (f"{LOOPBACK}:{port}", f"localhost:{port}"):
            return Refused(403, "this page is for this machine only: open the address that was printed")
        origin = self.headers.get("Origin")
        if origin != f"http://{host}" and (origin is not None or self.command == "POST"):
            return Refused(403, "other pages may not ask: open the address that was printed")
        cookies = http.cookies.SimpleCookie()
        try:
            cookies.load(self.headers.get("Cookie", ""))
        except http.cookies.CookieError:
            cookies.clear()
        held = cookies[self._cookie].value if self._cookie in cookies else ""
        token = self.server.session.token.encode()
        if any(hmac.compare_digest(given.encode("utf-8", "replace"), token) for given in (query, held)):
            return None
        return Refused(403, "the token is missing or of another server: open the address that was printed")

    def _unreadable(self) -> Refused | None:
        """Questions that are no JSON, or of no known or too large a size."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            return Refused(411, "a question says its length")
        if len(length) > 9 or int(length) > LARGEST:
            return Refused(413, f"at most {LARGEST // 2**20} MB can be opened here")
        if self.headers.get_content_type() != "application/json":
            return Refused(415, "questions are application/json")
        return None

    @property
    def _cookie(self) -> str:
        return f"menuwright-{self.server.server_port}"  # hosts share their cookies among ports

    def _refuse(self, refused: Refused) -> None:
        self.close_connection = True  # whatever the body holds stays unread
        self._send(refused.status, json.dumps({"error": refused.reason}).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in GUARDS.items():
            self.send_header(name, value)
        if kind == "text/html":
            token = self.server.session.token
            self.send_header("Set-Cookie", f"{self._cookie}={token}; HttpOnly; SameSite=Strict; Path=/")
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on the terminal."""


def started(session: Session, port: int | None) -> Server:
    """A server that is bound: to the port that was asked for, else to the first free one.

    Raises
    ------
    ProblemError
        If the port is taken, may not be used, or is no port.
    """
    if port is not None:
        if not 0 <= port <= 65535:
            raise ProblemError(f"--port is {port}: give a number from 1 to 65535, or leave it out for a free one")
        try:
            return Server(session, port)
        except OSError as exc:
            why = "it is taken" if _is_taken(port) else exc.strerror or str(exc)
            raise ProblemError(
                f"--port {port} cannot be used: {why}; name another, or leave it out for a free one"
            ) from exc
    for one in (*range(FIRST_PORT, FIRST_PORT + PORTS_TRIED), 0):
        try:
            return Server(session, one)
        except OSError:
            continue
    raise ProblemError("no port of this machine is free: close a program that serves pages")


def _is_taken(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0
