"""What servers say in the chat protocol of OpenAI: forms of reply, texts, counts of tokens, failures, pauses."""

from __future__ import annotations

import email.utils
import json
import random
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from inference.language.chat.wire import Answered, Failed

FORMS = ("json_schema", "json_object", "text")
REFUSES_FORM = (400, 404, 415, 422, 501)  # status codes of servers that do not know a response format
ASK_AGAIN = (408, 409, 429)  # and 5xx
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds between a failure and the next attempt
HEADERS = {
    "Accept": "application/json",
    "Connection": "close",
    "Content-Type": "application/json",
    "User-Agent": "menuwright",
}


def response_format(form: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The argument that asks for a form of reply."""
    if form == "json_schema":
        wrapped = {"name": "answer", "schema": dict(schema), "strict": True}
        return {"response_format": {"type": form, "json_schema": wrapped}}
    return {"response_format": {"type": form}} if form == "json_object" else {}


def pause_before_retry(outcome: Answered | Failed, times: int) -> float | None:
    """Seconds until asking again after so many times may help, None where it does not."""
    grown = min(FIRST_PAUSE * 2.0 ** (times - 1), LONGEST_PAUSE) * random.uniform(0.75, 1.0)
    if isinstance(outcome, Failed):
        return None if outcome.why == "untrusted" else grown
    if outcome.status in REFUSES_FORM or (outcome.status < 500 and outcome.status not in ASK_AGAIN):
        return None
    wished = wished_pause(outcome.headers)
    return grown if wished is None else wished


def wished_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, None where it does not or makes no sense.

    Examples
    --------
    >>> [wished_pause({"retry-after": text}) for text in ("20", "soon", "-1", "nan")]
    [20.0, None, None, None]
    """
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if seconds > 0:
            return seconds
    try:
        at = email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp()
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    return max(at - time.time(), 0.0)


def completion_in(body: bytes) -> tuple[str | None, Mapping[str, Any]]:
    """The text of a completion, None where there is none, and what the server says about its tokens."""
    try:
        found = json.loads(body)
        text = found["choices"][0]["message"]["content"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None, {}
    usage = found.get("usage")
    return text if isinstance(text, str) else "", usage if isinstance(usage, dict) else {}


def words_of(answered: Answered) -> str:
    """What a server says about a failure: the message of its JSON, else its body, else its reason phrase."""
    if answered.coding != "identity":
        return answered.reason
    text = answered.body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text or answered.reason
    error = found.get("error", found) if isinstance(found, dict) else found
    message = error.get("message") if isinstance(error, dict) else error
    return message if isinstance(message, str) else text


def site_of(location: str) -> str:
    """Scheme, host and port that a redirect leads to, and nothing of what else may stand in it.

    Examples
    --------
    >>> site_of("https://me:key@elsewhere.org:8443/v1?key=1"), site_of("/v2")
    ("'https://elsewhere.org:8443'", 'a path of its own')
    """
    try:
        split = urlsplit(location)
        port = "" if split.port is None else f":{split.port}"
    except ValueError:
        return "no address"
    return repr(f"{split.scheme or 'http'}://{split.hostname}{port}") if split.hostname else "a path of its own"
