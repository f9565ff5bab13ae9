"""Norm-aware menus over time: users choose, choices say who they are, and the menu is solved again.

Every round some users come. Each takes an option of the current menu, by logit, and compares a few pairs of responses.
Nobody says which group he or she is from: `infer_types` tells it from the option taken, and the comparisons are counted
for the inferred type. From all that is remembered, `elicit_norms` estimates what each type wants, and the next menu is
solved; preference averaging trains on the very same comparisons.

**Drift.** A norm that moves shows in what is predicted: for each type, the round's comparisons have a log score, which
falls short of what the estimates expect of themselves by z standard deviations. Page's (1954) cumulative sum
S = max(0, S + z - SLACK) of any type above ALARM says that something has changed. Then what was remembered is
forgotten, and a new poll asks people with their groups, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from scipy.special import expit, log_expit

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Seed
from contracts.menu.menu import Menu
from contracts.solve import solve_menu
from inference.choice.model import Logit
from inference.norms.elicitation import Comparisons
from inference.norms.norms import elicit_norms
from inference.society.community import Indices, shared_out
from inference.society.evaluation import Truth, evaluate
from inference.society.mechanisms import Offer
from inference.society.world import Society, problem_of, synthetic_society, tilted
from inference.types.posterior import infer_types

USERS, PAIRS, POLL = 120, 4, 360  # users per round, pairs each compares, and answers to a poll
ERROR = 0.1  # logits: temperature of choices from the menu
SLACK, ALARM = 0.5, 4.0  # of the cumulative sum, in standard deviations
DESIGNS = ("averaging", "menu", "menu never renewed")


@checked
@dataclass(frozen=True, eq=False)
class Course:
    """How several societies fared.

    Attributes
    ----------
    misalignment : by design, (n_societies, n_rounds), logits
    recognised : (n_societies, n_rounds) share of users whose group was inferred rightly
    alarms : (n_societies, n_rounds) whether a change was noticed after the round
    drift : round from which on the last group wants something else
    """

    misalignment: dict[str, Array]
    recognised: Array
    alarms: Array
    drift: int

    @property
    def delay(self) -> Array:
        """Rounds from the drift to the first alarm after it, infinite without one; (n_societies,)."""
        after = self.alarms[:, self.drift :] > 0
        return np.where(after.any(axis=1), after.argmax(axis=1), np.inf)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; floats survive to the bit."""
        lost = {name: rows.tolist() for name, rows in self.misalignment.items()}
        seen = {"recognised": self.recognised.tolist(), "alarms": self.alarms.tolist()}
        return {"misalignment": lost, **seen, "drift": self.drift}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Course:
        """The inverse of `to_dict`."""
        if missing := [field.name for field in fields(cls) if field.name not in record]:
            raise ProblemError(f"the course has no {missing[0]}: write it again with Course.to_dict")
        lost = {name: np.array(rows) for name, rows in record["misalignment"].items()}
        return cls(lost, np.array(record["recognised"]), np.array(record["alarms"]), record["drift"])


@dataclass(frozen=True, eq=False)
class Heard:
    """Comparisons with the type that each is counted for."""

    kind: Indices
    winner: Indices
    loser: Indices

    def __add__(self, other: Heard) -> Heard:
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("kind", "winner", "loser"))
        return Heard(*(np.concatenate(pair) for pair in pairs))


