"""One HTTP request that sends what it is given and nothing else, and is over when its time is.

Clients for language models add headers of their own, read a dozen environment variables, follow redirects, decompress
and try again. Here nothing is added, nothing is read from the environment but where the system keeps its
certificates, no redirect is followed and nothing is tried twice: what was sent can be counted.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from inference.language.chat.secret import Secret

LONGEST = 1e6  # seconds; sockets take no more than about 1e9
PIECE = 65536  # bytes
PORTS = {"http": 80, "https": 443}
IN_PATHS = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True)
class Answered:
    """What came back: status, reason phrase, headers, and the body up to its largest size.

    It prints its status alone, because the rest may repeat what was sent.
    """

    status: int
    reason: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_cut: bool

    @property
    def coding(self) -> str:
        """How the body is compressed; `identity` where it is not."""
        return self.headers.get("content-encoding", "").strip().lower() or "identity"


@dataclass(frozen=True)
class Failed:
    """Why nothing came back, in the words of the system, and whether anything may have been sent."""

    why: Literal["late", "unreachable", "broken", "untrusted"]
    words: str = field(repr=False)
    was_sent: bool


@dataclass(frozen=True)
class Address:
    """Where a request goes, and by which way.

    Parameters
    ----------
    scheme, host, port, path : of the endpoint
    proxy : host and port of a proxy, None for none
    proxy_key : name and password at the proxy, as name:password
    secrets : what must not be repeated of that
    trust : whose certificates are believed, None without TLS
    """

    scheme: str
    host: str
    port: int
    path: str
    proxy: tuple[str, int] | None = None
    proxy_key: Secret | None = None
    secrets: tuple[Secret, ...] = ()
    trust: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def site(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port != PORTS[self.scheme] else "")


def address(base_url: str, proxy: str | None = None, certificates: str | Path | None = None) -> Address:
    """The address that a base URL, a proxy and a file of certificates name.

    Examples
    --------
    >>> address("http://localhost:8080/v1/").site
    'http://localhost:8080'

    Raises
    ------
    ProblemError
        If one of them is none, or base_url holds what would be shown or lost: names, passwords, queries.
    """
    scheme, host, port, path = _parts(base_url, "base_url")
    split = urlsplit(base_url)
    if split.username is not None or split.query or split.fragment:
        raise ProblemError(
            "base_url holds a name, a password, a query or a fragment: give scheme, host, port and path alone, and the "
            "key as api_key"
        )
    trust = _trust(certificates) if scheme == "https" else None
    direct = Address(scheme, host, port, quote(path.rstrip("/"), safe=IN_PATHS), trust=trust)
    return direct if proxy is None else _by_proxy(direct, proxy)


def post(
    to: Address, path: str, headers: Mapping[str, str], key: Secret, body: bytes, *, seconds: float, largest: int
) -> Answered | Failed:
    """Send one request and read its answer, within `seconds` from name look-up to last byte.

    Parameters
    ----------
    path : under that of the address
    headers : sent, with Host, Accept-Encoding and Content-Length, and with `key` as the bearer's
    largest : bytes of the answer's body that are read; memory never holds more

    A failure is a value, not an exception: exceptions of HTTP libraries carry frames in which the key stands.
    """
    exchange = _Exchange(to, path, headers, key, body, min(seconds, LONGEST), largest)
    thread = threading.Thread(target=exchange.run, name="endpoint", daemon=True)
    try:
        thread.start()
        thread.join(min(seconds, LONGEST))
    finally:
        outcome = exchange.ended()  # also when Ctrl-C comes: what was not sent yet never will be
    return outcome


class _Exchange:
    """A request on a thread of its own: no timeout of a socket covers look-up, handshake and a slow drip together."""

    def __init__(
        self, to: Address, path: str, headers: Mapping[str, str], key: Secret, body: bytes, seconds: float, largest: int
    ) -> None:
        self._to, self._path, self._headers, self._key, self._body = to, to.path + path, dict(headers), key, body
        self._largest = largest
        self._connection = _connection(to, seconds)
        self._connection.set_debuglevel(0)  # it may be on for all of http.client, and prints headers
        self._lock = threading.Lock()  # guards what follows
        self._outcome: Answered | Failed | None = None
        self._socket: socket.socket | None = None
        self._was_sent = False
        self._has_ended = False

    def run(self) -> None:
        outcome: Answered | Failed | None
        try:
            outcome = self._answer()
        except ssl.SSLCertVerificationError as exc:
            outcome = Failed("untrusted", exc.verify_message, self._was_sent)
        except TimeoutError:
            outcome = Failed("late", "no answer in time", self._was_sent)
        except (OSError, http.client.HTTPException, ValueError) as exc:  # ValueError: no host can have such a name
            words = str(exc) or type(exc).__name__
            outcome = Failed("broken" if self._was_sent else "unreachable", words, self._was_sent)
        finally:
            self._connection.close()
        with self._lock:
            self._outcome = outcome

    def _answer(self) -> Answered | None:
        self._connection.connect()
        with self._lock:
            if self._has_ended:
                return None
            self._was_sent = True
            self._socket = self._connection.sock  # the connection forgets it before the body is read
        headers = {**self._headers, "Authorization": f"Bearer {self._key.reveal()}"}
        target = self._path
        if self._to.proxy is not None and self._to.scheme == "http":
            target = self._to.site + target
            headers |= _for_proxy(self._to.proxy_key)
        self._connection.request("POST", target, body=self._body, headers=headers)
        response = self._connection.getresponse()
        body = bytearray()
        # read(n) would take a chunk that says it has -1 bytes as all that comes, read1 takes what is there
        while len(body) <= self._largest and (piece := response.read1(PIECE)):
            body += piece
        kept = {name.lower(): value for name, value in response.getheaders()}
        is_cut = len(body) > self._largest
        return Answered(response.status, response.reason, kept, bytes(body[: self._largest]), is_cut)

    def ended(self) -> Answered | Failed:
        """What there is by now; the request is over, and its thread on the way to its end."""
        with self._lock:
            self._has_ended = True
            if self._outcome is None and self._socket is not None:
                with contextlib.suppress(OSError):  # it is closed already
                    # wakes the thread; not the method of a TLS socket, which would pull it from under the thread
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            return self._outcome or Failed("late", "no answer in time", self._was_sent)


def _connection(to: Address, seconds: float) -> http.client.HTTPConnection:
    host, port = to.proxy or (to.host, to.port)
    if to.trust is None:
        return http.client.HTTPConnection(host, port, timeout=seconds)
    secure = http.client.HTTPSConnection(host, port, timeout=seconds, context=to.trust)
    if to.proxy is not None:
        secure.set_tunnel(to.host, to.port, _for_proxy(to.proxy_key))
    return secure


def _for_proxy(key: Secret | None) -> dict[str, str]:
    if key is None:
        return {}
    return {"Proxy-Authorization": f"Basic {base64.b64encode(key.reveal().encode()).decode()}"}


def _parts(url: str, name: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of a URL, or an error that does not repeat a password."""
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        shown = repr(url) if isinstance(url, str) and "@" not in url else type(url).__name__
        what = "endpoint" if name == "base_url" else name
        raise ProblemError(f"{name} is {shown}: name the {what} as http://... or https://...")
    if not url.isprintable() or " " in url:
        raise ProblemError(f"{name} holds blanks or letters that cannot be seen: give the address alone")
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError:
        host, port = None, None
    if not host or port == 0:
        raise ProblemError(f"{name} has no host, or a port that is none: name it as http://host:port/path")
    return split.scheme, host, port or PORTS[split.scheme], split.path


def _by_proxy(direct: Address, url: str) -> Address:
    scheme, host, port, path = _parts(url, "proxy")
    split = urlsplit(url)
    if scheme != "http" or path.strip("/") or split.query or split.fragment:
        raise ProblemError("proxy is spoken to in plain HTTP and has no path: name it as http://host:port")
    if split.username is None:
        return replace(direct, proxy=(host, port))
    password = unquote(split.password or "")
    pair = Secret(f"{unquote(split.username)}:{password}", "proxy")
    return replace(
        direct,
        proxy=(host, port),
        proxy_key=pair,
        secrets=(pair, Secret(password, "proxy")) if password else (pair,),
    )


def _trust(certificates: str | Path | None) -> ssl.SSLContext:
    """Certificates are always checked, against those of the system or those of a file alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # create_default_context would write keys to SSLKEYLOGFILE
    if certificates is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile=str(certificates))
    except (OSError, ValueError) as exc:
        raise ProblemError(
            f"certificates is {str(certificates)!r}, which is no file of certificates ({exc}): give a PEM file of the "
            "authorities to believe"
        ) from exc
    return context
