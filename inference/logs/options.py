"""What a cell of a choice log means: an option of a menu, or a reason why it means none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import WORDS_FOR_NOTHING, listed
from contracts.menu.menu import Menu

OUTSIDE_LABEL = "outside"  # label of the outside option
MOST_COLUMNS = 10_000  # options of all menus together that may be found without being declared

NO_MENU = "no menu"
UNKNOWN_MENU = "unknown menu"
NO_OPTION = "no option"
NOT_INTEGER = "option is not an integer"
IMPOSSIBLE = "impossible option number"
NOT_OFFERED = "option not on the menu"
AMBIGUOUS = "a separator of thousands or of decimals: pass decimal="

# Numbers as countries write them: decimals after a point or a comma, thousands apart by the other, a blank or a tick.
_APART = r"[ \u00a0\u202f'\u2019]"
_NUMBER = {
    decimal: re.compile(
        rf"([+-]?)(\d+|[1-9]\d{{0,2}}(?:{group}\d{{3}})+|[1-9]\d{{0,2}}(?:{_APART}\d{{3}})+)(?:{mark}(\d*))?"
    )
    for decimal, mark, group in ((".", r"\.", ","), (",", ",", r"\."))
}
DECIMALS = (".", ",", None)  # None: cells that can be read in two ways are refused, not guessed


class Column(NamedTuple):
    """One option of one menu."""

    menu: str  # "" where the log has one menu
    option: str  # label, or its number from 0; OUTSIDE_LABEL for the outside option


def whole_number(value: Any, decimal: str | None = None) -> int | None:
    """The integer that a cell states, if it states one, and only one.

    Examples
    --------
    >>> whole_number("2.0"), whole_number(2.5), whole_number("two"), whole_number("1,234,567"), whole_number("2,0")
    (2, None, None, 1234567, 2)
    >>> whole_number("1,000"), whole_number("1,000", "."), whole_number("1,000", ",")
    (None, 1000, 1)
    """
    if isinstance(value, str):
        read = _readings(value, decimal)
        return read.pop()[0] if len(read) == 1 and not is_fraction(read) else None
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float | Decimal):
        return int(value) if math.isfinite(value) and value == int(value) else None
    return None


def _readings(value: str, decimal: str | None) -> set[tuple[int, str]]:
    """What numbers a text may state: the part before the decimals, with its sign, and decimals without final zeros."""
    found = set()
    for mark, pattern in _NUMBER.items():
        if decimal in (None, mark) and (match := pattern.fullmatch(value.strip())):
            digits = re.sub(r"\D", "", match[2])
            found.add((int(match[1] + digits), (match[3] or "").rstrip("0")))
    return found


def is_fraction(read: set[tuple[int, str]]) -> bool:
    """Whether the only number is not whole."""
    return any(decimals for _, decimals in read)


def is_ambiguous(value: Any, decimal: str | None) -> bool:
    """Whether a cell may state two numbers, as 1,234 does where nobody says what the comma is.

    Examples
    --------
    >>> [is_ambiguous(cell, None) for cell in ("1.234", "1.234,0", "2.5")], is_ambiguous("1.234", ",")
    ([True, False, False], False)
    """
    return isinstance(value, str) and len(_readings(value, decimal)) > 1


def is_missing(value: Any) -> bool:
    """Whether a cell is empty: null, not a number, or blank text."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def is_word_for_nothing(value: Any) -> bool:
    """Whether a cell says in a word that it is empty, as NULL does; a label that is declared is no such word."""
    return isinstance(value, str) and value.strip() in WORDS_FOR_NOTHING


def label_of(value: Any) -> str:
    """How a cell is written: text without surrounding blanks, numbers that are whole without decimals."""
    number = None if isinstance(value, str | bool) else whole_number(value)
    return str(value).strip() if number is None else str(number)


@dataclass(frozen=True)
class MenuLabels:
    """The options of one menu.

    Attributes
    ----------
    labels : of the options; None if any label is accepted as it occurs
    numbered : whether options are the integers from 0
    """

    labels: tuple[str, ...] | None
    numbered: bool

    def option(self, value: Any, outside: Any, decimal: str | None = None) -> tuple[str | None, str]:
        """(label, "") of the option that a cell names, or (None, reason)."""
        if is_missing(value):
            return None, NO_OPTION
        number, label = whole_number(value, decimal), label_of(value)
        if is_word_for_nothing(value) and label not in (self.labels or ()) and label != label_of(outside):
            return None, NO_OPTION
        if outside is not None and (label == label_of(outside) or (number is not None and number == outside)):
            return OUTSIDE_LABEL, ""
        if self.labels is None:
            return (label, "") if number is None or isinstance(value, str) else (str(number), "")
        if not self.numbered:
            whole = str(number)
            known = label if label in self.labels else whole
            refused = AMBIGUOUS if is_ambiguous(value, decimal) else NOT_OFFERED
            return (known, "") if known in self.labels else (None, refused)
        if number is None:
            return None, AMBIGUOUS if is_ambiguous(value, decimal) else NOT_INTEGER
        if number < 0:
            return None, IMPOSSIBLE
        return (str(number), "") if number < len(self.labels) else (None, NOT_OFFERED)


