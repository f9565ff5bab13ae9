"""Repairs of hand-made candidates: the result is exact, and what it costs is what the theory says."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import contracts as c
from contracts.engines import reference
from contracts.engines.candidate import Candidate, units_of
from contracts.engines.strict import gradient_menu, strict_menu
from contracts.exact.rationals import EPS
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers
from contracts.proof.verify import certify
from contracts.repair import assign
from contracts.repair.assign import assigned, exact_menu
from contracts.repair.mixing import mixture_needed
from contracts.repair.repricing import chain, merge, reprice

NOISE = (1e-9, 1e-8, 1e-7, 1e-6)  # by how much a solver's utilities and allocations are off
HAIRS = 1e-12  # rounding errors that a repair of a handful of contracts near one may add up


def candidate_of(problem, allocation, utility):
    return Candidate(np.asarray(allocation, dtype=float), np.asarray(utility), no_multipliers(problem), "by hand")


def utilities_in_rationals(problem, contracts):
    """utility[i][m] of type i from contract m, as fractions."""
    allocations, transfers = (part.tolist() for part in contracts)
    return [
        [
            sum(Fraction(a) * Fraction(x) for a, x in zip(valuation, amount, strict=True)) - Fraction(transfer)
            for amount, transfer in zip(allocations, transfers, strict=True)
        ]
        for valuation in problem.valuations.tolist()
    ]


def takers(problem, contracts):
    """The strictly best contract of every type; fails where two are equally good."""
    best = []
    for utility in utilities_in_rationals(problem, contracts):
        assert utility.count(max(utility)) == 1
        best.append(utility.index(max(utility)))
    return best


def solved_line(theta, amount):
    """Allocations that rise with types on a line, and the highest rents that implement them."""
    rent = np.concatenate([[0.0], np.cumsum(np.diff(theta) * amount[:-1])])
    transfer = theta * amount - rent
    return rent, transfer


THETA = np.array([1.0, 1.25, 1.5, 2.0, 3.0])
AMOUNT = np.array([0.0, 0.5, 0.5, 1.25, 3.0])
LINE = c.ScreeningProblem(THETA, [0.2, 0.3, 0.1, 0.2, 0.2], cost=c.Quadratic())

GRID = np.array([[a, b] for a in (1.0, 1.5, 2.0) for b in (1.0, 1.5, 2.0)])
PLANE = c.ScreeningProblem(GRID, cost=c.Quadratic())
OPTIMUM = c.solve_menu(PLANE, method="reference")


# ---- chain ----


@pytest.mark.parametrize("noise", [0.0, *NOISE])
@pytest.mark.parametrize("seed", range(3))
def test_chain_charges_the_highest_transfers_less_a_few_rounding_errors(noise, seed):
    rng = np.random.default_rng(seed)
    amount = np.maximum.accumulate(AMOUNT + noise * rng.uniform(0, 1, 5))
    amount[0] = 0.0
    rent, transfer = solved_line(THETA, amount)
    contracts = chain(LINE, candidate_of(LINE, amount[:, np.newaxis], rent + noise * rng.normal(size=5)))
    best = takers(LINE, contracts)
    given_up = transfer - contracts[1][best]
    assert np.all(given_up >= 0)
    assert given_up.max() <= HAIRS
    # Nobody's amount moved, but for those that rounding could not tell apart.
    assert np.abs(contracts[0][best, 0] - amount).max() <= HAIRS


@pytest.mark.parametrize("noise", NOISE)
def test_chain_straightens_amounts_that_fall_by_noise(noise):
    amount = AMOUNT - noise * np.array([0.0, 0.0, 1.0, 0.0, 0.0])  # the third type gets a little less than the second
    rent, _ = solved_line(THETA, AMOUNT)
    contracts = chain(LINE, candidate_of(LINE, amount[:, np.newaxis], rent))
    best = takers(LINE, contracts)
    assert best[1] == best[2]
    exact = assigned(LINE, contracts, upper_bound(LINE, no_multipliers(LINE)), 0.5)
    ideal = LINE.objective_value(AMOUNT[:, np.newaxis], THETA * AMOUNT - rent)
    assert exact.certificate.is_exact
    assert exact.certificate.value >= ideal - HAIRS


def test_chain_leaves_what_is_not_on_a_line_alone():
    assert chain(PLANE, candidate_of(PLANE, OPTIMUM.allocation, OPTIMUM.utility)) is None


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=12, unique=True),
    st.lists(st.integers(0, 8), min_size=12, max_size=12),
    st.sampled_from([0.0, 1e-15, 1e-9, 1e-6]),
    st.integers(0, 2**16),
)
def test_chain_is_exact_for_any_amounts(theta, steps, noise, seed):
    """Also where they fall: those get the contract of the type below."""
    theta = np.sort(np.array(theta)) / 8
    amount = np.abs(np.array(steps[: len(theta)]) / 4 + noise * np.random.default_rng(seed).normal(size=len(theta)))
    assume(amount.any())
    problem = c.ScreeningProblem(theta, cost=c.Quadratic())
    contracts = chain(problem, candidate_of(problem, amount[:, np.newaxis], np.zeros(len(theta))))
    assert np.all(np.diff(contracts[0][:, 0]) > 0)
    best = takers(problem, contracts)
    assert best == sorted(best)
    utilities = utilities_in_rationals(problem, contracts)
    assert all(utility[k] >= 0 for utility, k in zip(utilities, best, strict=True))


# ---- reprice ----


@pytest.mark.parametrize("noise", [0.0, *NOISE])
def test_repricing_forgets_the_noise_of_utilities(noise):
    rng = np.random.default_rng(0)
    problem, menu = PLANE, OPTIMUM
    candidate = candidate_of(problem, menu.allocation, menu.utility + noise * rng.normal(size=9))
    contracts = reprice(problem, *merge(problem, candidate, 1e-6))
    best = takers(problem, contracts)
    assert np.abs(contracts[0][best] - menu.allocation).max() <= 1e-6 * units_of(problem).allocation
    exact = assigned(problem, contracts, menu.bound, 1e-6)
    assert exact.certificate.is_exact
    assert exact.certificate.value >= menu.value - 1e-9  # what the oracle's own optimum is good to


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("seed", range(3))
def test_repricing_costs_what_the_allocations_are_off(noise, seed):
    """Transfers move by at most the noise of utilities along a path of contracts; costs are flat to second order."""
    rng = np.random.default_rng(seed)
    allocation = np.maximum(OPTIMUM.allocation + noise * rng.uniform(-1, 1, (9, 2)), 0.0)
    candidate = candidate_of(PLANE, allocation, OPTIMUM.utility)
    contracts = reprice(PLANE, *merge(PLANE, candidate, 100 * noise))
    assert contracts is not None
    exact = assigned(PLANE, contracts, OPTIMUM.bound, 1e-6)
    assert exact.certificate.is_exact
    largest = np.abs(GRID).sum(axis=1).max()
    assert exact.certificate.value >= OPTIMUM.value - 2 * len(contracts[1]) * largest * noise


def test_repriced_transfers_are_the_highest_that_keep_everybody_in_place():
    """Raising any transfer by a little more than the hair loses a type to another contract or to nothing."""
    rent, transfer = solved_line(THETA, AMOUNT)
    candidate = candidate_of(LINE, AMOUNT[:, np.newaxis], rent)
    allocations, transfers = reprice(LINE, *merge(LINE, candidate, 1e-9))
    found = dict(zip(allocations[:, 0].tolist(), transfers.tolist(), strict=True))
    for amount, price in zip(AMOUNT, transfer, strict=True):
        assert price - HAIRS <= found[amount] <= price


def test_allocations_that_no_transfers_implement_are_not_repriced():
    falling = candidate_of(LINE, AMOUNT[::-1, np.newaxis], np.zeros(5))
    assert reprice(LINE, *merge(LINE, falling, 1e-9)) is None


def test_a_menu_of_too_many_contracts_is_not_repriced(monkeypatch):
    monkeypatch.setattr("contracts.repair.repricing.REPRICED_CONTRACTS", 3)
    candidate = candidate_of(PLANE, OPTIMUM.allocation, OPTIMUM.utility)
    assert reprice(PLANE, *merge(PLANE, candidate, 1e-9)) is None


def test_the_outside_contract_stays_free():
    candidate = candidate_of(LINE, AMOUNT[:, np.newaxis], solved_line(THETA, AMOUNT)[0])
    allocations, transfers = reprice(LINE, *merge(LINE, candidate, 1e-9))
    assert transfers[allocations[:, 0] == 0].tolist() == [0.0]


# ---- repricing near the candidate ----

LIMITED = c.ScreeningProblem(  # nothing is ever worth taking to the sixth type
    [0.3, 1.0, 0.1, 0.7, 2.2, -0.2, 1.5],
    [0.25, 0.22, 0.15, 0.1, 0.11, 0.14, 0.03],
    cost=c.Quadratic(1.3),
    transfers=(0, 2.2),
    objective=c.Welfare(function=c.Exponential(0.7), profit_weight=0.3, minimum_profit=-5.0),
)


def test_a_type_held_by_a_limit_and_tempted_by_a_dearer_contract_keeps_its_own():
    menu = c.solve_menu(LIMITED)
    assert menu.binding(0)[-1].startswith("IC -> ")
    tempter = LIMITED.labels.index(menu.binding(0)[-1].removeprefix("IC -> "))
    assert menu.transfer[tempter] > menu.transfer[0]
    assert menu.transfer.min() == 0


def test_types_that_can_gain_nothing_leave_the_others_a_strict_menu():
    room = strict_menu(LIMITED).utility
    assert room[5] == pytest.approx(0, abs=1e-9)
    assert np.delete(room, 5).min() > 0


@pytest.mark.parametrize("seed", range(20))
def test_welfare_within_limits_on_transfers_is_solved_for_random_types(seed):
    rng = np.random.default_rng(seed)
    n_types = int(rng.integers(2, 9))
    function = (c.Exponential(0.7), c.WorstOff())[seed % 2]
    menu = c.solve_menu(
        rng.uniform(-0.3, 2.5, n_types).round(1),  # ties
        rng.dirichlet(np.ones(n_types)),
        cost=c.Quadratic(rng.uniform(0.5, 2.0)),
        transfers=((0, 2.2), (0, 1.0), (-1.0, np.inf))[seed % 3],
        objective=c.Welfare(function=function, profit_weight=(0.0, 0.3)[seed // 2 % 2], minimum_profit=-0.1),
    )
    assert menu.certificate.is_exact


def test_a_minimum_profit_missed_by_a_little_is_raised_from_all_alike():
    """The candidate overspends by 1e-5: everybody gets 1e-5 less, the lowest type out of its basic income."""
    rawls = c.Welfare(function=c.WorstOff(), profit_weight=0.0, minimum_profit=0.0)
    problem = c.ScreeningProblem([1.0, 2.0, 3.0], cost=c.Quadratic(), objective=rawls)
    menu = c.solve_menu(problem)
    assert menu.allocation[0] == pytest.approx(0, abs=1e-9)
    assert menu.transfer[0] == pytest.approx(-5 / 3)
    found = exact_menu(problem, candidate_of(problem, menu.allocation, menu.utility + 1e-5), menu.bound, 1e-6)
    assert found.certificate.is_exact
    assert not found.certificate.violations
    assert found.certificate.value == pytest.approx(menu.value, abs=1e-9)


# ---- mixing ----


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("seed", range(3))
def test_mixing_costs_its_share_of_the_distance_to_the_strict_menu(noise, seed):
    """share <= violation / room, and payoffs are concave: nothing else is lost."""
    rng = np.random.default_rng(seed)
    wrong = OPTIMUM.utility + noise * rng.uniform(-1, 1, 9)
    candidate = candidate_of(PLANE, OPTIMUM.allocation, wrong)
    strict = gradient_menu(PLANE)
    share = mixture_needed(PLANE, candidate, strict.allocation, strict.utility)
    valuations = PLANE.valuations
    worth = valuations @ OPTIMUM.allocation.T
    missed = (worth - np.diag(worth) + wrong - wrong[:, np.newaxis]).max()
    strict_worth = valuations @ strict.allocation.T
    slack = strict.utility[:, np.newaxis] - (strict_worth - np.diag(strict_worth) + strict.utility)
    room = min(slack[~np.eye(9, dtype=bool)].min(), strict.utility.min())
    missed = max(missed, -wrong.min())
    assert 0 < share <= (missed + HAIRS) / room

    allocation = (1 - share) * OPTIMUM.allocation + share * strict.allocation
    utility = (1 - share) * wrong + share * strict.utility
    mixed = c.verify(PLANE, allocation, (valuations * allocation).sum(axis=1) - utility)
    assert mixed.is_exact

    def value(allocation, utility):
        return PLANE.objective_value(allocation, PLANE.utility(allocation, utility))

    before, safe = value(OPTIMUM.allocation, wrong), value(strict.allocation, strict.utility)
    assert mixed.value >= before - share * (before - safe) - HAIRS


def test_a_strictly_feasible_menu_needs_no_mixing():
    strict = gradient_menu(PLANE)
    candidate = candidate_of(PLANE, strict.allocation, strict.utility)
    assert mixture_needed(PLANE, candidate, strict.allocation, strict.utility) == 0.0


def test_missing_participation_counts_as_well():
    strict = gradient_menu(PLANE)
    short = strict.utility - strict.utility.min() - 1e-3
    share = mixture_needed(PLANE, candidate_of(PLANE, strict.allocation, short), strict.allocation, strict.utility)
    assert share == pytest.approx(1e-3 / (1e-3 + strict.utility.min()), rel=1e-9)


# ---- merging ----


def test_merging_takes_weighted_means_and_gives_nothing_to_those_next_to_nothing():
    problem = c.ScreeningProblem([[1.0, 1.0]] * 4, [0.1, 0.3, 0.4, 0.2], cost=c.Quadratic())
    unit = units_of(problem).allocation
    allocation = unit * np.array([[0.5, 1.0], [0.5 + 1e-8, 1.0], [0.25, 0.5], [1e-8, 0.0]])
    allocations, contract = merge(problem, candidate_of(problem, allocation, np.zeros(4)), 1e-6)
    assert allocations[0].tolist() == [0.0, 0.0]  # the outside contract comes first
    assert contract[0] == contract[1] != contract[2]
    assert allocations[contract[0]] == pytest.approx(unit * np.array([0.5 + 0.75e-8, 1.0]), rel=4 * EPS)
    assert allocations[contract[2]].tolist() == allocation[2].tolist()  # one alone keeps its allocation to the bit
    assert allocations[contract[3]].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("width", [1e-9, 1e-6])
def test_merging_moves_nothing_by_more_than_its_width(width):
    rng = np.random.default_rng(0)
    problem = c.ScreeningProblem(rng.uniform(1, 2, (200, 2)), cost=c.Quadratic())
    cell = width * units_of(problem).allocation
    allocation = np.repeat(rng.uniform(0, 2, (20, 2)), 10, axis=0) + cell * rng.uniform(-1, 1, (200, 2))
    allocations, contract = merge(problem, candidate_of(problem, allocation, np.zeros(200)), width)
    assert np.abs(allocations[contract] - allocation).max() <= cell * (1 + 1e-6)
    assert len(allocations) < 200


def test_without_an_outside_contract_nothing_is_added():
    problem = dataclasses.replace(LINE, reservation_utility=0.5)
    allocations, contract = merge(problem, candidate_of(problem, AMOUNT[:, np.newaxis], np.zeros(5)), 1e-9)
    assert len(allocations) == 4
    assert allocations[contract][:, 0].tolist() == AMOUNT.tolist()


# ---- all of them ----


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("problem", [LINE, PLANE], ids=["line", "plane"])
def test_a_noisy_optimum_is_repaired_to_an_exact_one(problem, noise):
    rng = np.random.default_rng(1)
    best = c.solve_menu(problem, method="reference")
    candidate = candidate_of(
        problem,
        np.maximum(best.allocation + noise * rng.normal(size=best.allocation.shape), 0.0),
        best.utility + noise * rng.normal(size=problem.n_types),
    )
    found = exact_menu(problem, candidate, best.bound, 1e-6)
    again = certify(problem, found.contracts, found.option_of_type, best.bound, gap=1e-6)
    assert again.is_exact
    assert not again.violations
    assert found.certificate.value >= best.value - 100 * noise  # some paths of contracts, a few units each


def test_types_of_nearly_one_taste_but_of_different_worth_keep_contracts_of_their_own():
    """A type one rounding error apart that is worth more to the principal can be sold more, at the same unit price."""
    theta = np.array([[1.0], [np.nextafter(1.0, 2.0)]])
    problem = c.ScreeningProblem(theta, [0.5, 0.5], cost=c.Quadratic(), principal_values=[[0.0], [1.0]])
    candidate = candidate_of(problem, [[1.0], [2.0]], [0.0, 0.0])
    found = exact_menu(problem, candidate, upper_bound(problem, no_multipliers(problem)), 1e-6)
    assert found.certificate.is_exact
    assert found.certificate.value == pytest.approx(0.5 * (1 - 0.5) + 0.5 * (4 - 2), rel=1e-9)


def test_without_a_gap_to_meet_the_most_valuable_menu_is_chosen_not_the_shortest():
    problem = c.ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=c.Quadratic())
    candidate = candidate_of(problem, [[0.0], [2.0]], [0.0, 0.0])
    found = exact_menu(problem, candidate, upper_bound(problem, candidate.multipliers), np.inf)
    assert found.certificate.value == pytest.approx(1.0, abs=1e-9)  # offering nothing has fewer options


# ---- where only a vertex will do ----

AT_A_VERTEX = {  # valuations, reservation utilities that some type meets at its favourite policy only, value
    "one": ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [1.0, 0.0], 0.5),
    "two": ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [1.0, 1.0], 0.0),
    "same": ([[1.0, 0.0, 0.5], [1.0, 0.2, 0.0]], [1.0, 0.5], 0.0),
}


@pytest.mark.parametrize(("taste", "least", "value"), AT_A_VERTEX.values(), ids=AT_A_VERTEX)
def test_policies_without_money_may_have_to_be_certain(taste, least, value):
    values = [0.0, 0.0, 1.0]
    menu = c.solve_menu(
        taste,
        domain=c.Simplex(),
        transfers="none",
        principal_values=values,
        reservation_utility=least,
        participation="compulsory",
    )
    assert menu.certificate.is_exact
    assert menu.value == pytest.approx(value, abs=1e-9)
    assert menu.allocation[0].tolist() == [1.0, 0.0, 0.0]


def test_an_uncertain_policy_is_not_made_certain_where_it_need_not_be():
    menu = c.solve_menu(
        [[1.0, 0.0], [0.0, 1.0]],
        cost=c.Entropy([0.5, 0.5], 0.02),
        domain=c.Simplex(),
        transfers="none",
        reservation_utility=0.25,
        principal_values=[0.5, 0.0],
    )
    assert menu.certificate.holds
    assert 0 < menu.allocation.min() < 1e-5 < menu.allocation.max() < 1  # the softmax policy, or IR just met


def test_a_last_digit_is_not_worth_every_repair(monkeypatch):
    """Two goods on a grid of 7 x 7: the first repairs end a digit short of what is enough, and so did fifty more."""
    tried = []
    monkeypatch.setattr(assign, "assigned", lambda *a, **named: tried.append(a) or assigned(*a, **named))
    midpoints = (np.arange(7) + 0.5) / 7
    values = np.stack(np.meshgrid(midpoints, midpoints, indexing="ij"), axis=-1).reshape(-1, 2)
    menu = c.solve_menu(values, np.full(49, 1 / 49), cost=c.Linear(0.0), domain=c.Box(0.0, 1.0))
    assert len(tried) < 10
    assert menu.certificate.relative_gap < 1e-8
    assert len(menu.options[1]) <= 5


def test_contracts_that_several_repairs_come_to_are_assigned_once(monkeypatch):
    """Twins whom the principal tells apart at decimals: many repairs are tried, and none of them is enough."""
    problem = c.ScreeningProblem([2.3, 2.3], principal_values=[[0.0], [0.5]], cost=c.Quadratic())
    offered = []

    def counted(problem, contracts, bound, gap, *, keeps=False):
        offered.append((contracts[0].tobytes(), contracts[1].tobytes(), keeps))
        return assigned(problem, contracts, bound, gap, keeps=keeps)

    monkeypatch.setattr(assign, "assigned", counted)
    candidate = reference.solve(problem)
    exact_menu(problem, candidate, upper_bound(problem, candidate.multipliers), 1e-15)
    assert len(offered) > 20
    assert len(set(offered)) == len(offered)
