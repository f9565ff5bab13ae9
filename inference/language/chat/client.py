"""One question to an OpenAI-compatible endpoint, one validated JSON object back.

Servers differ in what they can promise about the form of a reply, so that forms are negotiated from the strictest down:
a JSON schema, any JSON object, plain text with an object inside. Whatever was promised, the reply is validated here.
Nothing is sent anywhere unless somebody names an endpoint, and nothing but the question and the key is sent there.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from numbers import Real
from operator import index
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from contracts.errors import ProblemError
from contracts.inputs.documents import parse_float, unique
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.language.chat.allowance import Allowance
from inference.language.chat.answers import KeptAnswer, kept_answer
from inference.language.chat.errors import CostError, EndpointError, ReplyError
from inference.language.chat.protocol import (
    FORMS,
    HEADERS,
    REFUSES_FORM,
    completion_in,
    pause_before_retry,
    response_format,
    site_of,
    wished_pause,
    words_of,
)
from inference.language.chat.secret import Secret
from inference.language.chat.usage import believed, most_tokens, size
from inference.language.chat.wire import Answered, Failed, address, post

__all__ = ["ChatEndpoint", "CostError", "EndpointError", "ReplyError"]

Answer = TypeVar("Answer")
DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_float=parse_float)
QUOTED = 300  # letters of a reply that an error quotes
NO_KEY = "none"
LARGEST_REPLY = 10**7


@dataclass
class _Clock:
    """When one answer must be there."""

    ends: float

    def left(self) -> float:
        return self.ends - time.monotonic()


@dataclass(frozen=True)
class _Said:
    """A text of the server without the key, and whether it had to be taken out."""

    text: str
    repeats_key: bool


@checked
@dataclass(eq=False)
class ChatEndpoint:
    """An endpoint that speaks the chat protocol of OpenAI, with limits on time, rate and money.

    One endpoint may be used by many threads: they share its budget and its rate. A copy is the same endpoint; it is
    not pickled, because neither a key nor a running budget should be in two places.

    Parameters
    ----------
    base_url : such as http://localhost:8080/v1; there is no default, and redirects are not followed
    model : name of the model at the endpoint
    api_key : sent to this endpoint only, as the bearer's; none is taken from the environment, and a reply that
        repeats it is refused
    timeout : seconds for one request as a whole, from name look-up to the last byte
    deadline : seconds for one answer as a whole: every request, retry and pause; waiting for one's turn under
        `requests_per_minute` does not count
    n_retries : further attempts after 408, 409, 429, 5xx, broken connections and time-outs; pauses in between grow, or
        are what the server asks for
    n_attempts : requests for one answer while replies do not validate
    requests_per_minute : the pause between requests follows from it; retries take their turn too
    budget : money that all requests together may cost; one that fails after it was sent counts with the most that it
        could have cost
    prices : money per million prompt tokens and per million completion tokens
    longest_reply : tokens
    largest_reply : bytes after which a reply is cut off and refused
    cache : folder of answers; an answer that is there costs nothing
    proxy : such as http://proxy:3128 or http://name:password@proxy:3128; none is taken from the environment
    certificates : PEM file of the authorities to believe instead of the system's

    Examples
    --------
    >>> ChatEndpoint("http://localhost:8080/v1", "my-model", api_key="sk-pear-and-plum", budget=0.5).spent
    0.0
    """

    base_url: str
    model: str
    api_key: str | Secret = field(default=NO_KEY, repr=False)
    timeout: float = 30.0
    n_retries: int = 2
    n_attempts: int = 2
    requests_per_minute: float = 60.0
    budget: float = 1.0
    prices: tuple[float, float] = (0.0, 0.0)
    longest_reply: int = 400
    cache: Path | None = None
    deadline: float = 300.0
    largest_reply: int = 1_000_000
    proxy: str | Secret | None = field(default=None, repr=False)
    certificates: str | Path | None = None
    form: str = field(default=FORMS[0], init=False)

    def __post_init__(self) -> None:
        proxy = self.proxy.reveal() if isinstance(self.proxy, Secret) else self.proxy
        self._address = address(self.base_url, proxy, self.certificates)
        if isinstance(self.proxy, str) and "@" in self.proxy:
            self.proxy = Secret(self.proxy, "proxy")
        if not isinstance(self.model, str) or not self.model:
            raise ProblemError(f"model is {self.model!r}: name the model at the endpoint")
        for name in ("timeout", "deadline", "requests_per_minute"):
            setattr(self, name, _number(getattr(self, name), name, positive=True))
        for name, least in (("n_retries", 0), ("n_attempts", 1), ("longest_reply", 1), ("largest_reply", 1)):
            setattr(self, name, _count(getattr(self, name), name, least))
        if self.largest_reply > LARGEST_REPLY:
            raise ProblemError(f"largest_reply is {self.largest_reply}: at most {LARGEST_REPLY} bytes are read")
        self.budget = _number(self.budget, "budget")
        if not isinstance(self.prices, tuple | list) or len(self.prices) != 2:
            raise ProblemError("prices is not a pair: give money per million prompt and per million completion tokens")
        self.prices = (_number(self.prices[0], "prices[0]"), _number(self.prices[1], "prices[1]"))
        self.cache = None if self.cache is None else Path(self.cache)
        if self.cache is not None and self.cache.exists() and not self.cache.is_dir():
            raise ProblemError(f"cache is {str(self.cache)!r}, which is a file: name a folder")
        key = self.api_key if isinstance(self.api_key, Secret) else Secret(self.api_key)
        self.api_key = self._key = key
        self._secrets = (*(() if key.reveal() == NO_KEY else (key,)), *self._address.secrets)
        if any(one.is_long and one.is_in(f"{self.base_url} {self.model}") for one in self._secrets):
            raise ProblemError("base_url or model holds the key, and both are shown: give the key as api_key alone")
        self._allowance = Allowance()

    @property
    def spent(self) -> float:
        """Money that the requests so far cost, or can have cost."""
        return self._allowance.spent

    @property
    def requests(self) -> int:
        """Requests that were sent, answered or not."""
        return self._allowance.requests

    def ask(
        self,
        system: str,
        user: str,
        schema: Mapping[str, Any],
        validate: Callable[[dict[str, Any]], Answer],
        *,
        temperature: float = 0.0,
    ) -> Answer:
        """The validated answer to one question.

        Parameters
        ----------
        system, user : messages
        schema : JSON schema of the reply; sent where the server understands it
        validate : turns the reply into an answer, or raises ValueError with the reason
        temperature : of the model

        Raises
        ------
        ReplyError
            If no attempt validates; quotes the last reply.
        CostError
            Before a request that could exceed the budget.
        EndpointError
            If the endpoint is down, stalls, redirects or refuses, after its retries.
        """
        temperature = _number(temperature, "temperature")
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        kept = self._kept(messages, schema, temperature)
        if kept is not None and (reply := kept.read()) is not None:
            try:
                return unleaked(self._said(reply), validate)
            except ReplyError as error:
                raise ReplyError(f"{kept.file} no longer validates, delete it: {error}", error.reply) from error
        clock = _Clock(time.monotonic() + self.deadline)
        for attempt in range(self.n_attempts):
            said = self._reply(messages, schema, temperature, clock)
            try:
                answer = unleaked(said, validate)
            except ReplyError:
                if attempt == self.n_attempts - 1:
                    raise
            else:
                if kept is not None:
                    kept.write(said.text)
                return answer
        raise AssertionError("attempts is positive")

    def _reply(
        self, messages: list[dict[str, str]], schema: Mapping[str, Any], temperature: float, clock: _Clock
    ) -> _Said:
        """Text of one reply, in the strictest form that the server takes."""
        asked = {
            "model": self.model,
            "messages": messages,
            "temperature": temperature,
            "max_tokens": self.longest_reply,
        }
        for form in FORMS[FORMS.index(self.form) :]:
            question = {**asked, **response_format(form, schema)}
            answered, said = self._answered(question, clock)
            if answered.status in REFUSES_FORM and form != FORMS[-1]:
                continue
            if not 200 <= answered.status < 300:
                raise self._refusal(answered)
            self.form = form  # which served: threads may find it at the same time, and find the same
            if answered.coding != "identity":
                raise ReplyError(
                    f"{self.base_url} compresses its replies although it was asked not to: look for an option"
                )
            if answered.is_cut:
                raise ReplyError(
                    f"{self.base_url} sends more than {self.largest_reply} bytes, cut off: raise largest_reply if "
                    "replies may be so long"
                )
            if said is None:
                body = self._said(answered.body.decode("utf-8", "replace")).text
                raise ReplyError(
                    f"{self.base_url} does not speak the protocol: no choices in {body[:QUOTED]!r}", reply=body
                )
            return said
        raise AssertionError("the last form is not refused")

    def _answered(self, question: Mapping[str, Any], clock: _Clock) -> tuple[Answered, _Said | None]:
        """What came back when retries are over, whatever its status, and the text of the reply in it."""
        times = 0
        while True:
            outcome, said = self._send(question, clock)
            times += 1
            pause = pause_before_retry(outcome, times)
            if pause is None or times > self.n_retries or pause >= clock.left():
                break
            time.sleep(pause)
        if isinstance(outcome, Failed):
            raise self._failure(outcome, times, clock)
        return outcome, said

    def _send(self, question: Mapping[str, Any], clock: _Clock) -> tuple[Answered | Failed, _Said | None]:
        """One request, paid for: in full where it is not known what it cost."""
        contents = [one["content"] for one in question["messages"]]
        prompt = most_tokens([*contents, json.dumps(question.get("response_format", ""))])
        began = time.monotonic()
        with self._allowance.reserved(self._cost(prompt, self.longest_reply), self.budget) as charge:
            self._allowance.turn(self.requests_per_minute)
            clock.ends += time.monotonic() - began
            if clock.left() <= 0:
                raise self._failure(Failed("late", "", was_sent=False), 0, clock)
            self._allowance.sending(charge)
            outcome = post(
                self._address,
                "/chat/completions",
                HEADERS,
                self._key,
                json.dumps(question, allow_nan=False).encode(),
                seconds=min(self.timeout, clock.left()),
                largest=self.largest_reply,
            )
            if isinstance(outcome, Failed):
                if not outcome.was_sent:
                    self._allowance.not_sent(charge)
                return outcome, None
            if outcome.is_cut:
                charge.cost = self._cost(prompt, max(self.longest_reply, len(outcome.body)))
            text, usage = completion_in(outcome.body)
            if 200 <= outcome.status < 300 and text is not None and not outcome.is_cut:
                charge.cost = self._cost(
                    believed(usage.get("prompt_tokens"), sum(map(size, contents)), prompt),
                    believed(usage.get("completion_tokens"), size(text), max(self.longest_reply, size(text))),
                )
        return outcome, None if text is None else self._said(text)

    def _cost(self, prompt: float, reply: float) -> float:
        return (self.prices[0] * prompt + self.prices[1] * reply) / 1e6

    def _failure(self, failed: Failed, times: int, clock: _Clock) -> EndpointError:
        """Why there is no answer, as an error."""
        words = repr(self._said(failed.words).text[:QUOTED])
        if failed.why == "late" and clock.left() <= 0:
            reason = f"gave no answer within the deadline of {self.deadline:g} s: raise deadline, or ask less at a time"
        elif failed.why == "late":
            reason = (
                f"gave no answer within {self.timeout:g} s, {times} times: raise timeout, or look whether the server "
                "is busy"
            )
        elif failed.why == "untrusted":
            reason = (
                f"shows a certificate that is not believed ({words}): look whether the address is right, or name the "
                "authorities to believe by certificates"
            )
        elif failed.why == "unreachable":
            reason = f"cannot be reached ({words}): is the server running? Proxies of the environment are not used"
        else:
            reason = f"broke off, {times} times ({words}): look into the server's log, or ask again"
        return EndpointError(f"{self.base_url} {reason}")

    def _refusal(self, answered: Answered) -> EndpointError:
        """Why a status is no answer, as an error in the server's words and without the key."""
        if 300 <= answered.status < 400:
            where = self._said(site_of(answered.headers.get("location", ""))).text[:QUOTED]
            return EndpointError(
                f"{self.base_url} was redirected with status {answered.status} to {where}: redirects are not followed, "
                "because they take the policy to another place; if you trust it, name it as base_url"
            )
        said = self._said(words_of(answered)).text
        asks = wished_pause(answered.headers)
        waits = "" if asks is None or asks < 1.0 else f" (asks to wait {asks:g} s)"
        return EndpointError(
            f"{self.base_url} refuses with status {answered.status}{waits}: {said[:QUOTED]!r}", reply=said
        )

    def _said(self, text: str) -> _Said:
        repeats_key = any(one.is_in(text) for one in self._secrets)
        for one in self._secrets:
            text = one.withheld_from(text)
        return _Said(text, repeats_key)

    def _kept(self, messages: list[dict[str, str]], schema: Mapping[str, Any], temperature: float) -> KeptAnswer | None:
        if self.cache is None:
            return None
        base_url = self.base_url.rstrip("/")
        return kept_answer(self.cache, [base_url, self.model, messages, dict(schema), temperature, self.longest_reply])

    def __copy__(self) -> ChatEndpoint:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ChatEndpoint:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise ProblemError(
            "an endpoint is not pickled, for it holds a key and a running budget: make one in each process"
        )


