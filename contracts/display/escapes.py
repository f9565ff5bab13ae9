r"""Text on its way into LaTeX and Markdown: nothing in it is read as a mark of theirs."""

from __future__ import annotations

import re

from contracts.display.drawn import TEX
from contracts.readable import one_line

ALONE = str.maketrans({letter: f"{{{letter}}}" for letter in "[]*-?!,'"})  # no option of a new line, no ligature
OTHERS = {"<": "less", ">": "greater", "|": "bar", "`": "asciigrave"}
NAMED = str.maketrans({letter: f"\\text{name}{{}}" for letter, name in OTHERS.items()})
QUOTE = str.maketrans({'"': r"\char34{}"})  # its name needs fonts in T1, and babel makes the letter a command
MINUS = re.compile(r"^-(?=[\d.]|inf)")
MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")
BLOCK = re.compile(r"^(\d*)([-+=.):])")  # begins a list, a rule or a heading at the start of a line


def tex(text: str) -> str:
    r"""A text for LaTeX on one line; what begins like a negative number has a minus.

    Examples
    --------
    >>> print(tex("-0.5"), tex("50% & more"), tex("[1] -- x_1"))
    $-$0.5 50\% \& more {[}1{]} {-}{-} x\_1
    """
    text = one_line(text)
    sign, rest = ("$-$", text[1:]) if MINUS.match(text) else ("", text)
    return sign + rest.translate(TEX | ALONE | NAMED | QUOTE)


def markdown(text: str) -> str:
    r"""A text within a line of Markdown, such as a cell of a table.

    Examples
    --------
    >>> print(markdown("a|b"), markdown("<b>*x*</b>"), markdown("-0.5"))
    a\|b \<b\>\*x\*\</b\> -0.5
    """
    return MARKS.sub(r"\\\1", one_line(text))


def paragraph(text: str) -> str:
    r"""A text that is a paragraph of Markdown, whatever it begins with.

    Examples
    --------
    >>> print(paragraph("- 1"), paragraph("1. x"), paragraph("    code"))
    \- 1 1\. x code
    """
    return BLOCK.sub(r"\1\\\2", markdown(text.strip()))
