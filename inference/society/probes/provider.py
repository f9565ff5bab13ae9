"""The provider as the agent: effort on alignment that nobody sees, paid by what an audit of users finds.

Whoever serves a society may average and be done, or offer a menu made with more or less care, which costs more. Nobody
sees the care. An auditor asks some users how much worse they were served than by their own best policy, and the mean
of their misalignment is a grade. Society pays by the grade, and what it gets is worth so much money per logit of
misalignment avoided: hidden action (`contracts.solve_contract`), whose probabilities of outcomes are how often each
care earns each grade in the societies of this study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from contracts.agency.forms import ContractComparison, compare_contracts
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.solve import solve_contract
from contracts.agency.utility import SquareRoot
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Seed, whole_numbers
from inference.society.evaluation import Truth, members_regret
from inference.society.mechanisms import MECHANISMS
from inference.society.scenarios import PLAIN, Communities, noise_of, noisy_signal

GRADES = ("E", "D", "C", "B", "A")  # fifths of what audits find, worst first
AUDITS, DRAWS, RESAMPLES = (1, 8, 64), 400, 20  # users asked; audits of every society; societies drawn again
VALUE, COST = 100.0, (0.0, 1.0, 1.5, 2.0)  # money per logit; utility that each effort costs, the square root of money


class Effort(NamedTuple):
    """What the provider may do."""

    name: str
    mechanism: str
    noise: float  # of the signal that is worked with


EFFORTS = (
    Effort("one policy", "averaging", 0.5),
    Effort("careless menu", "menu", 0.5),
    Effort("careful menu", "menu", 0.2),
    Effort("painstaking menu", "menu", 0.0),
)


@checked
@dataclass(frozen=True, eq=False, repr=False)
class ProviderStudy(Tabular):
    """The best contract and simpler ones, by how many users are audited.

    Attributes
    ----------
    misalignment : (n_efforts,) true mean under each effort, logits
    comparisons : by number of users audited
    wage_error : by number of users audited, standard error of the best contract's expected wage, over societies drawn
        again
    """

    misalignment: Array
    comparisons: Mapping[int, ContractComparison]
    wage_error: Mapping[int, float]

    def _table(self) -> Table:
        rows = [(count, form) for count, found in self.comparisons.items() for form in found.forms]
        problems = [self.comparisons[count].problem for count, _ in rows]
        wages = [
            float(problem.outcome_probabilities[form.action] @ form.wages)
            for problem, (_, form) in zip(problems, rows, strict=True)
        ]
        errors = [self.wage_error[count] if form.name == "best" else None for count, form in rows]
        first = [self.comparisons[count].first_best for count, _ in rows]
        return Table(
            [
                Column("users audited", [count for count, _ in rows], "d"),
                Column("contract", [form.name for _, form in rows]),
                Column("effort", [p.actions[form.action] for p, (_, form) in zip(problems, rows, strict=True)]),
                Column("expected wage", wages, ".2f"),
                Column("its se", errors, ".2f"),
                Column(
                    "below the first best", [f - form.value for f, (_, form) in zip(first, rows, strict=True)], ".2f"
                ),
                Column("IC and IR", [str(form.certificate.holds) for _, form in rows]),
            ],
            "The provider as the agent: what a contract on audits costs, money",
            [
                "misalignment by effort: "
                + ", ".join(f"{e.name} {m:.3f}" for e, m in zip(EFFORTS, self.misalignment, strict=True))
            ],
        )


@checked
def provider_study(
    asked: Communities, *, audits: Sequence[int] = AUDITS, value: float = VALUE, effort_cost: Sequence[float] = COST
) -> ProviderStudy:
    """What it takes to make a provider careful whom only audits see, in the societies that were asked.

    Parameters
    ----------
    audits : numbers of users that an audit asks
    value : money per logit of misalignment avoided
    effort_cost : (4,) utility that each effort costs the provider: one policy, then menus made with ever more care

    Raises
    ------
    ProblemError
        If an audit asks nobody, a logit is worth nothing, or the costs are not one per effort.
    """
    counts = tuple(whole_numbers("audits", audits).tolist())
    worth = number("value", value)
    people = int(np.prod(asked.worlds[0].members.shape[:2]))
    if max(counts, default=0) > people:
        raise ProblemError(f"audits are {counts}: there are {people} users to ask")
    if min(counts, default=0) < 1 or not worth > 0:
        raise ProblemError(
            f"audits are {counts} and value is {worth:g}: ask at least one user, and give a positive value"
        )
    return from_measured(asked.seed, measured(asked), audits=counts, value=worth, effort_cost=effort_cost)


def measured(asked: Communities) -> dict[str, Array]:
    """Misalignment of every user under every effort, societies first, and the groups' weights."""
    truth, eps, seen = Truth.of(asked.worlds), noise_of(PLAIN, asked), asked.told[0].type_of_group
    lost = []
    for effort in EFFORTS:
        signal = noisy_signal(asked.worlds, asked.told, eps, effort.noise, PLAIN)
        lost.append(members_regret(truth, MECHANISMS[effort.mechanism](signal), seen))
    return {"lost": np.stack(lost, axis=1), "weights": truth.weights}