def _number(value: Any, name: str, *, positive: bool = False) -> float:
    """A finite number, not negative."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ProblemError(f"{name} is {value!r}: it must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ProblemError(f"{name} is {number!r}: it must be finite; give a large number where there is no limit")
    if number < 0 or (positive and number == 0):
        raise ProblemError(f"{name} is {number!r}: it must {'be positive' if positive else 'not be negative'}")
    return number


def _count(value: Any, name: str, least: int) -> int:
    """A whole number of at least `least`, 0 or 1."""
    try:
        number = index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise ProblemError(f"{name} is {value!r}: it must be a whole number")
    if number < least:
        raise ProblemError(f"{name} is {number}: it must {'be positive' if least else 'not be negative'}")
    return number


def unleaked(said: _Said, validate: Callable[[dict[str, Any]], Answer]) -> Answer:
    """The answer in a reply that does not repeat the key."""
    if said.repeats_key:
        raise ReplyError(
            f"the reply is refused, it repeats the key that was sent: {said.text[:QUOTED]!r}", reply=said.text
        )
    return validated(said.text, validate)


def validated(reply: str, validate: Callable[[dict[str, Any]], Answer]) -> Answer:
    """The answer in a reply, or a ReplyError that quotes the reply.

    Examples
    --------
    >>> validated('Sure! {"share": 0.4}', lambda found: found["share"])
    0.4
    >>> validated('{"share": 0.', lambda found: found["share"])
    Traceback (most recent call last):
        ...
    inference.language.chat.errors.ReplyError: the reply is not a whole JSON object: '{"share": 0.'
    """
    start = reply.find("{")
    try:
        found, _ = DECODER.raw_decode(reply, start) if start >= 0 else (None, 0)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ReplyError(f"the reply is not a whole JSON object: {reply[:QUOTED]!r}", reply=reply)
    try:
        return validate(found)
    except (ValueError, KeyError, TypeError) as exc:
        reason = f"{exc} is missing" if isinstance(exc, KeyError) else str(exc)
        raise ReplyError(f"the reply is refused, {reason}: {reply[:QUOTED]!r}", reply=reply) from exc