@checked
def run_course(
    *,
    conflict: float,
    n_societies: int,
    n_rounds: int,
    seed: Seed,
    drift: int | None = None,
) -> Course:
    """Societies of three groups over time; from round `drift` on, the last group likes other responses.

    What it liked in response k it then likes in response k + n / 2. By default that happens half-way.

    Raises
    ------
    ProblemError
        If there are no rounds or societies.

    Examples
    --------
    >>> course = run_course(conflict=0.7, n_societies=1, n_rounds=4, seed=1)
    >>> bool(course.misalignment["menu"].mean() < course.misalignment["averaging"].mean())
    True
    """
    if n_rounds < 2 or n_societies < 1:
        raise ProblemError(
            f"{n_rounds} rounds of {n_societies} societies: a course has two rounds or more of at least one"
        )
    when = n_rounds // 2 if drift is None else drift
    if not 0 < when < n_rounds:
        raise ProblemError(f"drift is {when}: name a round after the first, from 1 to {n_rounds - 1}")
    lost: dict[str, list[list[float]]] = {name: [] for name in DESIGNS}
    recognised, alarms = [], []
    for number in range(n_societies):
        rng = np.random.default_rng([seed, number, 3])
        before = synthetic_society(rng=np.random.default_rng([seed, number, 0]), conflict=conflict)
        moved = before.members.copy()
        moved[-1] = np.roll(moved[-1], len(before.policies) // 2, axis=-1)
        worlds = [before if t < when else replace(before, members=moved) for t in range(n_rounds)]
        life = [*_live(worlds, rng)]
        for name in DESIGNS:
            lost[name].append([one[0][name] for one in life])
        recognised.append([one[1] for one in life])
        alarms.append([one[2] for one in life])
    by_design = {name: np.array(rows) for name, rows in lost.items()}
    return Course(by_design, np.array(recognised), np.array(alarms, dtype=np.float64), when)


def _live(worlds: list[Society], rng: np.random.Generator) -> Any:
    """Round by round: misalignment of every design, share recognised, whether an alarm went off."""
    memory, total = poll(worlds[0], rng), np.zeros(len(worlds[0].groups))
    first: Menu | None = None
    for world in worlds:
        wanted, pooled = estimates(memory, world)
        menu = _menu(world, wanted)
        first = menu if first is None else first
        truth = Truth.of([world])
        offers = {
            "averaging": _one_policy(world, pooled),
            "menu": _offer(menu, wanted, world.reference),
            "menu never renewed": _offer(first, wanted, world.reference),
        }
        own = np.arange(len(world.groups))
        lost = {
            name: float(evaluate(truth, offer, own, temperature=ERROR).misalignment[0])
            for name, offer in offers.items()
        }
        heard, recognised = visit(world, menu, rng)
        total = np.maximum(total + shortfall(heard, wanted) - SLACK, 0.0)
        alarm = bool(total.max() > ALARM)
        if alarm:
            memory, total = poll(world, rng), np.zeros_like(total)
        else:
            memory = memory + heard
        yield lost, recognised, alarm


def poll(world: Society, rng: np.random.Generator) -> Heard:
    """Answers of people who say which group they are from."""
    group = np.repeat(np.arange(len(world.groups)), shared_out(world.weights, POLL))
    return _compared(world, group, rng.integers(world.members.shape[1], size=POLL), group, rng)


def visit(world: Society, menu: Menu, rng: np.random.Generator) -> tuple[Heard, float]:
    """Users take options and compare pairs; the comparisons by inferred type, and the share inferred rightly."""
    group = rng.choice(len(world.groups), size=USERS, p=world.weights)
    member = rng.integers(world.members.shape[1], size=USERS)
    taken = menu.choose(world.members[group, member], temperature=ERROR, rng=rng)
    kind = infer_types(menu, taken[:, np.newaxis], choice_model=Logit(ERROR)).sample(rng=rng)
    asked, who, counted = (np.repeat(each, PAIRS) for each in (group, member, kind))
    return _compared(world, asked, who, counted, rng), float(np.mean(kind == group))


def estimates(memory: Heard, world: Society) -> tuple[Array, Array]:
    """Utilities of every type, and the pooled reward of averaging, from the same comparisons."""
    policies, kinds = range(len(world.policies)), range(len(world.groups))
    by_type = elicit_norms(Comparisons(memory.kind, memory.winner, memory.loser), policies=policies, groups=kinds)
    everybody = elicit_norms(Comparisons(np.zeros_like(memory.kind), memory.winner, memory.loser), policies=policies)
    return by_type.utilities, everybody.utilities[0]


def shortfall(heard: Heard, wanted: Array) -> Array:
    """By how many standard deviations the log score of a type's comparisons falls short of its expectation.

    A comparison with odds exp(d) has log score -log(1 + exp(-d)) with probability p = 1 / (1 + exp(-d)); the two scores
    differ by d, so the expectation is p log p + (1 - p) log(1 - p), and the variance p (1 - p) d^2.

    Examples
    --------
    >>> surprised = Heard(np.zeros(9, dtype=int), np.zeros(9, dtype=int), np.ones(9, dtype=int))
    >>> shortfall(surprised, np.array([[-1.0, 1.0]])).round(2)
    array([8.15])
    """
    gap = wanted[heard.kind, heard.winner] - wanted[heard.kind, heard.loser]
    chance = expit(gap)
    expected = chance * log_expit(gap) + (1 - chance) * log_expit(-gap)
    count = len(wanted)
    short = np.bincount(heard.kind, weights=expected - log_expit(gap), minlength=count)
    variance = np.bincount(heard.kind, weights=chance * (1 - chance) * gap**2, minlength=count)
    return np.asarray(short / np.sqrt(np.maximum(variance, 1e-300)) * (variance > 0))


def _compared(world: Society, group: Indices, member: Indices, kind: Indices, rng: np.random.Generator) -> Heard:
    n_policies = len(world.policies)
    first = rng.integers(n_policies, size=len(group))
    second = (first + rng.integers(1, n_policies, size=len(group))) % n_policies
    worth = world.members[group, member]
    rows = np.arange(len(group))
    prefers = rng.random(len(group)) < expit(worth[rows, first] - worth[rows, second])
    return Heard(kind, np.where(prefers, first, second), np.where(prefers, second, first))


def _menu(world: Society, wanted: Array) -> Menu:
    return solve_menu(problem_of(world, wanted), method="dual")


def _offer(menu: Menu, wanted: Array, reference: Array) -> Offer:
    policies = np.vstack([menu.allocation, reference])
    return Offer(policies[np.newaxis], np.arange(len(wanted)), wanted[np.newaxis])


def _one_policy(world: Society, pooled: Array) -> Offer:
    policy = tilted(pooled - world.safety_cost, world.reference, world.temperature)
    n_types = len(world.groups)
    promised = np.broadcast_to(pooled, (1, n_types, len(pooled)))
    return Offer(policy[np.newaxis, np.newaxis], np.zeros(n_types, dtype=np.intp), promised)
