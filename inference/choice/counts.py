"""Observed choices, counted: how often every user took every option of every menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import rectangular
from contracts.inputs.columns import read_columns
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Names
from contracts.inputs.names import listed, refuse_nobody
from contracts.menu.menu import Menu
from contracts.menu.offers import OUTSIDE
from inference.choice.frames import Table
from inference.choice.offered import ChoiceSet, choice_set

Integers = NDArray[np.int64]
EVERY_ROUND = ""  # name of a menu that is the only one
USER, OPTION, MENU, ROUND = "user", "option", "menu", "round"
NamedChoiceSets = Mapping[str, ChoiceSet]


class Taken(NamedTuple):
    """One choice: where it is written, in the user's words, from which menu, and which option."""

    place: str
    menu: str
    option: int


@checked
@dataclass(frozen=True, eq=False)
class ChoiceCounts:
    """How often each user took each option: all that a posterior needs to know of a log of choices.

    Parameters
    ----------
    counts : (n_users, n_options + 1) whole numbers, the outside option last; or a mapping from the names of menus to
        such arrays, all for the same users
    users : (n_users,) distinct labels, of one kind; by default 0, 1, ...
    history : the choices of user number k in their order, if known; for messages only

    Raises
    ------
    ProblemError
        If a count is negative or not whole, or if users and rows do not match.

    Examples
    --------
    >>> ChoiceCounts([[8, 1, 1], [0, 10, 0]], users=["ann", "bob"]).n_choices
    array([10, 10])
    """

    counts: Any
    users: Names = None
    history: Callable[[int], Iterator[Taken]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        given = self.counts if isinstance(self.counts, Mapping) else {EVERY_ROUND: self.counts}
        counts = {str(name): _whole(str(name), table) for name, table in given.items()}
        if not counts:
            raise ProblemError("counts names no menu: give one table of counts per menu")
        n_users = len(next(iter(counts.values())))
        users = np.arange(n_users) if self.users is None else np.array(self.users)
        for name, table in counts.items():
            if len(table) != n_users or users.shape != (n_users,):
                raise ProblemError(
                    f"{_of_menu('counts', name)} has {len(table)} rows for users of shape {users.shape}: "
                    "give every user one row in every table"
                )
        refuse_nobody("users", users)
        if users.dtype.kind not in "iuUSfO" or len(np.unique(users)) != n_users:
            raise ProblemError("users must be distinct names or numbers: add up the counts of the same user first")
        users.setflags(write=False)
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "users", users)

    @property
    def n_choices(self) -> Integers:
        """Number of choices of each user, (n_users,)."""
        return np.asarray(sum(table.sum(axis=1, dtype=np.int64) for table in self.counts.values()))


def named_offers(menu: Any) -> dict[str, ChoiceSet]:
    """Choice sets by name: of one menu for every round, of one menu per round (named 0, 1, ...), or of named menus."""
    menu = getattr(menu, "choice_set", menu)
    if isinstance(menu, Menu | ChoiceSet):
        named: dict[str, Any] = {EVERY_ROUND: menu}
    elif isinstance(menu, Mapping):
        named = {str(name): one for name, one in menu.items()}
    elif isinstance(menu, Sequence) and not isinstance(menu, str):
        named = {str(number): one for number, one in enumerate(menu)}
    else:
        raise ProblemError(f"menu is {type(menu).__name__}: give a Menu, a list with one per round, or a dict of names")
    if not named:
        raise ProblemError("menu is empty: give at least one menu")
    known: dict[int, ChoiceSet] = {}  # a menu that is offered in many rounds is looked at once
    offers = {name: known.setdefault(id(one), choice_set(one)) for name, one in named.items()}
    first = next(iter(offers.values()))
    for name, offer in offers.items():
        if tuple(offer.labels) != tuple(first.labels):
            raise ProblemError(
                f"menu {name!r} is about the types {_listed(offer.labels)}, another about {_listed(first.labels)}: "
                "one posterior is about one list of types"
            )
    return offers


