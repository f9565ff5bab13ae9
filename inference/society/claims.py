"""What is claimed for menus, effect by effect, and the verdicts on it.

Where a claim is about two mechanisms its effect is their difference in the same societies. **Labels** hand out one
policy per group as menus do, but ask for no incentive compatibility (IC) and no individual rationality (IR): what
averaging loses to labels is the gain of several policies. **Open labels** let everybody keep the reference too, which
is what IR asks for, so that only what they lose to the menu is the gain of IC. **Delivery** is absolute: whoever
delivers nine tenths of what it promises is not hacked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Seed
from inference.society.rounds import Course
from inference.society.scenarios import AXES, Cell
from inference.society.verdicts import MARGIN, Claim, Side, Verdict, verdict_on

STABLE_NOISE = 0.2  # of a standard deviation: what the source calls stable
COHERENT = 0.1  # total variation: a tenth of the probability may move
HACKED = 0.1  # share of what is promised that may be missing
OFTEN = 0.1  # share of societies in which IC changes the menu, for it to matter
NOTICED = 3  # rounds
CHANNELS = ("plain", "shared noise")  # independent noise on every group's signal, and the same on all


@dataclass(frozen=True)
class GridClaim:
    """A claim with its effect per replication, and where in the sweep it is measured."""

    claim: Claim
    effect: Callable[[Cell, int], Array]  # cell and number of the noise level -> (n_replications,)
    where: Callable[[float, float], bool]  # conflict, noise


class Where(NamedTuple):
    """Cells of the sweep, in words and by conflict and noise."""

    words: str
    holds: Callable[[float, float], bool]


def gap(what: str, first: str, second: str) -> Callable[[Cell, int], Array]:
    """first less second by one measure."""

    def effect(cell: Cell, level: int) -> Array:
        return np.asarray(cell.values[first][what][level] - cell.values[second][what][level])

    return effect


def growth_gap(what: str, first: str, second: str) -> Callable[[Cell, int], Array]:
    """By how much more a measure grows with the noise for the first than for the second."""

    def effect(cell: Cell, level: int) -> Array:
        one, two = cell.values[first][what], cell.values[second][what]
        return np.asarray(one[level] - one[0] - (two[level] - two[0]))

    return effect


def undelivered(name: str) -> Callable[[Cell, int], Array]:
    """What a mechanism promises less what it delivers, less the share of the promise that may be missing."""

    def effect(cell: Cell, level: int) -> Array:
        measured = cell.values[name]
        return np.asarray(measured["hacking"][level] - HACKED * measured["promised"][level])

    return effect


def _claim(
    words: str,
    unit: str,
    effect: Callable[[Cell, int], Array],
    where: Where,
    *,
    bound: float = 0.0,
    side: Side = "above",
    is_share: bool = False,
) -> GridClaim:
    """A claim whose rule says where it is judged."""
    rule = f"interval {side} {bound:g} {where.words}"
    return GridClaim(Claim(words, unit, rule, bound, side, is_share), effect, where.holds)


CONFLICT = Where("wherever groups conflict, at every level of noise", lambda conflict, noise: conflict > 0)
AGREED = Where("at conflict 0, at every level of noise", lambda conflict, noise: conflict == 0)
NOISY = Where("wherever there is noise", lambda conflict, noise: noise > 0)
NOISY_CONFLICT = Where(
    "wherever groups conflict and there is noise", lambda conflict, noise: conflict > 0 and noise > 0
)
STABLE = Where(f"at every noise up to {STABLE_NOISE:g}", lambda conflict, noise: 0 < noise <= STABLE_NOISE)
STABLE_CONFLICT = Where(
    f"wherever groups conflict, {STABLE.words}", lambda conflict, noise: conflict > 0 and STABLE.holds(conflict, noise)
)
EVERYWHERE = Where("at every conflict and noise", lambda conflict, noise: True)
ON_AXES = Where("at every value and level of noise", EVERYWHERE.holds)
MISSING = f"logits: what is promised less what is delivered, less {HACKED:.0%} of the promise"
CLAIMS = (
    _claim(
        "Menus reduce misalignment against preference averaging",
        "logits: misalignment of averaging less that of the menu",
        gap("misalignment", "averaging", "menu"),
        CONFLICT,
    ),
    _claim(
        "Menus reduce misalignment against labels",
        "logits: misalignment of labels, the same policies without IC and IR, less that of the menu",
        gap("misalignment", "labels", "menu"),
        CONFLICT,
    ),
    _claim(
        "IC reduces misalignment: menus against open labels",
        "logits: misalignment of labels with the reference on offer less that of the menu",
        gap("misalignment", "open labels", "menu"),
        CONFLICT,
    ),
    _claim(
        f"IC changes the menu in more than {OFTEN:.0%} of societies",
        "share of societies where some type, as elicited, prefers what labels give another: the menu differs",
        lambda cell, level: cell.values["labels"]["tempted"][level],
        CONFLICT,
        bound=OFTEN,
        is_share=True,
    ),
    _claim(
        "Menus help the worst-off group against preference averaging",
        "logits: misalignment of the worst group under averaging less that under the menu",
        gap("worst_group", "averaging", "menu"),
        CONFLICT,
    ),
    _claim(
        "The menu stays coherent with up to 20% noise",
        "total variation between the policies that users get with and without noise",
        lambda cell, level: cell.values["menu"]["coherence"][level],
        STABLE,
        bound=COHERENT,
        side="below",
    ),
    _claim(
        "Noise makes averaging worse than it makes the menu",
        "logits: growth of misalignment with noise, averaging less menu",
        growth_gap("misalignment", "averaging", "menu"),
        NOISY_CONFLICT,
    ),
    _claim(
        "Noise makes averaging less coherent than the menu",
        "total variation, averaging less menu",
        gap("coherence", "averaging", "menu"),
        NOISY_CONFLICT,
    ),
    _claim(
        "Averaging is hacked more than the menu",
        "logits: growth with noise of what is promised less what is delivered, averaging less menu",
        growth_gap("hacking", "averaging", "menu"),
        NOISY_CONFLICT,
    ),
    *(
        _claim(
            f"{who} delivers nine tenths of what it promises with up to 20% noise",
            MISSING,
            undelivered(name),
            STABLE_CONFLICT,
            side="below",
        )
        for name, who in (("averaging", "Averaging"), ("menu", "The menu"))
    ),
    _claim(
        "Types are inferred from the selection",
        "share of users whose group the choice from the menu reveals, less the share that guessing does",
        lambda cell, level: cell.values["menu"]["recovered"][level] - cell.base_rate,
        CONFLICT,
    ),
    _claim(
        "The menu costs nothing where groups agree",
        "logits: misalignment of the menu less that of averaging",
        gap("misalignment", "menu", "averaging"),
        AGREED,
        bound=MARGIN,
        side="below",
    ),
    _claim(
        "Labels invite more lies than the menu",
        "logits that members gain by what is meant for another group, labels less menu",
        gap("misreporting", "labels", "menu"),
        EVERYWHERE,
    ),
    _claim(
        "The robust menu is more coherent than the plain one",
        "total variation, menu less robust menu",
        gap("coherence", "menu", "robust menu"),
        NOISY,
    ),
)
PROOF = "Incentive compatibility and individual rationality hold"


@checked
def judged(cells: Iterable[Cell], *, seed: Seed) -> tuple[Verdict, ...]:
    """A verdict on every claim.

    Raises
    ------
    ProblemError
        If the cells hold none that a claim is about.
    """
    known = tuple(cells)
    both = [cell for cell in known if cell.scenario in CHANNELS]
    found = [_judge(claim, both, np.random.default_rng([seed, number])) for number, claim in enumerate(CLAIMS)]
    return (*found, proof(known))


def proof(cells: Sequence[Cell]) -> Verdict:
    """IC and IR of every menu that was solved, by its exact certificate: a proof about each, no estimate."""
    count = sum(cell.certified[0] for cell in cells)
    exact = sum(cell.certified[1] for cell in cells)
    gain = max(max(cell.certified[2], 0.0) for cell in cells)
    shortfall = max(max(-cell.certified[3], 0.0) for cell in cells)
    largest = max(gain, shortfall)
    return Verdict(
        claim=PROOF,
        verdict="holds" if exact == count else "reversed" if exact == 0 else "mixed",
        effect=largest,
        interval=(largest, largest),
        detectable=0.0,  # a comparison of exact numbers
        n_replications=max(cell.n_replications for cell in cells),
        unit="logits: largest gain from another contract or shortfall from the reference, of every menu solved",
        rule="the exact certificate of every menu holds",
        n_supporting=exact,
        n_against=count - exact,
        n_nil=0,
        n_cells=count,
        not_in=() if exact == count else (f"{count - exact} menus",),
    )


def _judge(about: GridClaim, cells: Sequence[Cell], rng: np.random.Generator) -> Verdict:
    effects = [
        (f"{cell.scenario}, conflict {cell.conflict:g}, noise {noise:g}", about.effect(cell, level))
        for cell in cells
        for level, noise in enumerate(cell.noises)
        if about.where(cell.conflict, noise)
    ]
    return verdict_on(about.claim, effects, rng)


@checked
def judged_along(cells: Iterable[Cell], *, seed: Seed) -> tuple[Verdict, ...]:
    """Verdicts on the axes of trouble, spread within groups and people in wrong groups, and on too many types.

    A claim is judged where its cells are there; a sweep without axes has none of these verdicts.
    """
    known = {(cell.scenario, cell.conflict): cell for cell in cells}
    found = []
    for number, (axis, words) in enumerate(ALONG.items()):
        names = {one.name for one in AXES[axis]}
        along = [cell for (scenario, _), cell in known.items() if scenario in names]
        for rival in RIVALS:
            about = _claim(
                f"Menus reduce misalignment against {rival}, {words}",
                f"logits: misalignment of {rival} less that of the menu",
                gap("misalignment", rival, "menu"),
                ON_AXES,
            )
            if along:
                found.append(_judge(about, along, np.random.default_rng([seed, 2000 + number])))
    both = [
        (known["plain", c], cell) for (name, c), cell in known.items() if name == TOO_MANY and ("plain", c) in known
    ]
    if both:
        effects = [
            (f"conflict {one.conflict:g}, noise {noise:g}", _more_types(one, many, level))
            for one, many in both
            for level, noise in enumerate(many.noises)
        ]
        found.append(verdict_on(FREE_TYPES, effects, np.random.default_rng([seed, 3000])))
    return tuple(found)


TOO_MANY = "too many types"
RIVALS = ("averaging", "labels", "open labels")
ALONG = {"spread": "at any spread within groups", "misplaced": "also where people are counted in wrong groups"}
FREE_TYPES = Claim(
    "Twice as many types as there are cost the menu nothing",
    "logits: misalignment of the menu for the halves of every group less that of the menu for the groups",
    f"interval below {MARGIN:g} at every conflict and noise",
    MARGIN,
    "below",
)


def _more_types(one: Cell, many: Cell, level: int) -> Array:
    """The same societies, of which the first replications were also asked in parts."""
    count = min(one.n_replications, many.n_replications)
    few, more = (cell.values["menu"]["misalignment"][level, :count] for cell in (one, many))
    return np.asarray(more - few)


@checked
def judged_over_time(courses: Mapping[float, Course], *, seed: Seed) -> tuple[Verdict, ...]:
    """Verdicts on menus that learn from choices; a cell is a degree of conflict, a replication a society.

    Raises
    ------
    ProblemError
        If a course ends in the round of its drift: nothing can be followed then.
    """
    for conflict, course in courses.items():
        if course.drift + 1 >= course.alarms.shape[1]:
            raise ProblemError(
                f"courses[{conflict:g}] ends in the round of its drift, round {course.drift + 1}: run one with a round "
                "after it"
            )
    return tuple(
        verdict_on(
            Claim(words, unit, "interval above 0 at every conflict above 0"),
            [(f"conflict {conflict:g}", effect(course)) for conflict, course in courses.items()],
            np.random.default_rng([seed, 1000 + number]),
        )
        for number, (words, unit, effect) in enumerate(OVER_TIME)
    )


def _less_than(design: str) -> Callable[[Course], Array]:
    def effect(course: Course) -> Array:
        after = slice(1, None) if design == "averaging" else slice(course.drift + 1, None)
        lost = course.misalignment[design] - course.misalignment["menu"]
        return np.asarray(lost[:, after].mean(axis=1))

    return effect


def _alarm_rate(course: Course) -> Array:
    """Share of rounds with an alarm from the drift on to NOTICED rounds later, less the share before; by society."""
    after = course.alarms[:, course.drift : course.drift + NOTICED].max(axis=1)
    return np.asarray(after - course.alarms[:, : course.drift].mean(axis=1) * NOTICED)


OVER_TIME: tuple[tuple[str, str, Callable[[Course], Array]], ...] = (
    (
        "Menus that learn from choices beat averaging on the same data",
        "logits: misalignment of averaging less that of the renewed menu, mean over the rounds after the first",
        _less_than("averaging"),
    ),
    (
        "A drift of a group's norm is followed",
        "logits: misalignment of the first menu less that of the renewed one, mean over the rounds after the drift",
        _less_than("menu never renewed"),
    ),
    (
        "A drift of a group's norm is noticed",
        f"share of societies with an alarm within {NOTICED} rounds of the drift, less what false alarms would give",
        _alarm_rate,
    ),
)
