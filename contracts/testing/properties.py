"""What is asked of a mechanism, decided by comparing rational numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from contracts.errors import ProblemError
from contracts.exact.rationals import positive_cycle
from contracts.inputs.annotations import listed
from contracts.inputs.frozen import dataclass
from contracts.testing.agents import Agents, Prior, Profile, rational
from contracts.testing.findings import UNKNOWN, Finding, exact, open_question, rounded, without_comparison
from contracts.testing.outcomes import Mechanism, Outcome

Matrix = list[list[Fraction]]
ALONE = "there is no other report than the truth"


class Context(NamedTuple):
    """What one agent reckons with: certain reports of the others, or what it believes of them by its own type."""

    who: int
    words: str
    chances: Sequence[Mapping[Profile, Fraction]]  # by own type, of the others' profiles


def contexts(agents: Agents, prior: Prior | None) -> list[Context]:
    """Every profile of the others' types for every agent; with a prior, one of beliefs for each."""
    found = []
    for who, agent in enumerate(agents.each):
        if prior is not None:
            beliefs = [prior.beliefs(who, own) for own in range(agent.n_types)]
            found.append(Context(who, "" if agents.is_one else " in expectation", beliefs))
            continue
        for others in agents.others(who):
            names = [repr(one.label(k)) for j, (one, k) in enumerate(zip(agents.each, others, strict=True)) if j != who]
            words = f" where the others are ({', '.join(names)})" if names else ""
            found.append(Context(who, words, [{others: Fraction(1)}] * agent.n_types))
    return found


def with_report(others: Profile, who: int, report: int) -> Profile:
    """The others' profile with a report in the agent's place."""
    return (*others[:who], report, *others[who + 1 :])


def deviations(agents: Agents, every: Sequence[Context]) -> Iterator[tuple[Context, int, int]]:
    """Every untruth: where, of which type, and what it says."""
    for context in every:
        agent = agents.each[context.who]
        for own, report in itertools.product(range(agent.n_types), range(agent.n_reports)):
            if own != report:
                yield context, own, report


def untruth(agents: Agents, context: Context, own: int, report: int) -> str:
    """A deviation in words."""
    agent = agents.each[context.who]
    return f"{subject(agents, context.who, own)} reports {agent.label(report)!r}{context.words}"


def subject(agents: Agents, who: int, own: int) -> str:
    """A type of an agent in words."""
    agent = agents.each[who]
    return f"{agent.label(own)!r}" if agents.is_one else f"{agent.name} of type {agent.label(own)!r}"


@dataclass(frozen=True, eq=False)
class Played:
    """A mechanism that was asked for every profile of reports.

    Attributes
    ----------
    reservation : by agent and type
    tolerance : by which a property may be missed
    cost : of allocations as the mechanism answers them, in money; None: nothing
    alternatives : what could be chosen; None if nobody said
    """

    mechanism: Mechanism
    outcomes: Mapping[Profile, Outcome]
    prior: Prior | None
    reservation: Sequence[Sequence[Fraction]]
    tolerance: float = 0.0
    cost: Callable[..., Any] | None = None
    alternatives: Any = None

    @property
    def agents(self) -> Agents:
        return self.mechanism.agents

    @cached_property
    def contexts(self) -> list[Context]:
        return contexts(self.agents, self.prior)

    def tables(self) -> Iterator[tuple[Context, Matrix]]:
        """What each type gets by each report, context by context; made anew, as all of them may not fit into memory."""
        payoff, outcomes = self.mechanism.payoff, self.outcomes
        for context in self.contexts:
            who, agent = context.who, self.agents.each[context.who]
            rows = []
            for own in range(agent.n_types):
                chances = list(context.chances[own].items())
                if len(chances) == 1:  # which is then certain
                    others = chances[0][0]
                    rows.append(
                        [payoff(who, own, outcomes[with_report(others, who, k)]) for k in range(agent.n_reports)]
                    )
                    continue
                row = []
                for report in range(agent.n_reports):
                    parts = (
                        payoff(who, own, outcomes[with_report(others, who, report)]) * chance
                        for others, chance in chances
                    )
                    row.append(sum(parts, Fraction()))
                rows.append(row)
            yield context, rows

    def spent(self, outcome: Outcome) -> Fraction:
        """What an outcome costs."""
        if self.cost is None:
            return Fraction()
        try:
            return rational("cost", self.cost(outcome.given[0]))
        except ProblemError:
            raise
        except Exception as exc:
            raise ProblemError(
                f"cost raised {type(exc).__name__} ({exc}): it is called with the allocations that fn answers"
            ) from exc


def largest(found: Iterable[tuple[Fraction, Any]]) -> tuple[int, Fraction, Any]:
    """How many there are, the largest, the first if several are, and what it is about; 0 if there is none."""
    count, best, about = 0, Fraction(), None
    for gain, what in found:
        if count == 0 or gain > best:
            best, about = gain, what
        count += 1
    return count, best, about


