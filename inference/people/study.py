"""The experiment: half of the people say what groups want, the other half chooses and judges; then they swap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count
from contracts.inputs.progress import reporter
from inference.people.answers import UNKNOWN, SurveyAnswers, variance_explained
from inference.people.found import FoundGroups, assigner
from inference.people.halves import Half, Judged, halves, judged
from inference.people.judging import Panel
from inference.people.offers import AVERAGING, MECHANISMS, Offers, elicit, offers
from inference.people.results import PLACEBO, REFIT_SPLITS, PeopleStudy

Indices = NDArray[np.intp]


class Grouping(NamedTuple):
    """Who belongs where: a name, and the groups of people to learn from and of people to judge by."""

    name: str
    n_groups: int
    divide: Callable[[Half, np.random.Generator], tuple[Indices, Indices]]


class Experiment(NamedTuple):
    """What is the same in all splits and resamples."""

    whole: Panel
    centre: Indices  # (n_people,) the group that wants are drawn to
    wanted: Callable[[Panel], Panel]  # what answers mean for policies
    unseen_items: bool
    reliability: float
    groupings: list[Grouping]
    mechanisms: tuple[str, ...]

    def halves(self, rng: np.random.Generator, counts: Indices | None = None) -> tuple[Half, Half]:
        """A random split of people, or of a resample that has them so often."""
        return halves(
            self.whole,
            self.centre,
            unseen_items=self.unseen_items,
            reliability=self.reliability,
            rng=rng,
            wanted=self.wanted,
            counts=counts,
        )

    def served(self, half: Half, rng: np.random.Generator) -> Iterator[tuple[int, Indices, Offers]]:
        """Number of every grouping, labels of held-out people, and what the others' answers make of it."""
        for number, grouping in enumerate(self.groupings):
            told, label = grouping.divide(half, rng)
            yield number, label, offers(elicit(half.taught, told, grouping.n_groups), self.mechanisms)

    def refit(self, rng: np.random.Generator) -> Array:
        """Gains of a resample in percent; (REFIT_SPLITS, n_groupings, n_mechanisms)."""
        n_people = len(self.whole.values)
        counts = rng.multinomial(n_people, np.full(n_people, 1 / n_people))
        gains = np.zeros((REFIT_SPLITS, len(self.groupings), len(self.mechanisms)))
        for split in gains:
            attainable = 0.0
            for half in self.halves(rng, counts):
                attainable += half.attainable.sum()
                for number, label, made in self.served(half, rng):
                    split[number] += [judged(made.by_name[name], label, half).gain.sum() for name in self.mechanisms]
            split *= 100 / attainable
        return gains


