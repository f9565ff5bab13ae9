"""What is asked of a mechanism that draws its outcomes: decided with a stated chance of error, or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from contracts.display.numbers import plural
from contracts.errors import ProblemError
from contracts.exact.rationals import positive_cycle
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.testing.agents import Profile
from contracts.testing.findings import UNKNOWN, Finding, Verdict, open_question, without_comparison
from contracts.testing.intervals import needed, radii
from contracts.testing.outcomes import Outcome
from contracts.testing.properties import (
    ALONE,
    Played,
    around,
    budgets,
    candidates,
    cycle_words,
    deviations,
    lost,
    no_matrix,
    own_range,
    subject,
    untruth,
    with_report,
)


@dataclass(frozen=True, eq=False)
class Sampled:
    """A mechanism that was asked for every profile of reports many times.

    Attributes
    ----------
    played : the mechanism, with the first draw of every profile
    draws : by profile, one outcome a sample
    payoff_range : (lowest, highest) utility
    alpha : chance that a statement may be wrong, for every property
    """

    played: Played
    draws: Mapping[Profile, tuple[Outcome, ...]]
    payoff_range: tuple[float, float]
    alpha: float

    @property
    def width(self) -> float:
        return self.payoff_range[1] - self.payoff_range[0]

    @cached_property
    def n_samples(self) -> int:
        return len(next(iter(self.draws.values())))

    @cached_property
    def matrices(self) -> list[Array]:
        """Utilities of each type by each report, context by context; (n_types, n_reports, n_samples)."""
        known: dict[tuple[int, int, Profile], Array] = {}

        def payoffs(who: int, own: int, profile: Profile) -> Array:
            if (who, own, profile) not in known:
                mechanism = self.played.mechanism
                worth = np.array([float(mechanism.payoff(who, own, one)) for one in self.draws[profile]])
                self._check(worth, who, own, profile)
                known[who, own, profile] = worth
            return known[who, own, profile]

        found = []
        for who, _, chances in self.played.contexts:
            agent = self.played.agents.each[who]
            table = np.zeros((agent.n_types, agent.n_reports, self.n_samples))
            for own, report in np.ndindex(table.shape[:2]):
                for others, chance in chances[own].items():
                    table[own, report] += float(chance) * payoffs(who, own, with_report(others, who, report))
            found.append(table)
        return found

    def _check(self, worth: Array, who: int, own: int, profile: Profile) -> None:
        low, high = self.payoff_range
        if worth.min() < low or worth.max() > high:
            odd = worth.min() if worth.min() < low else worth.max()
            agents = self.played.agents
            raise ProblemError(
                f"payoff_range is ({low:g}, {high:g}), and the utility of {subject(agents, who, own)} at "
                f"{agents.words(profile)} is {odd:g}: give a range that no outcome leaves"
            )

    def how(self, n_statements: int) -> str:
        """How a property was decided."""
        return (
            f"{100 * (1 - self.alpha):.6g}% confidence, {plural(self.n_samples, 'draw')} of each outcome, "
            f"{plural(n_statements, 'statement')} at once (Hoeffding, empirical Bernstein)"
        )


class Bounds(NamedTuple):
    """Means of statements, how far each can be off, and how much each varies; (n_statements,) each."""

    mean: Array
    radius: Array
    variance: Array


def bounds(sampled: Sampled, draws: list[Array], width: float) -> Bounds:
    """Bounds on all means at once."""
    table = np.array(draws)
    return Bounds(table.mean(axis=1), radii(table, width, len(table), sampled.alpha), table.var(axis=1, ddof=1))


def largest(
    sampled: Sampled, name: str, found: Bounds, words: Callable[[int], str], labels: Callable[[int], tuple[str, ...]],
    width: float, tolerance: float,
) -> Finding:  # fmt: skip
    """The finding about the largest of several means."""
    low, high = float((found.mean - found.radius).max()), float((found.mean + found.radius).max())
    verdict: Verdict = "fails" if low > tolerance else "holds" if high <= tolerance else "undecided"
    worst = int(np.argmax(found.mean))
    how, more = sampled.how(len(found.mean)), None
    if verdict == "undecided":
        doubtful = int(np.argmax(found.mean + found.radius))
        away = abs(tolerance - float(found.mean[doubtful]))
        more = needed(float(found.variance[doubtful]), width, away, len(found.mean), sampled.alpha)
        how += f"; it may be anywhere in the interval, on both sides of the tolerance {tolerance:g}"
        how += "" if more is None else f": about {more:,} draws would tell"
        if tolerance == 0:
            how += ". Draws never show that a gain is exactly 0: say by tolerance= which one you can live with"
    return Finding(name, verdict, words(worst), float(found.mean[worst]), (low, high), how, labels(worst), more)


def incentive_compatibility(sampled: Sampled) -> Finding:
    """Nobody gains by a lie, on average over draws."""
    agents, found = sampled.played.agents, list(deviations(sampled.played.agents, sampled.played.contexts))
    if not found:
        return without_comparison("IC", ALONE)
    table = dict(zip(map(id, sampled.played.contexts), sampled.matrices, strict=True))
    gains = [table[id(context)][own, report] - table[id(context)][own, own] for context, own, report in found]
    width = 2 * sampled.width

    def labels(k: int) -> tuple[str, ...]:
        context, own, report = found[k]
        return agents.each[context.who].label(own), agents.each[context.who].label(report)

    known = bounds(sampled, gains, width)
    return largest(sampled, "IC", known, lambda k: untruth(agents, *found[k]), labels, width, sampled.played.tolerance)


def individual_rationality(sampled: Sampled) -> Finding:
    """Nobody would rather have its reservation utility, on average over draws."""
    agents, played = sampled.played.agents, sampled.played
    found = [(context, own) for context in played.contexts for own in range(agents.each[context.who].n_types)]
    table = dict(zip(map(id, played.contexts), sampled.matrices, strict=True))
    short = [float(played.reservation[context.who][own]) - table[id(context)][own, own] for context, own in found]

    def words(k: int) -> str:
        context, own = found[k]
        return f"{subject(agents, context.who, own)} takes part{context.words}"

    def labels(k: int) -> tuple[str, ...]:
        return (agents.each[found[k][0].who].label(found[k][1]),)

    known = bounds(sampled, short, sampled.width)
    return largest(sampled, "IR", known, words, labels, sampled.width, played.tolerance)


def monotonicity(sampled: Sampled) -> Finding:
    """No two types would gain, in sum, by changing places, on average over draws."""
    if (why := no_matrix(sampled.played)) is not None:
        return open_question("monotonicity", why)
    agents = sampled.played.agents
    found = [
        (context, rows, i, j)
        for context, rows in zip(sampled.played.contexts, sampled.matrices, strict=True)
        for i in range(len(rows))
        for j in range(i)
    ]
    if not found:
        return without_comparison("monotonicity", ALONE)
    gains = [rows[i, j] - rows[i, i] + rows[j, i] - rows[j, j] for _, rows, i, j in found]
    width = 4 * sampled.width

    def labels(k: int) -> tuple[str, ...]:
        context, _, i, j = found[k]
        return agents.each[context.who].label(i), agents.each[context.who].label(j)

    def words(k: int) -> str:
        context, _, i, j = found[k]
        other = agents.each[context.who].label(j)
        return f"{subject(agents, context.who, i)} and {other!r} change places{context.words}"

    known = bounds(sampled, gains, width)
    return largest(sampled, "monotonicity", known, words, labels, width, 2 * sampled.played.tolerance)


def no_positive_cycle(sampled: Sampled) -> Finding:
    """No types would gain, in sum, by each taking the next one's place: by bounds on every deviation at once."""
    name = "no positive cycle"
    if (why := no_matrix(sampled.played)) is not None:
        return open_question(name, why)
    found = [
        (context, rows, i, j)
        for context, rows in zip(sampled.played.contexts, sampled.matrices, strict=True)
        for i in range(len(rows))
        for j in range(len(rows))
        if i != j
    ]
    if not found:
        return without_comparison(name, ALONE)
    known = bounds(sampled, [rows[i, j] - rows[i, i] for _, rows, i, j in found], 2 * sampled.width)
    how = sampled.how(len(found))
    perhaps: Finding | None = None
    for context in sampled.played.contexts:
        here = [k for k, one in enumerate(found) if one[0] is context]
        n_types = sampled.played.agents.each[context.who].n_types
        for sign, verdict in ((-1, "fails"), (1, "undecided")):
            gains = {found[k][2:]: _fraction(known, k, sign, sampled.played.tolerance) for k in here}
            cycle = positive_cycle(n_types, gains)
            if not cycle:
                continue
            edges = [next(k for k in here if found[k][2:] == edge) for edge in around(cycle)]
            middle, wide = float(known.mean[edges].sum()), float(known.radius[edges].sum())
            labels = tuple(sampled.played.agents.each[context.who].label(k) for k in cycle)
            words = cycle_words(sampled.played.agents, context, cycle)
            said = how if verdict == "fails" else f"{how}; a cycle may be positive, within what is known of it"
            one = Finding(name, "fails" if verdict == "fails" else "undecided", words, middle,
                          (middle - wide, middle + wide), said, labels)  # fmt: skip
            if verdict == "fails":
                return one
            perhaps = perhaps or one
    return perhaps or Finding(name, "holds", "", math.nan, (-math.inf, 0.0), how)


