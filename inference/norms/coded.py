"""Answers of several kinds coded alike: numbers for groups, members and items, and how answers connect the items.

Items are the policies, followed by the outside option if somebody was asked what they could live with: an acceptance
is a choice between the policy and the outside option.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, rectangular
from contracts.inputs.frozen import dataclass
from inference.norms.elicitation import Acceptances, Answers, Comparisons, Labels, Rankings, positions, union
from inference.norms.likelihoods import Directions, Indices, Together, directions, pairs, set_choices


@dataclass(frozen=True, eq=False)
class CodedAnswers:
    """All answers; members are numbered group by group, so that those of one group are consecutive."""

    groups: Labels
    policies: Labels
    has_outside_option: bool
    member_group: Indices | None  # (n_members,), None if some answers do not say who gave them
    compared: tuple[Indices, Indices, Indices, Indices]  # group, member, winner, loser
    chosen: tuple[Indices, Indices, NDArray[np.bool_], Indices]  # group, member, (n_choices, n_items) offered, chosen
    rated: tuple[Indices, Indices, Indices, Array]  # group, member, item, rating
    n_answers: int

    @property
    def n_groups(self) -> int:
        return len(self.groups)

    @property
    def n_items(self) -> int:
        return len(self.policies) + self.has_outside_option

    @property
    def has_choices(self) -> bool:
        return len(self.compared[0]) + len(self.chosen[0]) > 0

    @property
    def has_ratings(self) -> bool:
        return len(self.rated[0]) > 0

    def likelihood(self, noise: float, *, by_member: bool = False) -> Together:
        """Of group utilities, or of every member's own."""
        n_units = self.n_groups
        if by_member:
            assert self.member_group is not None
            n_units = len(self.member_group)
        parts: list[Any] = []
        if len(self.compared[0]):
            group, member, winner, loser = self.compared
            parts.append(pairs(member if by_member else group, winner, loser, n_units=n_units, n_items=self.n_items))
        if len(self.chosen[0]):
            group, member, offered, chosen = self.chosen
            parts.append(set_choices(member if by_member else group, offered, chosen, n_units=n_units))
        if self.has_ratings:
            parts.append(self.directions(noise, by_member=by_member)[0])
        return Together(parts)

    def directions(self, noise: float, *, by_member: bool = False) -> tuple[Directions, int]:
        """Ratings as directions, and how many members are set aside because they rated everything alike."""
        group, member, item, rating = self.rated
        raters, first, rater = np.unique(member, return_index=True, return_inverse=True)
        unit = raters if by_member else group[first]
        assert self.member_group is not None or not by_member
        n_units = len(self.member_group) if by_member and self.member_group is not None else self.n_groups
        found, flat = directions(unit, rater.ravel(), item, rating, noise=noise, n_units=n_units, n_items=self.n_items)
        return found, len(flat)

    def preferred(self) -> NDArray[np.int64]:
        """How often i was preferred to j by somebody of a group, (n_groups, n_items, n_items); ratings count too."""
        count = np.zeros((self.n_groups, self.n_items, self.n_items), dtype=np.int64)
        group, _, winner, loser = self.compared
        np.add.at(count, (group, winner, loser), 1)
        group, _, offered, chosen = self.chosen
        row, other = np.nonzero(offered & (np.arange(self.n_items) != chosen[:, np.newaxis]))
        np.add.at(count, (group[row], chosen[row], other), 1)
        if self.has_ratings:
            together = self.directions(1.0)[0]
            for unit, rated, direction in zip(together.unit, together.rated, together.direction, strict=True):
                items = np.flatnonzero(rated)
                both = np.ix_(items, items)
                # Three ratings or more give distances: which way round then says nothing about existence.
                finite = rated.sum() > 2
                count[unit][both] += (direction[items][:, np.newaxis] > direction[items]) | finite
        return count