@checked
def people_study(
    answers: SurveyAnswers,
    groups: Any,
    *,
    rng: np.random.Generator,
    balanced: bool = False,
    programmes: Any = None,
    temperature: float = 1.0,
    n_splits: Count = 10,
    unseen_items: bool = False,
    reliability: float = 1.0,
    mechanisms: Any = MECHANISMS,
    placebo: bool = True,
    n_resamples: Count = 2000,
    n_refits: Count | None = None,
    progress: bool | Callable[[str], None] = False,
) -> PeopleStudy:
    """Whether menus made for groups of some people serve others better than one policy for the average.

    People are split in halves. One half says what its groups want, with errors; every mechanism turns that into
    policies. Each person of the other half gets or chooses one and judges it by the own answers. Then the halves
    swap, and all is repeated for `n_splits` splits, so that everybody is judged, never by a policy made from the own
    answers. Intervals are bootstraps over people, whose gains are means over splits, widened by what it adds that
    others might have been learned from, which differences between halves show. With 10 splits they cover 92 to 99% in
    simulations, with 2 too little; see docs/real-groups.md. With `n_refits` everything is done anew for resamples.

    Parameters
    ----------
    answers : the survey
    groups : names of groups that people declared, and FoundGroups to be found anew in every half; one or several
    balanced : whether policies only move money between items, so that amounts sum to zero
    programmes : (n_programmes, n_items) amounts of change on every item in finished programmes, so that policies are
        mixtures of these, without money: chances of programmes, or shares of a budget. None for any amounts, at a
        quadratic cost
    temperature : what a mixture costs per nat of Kullback-Leibler divergence from equal chances, in units of benefit; 0
        where chances cost nothing. Without programmes it means nothing
    n_splits : random splits in halves
    unseen_items : deal everybody's answered items in two halves: by one people choose, and are told apart if groups are
        found; the other judges. What an answer owes to chance then helps nobody to choose well
    reliability : share of the variance of answers within a group that is no error, in (0, 1]. What people want is then
        taken to be their answers, drawn so much nearer to the mean of their group, the first declared one, or of all:
        the best guess from an answer with error. They choose and judge by that; what is attainable is measured by the
        answers as they are, so that gains under different values compare
    mechanisms : names of those to run, of `"averaging", "labels", "labels, open", "menu", "robust menu", "menu at
        cost"`; averaging is always run. The two menus take most of the time
    placebo : whether to add random groups, of the sizes of the first groups
    n_resamples : of people
    n_refits : resamples of people for which groups are found, means elicited and menus made anew, each with two splits,
        in which all copies of a person are in one half. Intervals then come from these; each takes 2 / n_splits of the
        time of the study, and fewer than 30 make intervals vague. None for the intervals above
    progress : True to print a line per split to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If groups were not declared, one is too small to be split, or everybody wants the same.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> side = rng.integers(2, size=200)
    >>> liked = np.where(side[:, np.newaxis] == [0, 0, 1, 1], 0.9, 0.2)
    >>> survey = SurveyAnswers(np.where(rng.random((200, 4)) < liked, 1, -1), groups={"side": list(side)})
    >>> study = people_study(survey, "side", rng=rng, n_splits=2, mechanisms=["menu"])
    >>> study.contrast(("side", "menu"), ("side", "averaging")).verdict
    'holds'
    """
    if n_refits == 1:
        raise ProblemError("n_refits is 1: two or more tell how far they differ, thirty well")
    if not 0 < reliability <= 1:
        raise ProblemError(f"reliability is {reliability}: give a share of the variance, above 0 and up to 1")
    kinds, names = _several(groups), _known(mechanisms)
    declared = [kind for kind in kinds if isinstance(kind, str)]
    told = np.ones(answers.n_people, dtype=bool)
    for name in declared:
        told &= answers.group(name)[1] != UNKNOWN
    if told.sum() < 4:
        raise ProblemError(f"{told.sum()} people told all of {', '.join(declared) or 'it'}: too few for two halves")
    people = answers.of_people(told)
    groupings = [_grouping(kind, people) for kind in kinds]
    if placebo:
        groupings.append(_placebo(groupings[0], kinds[0], people))
    if len({one.name for one in groupings}) < len(groupings):
        raise ProblemError(f"groups are named {[one.name for one in groupings]}: give each once")
    drawn, report = generator(rng), reporter(progress)
    wanted = _wanted(programmes, temperature, people.n_items)
    whole = Panel.of(people.answers, balanced=balanced)
    centre = people.group(declared[0])[1] if declared else np.zeros(people.n_people, dtype=np.intp)
    experiment = Experiment(whole, centre, wanted, unseen_items, reliability, groupings, names)
    tally = Tally(n_splits, len(groupings), len(names), people.n_people)
    for split in range(n_splits):
        for side, half in enumerate(experiment.halves(drawn)):
            tally.first[split, half.learn] = side == 0
            tally.attainable[half.held] += half.attainable / n_splits
            for number, label, made in experiment.served(half, drawn):
                explained = _explained(whole, half.held, label, groupings[number].n_groups)
                shares = (made.bound, made.incentive_cost, explained)
                tally.of_groups[:, number] += np.array(shares) / (2 * n_splits)
                for place, name in enumerate(names):
                    tally.add((split, side), number, place, half, judged(made.by_name[name], label, half))
        report(f"split {split + 1} of {n_splits}")
    if tally.attainable.mean() <= 0:
        raise ProblemError("everybody wants the same, so that one policy serves all: there is nothing to gain")
    everybody = np.full(people.n_people, 1 / people.n_people)
    counts = drawn.multinomial(people.n_people, everybody, size=n_resamples).astype(np.int32)
    refits = []
    for done in range(n_refits or 0):
        refits.append(experiment.refit(drawn))
        report(f"refit {done + 1} of {n_refits}")
    return PeopleStudy(
        groupings=tuple(one.name for one in groupings),
        mechanisms=names,
        n_splits=n_splits,
        unseen_items=unseen_items,
        reliability=reliability,
        gain=tally.by_person[0],
        prefers=tally.by_person[1],
        worse=tally.by_person[2],
        meant=tally.by_person[3],
        attainable=tally.attainable,
        declared={name: people.group(name) for name in declared},
        bound=tally.of_groups[0],
        incentive_cost=tally.of_groups[1],
        explained=tally.of_groups[2],
        chance=tally.chance,
        by_half=tally.by_half,
        first=tally.first,
        counts=counts,
        refits=np.stack(refits) if refits else None,
        n_programmes=0 if programmes is None else len(programmes),
    )


