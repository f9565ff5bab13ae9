"""Mechanisms that remember: agents who meet one again and again, learn what pays, and lie now for what comes later."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count
from contracts.testing.agents import Agents, Profile, rational, read_agents
from contracts.testing.outcomes import Mechanism, Outcome
from contracts.testing.properties import with_report


@checked
def repeated_mechanism(
    make: Callable[[], Any],
    types: Any,
    *,
    utility: Callable[..., Any] | None = None,
    lies: Any = None,
    n_agents: Count | None = None,
    n_rounds: Count = 5,
    discount: float = 1.0,
    tolerance: float = 0.0,
    is_judged_at_end: bool = False,
) -> type[RuleBasedStateMachine]:
    """A state machine in which one agent lies to a mechanism that is used round after round.

    In every round types are drawn anew, everybody else is honest, and the liar says what Hypothesis draws, or what it
    has learned: the report that would have paid its present type best in the rounds that it has seen. Beside it runs
    the same mechanism with an agent who was honest throughout. The machine fails when the liar has gained in sum, and
    shrinks to the fewest rounds in which that happens. Run it by `machine.TestCase` or
    `hypothesis.stateful.run_state_machine_as_test(machine)`.

    A machine that finds nothing has proven nothing: it looked for a lie that pays, and how long is up to Hypothesis.

    Parameters
    ----------
    make : makes a new mechanism without a past, a function as in `check_mechanism` that is called once a round
    types, utility, lies, n_agents : as in `check_mechanism`
    n_rounds : the most rounds of a life
    discount : what a round counts for, by the round before it
    tolerance : utility that a liar may gain
    is_judged_at_end : whether gains count at the end of a life only, for mechanisms that settle later what they owe

    Raises
    ------
    ProblemError
        If types do not fit or a number is out of range; when it runs, if the mechanism raises, draws, or answers in
        another form.

    Examples
    --------
    A seller who asks for the largest bid that it ever saw gives nobody who comes once a reason to lie, and teaches
    those who come again to bid low:

    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> def make():
    ...     seen = [1]
    ...     def sell(bid):
    ...         price = max(seen)
    ...         seen.append(bid)
    ...         return bid >= price, price * (bid >= price)
    ...     return sell
    >>> machine = repeated_mechanism(make, {"low": 1, "high": 3})
    >>> try:
    ...     run_state_machine_as_test(machine)
    ... except AssertionError as found:
    ...     print(found)
    the agent has gained 2 by lies in 2 rounds: 'high' said 'low', 'high' said 'high'
    """
    agents = read_agents(types, lies, n_agents)
    factor = rational("discount", discount)
    if not 0 < factor <= 1:
        raise ProblemError(f"discount is {discount:g}: give a number above 0, and at most 1")
    forgiven = Fraction(number("tolerance", tolerance))
    labels = list(dict.fromkeys(agent.label(k) for agent in agents.each for k in range(agent.n_reports)))
    profiles = st.tuples(*(st.sampled_from(agent.labels) for agent in agents.each))
    drawn: dict[str, Any] = {"type": st.sampled_from(agents.each[0].labels)} if agents.is_one else {"types": profiles}

    class RepeatedMechanism(RuleBasedStateMachine):
        """One life of a mechanism, beside the life that it would have had with honest agents."""

        def __init__(self) -> None:
            super().__init__()
            self.life = _Life(make, agents, utility, factor, forgiven)

        @initialize(liar=st.integers(0, len(agents) - 1))
        def one_agent_may_lie(self, liar: int) -> None:
            self.life.liar = liar

        @precondition(lambda self: self.life.n_rounds < n_rounds)
        @rule(report=st.sampled_from([*labels, WHAT_WOULD_HAVE_PAID]), **drawn)
        def lie(self, report: Any, **types: Any) -> None:
            names = _names(types)
            self.life.play(names, self.life.learned(names) if report is WHAT_WOULD_HAVE_PAID else report)

        @precondition(lambda self: self.life.n_rounds < n_rounds)
        @rule(**drawn)
        def tell_the_truth(self, **types: Any) -> None:
            self.life.play(_names(types), None)

        @precondition(lambda self: self.life.n_rounds >= n_rounds)
        @rule()
        def rest(self) -> None:
            """A life is over, and Hypothesis wants something to do."""

        @invariant()
        def lies_do_not_pay(self) -> None:
            if not is_judged_at_end:
                self.life.check()

        def teardown(self) -> None:
            if is_judged_at_end:
                self.life.check()

    return RepeatedMechanism


class _Learned:
    """Stands among reports for the best of those tried, so that a counterexample shrinks to a plain report."""

    def __repr__(self) -> str:
        return "what would have paid"


WHAT_WOULD_HAVE_PAID = _Learned()


def _names(types: dict[str, Any]) -> tuple[str, ...]:
    """Names of all agents' types, of one agent or several."""
    return (types["type"],) if "type" in types else types["types"]


