"""What members of a community answered when asked about policies: comparisons, rankings, ratings, acceptances.

Every answer carries the group of the person who gave it and, if known, the member. Groups, members and policies are
labels of any one kind, text (blanks around it mean nothing) or integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, eager, finite, is_frame, rectangular, yes_or_no
from contracts.inputs.columns import read_columns, values_of
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described
from contracts.inputs.names import listed, missing, refuse_nobody

Labels = NDArray[Any]


@checked
@dataclass(frozen=True, eq=False)
class Comparisons:
    """Answers to "which of these two policies do you prefer?".

    Parameters
    ----------
    group, winner, loser : (n_answers,) labels; the winner was preferred to the loser
    member : (n_answers,) labels of who answered, unique within a group; None: every answer is somebody else's
    tied : (n_answers,) of bool, or 1 and 0: answers in which neither was preferred, so that winner and loser are just
        the two; None: there are none
    at_home : (n_answers,) labels of the one that had an advantage (of the ground, of the first move, of being shown
        first), any other label where neither had; None: nobody ever had

    Raises
    ------
    ProblemError
        If lengths disagree, a label is missing, a policy is compared with itself, or nobody who is compared is at home.

    Examples
    --------
    >>> Comparisons(group=["a", "a", "b"], winner=["tea", "tea", "milk"], loser=["milk", "milk", "tea"]).n_answers
    3
    """

    group: Labels
    winner: Labels
    loser: Labels
    member: Labels | None = None
    tied: NDArray[np.bool_] | None = None
    at_home: Labels | None = None

    def __post_init__(self) -> None:
        _freeze_labels(self, "group", "winner", "loser", "member", "at_home")
        if len(same := np.flatnonzero(self.winner == self.loser)):
            alone = self.winner[same[0]].item()
            raise ProblemError(f"comparison {same[0]} is of {alone!r} with itself: drop it, or name the other one")
        if self.tied is not None:
            object.__setattr__(self, "tied", _yes_or_no("tied", self.tied, self.group.shape))
        if self.at_home is not None and not self.home.any():
            raise ProblemError("at_home names nobody who is compared: give the label of the one with the advantage")

    @classmethod
    def from_frame(cls, frame: Any, **columns: str) -> Comparisons:
        """Read a frame, or a CSV or Parquet file, with the columns group, winner, loser and, if any, the others.

        Other names are given as keywords, `winner="chosen"`.
        """
        return cls(**_columns(frame, ("group", "winner", "loser"), ("member", "tied", "at_home"), columns))

    @property
    def has_ties(self) -> bool:
        return self.tied is not None and bool(self.tied.any())

    @property
    def home(self) -> NDArray[np.int64]:
        """1 where the winner was at home, -1 where the loser was; (n_answers,)."""
        if self.at_home is None:
            return np.zeros(self.n_answers, dtype=np.int64)
        place = self.at_home.astype(str)
        return (place == self.winner.astype(str)).astype(np.int64) - (place == self.loser.astype(str))

    @property
    def n_answers(self) -> int:
        return len(self.group)


@checked
@dataclass(frozen=True, eq=False)
class Rankings:
    """Answers to "put these policies in order".

    Parameters
    ----------
    group : (n_rankings,) labels
    ranking : n_rankings sequences of two or more policies (one or more if the unlisted are below), best first
    member : (n_rankings,) labels, or None
    unlisted : "absent" if policies left out of a ranking were not shown, "below" if all of them were and those left
        out come after the listed ones, in no order ("name your top three")
    tied : for every ranking a sequence of bool, one less than it lists: whether a policy shares its place with the next
        one; None: nobody does

    Raises
    ------
    ProblemError
        If lengths disagree, a ranking is too short or repeats a policy.

    Examples
    --------
    >>> Rankings(group=["a", "b"], ranking=[["tea", "milk", "juice"], ["juice", "tea"]]).n_answers
    2
    """

    group: Labels
    ranking: Sequence[Any]
    member: Labels | None = None
    unlisted: Literal["absent", "below"] = "absent"
    tied: Sequence[Any] | None = None

    def __post_init__(self) -> None:
        if self.unlisted not in ("absent", "below"):
            raise ProblemError(f"unlisted is {self.unlisted!r}: use 'absent' (not shown) or 'below' (shown, not named)")
        ranking = tuple(labels_of(f"ranking {k}", each) for k, each in enumerate(self.ranking))
        shortest = 2 if self.unlisted == "absent" else 1
        for k, each in enumerate(ranking):
            if len(each) < shortest:
                raise ProblemError(
                    f"ranking {k} lists {len(each)} policies: it takes {shortest} or more to say anything"
                )
            if len(set(each.tolist())) < len(each):
                raise ProblemError(f"ranking {k} repeats a policy: {listed(each)}")
        object.__setattr__(self, "ranking", ranking)
        _freeze_labels(self, "group", "member")
        if len(ranking) != len(self.group):
            raise ProblemError(f"there are {len(ranking)} rankings and {len(self.group)} groups: give one group each")
        if self.tied is not None:
            object.__setattr__(self, "tied", self._checked_ties(ranking))

    def _checked_ties(self, ranking: Sequence[Labels]) -> tuple[NDArray[np.bool_], ...]:
        if not isinstance(self.tied, Sequence | np.ndarray):
            raise ProblemError(f"tied is {described(self.tied)}: give a list with one sequence per ranking")
        if len(self.tied) != len(ranking):
            raise ProblemError(f"tied has {len(self.tied)} entries: give one sequence per ranking, {len(ranking)}")
        rows = enumerate(zip(self.tied, ranking, strict=True))
        return tuple(
            _yes_or_no(f"tied[{k}]", own if len(each) > 1 else np.zeros(0, dtype=bool), (len(each) - 1,))
            for k, (own, each) in rows
        )

    @classmethod
    def from_frame(cls, frame: Any, *, unlisted: Literal["absent", "below"] = "absent", **columns: str) -> Rankings:
        """Read a long frame or file with the columns group, member, policy, rank: one ranking per member, 1 is best.

        A column `task` tells several rankings of one member apart. Equal ranks are ties.
        """
        read = _columns(frame, ("group", "member", "policy", "rank"), ("task",), columns)
        rank = finite("rank", read["rank"])
        task = read.get("task")
        keys = [read["group"], read["member"], np.zeros(len(rank)) if task is None else labels_of("task", task)]
        codes = np.stack([np.unique(labels_of("labels", key), return_inverse=True)[1] for key in keys], axis=1)
        _, whose = np.unique(codes, axis=0, return_inverse=True)
        order = np.lexsort((rank, whose.ravel()))
        whose, rank, policy = whose.ravel()[order], rank[order], labels_of("policy", read["policy"])[order]
        with_next = np.append((np.diff(whose) == 0) & (np.diff(rank) == 0), False)
        first = np.r_[0, np.flatnonzero(np.diff(whose)) + 1]
        return cls(
            labels_of("group", read["group"])[order][first],
            np.split(policy, first[1:]),
            labels_of("member", read["member"])[order][first],
            unlisted,
            [own[:-1] for own in np.split(with_next, first[1:])] if with_next.any() else None,
        )

    @property
    def has_ties(self) -> bool:
        return self.tied is not None and any(own.any() for own in self.tied)

    @property
    def n_answers(self) -> int:
        return len(self.ranking)


@checked(own=("member",))
@dataclass(frozen=True, eq=False)
class Ratings:
    """Answers to "how good is this policy, on the scale?"; every member uses the scale in its own way.

    Parameters
    ----------
    group, member, policy : (n_answers,) labels
    rating : (n_answers,) numbers, higher is better, in any unit

    Raises
    ------
    ProblemError
        If lengths disagree, or a rating is not a finite number.

    Examples
    --------
    >>> Ratings(group=["a", "a"], member=["ann", "ann"], policy=["tea", "milk"], rating=[5, 3]).n_answers
    2
    """

    group: Labels
    member: Labels
    policy: Labels
    rating: Array

    def __post_init__(self) -> None:
        if self.member is None:
            raise ProblemError("ratings need the member who gave them: scales differ between people")
        _freeze_labels(self, "group", "member", "policy")
        rating = finite("rating", self.rating)
        if rating.shape != self.group.shape:
            raise ProblemError(f"rating has shape {rating.shape}; expected one per answer, {self.group.shape}")
        object.__setattr__(self, "rating", rating)

    @classmethod
    def from_frame(cls, frame: Any, **columns: str) -> Ratings:
        """Read a frame with the columns group, member, policy, rating."""
        return cls(**_columns(frame, ("group", "member", "policy", "rating"), (), columns))

    @property
    def n_answers(self) -> int:
        return len(self.group)


@checked
@dataclass(frozen=True, eq=False)
class Acceptances:
    """Answers to "could you live with this policy?".

    Parameters
    ----------
    group, policy : (n_answers,) labels
    accepted : (n_answers,) of bool, or 1 and 0
    member : (n_answers,) labels, or None

    Raises
    ------
    ProblemError
        If lengths disagree, or an answer is neither yes nor no.

    Examples
    --------
    >>> Acceptances(group=["a", "a"], policy=["tea", "milk"], accepted=[True, False]).n_answers
    2
    """

    group: Labels
    policy: Labels
    accepted: NDArray[np.bool_]
    member: Labels | None = None

    def __post_init__(self) -> None:
        _freeze_labels(self, "group", "policy", "member")
        object.__setattr__(self, "accepted", _yes_or_no("accepted", self.accepted, self.group.shape))

    @classmethod
    def from_frame(cls, frame: Any, **columns: str) -> Acceptances:
        """Read a frame with the columns group, policy, accepted and, if there is one, member."""
        return cls(**_columns(frame, ("group", "policy", "accepted"), ("member",), columns))

    @property
    def n_answers(self) -> int:
        return len(self.group)


Answers = Comparisons | Rankings | Ratings | Acceptances


# ---- labels ----


def distinct(values: Labels) -> Labels:
    """The different labels, sorted; integers that number something are found without sorting.

    Examples
    --------
    >>> distinct(np.array([2, 0, 2]))
    array([0, 2])
    """
    if values.dtype.kind in "iu" and len(values) and values.min() >= 0 and values.max() < 4 * len(values) + 1000:
        return np.flatnonzero(np.bincount(values)).astype(values.dtype)
    return np.unique(values)


def union(name: str, columns: Iterable[Labels]) -> Labels:
    """The different labels of several columns, sorted; refuses text beside numbers."""
    parts = [distinct(column) for column in columns]
    if len({part.dtype.kind in "SU" for part in parts}) > 1:
        raise ProblemError(f"{name} are text in some answers and numbers in others: use one kind of label")
    return np.unique(np.concatenate(parts))


def positions(name: str, values: Labels, known: Labels) -> NDArray[np.int64]:
    """Index of each value among `known`; names the first that is not there.

    Examples
    --------
    >>> positions("policies", np.array(["b", "a"]), np.array(["a", "b"]))
    array([1, 0])
    """
    order = np.argsort(known, kind="stable")
    if values.dtype.kind in "iu" and len(known) and np.array_equal(known, np.arange(len(known))):
        found, inside = values, (values >= 0) & (values < len(known))
    else:
        if (values.dtype.kind in "SU") != (known.dtype.kind in "SU"):
            raise ProblemError(f"{name} are text in one place and numbers in another: use one kind of label")
        different, back = np.unique(values, return_inverse=True)
        place = np.minimum(np.searchsorted(known[order], different), len(known) - 1)
        found, inside = order[place][back], (known[order][place] == different)[back]
    if not inside.all():
        raise ProblemError(
            f"{values[int(np.argmin(inside))].item()!r} is not among the {name}: {listed(known.tolist())}"
        )
    return found.astype(np.int64)


# ---- the door ----


def labels_of(name: str, values: Any) -> Labels:
    """One label per answer: text or integers, none missing."""
    array = rectangular(name, values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.ndim != 1:
        raise ProblemError(f"{name} has shape {array.shape}; expected one label per answer, (n_answers,)")
    if np.ma.isMaskedArray(values) and len(absent := np.flatnonzero(missing(values))):
        raise ProblemError(f"{name}[{absent[0]}] is missing: give every answer its label")
    if array.dtype.kind == "f":
        if len(broken := np.flatnonzero(~((array == np.round(array)) & np.isfinite(array)))):
            raise ProblemError(f"{name}[{broken[0]}] is {array[broken[0]]}: labels are text or integers, none missing")
        array = array.astype(np.int64)
    if len(absent := np.flatnonzero(missing(values))):  # in lists too, where NumPy makes the text "nan" of it
        raise ProblemError(f"{name}[{absent[0]}] is missing: give every answer its label")
    if array.dtype.kind not in "iuSU":
        array = array.astype(str)
    array = np.char.strip(array) if array.dtype.kind == "U" else array.copy()
    array.setflags(write=False)
    return array


def _yes_or_no(name: str, values: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """As many answers of yes or no as are expected, not to be written to."""
    found = yes_or_no(name, values)
    if found.shape != shape:
        raise ProblemError(f"{name} has shape {found.shape}; expected {shape}")
    found.setflags(write=False)
    return found


def _freeze_labels(answers: Any, *names: str) -> None:
    for name in names:
        if getattr(answers, name) is not None:
            object.__setattr__(answers, name, labels_of(name, getattr(answers, name)))
            length, expected = len(getattr(answers, name)), len(answers.group)
            if length != expected:
                raise ProblemError(f"{name} has {length} entries and group has {expected}: give one per answer")
    if "member" in names and answers.member is not None:
        refuse_nobody("member", answers.member)
    if not len(answers.group):
        raise ProblemError("there are no answers: give at least one")


def _columns(frame: Any, needed: Sequence[str], optional: Sequence[str], names: dict[str, str]) -> dict[str, Any]:
    """The columns of a frame by what they mean."""
    if unknown := sorted(set(names) - {*needed, *optional}):
        raise ProblemError(f"unknown column {unknown[0]!r}: known are {', '.join((*needed, *optional))}")
    if isinstance(frame, str | Path):
        frame = _of_file(Path(frame))
    if not is_frame(frame):
        raise ProblemError(f"a {type(frame).__name__} is not a dataframe: pass the columns to the constructor instead")
    table = eager(frame)
    present = [(role, names.get(role, role)) for role in (*needed, *optional)]
    for role, name in present:
        if name not in table.columns and (role in needed or role in names):
            raise ProblemError(
                f"the frame has no column {name!r} for the {role}: it has {listed(table.columns)}; "
                f"say which one it is, {role}=..."
            )
    return {role: table[name].to_numpy() for role, name in present if name in table.columns}


def _of_file(path: Path) -> Any:
    """The columns of a CSV or Parquet file: numbers, yes or no where all cells are true or false, or text."""
    columns = {}
    for name, cells in read_columns(path).cells.items():
        values, nothing = values_of(cells)
        columns[name] = cells if nothing.any() else values
    return pandas().DataFrame(columns)