def _fraction(known: Bounds, k: int, sign: int, tolerance: float) -> Fraction:
    return Fraction(float(known.mean[k] + sign * known.radius[k])) - Fraction(tolerance)


# ---- what every draw must keep ----


def no_deficit(sampled: Sampled) -> Finding:
    """No draw pays out more than it takes, costs included."""
    return _budget(sampled, "no deficit", lambda left: -left, "the mechanism loses at")


def budget_balance(sampled: Sampled) -> Finding:
    """In every draw agents pay what it costs."""
    return _budget(sampled, "budget balance", abs, "the budget is off at")


def _budget(sampled: Sampled, name: str, broken: Callable[[Fraction], Fraction], words: str) -> Finding:
    played = sampled.played
    drawn = ((profile, outcome) for profile in played.agents.truths() for outcome in sampled.draws[profile])
    found = budgets(played, drawn, name, broken)
    return found if isinstance(found, Finding) else _every_draw(sampled, name, found, words)


def efficiency(sampled: Sampled) -> Finding:
    """No draw leaves less than an alternative."""
    played = sampled.played
    choices = candidates(played)
    found = [
        (max(lost(played, profile, outcome, other) for other in choices), profile)
        for profile in played.agents.truths()
        for outcome in sampled.draws[profile]
    ]
    decided = _every_draw(sampled, "efficiency", found, "something is better than a draw at")
    is_whole = decided.verdict == "fails" or played.alternatives is not None
    return decided if is_whole else own_range(decided, len(choices))