@dataclass(frozen=True)
class LogMenus:
    """What every menu of a log has on offer.

    Attributes
    ----------
    of_menu : MenuLabels by menu; empty if the menus are found in the log
    common : the MenuLabels of every menu that `of_menu` does not name; None if those are unknown
    outside : the cell that means the outside option; None if nobody can leave
    decimal : what stands before decimals, "." or ","; None if cells that can be read in two ways are refused
    """

    of_menu: Mapping[str, MenuLabels]
    common: MenuLabels | None
    outside: Any
    decimal: str | None = None

    def column(self, menu: Any, option: Any, *, has_menu: bool) -> tuple[Column | None, str]:
        """(Column, "") that two cells mean, or (None, reason)."""
        if has_menu and is_missing(menu):
            return None, NO_MENU
        label = self._known(menu) if has_menu else ""
        offer = self.of_menu.get(label, self.common)
        if has_menu and is_word_for_nothing(menu) and label not in self.of_menu:
            return None, NO_MENU
        if offer is None:
            return None, UNKNOWN_MENU
        found, reason = offer.option(option, self.outside, self.decimal)
        return (None, reason) if found is None else (Column(label, found), "")

    def _known(self, menu: Any) -> str:
        label, number = label_of(menu), whole_number(menu)
        return str(number) if label not in self.of_menu and str(number) in self.of_menu else label

    def columns(self, found: set[Column]) -> tuple[Column, ...]:
        """All options in order: menu by menu, declared options first, the outside option last."""
        menus = list(self.of_menu) or sorted({column.menu for column in found} or {""}, key=_natural)
        ordered: list[Column] = []
        for menu in menus:
            offer = self.of_menu.get(menu, self.common)
            assert offer is not None
            seen = {column.option for column in found if column.menu == menu}
            labels = sorted(seen - {OUTSIDE_LABEL}, key=_natural) if offer.labels is None else offer.labels
            ordered += [Column(menu, label) for label in labels]
            if self.outside is not None and (offer.labels is not None or OUTSIDE_LABEL in seen):
                ordered.append(Column(menu, OUTSIDE_LABEL))
        return tuple(ordered)


def _natural(label: str) -> tuple[int, int, str]:
    """Numbers by size before words by letter."""
    number = whole_number(label)
    return (1, 0, label) if number is None else (0, number, label)


def offers(options: Any, outside: Any, decimal: str | None = None) -> LogMenus:
    """What is on offer, from what the user declares.

    Parameters
    ----------
    options : number of options (they are 0, 1, ...), their labels, or a Menu; a mapping of those by menu; None: any
    outside : the cell that means the outside option; None if nobody can leave
    decimal : "." or ","; None to refuse cells that can be read in two ways

    Examples
    --------
    >>> offers({"basic": 2, "family": ["plus", "premium"]}, -1).column("basic", "1.0", has_menu=True)
    (Column(menu='basic', option='1'), '')
    >>> offers(2, -1).column(None, 7, has_menu=False)
    (None, 'option not on the menu')
    """
    if outside is not None and (is_missing(outside) or not isinstance(outside, str | int)):
        raise ProblemError(f"outside_option is {outside!r}: give the number or word that stands for it, or None")
    if decimal not in DECIMALS:
        raise ProblemError(f"decimal is {decimal!r}: give '.' or ',', what stands before decimals")
    if not isinstance(options, Mapping):
        return LogMenus({}, _offer("options", options, outside), outside, decimal)
    of_menu: dict[str, MenuLabels] = {}
    for menu, content in options.items():
        label = label_of(menu)
        if is_missing(menu) or label in of_menu:
            raise ProblemError(f"options names the menu {label!r} twice or not at all: give every menu its own name")
        of_menu[label] = _offer(f"options[{label!r}]", content, outside)
    if not of_menu:
        raise ProblemError("options is an empty mapping: name at least one menu, or leave it out")
    return LogMenus(of_menu, None, outside, decimal)


def _offer(name: str, content: Any, outside: Any) -> MenuLabels:
    if content is None:
        return MenuLabels(None, numbered=False)
    if isinstance(content, Menu):
        content = len(content.options.transfers)
    if isinstance(content, str) or not isinstance(content, int | Sequence) or isinstance(content, bool):
        raise ProblemError(f"{name} is {content!r}: give the number of options, their labels, or a Menu")
    if isinstance(content, int):
        if not 0 < content <= MOST_COLUMNS:
            raise ProblemError(f"{name} is {content}: a menu has 1 to {MOST_COLUMNS:,} options")
        return MenuLabels(tuple(map(str, range(content))), numbered=True)
    labels = tuple(map(label_of, content))
    reserved = {OUTSIDE_LABEL} | (set() if outside is None else {label_of(outside)})
    if not labels or len(set(labels)) != len(labels) or any(is_missing(label) for label in labels):
        raise ProblemError(f"{name} is {listed(labels)}: give every option its own label")
    if taken := reserved & set(labels):
        raise ProblemError(f"{name} holds {min(taken)!r}, which stands for the outside option: rename the option")
    return MenuLabels(labels, numbered=False)