def count_choices(offers: NamedChoiceSets, choices: Any, users: Any = None) -> ChoiceCounts:
    """Choices from an array, a frame or a file, counted and checked against the menus.

    Parameters
    ----------
    offers : choice sets by name, see `named_offers`
    choices : (n_users, n_rounds) array of options, -1 for the outside option, masked or NaN where missing; (n_users,)
        if everybody chose once; or a frame, or the path of a .csv or .parquet file, with the columns `user` and
        `option`, `menu` where there are several, and perhaps `round`, by which messages name a choice; or ChoiceCounts
    users : labels of the rows of an array

    Raises
    ------
    ProblemError
        If a choice is not on its menu, or if something is missing that cannot be.
    """
    if isinstance(choices, ChoiceCounts):
        if users is not None:
            raise ProblemError("users is given twice: ChoiceCounts has its own")
        return _fitting(offers, choices)
    if isinstance(choices, str | Path):
        table = read_columns(Path(choices))
        cells: dict[str, Any] = {USER: _named(table.column(USER), table.path)}
        cells[OPTION] = table.numbers(OPTION)
        cells |= {name: table.column(name) for name in (MENU, ROUND) if name in table.names}
        return _from_frame(offers, Table(cells, first_row=1), users, str(choices))
    if isinstance(choices, Mapping) or hasattr(type(choices), "columns"):
        return _from_frame(offers, Table(choices), users, "the frame")
    return _from_array(offers, choices, users)


# ---- arrays ----


def _from_array(offers: NamedChoiceSets, choices: Any, users: Any) -> ChoiceCounts:
    option, missing = _options(choices)
    n_users, n_rounds = option.shape
    menus = list(offers) if EVERY_ROUND not in offers else [EVERY_ROUND] * n_rounds
    if len(menus) != n_rounds or (n_rounds and not all(name.isdigit() for name in menus if name)):
        raise ProblemError(
            f"choices has {n_rounds} rounds, but menu names {_listed(list(offers))}: give one menu for all rounds, a "
            "list with one per round, or a frame with a column 'menu'"
        )
    sizes = np.array([offers[name].n_options for name in menus], dtype=np.int64)
    off_menu = ~missing & ((option < OUTSIDE) | (option >= sizes))
    if off_menu.any():
        user, round_ = (int(k) for k in np.argwhere(off_menu)[0])
        raise ProblemError(
            f"choices[{user}, {round_}] is {option[user, round_]}: {_on_offer(int(sizes[round_]))}; mask the missing"
        )
    rounds_of: dict[str, list[int]] = {}
    for round_, name in enumerate(menus):
        rounds_of.setdefault(name, []).append(round_)
    counts = {name: np.zeros((n_users, offers[name].n_options + 1), dtype=np.int64) for name in offers}
    for name, rounds in rounds_of.items():
        columns = slice(None) if len(rounds) == n_rounds else rounds
        counts[name] = _tally(option[:, columns], missing[:, columns], offers[name].n_options + 1)

    def history(user: int) -> Iterator[Taken]:
        for round_ in np.flatnonzero(~missing[user]).tolist():
            yield Taken(f"round {round_}", menus[round_], int(option[user, round_]))

    return ChoiceCounts(counts, users, history)


def _options(choices: Any) -> tuple[Integers, NDArray[np.bool_]]:
    """Whole numbers and where they are missing, both (n_users, n_rounds)."""
    missing = np.ma.getmaskarray(choices) if np.ma.isMaskedArray(choices) else None
    try:
        array = np.asarray(np.ma.getdata(choices) if missing is not None else choices)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as exc:
        raise ProblemError(f"choices is not a rectangular array of numbers ({exc}): mask what is missing") from exc
    if array.dtype.kind not in "iuf":
        raise ProblemError(f"choices holds {array.dtype}, not the numbers of options: give integers, -1 for outside")
    if array.ndim not in (1, 2):
        raise ProblemError(
            f"choices has shape {array.shape}; expected (n_users, n_rounds), or (n_users,) for one round"
        )
    array = array if array.ndim == 2 else array[:, np.newaxis]
    missing = np.zeros(array.shape, dtype=bool) if missing is None else missing.reshape(array.shape)
    if array.dtype.kind == "f":
        missing = missing | np.isnan(array)
        broken = ~missing & ((array != np.round(array)) | np.isinf(array))
        if broken.any():
            where = tuple(int(k) for k in np.argwhere(broken)[0])
            raise ProblemError(f"choices[{where[0]}, {where[1]}] is {array[where]}: options are whole numbers")
        array = np.where(missing, OUTSIDE, array)
    return array.astype(np.int64), missing


def _tally(option: Integers, missing: NDArray[np.bool_], width: int) -> Integers:
    """How often every row holds every option; the outside option counts in the last column."""
    cell = option % width + (np.arange(len(option)) * width)[:, np.newaxis]
    seen = cell.ravel() if not missing.any() else cell[~missing]
    return np.bincount(seen, minlength=len(option) * width).reshape(len(option), width)


# ---- frames ----