def _every_draw(sampled: Sampled, name: str, found: list[tuple[Fraction, Profile]], words: str) -> Finding:
    """A property of single draws: one that breaks it is a counterexample, and the rest bounds how often it happens."""
    agents, forgiven = sampled.played.agents, Fraction(sampled.played.tolerance)
    gain, profile = max(found, key=lambda one: one[0])
    labels = tuple(agent.label(k) for agent, k in zip(agents.each, profile, strict=True))
    size = float(gain)
    if gain > forgiven:
        share = sum(one > forgiven for one, _ in found) / len(found)
        how = f"exact for what was drawn: {share:.2%} of {plural(len(found), 'draw')} break it"
        return Finding(name, "fails", f"{words} {agents.words(profile)}", gain, (size, size), how, labels)
    rare = -math.log(sampled.alpha / math.prod(agent.n_types for agent in agents.each)) / sampled.n_samples
    how = (
        f"none of {plural(len(found), 'draw')} breaks it, so at most {min(rare, 1.0):.2%} of those of any profile do, "
        f"with {100 * (1 - sampled.alpha):.6g}% confidence; draws never show that none can"
    )
    return Finding(name, "undecided", "", math.nan, UNKNOWN, how, labels)


def anonymity(sampled: Sampled) -> Finding:
    """Not decided by draws."""
    return open_question("anonymity", "draws do not show who is treated alike: let fn return the expected outcome")


SAMPLED: dict[str, Callable[[Sampled], Finding]] = {
    "IC": incentive_compatibility,
    "IR": individual_rationality,
    "monotonicity": monotonicity,
    "no positive cycle": no_positive_cycle,
    "no deficit": no_deficit,
    "budget balance": budget_balance,
    "anonymity": anonymity,
    "efficiency": efficiency,
}


def drawn_outcomes(
    played: Callable[..., Outcome], profiles: list[Profile], n_samples: int, rng: np.random.Generator | None
) -> dict[Profile, tuple[Outcome, ...]]:
    """Outcomes of all profiles, so many of each.

    With a generator the k-th draw of every profile begins with the same random numbers, so that what a lie changes is
    not lost in noise; draws of one profile are independent all the same.
    """
    seeds = [None] * n_samples if rng is None else rng.integers(2**63, size=n_samples).tolist()
    return {
        profile: tuple(
            played(profile) if seed is None else played(profile, np.random.default_rng(seed)) for seed in seeds
        )
        for profile in profiles
    }
