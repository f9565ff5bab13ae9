r"""Names as people may safely see them.

Any text may be the name of a type or a good. On its way to a terminal, a page or a picture it must not move the
cursor, break the table, hide, or turn what stands beside it around: every such letter is shown by its number, as in
Python's own `repr`. Files, frames and JSON keep names as they are.
"""

from __future__ import annotations

import unicodedata

LONGEST = 48  # letters of a name in a table


def readable(name: str, longest: int = LONGEST) -> str:
    r"""One line that shows a name: what cannot be seen by its number, what is blank in quotes, what is long cut short.

    Examples
    --------
    >>> print(readable("low"), readable("a\nb\x1b[31m"), readable(""), readable(" low"), readable("x" * 40, 9))
    low a\nb\x1b[31m '' ' low' xxxx…xxxx
    """
    text = one_line(str(name))
    if len(text) > longest:
        text = f"{text[: longest // 2]}…{text[-(longest - longest // 2 - 1) :]}"
    return repr(text) if text != text.strip() or not text else text


def readable_lines(text: str) -> str:
    """Text in which only line breaks move anything; letters that cannot be seen are shown by their numbers."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter == "\n" else letter.encode("unicode_escape").decode()
        for letter in text
    )


def one_line(text: str) -> str:
    """Text on one line, every letter that cannot be seen shown by its number."""
    return readable_lines(text).replace("\n", "\\n")


def width(text: str) -> int:
    """Columns that a text takes on a terminal: two for a wide letter, none for a mark on the letter before it.

    Examples
    --------
    >>> width("low"), width("\u4f4e"), width("e\u0301")
    (3, 2, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.category(letter) in ("Mn", "Me") for letter in text)


def padded(text: str, columns: int, *, left: bool) -> str:
    """Text set to the left or the right of so many columns."""
    blank = " " * (columns - width(text))
    return text + blank if left else blank + text