def _from_frame(offers: NamedChoiceSets, table: Table, users: Any, where: str) -> ChoiceCounts:
    """Counts of a frame, whose rows are numbered from 0, or of a file, whose rows are numbered from 1."""
    if users is not None:
        raise ProblemError(f"users is given twice: {where} has a column {USER!r}")
    first_row = table.first_row
    labels, user = np.unique(table.people(USER), return_inverse=True)
    option = table.numbers(OPTION)
    if (option != np.round(option)).any():
        row = int(np.argmax(option != np.round(option)))
        raise ProblemError(f"{where}: option is {option[row]} in row {row + first_row}: options are whole numbers")
    option = option.astype(np.int64)
    names = _menus_of_rows(offers, table, where)
    counts = {}
    for name, offer in offers.items():
        rows = slice(None) if names is None else np.flatnonzero(names == name)
        own, width = option[rows], offer.n_options + 1
        bad = (own < OUTSIDE) | (own >= offer.n_options)
        if bad.any():
            row = int(np.arange(len(option))[rows][np.argmax(bad)])
            raise ProblemError(
                f"{where}: user {labels[user[row]]!s} took option {option[row]} in row {row + first_row}: "
                f"{_on_offer(offer.n_options)}"
            )
        cell = user[rows] * width + own % width
        counts[name] = np.bincount(cell, minlength=len(labels) * width).reshape(len(labels), width)
    rounds = table.cells(ROUND) if ROUND in table.names else None

    def history(number: int) -> Iterator[Taken]:
        rows = np.flatnonzero(user == number)
        if rounds is not None:
            rows = rows[np.argsort(rounds[rows], kind="stable")]
        for row in rows.tolist():
            place = f"row {row + first_row}" if rounds is None else f"round {rounds[row]}"
            yield Taken(place, EVERY_ROUND if names is None else str(names[row]), int(option[row]))

    return ChoiceCounts(counts, labels, history)


def _menus_of_rows(offers: NamedChoiceSets, table: Table, where: str) -> NDArray[Any] | None:
    """Name of the menu of every row; None where there is one menu."""
    given = np.array([str(cell) for cell in table.labels(MENU).tolist()]) if MENU in table.names else None
    if EVERY_ROUND in offers:
        if given is not None and (given != given[0]).any():
            raise ProblemError(
                f"{where} has choices from the menus {_listed(np.unique(given).tolist())}, but one menu was "
                "given: give a dict of all menus by name, in a shell a file NAME.json of each"
            )
        return None
    if given is None:
        raise ProblemError(f"{where} has no column {MENU!r}, but there are {len(offers)} menus: say which row is whose")
    for row, name in enumerate(given.tolist()):
        if name not in offers:
            raise ProblemError(
                f"{where}: menu {name!r} in row {row + table.first_row} is not among {_listed(list(offers))}"
            )
    return given


def _named(cells: list[Any], path: Path) -> NDArray[Any]:
    for row, cell in enumerate(cells, start=1):
        if cell is None or cell == "":
            raise ProblemError(f"{path}: column {USER!r} has an empty cell in row {row}: say who chose")
    return np.array(cells)


# ---- counts ----


def _fitting(offers: NamedChoiceSets, choices: ChoiceCounts) -> ChoiceCounts:
    for name, table in choices.counts.items():
        if name not in offers:
            raise ProblemError(f"counts are of menu {name!r}, which is not among {_listed(list(offers))}")
        if table.shape[1] != offers[name].n_options + 1:
            raise ProblemError(
                f"{_of_menu('counts', name)} has {table.shape[1]} columns; expected {offers[name].n_options + 1}: one "
                "per option of the menu, the outside option last"
            )
    return choices


def _whole(name: str, table: Any) -> Integers:
    array = rectangular(_of_menu("counts", name), table)
    if array.ndim != 2 or array.shape[1] == 0 or array.dtype.kind not in "iuf":
        what = f"{_of_menu('counts', name)} is {array.dtype} of shape {array.shape}"
        raise ProblemError(f"{what}; expected whole numbers, (n_users, n_options + 1)")
    bad = ~((array >= 0) & (array == np.round(array)) & (array <= 2**53))
    if bad.any():
        where = tuple(int(k) for k in np.argwhere(bad)[0])
        raise ProblemError(f"{_of_menu('counts', name)}[{where[0]}, {where[1]}] is {array[where]}: counts are whole")
    whole = array.astype(np.min_scalar_type(int(array.max(initial=0))))  # many menus of one round each stay small
    whole.setflags(write=False)
    return whole


# ---- words ----


def _on_offer(n_options: int) -> str:
    last = f"option {OUTSIDE} is the outside option"
    return (
        f"the menu offers options 0 to {n_options - 1}, and {last}" if n_options else f"the menu is empty, and {last}"
    )


def _of_menu(what: str, name: str) -> str:
    return f"{what}[{name!r}]" if name else what


def _listed(names: Sequence[str]) -> str:
    return listed(names, 5)
