"""Cells of the experiment: many replications of one society under one kind of trouble, at every level of noise.

Replication r draws its society, its answers and its noise from generators that depend on the seed and on r alone, so
every mechanism, level of noise, degree of conflict and scenario meets the same random numbers (common random numbers),
and differences between them are paired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked, formerly, renamed
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Seed
from contracts.inputs.progress import reporter
from inference.society.community import Elicited, community_input, elicited, misplaced
from inference.society.evaluation import Outcome, Truth, coherence, evaluate, full_information
from inference.society.mechanisms import FULL_INFORMATION, MECHANISMS, Offer, Signal
from inference.society.world import HETEROGENEITY, Society, in_parts, moral_machine_society, synthetic_society

TAILS = 3  # degrees of freedom of heavy-tailed noise, scaled to variance 1
MEASURES = (*(field.name for field in fields(Outcome)), "coherence")


@renamed(parts="n_parts")
@checked
@dataclass(frozen=True)
class Scenario:
    """One kind of trouble; the defaults are the plain case.

    Attributes
    ----------
    name, what : for tables
    weights, intensity : of the three groups
    contrast : the Moral Machine with contrast 1 + contrast x conflict instead of a synthetic society; 0: synthetic
    type_of_group : which types the designer distinguishes
    channel : "groups": independent noise on the signal of every group; "shared": the same noise on all of them;
        "pooled": independent noise also on the pooled reward, in units of that reward's own standard deviation
    heavy_tails : Student's t with 3 degrees of freedom instead of Gaussian noise
    bias : share by which the last group's signal is moved towards the mean of the others
    is_adversarial : members of the last group answer with what would make the average its own optimum
    error : temperature of the users' logit choices, logits
    heterogeneity : sd of members' utilities around their group's, which is 1 over the policies
    n_parts : types per group that the designer distinguishes; the parts of a group differ by chance alone
    misplaced : share of people who are counted in a group that is not theirs
    """

    name: str
    what: str
    weights: tuple[float, ...] | None = None
    intensity: tuple[float, ...] | float = 1.0
    contrast: float = 0.0
    type_of_group: tuple[int, ...] | None = None
    channel: str = "groups"
    heavy_tails: bool = False
    bias: float = 0.0
    is_adversarial: bool = False
    error: float = 0.0
    heterogeneity: float = HETEROGENEITY
    n_parts: int = 1
    misplaced: float = 0.0
    parts = formerly("n_parts")

    @property
    def family(self) -> tuple[Any, ...]:
        """Scenarios of one family differ only in what happens after the community has been asked."""
        seen = self.type_of_group, self.is_adversarial, self.n_parts, self.misplaced
        return self.weights, self.intensity, self.contrast, self.heterogeneity, *seen

    def society(self, conflict: float, *, rng: np.random.Generator) -> Society:
        """Draw one."""
        if self.contrast:
            return moral_machine_society(
                rng=rng, contrast=1 + self.contrast * conflict, heterogeneity=self.heterogeneity
            )
        drawn = synthetic_society(
            rng=rng,
            conflict=conflict,
            weights=self.weights,
            intensity=self.intensity,
            heterogeneity=self.heterogeneity,
        )
        return drawn if self.n_parts == 1 else in_parts(drawn, self.n_parts)


PLAIN = Scenario("plain", "three equal groups, Gaussian noise on every group's signal")
SCENARIOS = (
    PLAIN,
    Scenario("shared noise", "the same noise on every group's signal", channel="shared"),
    Scenario("pooled noise", "noise on the pooled reward relative to its own spread", channel="pooled"),
    Scenario("heavy tails", "Student's t with 3 degrees of freedom, same variance", heavy_tails=True),
    Scenario("biased signal", "the last group's signal is moved half-way to the others' mean", bias=0.5),
    Scenario("adversarial group", "the last group answers so as to own the average", is_adversarial=True),
    Scenario("unequal sizes", "groups of 60, 30 and 10 per cent", weights=(0.6, 0.3, 0.1)),
    Scenario("too few types", "the designer takes the last two groups for one", type_of_group=(0, 1, 1)),
    Scenario("unequal intensity", "groups care half, once and one and a half times as much", intensity=(0.5, 1.0, 1.5)),
    Scenario("users err", "users choose by logit with temperature 0.25", error=0.25),
    Scenario("too many types", "the designer takes either half of every group for a type", n_parts=2),
    Scenario("Moral Machine", "three clusters of countries; contrast 1 + 3 x conflict", contrast=3.0),
)
SPREADS = (0.25, 0.5, 1.0, 2.0, 3.0)  # of members around their group, whose own utilities have spread 1
MISPLACED = (0.1, 0.25, 0.5)  # shares; at 2/3 of three groups nothing would be known
AXES = {  # one kind of trouble, more and more of it
    "spread": tuple(
        Scenario(f"spread {h:g}", "members differ more or less within their groups", heterogeneity=h) for h in SPREADS
    ),
    "misplaced": tuple(
        Scenario(f"misplaced {q:g}", "people are counted in groups not theirs", misplaced=q) for q in MISPLACED
    ),
}


@checked
@dataclass(frozen=True, eq=False)
class Cell:
    """Outcomes of one scenario at one degree of conflict, for consecutive replications.

    Attributes
    ----------
    values : by mechanism and measure, (n_noises, n_replications)
    certified : menus solved, how many are exactly IC and IR, the largest gain from another contract, the least slack
    """

    scenario: str
    conflict: float
    noises: tuple[float, ...]
    values: Mapping[str, Mapping[str, Array]]
    base_rate: Array  # (n_replications,) share of the largest group: what guessing recovers
    certified: tuple[int, int, float, float]

    @property
    def n_replications(self) -> int:
        return len(self.base_rate)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; floats survive to the bit."""
        values = {name: {what: each.tolist() for what, each in of.items()} for name, of in self.values.items()}
        record = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**record, "values": values, "base_rate": self.base_rate.tolist()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Cell:
        """The inverse of `to_dict`."""
        if missing := [field.name for field in fields(cls) if field.name not in record]:
            raise ProblemError(f"the cell has no {missing[0]}: write it again with Cell.to_dict")
        values = {name: {what: np.array(each) for what, each in of.items()} for name, of in record["values"].items()}
        count, exact, gain, slack = record["certified"]
        return cls(
            scenario=record["scenario"],
            conflict=record["conflict"],
            noises=tuple(record["noises"]),
            values=values,
            base_rate=np.array(record["base_rate"]),
            certified=(count, exact, gain, slack),
        )