def incentive_compatibility(played: Played) -> Finding:
    """Nobody gains by a lie."""
    agents = played.agents
    gains = (
        (rows[own][report] - rows[own][own], (context, own, report))
        for context, rows in played.tables()
        for own in range(len(rows))
        for report in range(len(rows[own]))
        if own != report
    )
    count, gain, worst = largest(gains)
    if worst is None:
        return without_comparison("IC", ALONE)
    context, own, report = worst
    labels = (agents.each[context.who].label(own), agents.each[context.who].label(report))
    words = untruth(agents, context, own, report)
    return exact("IC", words, gain, count, "deviation", labels, played.tolerance)


def individual_rationality(played: Played) -> Finding:
    """Nobody would rather have its reservation utility."""
    agents = played.agents
    falls = (
        (played.reservation[context.who][own] - rows[own][own], (context, own))
        for context, rows in played.tables()
        for own in range(len(rows))
    )
    count, short, (context, own) = largest(falls)
    words = f"{subject(agents, context.who, own)} takes part{context.words}"
    labels = (agents.each[context.who].label(own),)
    return exact("IR", words, short, count, "utility", labels, played.tolerance)


def monotonicity(played: Played) -> Finding:
    """No two types would gain, in sum, by changing places."""
    if (why := no_matrix(played)) is not None:
        return open_question("monotonicity", why)
    gains = (
        (rows[i][j] - rows[i][i] + rows[j][i] - rows[j][j], (context, i, j))
        for context, rows in played.tables()
        for i, j in itertools.combinations(range(len(rows)), 2)
    )
    count, gain, worst = largest(gains)
    if worst is None:
        return without_comparison("monotonicity", ALONE)
    context, i, j = worst
    agent = played.agents.each[context.who]
    words = f"{subject(played.agents, context.who, i)} and {agent.label(j)!r} change places{context.words}"
    labels = (agent.label(i), agent.label(j))
    return exact("monotonicity", words, gain, count, "pair", labels, 2 * played.tolerance)


def no_positive_cycle(played: Played) -> Finding:
    """No types would gain, in sum, by each taking the next one's place (Rochet 1987): transfers can implement it."""
    name = "no positive cycle"
    if (why := no_matrix(played)) is not None:
        return open_question(name, why)
    forgiven = Fraction(played.tolerance)
    n_edges = 0
    for context, rows in played.tables():
        pairs = list(itertools.permutations(range(len(rows)), 2))
        gains = {(i, j): rows[i][j] - rows[i][i] - forgiven for i, j in pairs}
        n_edges += len(pairs)
        short = [(i, j) for i, j in pairs if gains[i, j] + gains[j, i] > 0]
        worst = max(short, key=lambda pair: gains[pair] + gains[pair[::-1]], default=())
        cycle = worst or positive_cycle(len(rows), gains)
        if cycle:
            total = sum((gains[edge] + forgiven for edge in around(cycle)), Fraction())
            labels = tuple(played.agents.each[context.who].label(k) for k in cycle)
            words = cycle_words(played.agents, context, cycle)
            found = exact(name, words, total, n_edges, "pair", labels)
            return Finding(name, "fails", words, total, (rounded(total), rounded(total)), found.how, labels)
    return exact(name, "", Fraction(), n_edges, "pair") if n_edges else without_comparison(name, ALONE)


def around(cycle: Sequence[int]) -> list[tuple[int, int]]:
    """Each member of a cycle with the next."""
    return list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def cycle_words(agents: Agents, context: Context, cycle: Sequence[int]) -> str:
    """A cycle in words."""
    agent = agents.each[context.who]
    whose = f"{agent.name}: " if agent.name else ""
    return whose + " -> ".join(repr(agent.label(k)) for k in [*cycle, cycle[0]]) + context.words


def no_matrix(played: Played) -> str | None:
    """Why sums over types say nothing; None if they do."""
    if played.prior is not None and not played.prior.is_independent:
        return "types are correlated, and transfers do not cancel between types who believe different things"
    if played.mechanism.utility is not None and any(o.transfers is None for o in played.outcomes.values()):
        return "outcomes are not pairs of allocations and transfers: without money, sums of utilities say nothing"
    return None


# ---- money ----


def no_deficit(played: Played) -> Finding:
    """The mechanism never pays out more than it takes, costs included."""
    return _budget(played, "no deficit", lambda left: -left, "the mechanism loses at")


def budget_balance(played: Played) -> Finding:
    """What agents pay is what it costs."""
    return _budget(played, "budget balance", abs, "the budget is off at")


def _budget(played: Played, name: str, broken: Callable[[Fraction], Fraction], words: str) -> Finding:
    found = budgets(played, ((profile, played.outcomes[profile]) for profile in played.agents.truths()), name, broken)
    if isinstance(found, Finding):
        return found
    gain, profile = max(found, key=lambda one: one[0])
    labels = tuple(agent.label(k) for agent, k in zip(played.agents.each, profile, strict=True))
    said = f"{words} {played.agents.words(profile)}"
    return exact(name, said, gain, len(found), "profile", labels, played.tolerance)