class Tally:
    """Means over splits, and over halves, of what was seen so far."""

    def __init__(self, n_splits: int, n_groupings: int, n_mechanisms: int, n_people: int) -> None:
        self.n_splits = n_splits
        self.by_person = np.zeros((4, n_groupings, n_mechanisms, n_people))  # gain, prefers, worse, meant
        self.of_groups = np.zeros((3, n_groupings))  # menus changed by incentives, what they cost, variance explained
        self.chance = np.zeros((n_groupings, n_mechanisms))
        self.by_half = np.zeros((n_splits, 2, n_groupings, n_mechanisms))
        self.first = np.zeros((n_splits, n_people), dtype=bool)
        self.attainable = np.zeros(n_people)

    def add(self, fold: tuple[int, int], grouping: int, mechanism: int, half: Half, found: Judged) -> None:
        """What one offer did to one half."""
        each = np.stack([found.gain, found.prefers, found.worse, found.meant])
        self.by_person[:, grouping, mechanism, half.held] += each / self.n_splits
        self.chance[grouping, mechanism] += found.by_chance / (2 * self.n_splits)
        self.by_half[*fold, grouping, mechanism] = found.gain.mean()


def _explained(whole: Panel, held: Indices, label: Indices, n_groups: int) -> float:
    """Share of the variance of held-out people's answers that lies between their groups."""
    part = whole.of_people(held)
    values = np.where(part.known > 0, part.values, np.nan)
    if whole.balanced:
        values = values - np.nanmean(values, axis=1, keepdims=True)
    return variance_explained(values, label, n_groups)


def _wanted(programmes: Any, temperature: float, n_items: int) -> Callable[[Panel], Panel]:
    """What answers mean for policies: they are wants themselves, or tell what is enjoyed of programmes."""
    if temperature < 0:
        raise ProblemError(f"temperature is {temperature}: give what leaving equal chances costs, 0 or more")
    if programmes is None:
        return lambda panel: panel
    amounts = finite("programmes", programmes)
    if amounts.ndim != 2 or amounts.shape[1] != n_items or len(amounts) < 2:
        raise ProblemError(
            f"programmes has shape {amounts.shape}; expected (n_programmes, {n_items}): one row for each of two or "
            "more, an amount for every item"
        )
    return lambda panel: panel.of_programmes(amounts, temperature)


def _several(groups: Any) -> list[str | FoundGroups]:
    kinds = [groups] if isinstance(groups, str | FoundGroups) else groups
    if not isinstance(kinds, Sequence) or not kinds or not all(isinstance(kind, str | FoundGroups) for kind in kinds):
        raise ProblemError(f"groups is {groups!r}: give names of declared groups, FoundGroups(...), or a list of these")
    return list(kinds)


def _known(mechanisms: Any) -> tuple[str, ...]:
    """The mechanisms asked for, in their own order, averaging among them."""
    if isinstance(mechanisms, str | bytes) or not isinstance(mechanisms, Sequence):
        raise ProblemError(f"mechanisms is {mechanisms!r}: give a list of names")
    for name in mechanisms:
        if not isinstance(name, str) or name not in MECHANISMS:
            raise ProblemError(f"there is no mechanism {name!r}: use some of {', '.join(map(repr, MECHANISMS))}")
    return tuple(name for name in MECHANISMS if name in mechanisms or name == AVERAGING)


def _grouping(kind: str | FoundGroups, people: SurveyAnswers) -> Grouping:
    if isinstance(kind, str):
        names, group = people.group(kind)
        return Grouping(kind, len(names), lambda half, rng: (group[half.learn], group[half.held]))
    found = kind

    def divide(half: Half, rng: np.random.Generator) -> tuple[Indices, Indices]:
        tell = assigner(half.known, found, rng=rng)
        return tell(half.known), tell(half.shown)

    return Grouping(found.name, found.n_groups, divide)


def _placebo(first: Grouping, kind: str | FoundGroups, people: SurveyAnswers) -> Grouping:
    """Labels dealt at random, of the sizes of the first groups; equal ones if those are found."""
    labels = people.group(kind)[1] if isinstance(kind, str) else np.arange(people.n_people) % first.n_groups

    def divide(half: Half, rng: np.random.Generator) -> tuple[Indices, Indices]:
        return rng.permutation(labels[half.learn]), rng.permutation(labels[half.held])

    return Grouping(PLACEBO, first.n_groups, divide)