def joined(cells: Sequence[Cell]) -> Cell:
    """One cell from the replications of several, in their order."""
    first = cells[0]
    values = {
        name: {what: np.concatenate([one.values[name][what] for one in cells], axis=1) for what in of}
        for name, of in first.values.items()
    }
    count, exact, gain, slack = zip(*(one.certified for one in cells), strict=True)
    return Cell(
        first.scenario,
        first.conflict,
        first.noises,
        values,
        np.concatenate([one.base_rate for one in cells]),
        (sum(count), sum(exact), max(gain), min(slack)),
    )


@checked
@dataclass(frozen=True, eq=False)
class Communities:
    """Societies drawn and asked, one per replication."""

    conflict: float
    seed: int
    replications: tuple[int, ...]
    worlds: tuple[Society, ...]
    told: tuple[Elicited, ...]


@checked
def communities(
    scenario: Scenario,
    conflict: float,
    replications: Sequence[Seed],
    *,
    seed: Seed,
    progress: bool | Callable[[str], None] = False,
) -> Communities:
    """Draw a society per replication and ask its community; the same for all scenarios of a family."""
    report = reporter(progress)
    worlds, told = [], []
    for number, r in enumerate(replications):
        society = scenario.society(conflict, rng=np.random.default_rng([seed, r, 0]))
        answer_rng = np.random.default_rng([seed, r, 1])
        asked = community_input(
            society, rng=answer_rng, pretended=_pretended(society) if scenario.is_adversarial else None
        )
        if scenario.misplaced:
            asked = misplaced(asked, society, scenario.misplaced, rng=np.random.default_rng([seed, r, 4]))
        told.append(elicited(asked, society.weights, len(society.policies), scenario.type_of_group))
        worlds.append(society)
        report(f"{scenario.name}, conflict {conflict:g}: asked {number + 1} of {len(replications)} communities")
    return Communities(conflict, seed, tuple(replications), tuple(worlds), tuple(told))


