"""What is claimed for menus, effect by effect, and the verdicts on it.

Where a claim is about two mechanisms its effect is their difference in the same societies. **Labels** hand out one
policy per group as menus do, but ask for no incentive compatibility (IC) and no individual rationality (IR): what
averaging loses to labels is the gain of several policies. **Open labels** let everybody keep the reference too, which
is what IR asks for, so that only what they lose to the menu is the gain of IC. **Delivery** is absolute: whoever
delivers nine tenths of what it promises is not hacked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Seed
from inference.society.rounds import Course
from inference.society.scenarios import AXES, Cell
from inference.society.verdicts import MARGIN, Claim, Verdict, verdict_on

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


def _not_hacked(name: str, words: str) -> GridClaim:
    return GridClaim(
        Claim(
            words,
            f"logits: what is promised less what is delivered, less {HACKED:.0%} of the promise",
            f"interval below 0 wherever groups conflict, at every noise up to {STABLE_NOISE:g}",
            0.0,
            "below",
        ),
        undelivered(name),
        lambda conflict, noise: conflict > 0 and 0 < noise <= STABLE_NOISE,
    )


CLAIMS = (
    GridClaim(
        Claim(
            "Menus reduce misalignment against preference averaging",
            "logits: misalignment of averaging less that of the menu",
            "interval above 0 wherever groups conflict, at every level of noise",
        ),
        gap("misalignment", "averaging", "menu"),
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            "Menus reduce misalignment against labels",
            "logits: misalignment of labels, the same policies without IC and IR, less that of the menu",
            "interval above 0 wherever groups conflict, at every level of noise",
        ),
        gap("misalignment", "labels", "menu"),
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            "IC reduces misalignment: menus against open labels",
            "logits: misalignment of labels with the reference on offer less that of the menu",
            "interval above 0 wherever groups conflict, at every level of noise",
        ),
        gap("misalignment", "open labels", "menu"),
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            f"IC changes the menu in more than {OFTEN:.0%} of societies",
            "share of societies where some type, as elicited, prefers what labels give another: the menu differs",
            f"interval above {OFTEN:g} wherever groups conflict, at every level of noise",
            OFTEN,
            is_share=True,
        ),
        lambda cell, level: cell.values["labels"]["tempted"][level],
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            "Menus help the worst-off group against preference averaging",
            "logits: misalignment of the worst group under averaging less that under the menu",
            "interval above 0 wherever groups conflict, at every level of noise",
        ),
        gap("worst_group", "averaging", "menu"),
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            "The menu stays coherent with up to 20% noise",
            "total variation between the policies that users get with and without noise",
            f"interval below {COHERENT:g} at every noise up to {STABLE_NOISE:g}",
            COHERENT,
            "below",
        ),
        lambda cell, level: cell.values["menu"]["coherence"][level],
        lambda conflict, noise: 0 < noise <= STABLE_NOISE,
    ),
    GridClaim(
        Claim(
            "Noise makes averaging worse than it makes the menu",
            "logits: growth of misalignment with noise, averaging less menu",
            "interval above 0 wherever groups conflict and there is noise",
        ),
        growth_gap("misalignment", "averaging", "menu"),
        lambda conflict, noise: conflict > 0 and noise > 0,
    ),
    GridClaim(
        Claim(
            "Noise makes averaging less coherent than the menu",
            "total variation, averaging less menu",
            "interval above 0 wherever groups conflict and there is noise",
        ),
        gap("coherence", "averaging", "menu"),
        lambda conflict, noise: conflict > 0 and noise > 0,
    ),
    GridClaim(
        Claim(
            "Averaging is hacked more than the menu",
            "logits: growth with noise of what is promised less what is delivered, averaging less menu",
            "interval above 0 wherever groups conflict and there is noise",
        ),
        growth_gap("hacking", "averaging", "menu"),
        lambda conflict, noise: conflict > 0 and noise > 0,
    ),
    _not_hacked("averaging", "Averaging delivers nine tenths of what it promises with up to 20% noise"),
    _not_hacked("menu", "The menu delivers nine tenths of what it promises with up to 20% noise"),
    GridClaim(
        Claim(
            "Types are inferred from the selection",
            "share of users whose group the choice from the menu reveals, less the share that guessing does",
            "interval above 0 wherever groups conflict, at every level of noise",
        ),
        lambda cell, level: cell.values["menu"]["recovered"][level] - cell.base_rate,
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            "The menu costs nothing where groups agree",
            "logits: misalignment of the menu less that of averaging",
            f"interval below {MARGIN:g} at conflict 0, at every level of noise",
            MARGIN,
            "below",
        ),
        gap("misalignment", "menu", "averaging"),
        lambda conflict, noise: conflict == 0,
    ),
    GridClaim(
        Claim(
            "Labels invite more lies than the menu",
            "logits that members gain by what is meant for another group, labels less menu",
            "interval above 0 at every conflict and noise",
        ),
        gap("misreporting", "labels", "menu"),
        lambda conflict, noise: True,
    ),
    GridClaim(
        Claim(
            "The robust menu is more coherent than the plain one",
            "total variation, menu less robust menu",
            "interval above 0 wherever there is noise",
        ),
        gap("coherence", "menu", "robust menu"),
        lambda conflict, noise: noise > 0,
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
            about = GridClaim(
                Claim(
                    f"Menus reduce misalignment against {rival}, {words}",
                    f"logits: misalignment of {rival} less that of the menu",
                    "interval above 0 at every value and level of noise",
                ),
                gap("misalignment", rival, "menu"),
                lambda conflict, noise: True,
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
            Claim(words, unit, rule),
            [(f"conflict {conflict:g}", effect(course)) for conflict, course in courses.items()],
            np.random.default_rng([seed, 1000 + number]),
        )
        for number, (words, unit, rule, effect) in enumerate(OVER_TIME)
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


OVER_TIME: tuple[tuple[str, str, str, Callable[[Course], Array]], ...] = (
    (
        "Menus that learn from choices beat averaging on the same data",
        "logits: misalignment of averaging less that of the renewed menu, mean over the rounds after the first",
        "interval above 0 at every conflict above 0",
        _less_than("averaging"),
    ),
    (
        "A drift of a group's norm is followed",
        "logits: misalignment of the first menu less that of the renewed one, mean over the rounds after the drift",
        "interval above 0 at every conflict above 0",
        _less_than("menu never renewed"),
    ),
    (
        "A drift of a group's norm is noticed",
        f"share of societies with an alarm within {NOTICED} rounds of the drift, less what false alarms would give",
        "interval above 0 at every conflict above 0",
        _alarm_rate,
    ),
)
