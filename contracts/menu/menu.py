"""The menu: what is on offer, who takes what, and the evidence that it is right."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contracts.display.table import Certified, Table
from contracts.errors import ProblemError
from contracts.exact.best import best_options
from contracts.inputs.arrays import Array, Indices, Mask, finite, generator, is_frame
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass, read_only
from contracts.inputs.kinds import position
from contracts.inputs.names import check_same_names, column_names, given_names, row_names
from contracts.menu.first_best import first_best
from contracts.menu.offers import BINDING, OUTSIDE, Options
from contracts.menu.rows import held_rows, rows_frame
from contracts.problem.mimicry import accessible, type_numbers
from contracts.problem.participation import WithOutside
from contracts.problem.records import Saved, to_record
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.certificate import Certificate
from contracts.proof.record import Evidence, multipliers_record

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from scipy.sparse import csr_array

    from contracts.menu.sensitivity import Sensitivity

SCHEMA = "menuwright/menu/1"


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Menu(Certified, Saved):
    """A menu of contracts, exactly incentive compatible and individually rational for the floats it holds.

    Attributes
    ----------
    contracts : the options as contracts of `problem.program`: where types can be left out, with one more good, the
        amount of outside option that comes with them
    option_of_type : (n_types,) index into the options, -1 for the outside option
    certificate : exact IC and IR, value, bound and gap
    engine : which engine found it
    """

    problem: ScreeningProblem
    contracts: Options
    option_of_type: Indices
    certificate: Certificate
    bound: Bound
    engine: str

    def __post_init__(self) -> None:
        evidence = Evidence(self.problem, *self.contracts, self.option_of_type, self.bound)
        object.__setattr__(self, "certificate", replace(self.certificate, evidence=evidence))

    # ---- what is on offer ----

    @cached_property
    def options(self) -> Options:
        """Distinct contracts, each taken by some type: allocations (n_options, n_goods) and transfers (n_options,).

        With an option that serves with a chance only, the allocation is the expected one: the chance times what is
        then served. So utilities and payoffs of outcomes are as always, and `option_serving` says the chance.
        """
        if not self.problem.program.excludes:
            return self.contracts
        allocations, transfers = self.contracts
        instead = (1.0 - self.option_serving)[:, np.newaxis] * self.problem.outside.allocation
        return Options(read_only(allocations[:, :-1] + instead), transfers)

    @cached_property
    def option_serving(self) -> Array:
        """The chance of being served with each option, else one is left with the outside option; (n_options,)."""
        domain = self.problem.program.domain
        served = domain.served(self.contracts.allocations) if isinstance(domain, WithOutside) else 1.0
        return read_only(np.broadcast_to(served, len(self.contracts.transfers)).astype(np.float64))

    @property
    def option_utility(self) -> Array:
        """Utility of every type from every option; (n_types, n_options)."""
        allocations, transfers = self.contracts
        return np.asarray(self.problem.program.valuations @ allocations.T - transfers)

    # ---- what each type gets ----

    @cached_property
    def allocation(self) -> Array:
        """What each type takes; (n_types, n_goods). The outside option is its own contract, or nothing."""
        return self._with_outside(self.options.allocations, self.problem.outside.allocation)

    @cached_property
    def serving(self) -> Array:
        """The chance that each type is served; (n_types,): 1 with a contract, 0 outside, between them by lottery."""
        return self._with_outside(self.option_serving, np.zeros(1)[0])

    @cached_property
    def transfer(self) -> Array:
        """What each type pays, positive from agent to principal; (n_types,)."""
        return self._with_outside(self.contracts.transfers, np.zeros(1)[0])

    @cached_property
    def utility(self) -> Array:
        """valuations_i . x_i - t_i, and the reservation utility of those who are left with it; (n_types,)."""
        return self.problem.program.utility(self._program_allocation, self.transfer)

    @property
    def reading(self) -> dict[str, Array]:
        """What each type's contract says in the words of its model: earnings and tax, say; (n_types,) by column."""
        from contracts.menu.text import readings_of

        return {reading.name: reading.of(self.allocation, self.transfer) for reading in readings_of(self.problem)}

    @cached_property
    def first_best_allocation(self) -> Array:
        """What each type would be given if types were known; (n_types, n_goods).

        Where money moves freely it is the efficient allocation. A ProblemError says where it is not found type by type.
        """
        allocation = first_best(self.problem)
        allocation.setflags(write=False)
        return allocation

    @property
    def distortion(self) -> Array:
        """What hidden types do to allocations: those of the menu less the first best; (n_types, n_goods)."""
        return self.allocation - self.first_best_allocation

    @property
    def information_rent(self) -> Array:
        """Utility above the reservation utility: what private information earns; (n_types,)."""
        return self.utility - self.problem.reservation_utility

    @property
    def payoff(self) -> Array:
        """What the principal earns from each type; (n_types,)."""
        return self.problem.program.payoff(self._program_allocation, self.transfer)

    @property
    def is_excluded(self) -> Indices:
        """Which types keep the outside option; (n_types,) of bool."""
        return self.option_of_type == OUTSIDE

    @cached_property
    def is_bunched(self) -> Indices:
        """Which types share their option with another type; (n_types,) of bool. Those excluded are not among them."""
        takers = np.bincount(self.option_of_type[~self.is_excluded], minlength=len(self.options.transfers))
        return ~self.is_excluded & (np.append(takers, 0)[self.option_of_type] > 1)

    # ---- what it is worth ----

    @property
    def worst_case_weights(self) -> Array:
        """The distribution of types that is worst for this menu, among those the problem's ambiguity allows."""
        return self.problem.program.worst_case(self._program_allocation, self.transfer).weights

    @property
    def ic_multipliers(self) -> csr_array:
        """Sparse (n_types, n_types): [i, j] prices the constraint that type i must not want the contract of j."""
        return self.bound.multipliers.ic

    @property
    def ir_multipliers(self) -> Array:
        """Prices of participation; (n_types,)."""
        return self.bound.multipliers.ir

    @property
    def shadow_prices(self) -> dict[str, float]:
        """What raising the limit of each constraint by one unit is worth, by name, in units of the objective.

        One more unit of a `Capacity`, or of the difference that an `EqualAccess` or `RentInequality` allows, is worth
        that much, never less than nothing; one more unit required by a `Budget` or by `Coverage` costs minus that much.
        A `LinearConstraint` has the worth of raising whatever limits it has. Names that repeat are numbered. Where the
        value has a kink in the limit it is a slope between those on the two sides, and at a limit beyond which there is
        no menu at all it is no less than the slope on the side where there are some.
        """
        return {row.name: row.shadow_price for row in held_rows(self)}

    @property
    def virtual_valuation(self) -> Array:
        """Valuations net of the rent they force on other types; (n_types, n_goods)."""
        return self.bound.virtual_valuation[:, : self.problem.n_goods]

    def binding(self, who: int) -> list[str]:
        """Constraints with a price at type number `who`: 'IR', and 'IC -> label' for every contract that tempts it.

        A contract is named after the type that tempts most with it; types that share one's own contract do not tempt.
        For a type that keeps the outside option, wanting no more than others who keep it is IR.
        """
        position("who", who, self.problem.n_types, "types")
        least = BINDING * float(self.problem.weights[who])
        prices = self.ic_multipliers
        held = slice(prices.indptr[who], prices.indptr[who + 1])  # sparse arrays take ten times as long to cut a row
        price, tempter_at = prices.data[held], prices.indices[held]
        own, participates = self.option_of_type[who], self.ir_multipliers[who] > least
        tempters: dict[int, int] = {}
        for k in np.argsort(-price, kind="stable"):
            tempter = int(tempter_at[k])
            option = int(self.option_of_type[tempter])
            if price[k] > least and option != own:
                tempters.setdefault(option, tempter)
            participates |= price[k] > least and option == own == OUTSIDE
        participation = ["IR"] if participates else []
        return participation + [f"IC -> {self.problem.labels[tempter]}" for tempter in tempters.values()]

    # ---- asking it ----

    def choose(
        self,
        valuations: Any,
        *,
        temperature: float | None = None,
        rng: np.random.Generator | None = None,
        reservation_utility: Any = None,
        types: Any = None,
    ) -> Indices:
        """The option that agents with these valuations take; -1 for the outside option.

        Parameters
        ----------
        valuations : (n_agents, n_goods) array, or a frame with the goods as columns, in their order; a vector is one
            valuation per agent for one good, else one agent
        temperature : money; if given, agents choose by logit and `rng` draws their choices
        reservation_utility : number or (n_agents,) array; by default that of the problem, if all types share it
        types : label or number of a type, or (n_agents,) of them: the agents can take what this type can. Needed where
            the problem says who can mimic whom (`mimics`); elsewhere everybody can take everything

        Returns
        -------
        (n_agents,) array of indices. Without a temperature they are exact, ties in the principal's favour.
        """
        if temperature is not None:
            if rng is None:
                raise ProblemError("choose with a temperature draws at random: pass rng=numpy.random.default_rng(seed)")
            probabilities = self.choice_probabilities(
                valuations, temperature=temperature, reservation_utility=reservation_utility, types=types
            )
            uniform = generator(rng).random(len(probabilities))[:, np.newaxis]
            drawn = (uniform > np.cumsum(probabilities, axis=1)).sum(axis=1)
            return np.where(drawn >= len(self.options.transfers), OUTSIDE, drawn)
        valuations, outside = self._agents(valuations, reservation_utility)
        access = self._access(types, len(valuations))
        # The outside option joins as a contract in one more good that agents value at their outside utility.
        count, program = len(self.options.transfers), self.problem.program
        values = np.column_stack([valuations, outside]) if self._outside_is_money else valuations
        allocations, transfers = self._offered()
        everything = self._program_contracts.allocations
        payoffs = everything @ (program.weights @ program.principal_values) + transfers
        payoffs = payoffs - program.weights @ program.costs_of(everything)
        if not program.outside.is_contract:
            payoffs[count] = 0.0  # whoever leaves takes no allocation, not even a free one
        if not self.problem.has_participation_constraint:  # nobody leaves
            values, allocations, transfers = valuations, allocations[:count, :-1], transfers[:count]
            access = None if access is None else access[:, :count]
        best = best_options(values, allocations, transfers, payoff=lambda _, options: payoffs[options], access=access)
        return np.where(best.option == count, OUTSIDE, best.option)

    def choice_probabilities(
        self, valuations: Any, *, temperature: float, reservation_utility: Any = None, types: Any = None
    ) -> Array:
        """Logit choice probabilities (McFadden 1974); (n_agents, n_options + 1), the outside option last.

        Options that `types` cannot take, see `choose`, have probability zero.
        """
        from scipy.special import softmax

        if not temperature > 0:
            raise ProblemError(f"temperature is {temperature}: it must be positive; leave it out for best responses")
        valuations, outside = self._agents(valuations, reservation_utility)
        utility = valuations @ self.options.allocations.T - self.options.transfers
        if self._outside_is_money and (self.option_serving < 1).any():
            utility = utility + outside[:, np.newaxis] * (1.0 - self.option_serving)
        utility, access = np.column_stack([utility, outside]), self._access(types, len(utility))
        if access is not None:
            utility = np.where(access, utility, -np.inf)
        return np.asarray(softmax(utility / temperature, axis=1))

    def expected_value(self, choice_model: Any) -> float:
        """What the objective is expected to be when agents err: every type draws its option from a choice model.

        Under ambiguity it is the expectation at the distribution of types that is then worst, which may be another
        than the worst one for agents who do not err.

        Parameters
        ----------
        choice_model : anything whose `probabilities` turns utilities (n_types, n_options + 1), the outside option last,
            into choice probabilities, such as inference.Logit(temperature)

        Raises
        ------
        ProblemError
            If the objective has a worst-off term, which is no expectation over types; if the choice model has no
            probabilities; or if not everybody can mimic everybody, so that types draw from different options.
        """
        if not hasattr(choice_model, "probabilities"):
            raise ProblemError(
                f"choice_model is {type(choice_model).__name__}: give an object with probabilities(utilities), such as "
                "inference.Logit(temperature)"
            )
        problem, terms = self.problem, self.problem.terms
        if problem.mimics is not None:
            raise ProblemError(
                "choice models are for one list of options, but with mimics each type has its own: weigh "
                "menu.choice_probabilities(..., types=...) instead"
            )
        if terms.worst_off_weight:
            raise ProblemError(
                "the objective is no expectation over types: give profit, or a sum without the worst off"
            )
        problem = problem.program
        allocations, transfers = self._program_contracts
        leaves = not problem.outside.is_contract
        utility = problem.valuations @ allocations.T - transfers
        if leaves:
            utility[:, -1] = problem.reservation_utility
        counted = np.empty_like(utility)
        for k in range(len(transfers)):
            every = np.broadcast_to(allocations[k], problem.valuations.shape)
            payoff = problem.payoff(every, np.full(problem.n_types, transfers[k]))
            if leaves and k == len(transfers) - 1:
                payoff = np.zeros(problem.n_types)  # whoever leaves takes no allocation, not even a free one
            counted[:, k] = terms.by_type(payoff, every[:, : self.problem.n_goods], utility[:, k])
        chance = np.asarray(choice_model.probabilities(utility))
        by_type = np.where(chance > 0, chance * counted, 0.0).sum(axis=1)
        if problem.ambiguity is None:
            return float(problem.weights @ by_type)
        return problem.ambiguity.worst_case(by_type, problem.weights, problem.valuations).value

    # ---- showing it ----

    def __repr__(self) -> str:
        from contracts.menu.text import WIDTH, menu_table

        return menu_table(self, WIDTH).text()

    __str__ = __repr__

    def _table(self) -> Table:
        from contracts.menu.text import menu_table

        return menu_table(self)

    def to_frame(self, of: Literal["types", "constraints"] = "types") -> pd.DataFrame:
        """One row per type: weight, contract, first best, distortion, utility, rent, payoff, option, what binds.

        Contracts are in the words of the model, if the problem has `readings`, and as allocation and transfer. With
        of="constraints", one row per constraint over all types: what is held of it, its limits and its shadow price.
        """
        from contracts.menu.text import menu_frame

        if of not in ("types", "constraints"):
            raise ProblemError(f"of is {of!r}: use 'types' or 'constraints'")
        return menu_frame(self) if of == "types" else rows_frame(held_rows(self))

    def plot(self, ax: Axes | None = None, *, kind: str = "auto") -> Any:
        """Draw the menu; kinds are 'menu', 'types', 'rents' and 'auto'. Returns the matplotlib axes."""
        from contracts.menu.picture import plot_menu

        return plot_menu(self, ax, kind=kind)

    def sensitivity(self) -> Sensitivity:
        """What the value gains from a little more of every weight, valuation, cost and reservation utility.

        From the prices that prove the menu, without solving anything again; see `contracts.menu.sensitivity`.

        Examples
        --------
        >>> from contracts import Quadratic, solve_menu
        >>> menu = solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
        >>> menu.sensitivity().valuations.round(4).T  # a keener high type has to be left a larger rent
        array([[0.6667, 0.3333]])
        """
        from contracts.menu.sensitivity import sensitivity_of

        contracts = self._program_contracts
        own = self.option_of_type
        return sensitivity_of(self.problem, contracts.allocations[own], contracts.transfers[own], self.bound)

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; floats survive to the bit."""
        return {
            "schema": SCHEMA,
            "engine": self.engine,
            "problem": to_record(self.problem),
            "options": {
                "allocations": self.contracts.allocations.tolist(),
                "transfers": self.contracts.transfers.tolist(),
            },
            "option_of_type": self.option_of_type.tolist(),
            "labels": list(self.problem.labels),
            "allocation": self.allocation.tolist(),
            "transfer": self.transfer.tolist(),
            **({"reading": _lists(self.reading)} if self.problem.readings else {}),
            "utility": self.utility.tolist(),
            "multipliers": multipliers_record(self.bound.multipliers),
            **({"shadow_prices": self.shadow_prices} if self.problem.constraints else {}),
            **({} if self.bound.among.is_every_menu else {"kind": self.bound.among.to_dict()}),
            "certificate": self.certificate.to_dict(),
        }

    # ---- inside ----

    def _access(self, types: Any, count: int) -> Mask | None:
        """Which options agents of these types can take, the outside option last; (n_agents, n_options + 1)."""
        problem = self.problem
        numbers = None if types is None else type_numbers("types", types, problem.labels, count)
        if problem.mimics is None:
            return None
        if numbers is None:
            raise ProblemError(
                "what agents can take depends on their type, because the problem has mimics: pass types=, a label or "
                "number for each of them"
            )
        n_options = len(self.options.transfers)
        taken = np.where(self.option_of_type == OUTSIDE, n_options, self.option_of_type)
        access = accessible(problem.mimics, taken, n_options + 1)[numbers]
        access[:, -1] = True
        return access

    @cached_property
    def _program_allocation(self) -> Array:
        """What each type takes, in the goods of the program; (n_types, n_goods) or one more."""
        return self._with_outside(self.contracts.allocations, self._program_contracts.allocations[-1])

    @property
    def _program_contracts(self) -> Options:
        """The options, and last the outside option, in the goods of the program; no allocation where it is money."""
        allocations, transfers = self.contracts
        outside = self.problem.program.outside.allocation
        return Options(np.vstack([allocations, outside]), np.append(transfers, 0.0))

    @property
    def _outside_is_money(self) -> bool:
        return self.problem.outside_option is None

    def _with_outside(self, of_option: Array, outside: Any) -> Array:
        extended = np.concatenate([of_option, np.asarray(outside, dtype=np.float64)[np.newaxis]])
        chosen: Array = extended[self.option_of_type]  # index -1 is the row of the outside option
        chosen.setflags(write=False)
        return chosen

    def _agents(self, valuations: Any, reservation_utility: Any) -> tuple[Array, Array]:
        """Valuations (n_agents, n_goods) and what each agent has without a contract (n_agents,)."""
        array, several = finite("valuations", valuations), self.problem.n_goods > 1
        if array.ndim == 1:
            array = array[np.newaxis] if several else array[:, np.newaxis]
        if array.ndim != 2 or array.shape[1] != self.problem.n_goods:
            raise ProblemError(f"valuations has shape {array.shape}; expected (n_agents, {self.problem.n_goods})")
        names = column_names(valuations) if is_frame(valuations) else row_names(valuations) if several else None
        remedy = "pass valuations[list(menu.problem.goods)]"
        goods = given_names(self.problem.goods)
        check_same_names("valuations", names, "the goods", goods, remedy, may_differ=not several)
        if is_frame(valuations) or not several:
            remedy = "pass reservation_utility.reindex(valuations.index)"
            rows = row_names(valuations)
            check_same_names("reservation_utility", row_names(reservation_utility), "valuations", rows, remedy)
        return array, self._outside_utility(array, reservation_utility)

    def _outside_utility(self, valuations: Array, reservation_utility: Any) -> Array:
        if self.problem.outside_option is not None:
            return np.asarray(valuations @ self.problem.outside_option)
        if reservation_utility is None:
            known = self.problem.reservation_utility
            if np.ptp(known) > 0:
                raise ProblemError(
                    "types differ in reservation utility: say what these agents have, reservation_utility=..."
                )
            reservation_utility = known[0]
        given = finite("reservation_utility", reservation_utility)
        if given.shape not in ((), (len(valuations),)):
            raise ProblemError(f"reservation_utility has shape {given.shape}; expected one number or one per agent")
        return np.array(np.broadcast_to(given, len(valuations)))

    def _offered(self) -> tuple[Array, Array]:
        """Options and the outside option, last, as contracts; in one more good if it is worth money, not goods."""
        allocations, transfers = self.options
        if not self._outside_is_money:
            outside = self.problem.outside.allocation
            return np.vstack([allocations, outside]), np.append(transfers, 0.0)
        bare = np.column_stack([allocations, 1.0 - self.option_serving])
        outside_good = np.append(np.zeros(self.problem.n_goods), 1.0)
        return np.vstack([bare, outside_good]), np.append(transfers, 0.0)


def _lists(columns: dict[str, Array]) -> dict[str, list[float]]:
    return {name: column.tolist() for name, column in columns.items()}