def worlds_of(scenario: Scenario, conflict: float, count: int, seed: int) -> list[Society]:
    """The societies of the first replications, as `communities` draws them, without asking anybody."""
    return [scenario.society(conflict, rng=np.random.default_rng([seed, r, 0])) for r in range(count)]


@checked
def run_cell(asked: Communities, scenario: Scenario, noises: Sequence[float]) -> Cell:
    """Disturb the signal, offer, and evaluate under the truth.

    Parameters
    ----------
    noises : levels of noise, in standard deviations of the signal; the first is what coherence is measured from

    Examples
    --------
    >>> asked = communities(PLAIN, 1.0, range(2), seed=1)
    >>> cell = run_cell(asked, PLAIN, [0.0, 0.2])
    >>> lost = {name: measured["misalignment"].mean() for name, measured in cell.values.items()}
    >>> bool(lost["menu"] < lost["averaging"]), cell.certified[:2]
    (True, (8, 8))
    """
    worlds, told = asked.worlds, asked.told
    truth, seen = Truth.of(worlds), told[0].type_of_group
    eps = noise_of(scenario, asked)
    values: dict[str, dict[str, list[Array]]] = {}
    before: dict[str, Offer] = {}
    certificates = []
    for level in noises:
        signal = noisy_signal(worlds, told, eps, level, scenario)
        for name, mechanism in MECHANISMS.items():
            offer = mechanism(signal)
            before.setdefault(name, offer)
            outcome = evaluate(truth, offer, seen, temperature=scenario.error)
            moved = coherence(truth, before[name], offer, seen, temperature=scenario.error)
            _append(values, name, outcome, moved)
            certificates += [menu.certificate for menu in offer.menus]
        _append(values, FULL_INFORMATION, full_information(truth), np.zeros(len(worlds)))
    return Cell(
        scenario.name,
        asked.conflict,
        tuple(noises),
        {name: {what: np.stack(rows) for what, rows in of.items()} for name, of in values.items()},
        np.array([one.weights.max() for one in worlds]),
        (
            len(certificates),
            sum(one.holds and one.is_exact for one in certificates),
            max((one.deviation.gain for one in certificates), default=0.0),
            min((one.participation_slack for one in certificates), default=0.0),
        ),
    )