class _Life:
    """What happened to a liar, and what would have happened to it as an honest agent."""

    def __init__(
        self,
        make: Callable[[], Any],
        agents: Agents,
        utility: Callable[..., Any] | None,
        discount: Fraction,
        forgiven: Fraction,
    ) -> None:
        self.agents, self.discount, self.forgiven = agents, discount, forgiven
        self.honest, self.again, self.lied_to = (Mechanism(_made(make), agents, utility) for _ in range(3))
        self.liar, self.gain, self.said = 0, Fraction(), list[str]()
        self.seen: list[tuple[str, Outcome]] = []

    @property
    def n_rounds(self) -> int:
        return len(self.said)

    def play(self, names: tuple[str, ...], report: str | None) -> None:
        """One round: the liar says `report`, or the truth."""
        agent = self.agents.each[self.liar]
        known = [*agent.labels, *agent.lie_labels]
        assume(report is None or report in known)
        truth: Profile = tuple(one.labels.index(name) for one, name in zip(self.agents.each, names, strict=True))
        own = truth[self.liar]
        told = own if report is None else known.index(report)
        fair, same = self.honest.ask(truth), self.again.ask(truth)
        if self.honest.payoff(self.liar, own, fair) != self.honest.payoff(self.liar, own, same):
            raise ProblemError(
                f"two mechanisms of make answer {self.agents.words(truth)} in two ways after the same past: let make "
                "give each of them a generator with the same seed, and a past of its own"
            )
        outcome = self.lied_to.ask(with_report(truth, self.liar, told))
        better = self.lied_to.payoff(self.liar, own, outcome) - self.honest.payoff(self.liar, own, fair)
        self.gain += self.discount**self.n_rounds * better
        others = [repr(name) for k, name in enumerate(names) if k != self.liar]
        beside = f" beside ({', '.join(others)})" if others else ""
        self.said.append(f"{agent.label(own)!r} said {known[told]!r}{beside}")
        self.seen.append((known[told], outcome))

    def learned(self, names: tuple[str, ...]) -> str | None:
        """The report that would have paid the liar's type best, of those that it has tried; None before all."""
        if not self.seen:
            return None
        own = self.agents.each[self.liar].labels.index(names[self.liar])
        return max(self.seen, key=lambda one: self.lied_to.payoff(self.liar, own, one[1]))[0]

    def check(self) -> None:
        """Fail if lies have paid."""
        who = self.agents.each[self.liar].name or "the agent"
        rounds = f"{self.n_rounds} round{'s' * (self.n_rounds != 1)}"
        if self.gain > self.forgiven:
            raise AssertionError(f"{who} has gained {float(self.gain):.6g} by lies in {rounds}: {', '.join(self.said)}")


def _made(make: Callable[[], Any]) -> Callable[..., Any]:
    try:
        fn = make()
    except Exception as exc:
        raise ProblemError(f"make raised {type(exc).__name__} ({exc}): it is called with nothing") from exc
    if not callable(fn):
        raise ProblemError(f"make returns {type(fn).__name__}: return a function from reports to outcomes")
    return fn