def from_measured(
    seed: Seed,
    found: Mapping[str, Array],
    *,
    audits: Sequence[int] = AUDITS,
    value: float = VALUE,
    effort_cost: Sequence[float] = COST,
) -> ProviderStudy:
    """Contracts for what was measured."""
    lost, weights = found["lost"], found["weights"]
    comparisons, errors = {}, {}
    for count in audits:
        rng = np.random.default_rng([seed, 5, count])
        seen = audited(lost, weights, count, rng)
        problem = audit_problem(seen, value, effort_cost)
        comparisons[count] = compare_contracts(problem)
        again = [rng.integers(len(lost), size=len(lost)) for _ in range(RESAMPLES)]
        paid = [solve_contract(audit_problem(seen[who], value, effort_cost)).expected_wage for who in again]
        errors[count] = float(np.std(paid, ddof=1))
    mean = np.einsum("negm,ng->e", lost, weights) / lost.shape[0] / lost.shape[3]
    return ProviderStudy(mean, comparisons, errors)


def audited(lost: Array, weights: Array, count: int, rng: np.random.Generator) -> Array:
    """Mean misalignment of `count` users drawn from each society, again and again; (n, n_efforts, draws)."""
    n, n_efforts, n_groups, n_members = lost.shape
    found = np.empty((n, n_efforts, DRAWS))
    for one in range(n):
        group = rng.choice(n_groups, size=(DRAWS, count), p=weights[one])
        member = rng.integers(n_members, size=(DRAWS, count))
        found[one] = lost[one][:, group, member].mean(axis=-1)
    return found


def audit_problem(seen: Array, value: float, effort_cost: Sequence[float]) -> MoralHazardProblem:
    """Hidden effort, grades for outcomes.

    A grade is worth the mean misalignment of the audits that gave it, times the value of a logit. The provider shuns
    risk (its utility is the square root of money) and cannot be fined.
    """
    cost = finite("effort_cost", effort_cost)
    if cost.shape != (len(EFFORTS),):
        raise ProblemError(f"effort_cost has shape {cost.shape}: give one cost per effort, {len(EFFORTS)} of them")
    edges = np.quantile(seen, np.arange(1, len(GRADES)) / len(GRADES))
    grade = len(GRADES) - 1 - np.searchsorted(edges, seen)  # little misalignment is an A
    counts = np.array([np.bincount(one.ravel(), minlength=len(GRADES)) for one in np.swapaxes(grade, 0, 1)])
    worth = np.array([seen[grade == one].mean() for one in range(len(GRADES))])
    return MoralHazardProblem(
        counts / counts.sum(axis=1, keepdims=True),
        output=value * (worth.max() - worth),
        effort_cost=cost,
        utility=SquareRoot(),
        wages=(0.0, np.inf),
        actions=[effort.name for effort in EFFORTS],
        outcomes=GRADES,
    )