@checked
def noisy_signal(
    worlds: Sequence[Society], told: Sequence[Elicited], eps: Array, level: float, scenario: Scenario
) -> Signal:
    """What mechanisms see: the estimates, biased and with noise of `level` standard deviations of each signal.

    Parameters
    ----------
    eps : (n, n_groups + 1, n_policies) standard noise that sums to zero over policies; the last row is for a pooled
        reward with a channel of its own

    Examples
    --------
    Without noise mechanisms see the estimates; noise moves them as far as it is strong:

    >>> from inference.society import community_input, elicited, synthetic_society
    >>> rng = np.random.default_rng(1)
    >>> society = synthetic_society(rng=rng, conflict=1.0, n_groups=2, n_policies=3, n_attributes=2, n_members=4)
    >>> answers = community_input(society, rng=rng, n_comparisons=300, n_ratings=90, n_acceptances=90)
    >>> told = elicited(answers, society.weights, n_policies=3)
    >>> eps = np.random.default_rng(2).normal(size=(1, 3, 3))
    >>> eps -= eps.mean(axis=2, keepdims=True)
    >>> seen = [noisy_signal([society], [told], eps, level, SCENARIOS[0]).utilities[0] for level in (0.0, 0.2)]
    >>> bool((seen[0] == told.utilities).all()), round(float(np.abs(seen[1] - seen[0]).max()), 2)
    (True, 0.51)
    """
    shape = (len(worlds), *(told[0].utilities.shape if len(told) else ()))
    if not worlds or len(told) != len(worlds) or eps.shape != (shape[0], worlds[0].members.shape[0] + 1, shape[-1]):
        raise ProblemError(
            f"{len(worlds)} worlds, {len(told)} estimates and eps of shape {eps.shape}; expected as many of each, and "
            "eps as (n, n_groups + 1, n_policies)"
        )
    utilities = np.stack([one.utilities for one in told])
    weights = np.stack([one.weights for one in told])
    pooled = np.stack([one.pooled for one in told])
    n_types, n_policies = utilities.shape[1:]
    if scenario.bias:
        others = np.einsum("ng,ngk->nk", weights[:, :-1], utilities[:, :-1]) / weights[:, :-1].sum(axis=1)[:, None]
        shift = scenario.bias * (others - utilities[:, -1])
        utilities = np.concatenate([utilities[:, :-1], (utilities[:, -1] + shift)[:, None]], axis=1)
        pooled = pooled + weights[:, -1, None] * shift
    spread = utilities.std(axis=2, keepdims=True)
    noise = level * spread * eps[:, :n_types]
    freedom = n_policies - 1
    estimated = np.stack([np.trace(one.covariance, axis1=1, axis2=2) for one in told]) / freedom
    both = level**2 * spread * np.swapaxes(spread, 1, 2)  # of noise that types share
    noise_between = both if scenario.channel == "shared" else both * np.eye(n_types)
    pooled_noise = np.einsum("ng,ngh,nh->n", weights, noise_between, weights)
    if scenario.channel == "pooled":
        pooled_noise = (level * pooled.std(axis=1)) ** 2
        pooled = pooled + level * pooled.std(axis=1, keepdims=True) * eps[:, -1]
    else:
        pooled = pooled + np.einsum("ng,ngk->nk", weights, noise)
    centre = np.eye(n_policies) - 1 / n_policies
    return Signal(
        utilities=utilities + noise,
        covariance=np.stack([one.covariance for one in told]) + (level * spread[..., np.newaxis]) ** 2 * centre,
        pooled=pooled,
        weights=weights,
        safety_cost=np.stack([one.safety_cost for one in worlds]),
        reference=np.stack([one.reference for one in worlds]),
        temperature=np.array([one.temperature for one in worlds]),
        between=estimated[..., np.newaxis] * np.eye(n_types) + noise_between,
        pooled_variance=np.array([np.trace(one.pooled_covariance) for one in told]) / freedom + pooled_noise,
    )


def noise_of(scenario: Scenario, asked: Communities) -> Array:
    """Standard noise on the signals of all communities, the same at every level; (n, n_groups + 1, n_policies)."""
    drawn = zip(asked.replications, asked.worlds, strict=True)
    return np.stack([standard_noise(scenario, np.random.default_rng([asked.seed, r, 2]), world) for r, world in drawn])


def standard_noise(scenario: Scenario, rng: np.random.Generator, society: Society) -> Array:
    """Noise of variance 1 before it is centred over the policies; (n_groups + 1, n_policies)."""
    shape = (len(society.groups) + 1, len(society.policies))
    gaussian, chi2 = rng.standard_normal(shape), rng.chisquare(TAILS, shape)
    if scenario.heavy_tails:  # Gaussian over the root of chi-square, with the variance brought back to 1
        gaussian = gaussian / np.sqrt(chi2 / TAILS) * np.sqrt((TAILS - 2) / TAILS)
    if scenario.channel == "shared":
        gaussian = np.broadcast_to(gaussian[0], shape)
    return np.asarray(gaussian - gaussian.mean(axis=1, keepdims=True))


def _pretended(society: Society) -> Array:
    """The last group answers as if it wanted a, where weights . (others' utilities, a) is what it truly wants."""
    wanted, share = society.utilities[-1], society.weights
    claimed = (wanted - share[:-1] @ society.utilities[:-1]) / share[-1]
    pretended = society.members.copy()
    pretended[-1] += claimed - wanted
    return pretended


def _append(values: dict[str, dict[str, list[Array]]], name: str, outcome: Outcome, moved: Array) -> None:
    measures: dict[str, Any] = {what: getattr(outcome, what) for what in MEASURES[:-1]} | {"coherence": moved}
    for what, each in measures.items():
        values.setdefault(name, {}).setdefault(what, []).append(each)