def code_answers(answers: Sequence[Answers], policies: Any = None, groups: Any = None) -> CodedAnswers:
    """Number everything that the answers name.

    Raises
    ------
    ProblemError
        If there is no answer, an answer names a policy or group that is not among those given, or only one policy.
    """
    known_groups = _known("groups", groups, [each.group for each in answers])
    known = _known("policies", policies, [column for each in answers for column in _policies_of(each)])
    if len(known) < 2:
        raise ProblemError(f"there is only one policy, {known[0].item()!r}: utilities compare two or more")
    group = [positions("groups", each.group, known_groups) for each in answers]
    member, member_group = _members(answers, group)
    outside = any(isinstance(each, Acceptances) for each in answers)
    compared: list[tuple[Any, ...]] = []
    chosen: list[tuple[Any, ...]] = []
    rated: list[tuple[Any, ...]] = []
    for each, whose, who in zip(answers, group, member, strict=True):
        if isinstance(each, Comparisons):
            winner, loser = positions("policies", each.winner, known), positions("policies", each.loser, known)
            compared.append((whose, who, winner, loser))
        elif isinstance(each, Acceptances):
            policy = positions("policies", each.policy, known)
            left = np.full(len(policy), len(known))
            compared.append((whose, who, np.where(each.accepted, policy, left), np.where(each.accepted, left, policy)))
        elif isinstance(each, Rankings):
            chosen.append(_successive_choices(each, whose, who, known, len(known) + outside))
        else:
            rated.append((whose, who, positions("policies", each.policy, known), each.rating))
    no_set = np.zeros((0, len(known) + outside), dtype=bool)
    return CodedAnswers(
        groups=known_groups,
        policies=known,
        has_outside_option=outside,
        member_group=member_group,
        compared=_joined(compared, (_NONE, _NONE, _NONE, _NONE)),
        chosen=_joined(chosen, (_NONE, _NONE, no_set, _NONE)),
        rated=_joined(rated, (_NONE, _NONE, _NONE, np.zeros(0))),
        n_answers=sum(each.n_answers for each in answers),
    )


_NONE = np.zeros(0, dtype=np.int64)


def _known(name: str, given: Any, columns: Sequence[Labels]) -> Labels:
    if given is None:
        return union(name, columns)
    labels = rectangular(name, list(given))
    if labels.ndim != 1 or not len(labels) or len(set(labels.tolist())) < len(labels):
        raise ProblemError(f"{name} are {given!r}: give different labels, one or more")
    return labels if labels.dtype.kind in "iuSU" else labels.astype(str)


def _policies_of(answers: Answers) -> list[Labels]:
    if isinstance(answers, Comparisons):
        return [answers.winner, answers.loser]
    return [np.concatenate(answers.ranking)] if isinstance(answers, Rankings) else [answers.policy]


def _members(answers: Sequence[Answers], group: Sequence[Indices]) -> tuple[list[Indices], Indices | None]:
    """Number of the member behind every answer, group by group; the groups are None if some answers do not say."""
    named = [(whose, each.member) for each, whose in zip(answers, group, strict=True) if each.member is not None]
    if not named:
        return [np.zeros(each.n_answers, dtype=np.int64) for each in answers], None
    labels = union("members", [member for _, member in named])
    code = [
        np.zeros(each.n_answers, dtype=np.int64) if each.member is None else _numbered(whose, each.member, labels)
        for each, whose in zip(answers, group, strict=True)
    ]
    different = np.unique(np.concatenate([np.unique(each) for each in code]))
    numbers = [np.searchsorted(different, each) for each in code]
    return numbers, different // len(labels) if len(named) == len(answers) else None


def _numbered(group: Indices, member: Labels, labels: Labels) -> Indices:
    return group * len(labels) + positions("members", member, labels)


def _successive_choices(
    rankings: Rankings, group: Indices, member: Indices, known: Labels, n_items: int
) -> tuple[Any, ...]:
    """Every ranking as choices of the best, from what is left."""
    length = np.array([len(each) for each in rankings.ranking])
    listed = positions("policies", np.concatenate(rankings.ranking), known)
    row = np.repeat(np.arange(len(length)), length)
    place = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    rank = np.full((len(length), n_items), n_items)  # not shown
    if rankings.unlisted == "below":
        rank[:, : len(known)] = n_items - 1
    rank[row, listed] = place
    offered = (rank[row] >= place[:, np.newaxis]) & (rank[row] < n_items)
    informative = offered.sum(axis=1) > 1
    return group[row][informative], member[row][informative], offered[informative], listed[informative]


def _joined(parts: Sequence[tuple[Any, ...]], empty: tuple[Any, ...]) -> Any:
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True)) if parts else empty
