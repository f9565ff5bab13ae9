"""A key that is sent to one place and can be read nowhere else.

Servers echo what they are sent: in error messages, in dumps of the request, and a model told to do so in its reply. So
every text of a server passes here before anybody sees it. A text is looked at with its escapes undone (percent, JSON,
HTML) and with letters and digits only, so that line breaks, quotes and invisible letters do not hide a key, and it is
searched for the key as it is, in hexadecimal, and in base64 at every alignment.
"""

from __future__ import annotations

import base64
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import unquote

from contracts.errors import ProblemError

STAND_IN = "[key]"
WITHHELD = "[withheld: it repeats the key]"
WORD = 6  # keys with fewer letters are placeholders more often than secrets: found as whole words only
WINDOW = 16  # letters in a row that no text shares with a key by chance: a part this long counts as the key
ROUNDS = 4  # of escapes within escapes
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|[nrtbf])")


class Secret:
    """A key that prints as [key]; pickles refuse it and copies are the same object.

    Parameters
    ----------
    text : the key, in letters that a header can carry
    name : what the user calls it

    Raises
    ------
    ProblemError
        If a header cannot carry it; the message does not repeat it.

    Examples
    --------
    >>> key = Secret("sk-pear-and-plum")
    >>> key
    [key]
    >>> key.withheld_from("sk-pear-and-plum is not valid")
    '[key] is not valid'
    >>> key.withheld_from("not valid: c2stcGVhci1hbmQtcGx1bQ==")
    '[withheld: it repeats the key]'
    """

    __slots__ = ("_forms", "_literal", "_text", "_windows")

    def __init__(self, text: str, name: str = "api_key") -> None:
        if not isinstance(text, str) or not text:
            raise ProblemError(f"{name} is not a text of one letter or more: leave it out where no key is needed")
        if not text.isascii() or not text.isprintable() or text != text.strip():
            raise ProblemError(
                f"{name} has a letter that headers cannot carry, or blanks around it: give the key alone, as in "
                f"{name}=key.strip()"
            )
        self._text = text
        forms = {form for form in map(skeleton, _written(text)) if len(form) >= WORD}
        self._forms = tuple(form for form in forms if len(form) < WINDOW)
        self._windows = {form[k : k + WINDOW] for form in forms for k in range(len(form) - WINDOW + 1)}
        as_word = r"(?<![^\W_]){}(?![^\W_])" if len(skeleton(text)) < WORD else "{}"
        self._literal = re.compile(as_word.format(re.escape(text)), re.IGNORECASE)

    def reveal(self) -> str:
        """The key itself, for the header that carries it."""
        return self._text

    @property
    def is_long(self) -> bool:
        """Whether no text has it by chance."""
        return len(skeleton(self._text)) >= WINDOW

    def is_in(self, text: str) -> bool:
        """Whether the key, or a long part of it, can be read out of a text."""
        return any(self._is_read_in(view) for view in _views(text))

    def withheld_from(self, text: str) -> str:
        """The text with [key] in place of the key, or nothing of it where the key stands in another writing."""
        cleaned = self._literal.sub(STAND_IN, text)
        return WITHHELD if self.is_in(cleaned) else cleaned

    def _is_read_in(self, view: str) -> bool:
        if self._literal.search(view):
            return True
        bare = skeleton(view)
        if any(form in bare for form in self._forms):
            return True
        return bool(self._windows) and any(bare[k : k + WINDOW] in self._windows for k in range(len(bare) - WINDOW + 1))

    def __repr__(self) -> str:
        return STAND_IN

    __str__ = __repr__

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise ProblemError("a key is not saved: make the endpoint again where it is needed")


def skeleton(text: str) -> str:
    r"""The letters and digits of a text, in lower case: what is left when layout, quotes and marks are gone.

    Examples
    --------
    >>> skeleton("sk-Pear\n  _42")
    'skpear42'
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _written(text: str) -> Iterator[str]:
    """Ways to write a text, each without the letters that depend on what stands around it."""
    raw = text.encode()
    yield text
    yield raw.hex()
    for before in range(3):  # bytes ahead of it in the same base64: groups of three bytes are four letters
        coded = base64.b64encode(b"\0" * before + raw).decode()
        yield coded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def _views(text: str) -> Iterator[str]:
    """A text, and the text with its escapes undone, as long as there are any."""
    for _ in range(ROUNDS + 1):
        yield text
        undone = html.unescape(unquote(_ESCAPE.sub(_letter, text)))
        if undone == text:
            return
        text = undone


def _letter(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else " "
