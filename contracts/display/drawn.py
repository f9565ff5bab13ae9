r"""Names in pictures: drawn as they are, whatever they would mean to whoever draws them.

A pair of dollars begins a formula for matplotlib, a leading underscore keeps a line out of the legend, and letters that
no font has become empty boxes, all alike: such letters are shown by their numbers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from contracts.readable import readable

LONGEST = 32
TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    }
)


def drawn(name: str) -> str:
    r"""A name as a text for matplotlib.

    Examples
    --------
    >>> print(drawn("low"), drawn("$5 to $10"), drawn("a\nb"), drawn("_x"))
    low \$5 to \$10 a\nb  _x
    """
    from matplotlib import rcParams

    text = "".join(
        letter if letter.isascii() or _is_drawn(letter) else _number(letter) for letter in readable(name, LONGEST)
    )
    if rcParams["text.usetex"]:
        return text.translate(TEX)
    if rcParams["text.parse_math"]:
        text = text.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def _is_drawn(letter: str) -> bool:
    """Whether a font in use has the letter."""
    from matplotlib import rcParams

    return any(font.get_char_index(ord(letter)) for font in _fonts(tuple(rcParams["font.family"])))


@cache
def _fonts(families: tuple[str, ...]) -> list[Any]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return [get_font(findfont(FontProperties(family=[family]))) for family in families]


def _number(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
