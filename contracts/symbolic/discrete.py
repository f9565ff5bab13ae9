"""A few types: the menu that sells to them, case by case, as expressions with their derivation."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import described, is_whole
from contracts.symbolic.algebra.signs import Facts, sign_of
from contracts.symbolic.algebra.solving import tidy
from contracts.symbolic.algebra.words import in_words
from contracts.symbolic.derivation import Derivation, Formula, Step, sentence
from contracts.symbolic.numbers import MenuNumbers, menu_numbers
from contracts.symbolic.reader import expression_of, symbols_for
from contracts.symbolic.trade import OWN_NAMES, Trade, check_ceiling, trade

MOST_TYPES = 6  # n types have up to 2^(n-1) cases


@dataclass(frozen=True, eq=False)
class Inequality:
    """left >= right, or left > right."""

    left: Any
    right: Any
    is_strict: bool

    def relation(self) -> Any:
        """The same to sympy."""
        import sympy

        return sympy.StrictGreaterThan(self.left, self.right) if self.is_strict else self.left >= self.right

    def formula(self) -> Formula:
        """The same on a line of a derivation."""
        return Formula(self.left, self.right, ">" if self.is_strict else ">=")


@dataclass(frozen=True, eq=False)
class MenuCase:
    """Who is left out, who is pooled, and what everybody gets then; types from the lowest taste to the highest.

    Attributes
    ----------
    conditions : inequalities that hold in this case
    n_excluded : how many types, from the lowest taste up, get nothing
    pools : types that get the same contract, as pairs of the first and the last
    allocation, transfer, information_rent : one expression per type
    value : of the principal

    Examples
    --------
    >>> from contracts.symbolic import derive_menu
    >>> menu = derive_menu("theta*q", cost="q**2/2", types=(1, 2), weights=("1 - f", "f"), parameters=("f",))
    >>> case = menu.cases[0]
    >>> case.conditions, case.allocation, case.n_excluded
    ((Inequality(left=(2*f - 1)/(f - 1), right=0, is_strict=True),), ((2*f - 1)/(f - 1), 2), 0)
    """

    conditions: tuple[Inequality, ...]
    n_excluded: int
    pools: tuple[tuple[int, int], ...]
    allocation: tuple[Any, ...]
    transfer: tuple[Any, ...]
    information_rent: tuple[Any, ...]
    value: Any


@in_words
@checked(own=("utility", "cost", "types", "weights", "parameters"))
def derive_menu(utility: Any, *, cost: Any, types: Any = 2, weights: Any = None, parameters: Any = ()) -> SymbolicMenu:
    """The best menu for a few types in closed form, with exclusion and pooling as cases.

    Parameters
    ----------
    utility : v(theta, q) of the form m(theta)*g(q) + h(q), as text or a sympy expression, 0 at q = 0
    cost : c(q), 0 at q = 0
    types : how many, named theta_1 < theta_2 < ...; or expressions in increasing order, such as ("low", "high")
    weights : their shares, expressions that sum to one; by default f_1, f_2, ...
    parameters : names of parameters in them, all positive numbers

    Raises
    ------
    ProblemError
        If the text cannot be read, or the order of types or the sign of a weight is not known.

    Examples
    --------
    Maskin & Riley with two types: the low one is left out where the high one is too common.

    >>> menu = derive_menu("theta*q", cost="q**2/2", types=("low", "high"), weights=("1 - f", "f"),
    ...                    parameters=("low", "high", "f"))
    >>> menu.virtual_valuation[0]
    (f*high - low)/(f - 1)
    >>> [case.n_excluded for case in menu.cases]
    [0, 1]
    """
    import sympy

    named = symbols_for("parameters", parameters, taken=(*OWN_NAMES, "p", "self"))
    if is_whole(types):
        n = int(types)
        if not 1 <= n <= MOST_TYPES:
            raise ProblemError(f"types is {n}: closed forms are for 1 to {MOST_TYPES} types; use contracts.solve_menu")
        own = [f"theta_{k}" for k in range(1, n + 1)]
        named |= symbols_for("parameters", own, taken=tuple(named))
        given: Any = own
    else:
        given = types
    given, weights = (one.tolist() if isinstance(one, np.ndarray) else one for one in (given, weights))
    if not isinstance(given, tuple | list) or not 1 <= len(given) <= MOST_TYPES:
        raise ProblemError(f"types is {described(types)}: give how many, or 1 to {MOST_TYPES} expressions in a tuple")
    if weights is None:
        shares = [f"f_{k}" for k in range(1, len(given) + 1)]
        named |= symbols_for("parameters", shares, taken=tuple(named))
        weights = shares
    if not isinstance(weights, tuple | list) or len(weights) != len(given):
        raise ProblemError(f"weights is {described(weights)}: give one share per type, {len(given)} in a tuple")
    kinds = [expression_of("types", one, named) for one in given]
    shares = [expression_of("weights", one, named) for one in weights]
    facts = _facts(kinds, shares)
    positive = all(sign_of(kind, facts) in ("positive", "zero") for kind in kinds)
    theta = sympy.Symbol("theta", positive=True) if positive else sympy.Symbol("theta", real=True)
    made = trade(utility, cost, theta, named, facts)
    tastes = [made.taste.subs(theta, kind) for kind in kinds]
    rising = {sign_of(high - low, facts) for low, high in itertools.pairwise(tastes)}
    if rising not in ({"positive"}, {"negative"}, set()):
        raise ProblemError(
            f"the tastes {', '.join(map(str, tastes))} of the types are not known to increase: give types in "
            f"increasing "
            "order, as names or numbers"
        )
    labels = tuple(str(kind) for kind in kinds)
    step = -1 if rising == {"negative"} else 1
    return SymbolicMenu(
        made,
        labels[::step],
        tuple(tastes[::step]),
        tuple(shares[::step]),
        facts,
        tuple(named),
        check_ceiling(made, tastes[::step][-1], facts),
    )


@in_words
@checked
@dataclass(frozen=True, eq=False, repr=False)
class SymbolicMenu:
    """What a few types buy, pay and keep, as sympy expressions; types from the lowest taste to the highest.

    Attributes
    ----------
    trade : utility and cost, taken apart
    labels, tastes, weights : the types, m(theta) of each, and their shares
    facts : what is known of the parameters
    parameters : their names
    conditions : expressions that are taken to be positive
    """

    trade: Trade
    labels: tuple[str, ...]
    tastes: tuple[Any, ...]
    weights: tuple[Any, ...]
    facts: Facts
    parameters: tuple[str, ...]
    conditions: tuple[Any, ...]

    @cached_property
    def virtual_valuation(self) -> tuple[Any, ...]:
        """The taste of each type, less the rent that serving it leaves to all better ones."""
        found = []
        for k, (taste, weight) in enumerate(zip(self.tastes, self.weights, strict=True)):
            better = sum(self.weights[k + 1 :])
            step = self.tastes[k + 1] - taste if k + 1 < len(self.tastes) else 0
            found.append(tidy(taste - better / weight * step))
        return tuple(found)

    @cached_property
    def cases(self) -> tuple[MenuCase, ...]:
        """All cases that are possible, first those that leave nobody out; one of them holds."""
        return tuple(case for excluded, pools in self._divisions() if (case := self._case(excluded, pools)) is not None)

    @property
    def value(self) -> Any:
        """What the principal expects to earn, case by case."""
        return self._piecewise([case.value for case in self.cases])

    @property
    def allocation(self) -> tuple[Any, ...]:
        """The quantity of each type, case by case."""
        return tuple(map(self._piecewise, zip(*(case.allocation for case in self.cases), strict=True)))

    @property
    def transfer(self) -> tuple[Any, ...]:
        """The transfer of each type, case by case."""
        return tuple(map(self._piecewise, zip(*(case.transfer for case in self.cases), strict=True)))

    @property
    def information_rent(self) -> tuple[Any, ...]:
        """The rent of each type, case by case."""
        return tuple(map(self._piecewise, zip(*(case.information_rent for case in self.cases), strict=True)))

    def derivation(self) -> Derivation:
        """All steps from the problem to the menu, with a step for every case."""
        names = self.labels
        steps = [
            Step(
                "Types",
                f"{len(names)} types, from the lowest taste to the highest; nobody sees them.",
                tuple(
                    Formula(f"m_{k}", taste, remark=f"of {name}, share {weight}")
                    for k, (taste, name, weight) in enumerate(zip(self.tastes, names, self.weights, strict=True), 1)
                ),
            ),
            *self.trade.steps("in which the rents of others are counted"),
            Step(
                "Rents",
                "At an optimum each type is just kept from taking the contract of the next lower taste, and the "
                "lowest that "
                "is served from leaving: the rent grows by (m_{k+1} - m_k) g(q_k). Summed up, a unit of g for type k "
                "costs "
                "the principal (m_{k+1} - m_k) for every better type.",
            ),
            Step(
                "Virtual valuations",
                "So the principal maximises phi_k g(q) - C(q) type by type, with phi_k = m_k less "
                "(share of better types / own share) (m_{k+1} - m_k).",
                tuple(Formula(f"phi_{k}", phi) for k, phi in enumerate(self.virtual_valuation, 1)),
            ),
            Step(
                "Exclusion and pooling",
                "Quantities must increase with tastes. Neighbours whose virtual valuations fall are pooled at their "
                "mean, "
                "weighted by shares; those whose mean is at most r(0) get nothing.",
            ),
        ]
        if self.conditions or self.trade.conditions:
            taken = (*self.trade.conditions, *self.conditions)
            steps.append(Step("Provided that", "This is not proven of all parameters.",
                              tuple(Formula(one, 0, ">") for one in taken)))  # fmt: skip
        for number, case in enumerate(self.cases, 1):
            lines = [one.formula() for one in case.conditions]
            for k in range(1, len(names) + 1):
                lines += [
                    Formula(f"q_{k}", case.allocation[k - 1]),
                    Formula(f"t_{k}", case.transfer[k - 1]),
                    Formula(f"U_{k}", case.information_rent[k - 1]),
                ]
            lines.append(Formula("value", case.value))
            steps.append(Step(f"Case {number}", f"{_words(case, names)}.", tuple(lines)))
        return Derivation(f"{len(names)} types", tuple(steps))

    def to_numeric(self, **parameters: float) -> MenuNumbers:
        """The numbers of the closed form, and the same problem for the engines.

        Raises
        ------
        ProblemError
            If a parameter is missing, unknown or not positive, or types or weights make no sense at them.
        """
        return menu_numbers(self, parameters)

    def __repr__(self) -> str:
        return str(self.derivation())

    def _repr_html_(self) -> str:
        return self.derivation().html()

    # ---- cases ----

    def _piecewise(self, expressions: Any) -> Any:
        import sympy

        pieces = []
        for case, expression in zip(self.cases, expressions, strict=True):
            pieces.append((expression, sympy.And(*(one.relation() for one in case.conditions))))
        return sympy.Piecewise(*pieces)

    def _divisions(self) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
        """How many are left out, and how the others are pooled; the best type is never pooled."""
        n = len(self.tastes)
        for excluded in range(n):
            inner = n - 1 - excluded  # types that may be pooled with the next
            for cuts in range(2 ** max(inner - 1, 0)):
                pools, start = [], excluded
                for k in range(excluded, n - 1):
                    last = k == n - 2
                    if last or not cuts >> (k - excluded) & 1:
                        pools.append((start, k))
                        start = k + 1
                yield excluded, (*pools, (n - 1, n - 1))
        yield n, ()  # no trade at all, where even the best type's taste does not pay for its first unit

    def _mean(self, first: int, last: int) -> Any:
        """The virtual valuation of types together, weighted by shares."""
        pool = range(first, last + 1)
        total = sum(self.weights[k] * self.virtual_valuation[k] for k in pool)
        return tidy(total / sum(self.weights[k] for k in pool))

    def _case(self, excluded: int, pools: tuple[tuple[int, int], ...]) -> MenuCase | None:
        import sympy

        conditions = self._conditions(excluded, pools)
        if conditions is None:
            return None
        made, n = self.trade, len(self.tastes)
        nothing = (0,) * excluded
        levels = [self._mean(*pool) for pool in pools for _ in range(pool[0], pool[1] + 1)]
        enjoyed = [*nothing, *map(made.enjoyed_at, levels)]
        rents: list[Any] = [*nothing, 0][:n]
        for k in range(excluded, n - 1):
            rents.append(tidy(rents[-1] + (self.tastes[k + 1] - self.tastes[k]) * enjoyed[k]))
        common = [*nothing, *map(made.common_at, levels)]
        transfer = [0 if k < excluded else tidy(self.tastes[k] * enjoyed[k] + common[k] - rents[k]) for k in range(n)]
        value = tidy(
            sympy.Add(*(sum(self.weights[low : high + 1]) * made.profit(self._mean(low, high)) for low, high in pools))
        )
        allocation = (*nothing, *map(made.at, levels))

        quantity, paid, kept = (tuple(map(sympy.sympify, one)) for one in (allocation, transfer, rents))
        return MenuCase(conditions, excluded, pools, quantity, paid, kept, value)

    def _conditions(self, excluded: int, pools: tuple[tuple[int, int], ...]) -> tuple[Inequality, ...] | None:
        """What a case asks for beyond what always holds; None if that cannot be."""
        floor, wanted = self.trade.threshold, list[Inequality]()
        if floor.is_infinite and excluded:
            return None
        if not pools:  # the mean from a type up is its taste, and the best type's is the largest
            wanted.append(Inequality(floor, self.tastes[-1], is_strict=False))
        else:
            wanted += [Inequality(floor, self._mean(k, excluded - 1), is_strict=False) for k in range(excluded)]
        if pools and not floor.is_infinite:
            wanted.append(Inequality(self._mean(*pools[0]), floor, is_strict=True))
        wanted += [
            Inequality(self._mean(*high), self._mean(*low), is_strict=True) for low, high in itertools.pairwise(pools)
        ]
        wanted += [
            Inequality(self._mean(first, k), self._mean(k + 1, last), is_strict=False)
            for first, last in pools
            for k in range(first, last)
        ]
        kept = []
        for one in wanted:
            sign = sign_of(one.left - one.right, self.facts)
            if sign == "negative" or (sign == "zero" and one.is_strict):
                return None
            if sign == "open":
                kept.append(one)
        return tuple(kept)


def _words(case: MenuCase, labels: tuple[str, ...]) -> str:
    """Who gets what in a case, in words."""
    if not case.pools:
        return "Nobody is served"
    said = [f"Left out: {sentence(labels[: case.n_excluded])}"] if case.n_excluded else []
    said += [f"Pooled: {sentence(labels[low : high + 1])}" for low, high in case.pools if high > low]
    return ". ".join(said) or "Everybody gets a contract of their own"


def _facts(kinds: list[Any], shares: list[Any]) -> Facts:
    """Types that increase, each by a positive step, and shares that are positive and sum to one."""
    import sympy

    known: dict[Any, Any] = {}
    for low, high in itertools.pairwise(kinds):
        if high.is_Symbol and high not in known and not low.has(high):
            known[high] = low.xreplace(known) + sympy.Dummy("d", positive=True)
    order = Facts(known)
    for low, high in itertools.pairwise(kinds):
        if sign_of(high - low, order) != "positive":
            raise ProblemError(
                f"types {low} and {high} are not known to increase: give them from the lowest up, as names or numbers"
            )
    names = sorted(set().union(*(share.free_symbols for share in shares)) - set(known), key=str)
    if any(kind.has(name) for kind in kinds for name in names):
        raise ProblemError("weights use the names of types: give them parameters of their own, such as ('1 - f', 'f')")
    parts = {name: sympy.Dummy(f"w_{name}", positive=True) for name in names}
    each_its_own = set(shares) == set(names)
    whole = sum(parts.values()) + (0 if each_its_own else 1)
    known |= {name: part / whole for name, part in parts.items()}
    facts = Facts(known)
    if sympy.simplify(facts(sum(shares)) - 1) != 0:
        raise ProblemError(f"weights sum to {tidy(sum(shares))}, not 1: let the last be 1 less the others")
    odd = next((share for share in shares if sign_of(share, facts) != "positive"), None)
    if odd is not None:
        raise ProblemError(
            f"the weight {odd} is not known to be positive: give names, such as ('1 - f', 'f'), or numbers"
        )
    return facts