def budgets(
    played: Played,
    outcomes: Iterable[tuple[Profile, Outcome]],
    name: str,
    broken: Callable[[Fraction], Fraction],
) -> list[tuple[Fraction, Profile]] | Finding:
    """How far what is left of the money breaks a rule at each outcome; an open question where nobody says who pays."""
    found = []
    for profile, outcome in outcomes:
        if outcome.transfers is None:
            return open_question(name, "outcomes do not say who pays what: let fn return (allocations, transfers)")
        found.append((broken(sum(outcome.transfers, Fraction()) - played.spent(outcome)), profile))
    return found


# ---- who, and how much in all ----


def anonymity(played: Played) -> Finding:
    """Nobody is better off for its name: agents who change their reports change their utilities."""
    agents = played.agents
    if len({agent.labels for agent in agents.each}) > 1:
        return open_question("anonymity", "agents have different types: give all of them the same")
    count, gain, worst = largest(_swaps(played))
    i, j, who, profile = worst
    words = (
        f"{agents.each[i].name} and {agents.each[j].name} change places at {agents.words(profile)}: "
        f"{agents.each[who].name} or who takes its place"
    )
    labels = tuple(agent.label(k) for agent, k in zip(agents.each, profile, strict=True))
    return exact("anonymity", words, gain, count, "utility", labels, played.tolerance)


def _swaps(played: Played) -> Iterator[tuple[Fraction, Any]]:
    """By how much utilities change when two agents change reports and places."""
    agents = played.agents
    for i, j in itertools.combinations(range(len(agents)), 2):
        places = list(range(len(agents)))
        places[i], places[j] = j, i
        for profile in agents.truths():
            swapped = played.outcomes[tuple(profile[k] for k in places)]
            for who, own in enumerate(profile):
                there = played.mechanism.payoff(places[who], own, swapped)
                here = played.mechanism.payoff(who, own, played.outcomes[profile])
                yield abs(there - here), (i, j, who, profile)


def efficiency(played: Played) -> Finding:
    """No alternative leaves more in all; without money, none is better for somebody and worse for nobody."""
    choices = candidates(played)
    found = [
        (*max((lost(played, profile, played.outcomes[profile], other), k) for k, other in enumerate(choices)), profile)
        for profile in played.agents.truths()
    ]
    gain, best, profile = max(found, key=lambda one: one[0])
    labels = tuple(agent.label(k) for agent, k in zip(played.agents.each, profile, strict=True))
    other = choices[best].given
    other = other[0] if played.mechanism.utility is None else other
    words = f"{other!r} is better at {played.agents.words(profile)}" if gain > 0 else ""
    decided = exact("efficiency", words, gain, len(found) * len(choices), "alternative", labels, played.tolerance)
    is_whole = decided.verdict == "fails" or played.alternatives is not None
    return decided if is_whole else own_range(decided, len(choices))


def own_range(decided: Finding, n_choices: int) -> Finding:
    """A finding among a mechanism's own outcomes only: what it never does may be better."""
    why = (
        f"nothing better among the {n_choices} outcomes that it has itself; what it never does may be: say what could "
        "be chosen by alternatives="
    )
    return Finding("efficiency", "undecided", "", math.nan, UNKNOWN, why, decided.labels)


def candidates(played: Played) -> list[Outcome]:
    """What could be chosen: the user's alternatives, or all that the mechanism chooses somewhere."""
    if played.alternatives is None:
        return list(played.outcomes.values())
    entries = listed("alternatives", played.alternatives)
    if not len(entries):
        raise ProblemError("alternatives is empty: give at least one, or leave it out")
    if played.mechanism.utility is not None:
        return [Outcome(entry, None, None) for entry in entries]
    nothing = 0 if played.agents.is_one else [0] * len(played.agents)
    first = next(iter(played.outcomes))
    found = []
    for k, entry in enumerate(entries):
        try:
            found.append(played.mechanism.read((entry, nothing), first))
        except ProblemError as exc:
            form = "an allocation" if played.agents.is_one else f"the allocations of all {len(played.agents)} agents"
            raise ProblemError(f"alternatives[{k}] does not fit: give {form}, as fn answers it ({exc})") from exc
    return found


def lost(played: Played, profile: Profile, outcome: Outcome, other: Outcome) -> Fraction:
    """What choosing an outcome and not another loses: surplus; without money, the most of one where nobody gains."""
    mechanism = played.mechanism
    if outcome.allocations is not None and other.allocations is not None:
        parts = (
            mechanism.worth(who, own, other.allocations[who]) - mechanism.worth(who, own, outcome.allocations[who])
            for who, own in enumerate(profile)
        )
        return sum(parts, Fraction()) - played.spent(other) + played.spent(outcome)
    gains = [mechanism.payoff(k, own, other) - mechanism.payoff(k, own, outcome) for k, own in enumerate(profile)]
    return max(gains) if min(gains) >= 0 else Fraction()


EXACT: dict[str, Callable[[Played], Finding]] = {
    "IC": incentive_compatibility,
    "IR": individual_rationality,
    "monotonicity": monotonicity,
    "no positive cycle": no_positive_cycle,
    "no deficit": no_deficit,
    "budget balance": budget_balance,
    "anonymity": anonymity,
    "efficiency": efficiency,
}
