"""Not everybody can mimic everybody: observable groups, evidence, budgets; against programs written by hand."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts
import inference
from contracts import ProblemError, Quadratic, ScreeningProblem, same_group, solve_menu, verify
from contracts.cli.problem_files import read_problem
from contracts.exact.best import best_options
from contracts.problem.mimicry import checked_mimics
from contracts.problem.records import from_record, to_record
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers
from tests.strategies import examples

ORACLE = 1e-6  # relative; what a solver's default tolerances leave
SAME = 2e-6  # two menus of one value, each within its gap
NOBODY = np.eye(3, dtype=bool)
DOWNWARD = np.tri(3, dtype=bool)


def oracle(valuations, weights, mimics, reservation=0.0):
    """Expected profit of the best direct mechanism at cost |x|^2 / 2, in contracts (x, t), by cvxpy and by hand."""
    import cvxpy as cp

    n_types, n_goods = valuations.shape
    x, t = cp.Variable((n_types, n_goods), nonneg=True), cp.Variable(n_types)
    rules = [valuations[i] @ x[i] - t[i] >= reservation for i in range(n_types)]
    rules += [
        valuations[i] @ x[i] - t[i] >= valuations[i] @ x[j] - t[j]
        for i in range(n_types)
        for j in range(n_types)
        if i != j and mimics[i, j]
    ]
    profit = sum(weights[i] * (t[i] - cp.sum_squares(x[i]) / 2) for i in range(n_types))
    goal = cp.Problem(cp.Maximize(profit), rules)
    goal.solve(solver="CLARABEL")
    return float(goal.value)


def gains(menu):
    """What every type gains, in fractions, by each contract of a type that it can mimic, and by leaving."""
    problem = menu.problem
    mimics = np.ones((problem.n_types,) * 2, dtype=bool) if problem.mimics is None else problem.mimics

    outside = problem.program.outside_contract
    held = np.vstack([menu.contracts.allocations, outside if outside is not None else 0.0 * problem.valuations[:1]])

    def utility(i, j):
        taken = held[menu.option_of_type[j]]  # where somebody can be left out, with the outside option as a good
        amounts = zip(problem.program.valuations[i].tolist(), taken.tolist(), strict=True)
        return sum((Fraction(a) * Fraction(x) for a, x in amounts), Fraction()) - Fraction(float(menu.transfer[j]))

    everybody = range(problem.n_types)
    rows = [utility(i, j) - utility(i, i) for i in everybody for j in everybody if mimics[i, j]]
    leaving = [Fraction(float(problem.reservation_utility[i])) - utility(i, i) for i in everybody]
    if outside is not None:
        worth = [problem.program.valuations[i].tolist() for i in everybody]
        leaving = [
            sum((Fraction(a) * Fraction(x) for a, x in zip(worth[i], outside.tolist(), strict=True)), Fraction())
            - utility(i, i)
            for i in everybody
        ]
    return [*rows, *leaving]


def two_types(**fields):
    return ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"), **fields)


# ---- closed forms ----


def test_where_nobody_can_mimic_anybody_the_principal_earns_the_first_best():
    values = np.array([1.0, 2.0, 3.0])
    menu = solve_menu(values, [0.5, 0.3, 0.2], cost=Quadratic(), mimics=[])
    np.testing.assert_allclose(menu.allocation.ravel(), values, rtol=1e-5)
    np.testing.assert_allclose(menu.transfer, values**2, rtol=1e-5)
    assert menu.value == pytest.approx(0.5 / 2 + 0.3 * 4 / 2 + 0.2 * 9 / 2, rel=SAME)
    assert menu.certificate.is_exact
    assert menu.certificate.deviation.tempter == "the outside option"


def test_only_claims_that_somebody_would_make_cost_anything():
    up, down = (solve_menu(two_types(mimics=pairs)) for pairs in ([("low", "high")], [("high", "low")]))
    assert up.value == pytest.approx(0.75 / 2 + 0.25 * 2, rel=SAME)  # low does not want what is meant for high
    assert down.value == pytest.approx(solve_menu(two_types()).value, rel=SAME)
    assert down.binding(1) == ["IC -> low"]


@pytest.mark.parametrize("goods", [1, 2])
def test_two_observable_groups_get_the_two_menus_of_their_own(goods):
    rng = np.random.default_rng(goods)
    values, weights = rng.random((6, goods)) + 0.2, rng.dirichlet(np.ones(6))
    groups = np.array([0, 1, 0, 1, 1, 0])
    together = solve_menu(values, weights, cost=Quadratic(), mimics=same_group(groups))
    apart = 0.0
    for group in (0, 1):
        members = groups == group
        share = weights[members].sum()
        apart += share * solve_menu(values[members], weights[members] / share, cost=Quadratic()).value
    assert together.value == pytest.approx(apart, rel=SAME)
    assert max(gains(together)) <= 0


def test_groups_of_the_same_tastes_pay_different_prices_for_the_same_amounts():
    groups = same_group(["home", "home", "abroad", "abroad"])
    menu = solve_menu(
        [1.0, 2.0, 1.0, 2.0],
        [0.375, 0.125, 0.125, 0.375],
        cost=Quadratic(),
        reservation_utility=0.0,
        mimics=groups,
    )
    # Mussa and Rosen: 1 - (2 - 1) f_high / f_low for low, nothing where that is negative
    np.testing.assert_allclose(menu.allocation.ravel(), [2 / 3, 2, 0, 2], atol=1e-5)
    np.testing.assert_allclose(menu.transfer, [2 / 3, 4 - 2 / 3, 0, 4], atol=1e-5)
    assert menu.is_excluded.tolist() == [False, False, True, False]
    assert max(gains(menu)) <= 0


# ---- evidence ----


def test_nested_evidence_on_a_line_agrees_with_a_program_written_by_hand():
    """Costs rise with wealth, claims can only be lower: IC binds downwards in wealth, upwards in taste."""
    wealth = np.array([1.0, 2.0, 3.0, 4.0])
    values, weights = np.array([[2.0], [1.0], [2.5], [1.5]]), np.array([0.4, 0.3, 0.2, 0.1])
    can = wealth[:, np.newaxis] >= wealth
    menu = solve_menu(values, weights, cost=Quadratic(), mimics=can)
    best, all_pairs = oracle(values, weights, can), oracle(values, weights, np.ones((4, 4), dtype=bool))
    assert menu.value == pytest.approx(best, rel=ORACLE)
    assert best > all_pairs + 0.01  # evidence is worth something here
    assert menu.certificate.rigorous
    assert max(gains(menu)) <= 0


relations = st.integers(2, 5).flatmap(
    lambda n: st.tuples(
        st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=n, max_size=n),
        st.lists(st.lists(st.integers(0, 16), min_size=2, max_size=2), min_size=n, max_size=n),
        st.lists(st.integers(1, 9), min_size=n, max_size=n),
    )
)


@examples(25)
@given(relations)
def test_any_relation_agrees_with_a_program_written_by_hand_and_is_exact_in_fractions(drawn):
    mask, quarters, counts = drawn
    values, weights = np.array(quarters) / 4 + 0.25, np.array(counts) / sum(counts)
    can = np.array(mask) | np.eye(len(mask), dtype=bool)
    menu = solve_menu(values, weights, cost=Quadratic(), mimics=mask)
    best = oracle(values, weights, can)
    assert menu.value == pytest.approx(best, rel=ORACLE)
    assert menu.upper_bound >= menu.value * (1 - 1e-12)
    assert max(gains(menu)) <= 0
    again = verify(menu.problem, menu.allocation, menu.transfer, multipliers=menu.bound.multipliers, gap=1e-6)
    assert again.holds


@examples(15)
@given(relations, st.randoms(use_true_random=False))
def test_one_more_pair_never_raises_the_value(drawn, random):
    mask, quarters, counts = drawn
    values, weights = np.array(quarters) / 4 + 0.25, np.array(counts) / sum(counts)
    more = np.array(mask)
    missing = [tuple(pair) for pair in np.argwhere(~more).tolist()]
    before = solve_menu(values, weights, cost=Quadratic(), mimics=mask)
    if missing:
        more[random.choice(missing)] = True
    after = solve_menu(values, weights, cost=Quadratic(), mimics=more)
    assert after.value <= before.upper_bound


# ---- other parts of a problem ----


def test_who_can_be_left_out_stays_a_question_of_its_own():
    """Outside options differ, so the program has one more good; by hand, somebody served with chance z has z c(x)."""
    problem = ScreeningProblem(
        [1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(), reservation_utility=[0.0, 0.4, 0.2], mimics=NOBODY
    )
    menu = solve_menu(problem)
    assert problem.program.excludes
    surplus = np.maximum(problem.valuations.ravel() ** 2 / 2 - problem.reservation_utility, 0.0)
    assert menu.value == pytest.approx(problem.weights @ surplus, rel=SAME)
    downward = solve_menu(replace(problem, mimics=DOWNWARD))
    assert solve_menu(replace(problem, mimics=None)).value <= downward.value * (1 + SAME) <= menu.value * (1 + 2 * SAME)
    assert max(gains(downward)) <= 0


def test_policies_without_money_are_screened_within_groups_only():
    utilities = np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.2], [0.9, 0.1, 0.3]])
    fields = {
        "weights": [0.4, 0.4, 0.2],
        "principal_values": [[-0.8, 0.0, 0.1], [0.0, -0.8, 0.1], [0.1, 0.1, -0.9]],
        "cost": contracts.Entropy(np.full(3, 1 / 3), 0.2),
        "domain": contracts.Simplex(),
        "outside_option": np.full(3, 1 / 3),
        "transfers": "none",
    }
    nobody, groups, everybody = (
        solve_menu(utilities, **fields, mimics=mimics) for mimics in (NOBODY, same_group([0, 0, 1]), None)
    )
    slack = SAME * abs(everybody.value)
    assert everybody.value < nobody.value - 1e-3
    assert everybody.value <= groups.upper_bound
    assert groups.value <= nobody.upper_bound + slack
    assert max(gains(groups)) <= 0
    assert everybody.engine.startswith("dual")
    assert groups.engine.startswith("reference")


def test_a_social_planner_moves_money_only_where_nobody_can_claim_it():
    """Worth 3 to the poor, money is all theirs if the rich cannot claim to be poor."""
    problem = ScreeningProblem(
        [1.0, 2.0],
        [0.5, 0.5],
        cost=Quadratic(),
        objective=contracts.Welfare([3.0, 1.0], minimum_profit=0.0),
        mimics=[(0, 1)],
    )
    menu = solve_menu(problem)
    assert menu.value == pytest.approx(3 * (0.5 * 1 / 2 + 0.5 * 4 / 2), rel=1e-5)  # all surplus, to the poor
    assert menu.certificate.is_exact
    claimed = solve_menu(replace(problem, mimics=None))
    assert claimed.value < menu.value - 0.1


def test_concave_welfare_and_side_constraints_know_who_can_mimic_whom():
    problem = ScreeningProblem(
        [1.0, 2.0, 1.5],
        [0.4, 0.3, 0.3],
        cost=Quadratic(),
        objective=contracts.Welfare(function=contracts.Isoelastic(0.5), minimum_profit=0.1),
        constraints=[contracts.LinearConstraint(allocation=[0.4, 0.3, 0.3], upper=1.0, name="capacity")],
        mimics=[(1, 0)],
    )
    menu = solve_menu(problem, gap=1e-5)
    assert max(gains(menu)) <= 0
    everybody = solve_menu(replace(problem, mimics=None), gap=1e-5)
    assert everybody.value <= menu.upper_bound


def test_ambiguity_about_the_weights_changes_nothing_about_access():
    fields = {"ambiguity": contracts.TotalVariation(0.1), "cost": Quadratic()}
    nobody, down, everybody = (
        solve_menu([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], **fields, mimics=mimics) for mimics in (NOBODY, DOWNWARD, None)
    )
    assert down.value == pytest.approx(everybody.value, rel=SAME)
    assert nobody.value > down.value + 0.1
    assert max(gains(nobody)) <= 0


def test_fronts_of_concave_objectives_respect_access_and_searches_refuse():
    planner = contracts.Welfare(minimum_profit=0.0)
    problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), objective=planner, mimics=[])
    objectives = [contracts.Profit(), contracts.Surplus()]
    front = contracts.pareto_front(problem, objectives, gap=1e-2)
    assert front.ideal[0] == pytest.approx(1.25, rel=1e-4)  # the first best
    with pytest.raises(ProblemError, match=r"a search is for types who choose from one list of options: leave out mim"):
        contracts.pareto_front(problem, objectives, method="search", rng=np.random.default_rng(0))


def test_a_relation_that_is_not_transitive_gets_the_best_truthful_menu():
    """0 can mimic 1 and 1 can mimic 2, but 0 cannot mimic 2."""
    values, weights = np.array([[3.0], [2.0], [1.0]]), np.array([0.2, 0.3, 0.5])
    can = np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=bool)
    menu = solve_menu(values, weights, cost=Quadratic(), mimics=can)
    assert menu.value == pytest.approx(oracle(values, weights, can), rel=ORACLE)
    assert max(gains(menu)) <= 0


def test_costs_by_type_and_twins_out_of_reach_are_priced_apart():
    """Equal tastes, but one costs more to serve: nobody needs to be indifferent where they cannot mimic each other."""
    menu = solve_menu([2.0, 2.0], [0.5, 0.5], cost=[Quadratic(1.0), Quadratic(2.0)], mimics=[(0, 1)])
    assert menu.value == pytest.approx(0.5 * 2 + 0.5 * 1, rel=SAME)
    np.testing.assert_allclose(menu.allocation.ravel(), [2.0, 1.0], rtol=1e-4)


def test_twins_who_are_told_apart_by_who_can_mimic_them_are_left_indifferent():
    """The first and the last can take each other's contract, but somebody else can take that of the last alone."""
    values = np.full((4, 2), 0.25)
    values[2, 1] = 0.5
    pairs = [(0, 3), (3, 0), (2, 3)]
    menu = solve_menu(values, cost=Quadratic(), mimics=pairs)
    can = checked_mimics(pairs, menu.problem.labels)
    assert menu.value == pytest.approx(oracle(values, np.full(4, 0.25), can), rel=ORACLE)
    assert menu.utility[0] == menu.utility[3]
    assert menu.option_of_type[0] != menu.option_of_type[3]
    assert max(gains(menu)) <= 0


def test_equal_tastes_without_money_need_room_only_one_way():
    """Whoever can claim to be the other gets at least as much of what both like, by a program written by hand."""
    import cvxpy as cp

    tastes, values = np.array([[1.0, 0.0, 0.5]] * 2), np.array([[-2.0, 0.0, 0.0], [0.5, 0.0, 0.0]])
    even = np.full(3, 1 / 3)
    menu = solve_menu(
        tastes,
        principal_values=values,
        cost=contracts.Entropy(even, 0.3),
        domain=contracts.Simplex(),
        outside_option=even,
        transfers="none",
        mimics=[(0, 1)],
    )
    p = cp.Variable((2, 3), nonneg=True)
    rules = [cp.sum(p, axis=1) == 1, p[0] @ tastes[0] >= p[1] @ tastes[0], p @ tastes[0] >= even @ tastes[0]]
    worth = cp.sum(cp.multiply(values, p)) - 0.3 * cp.sum(cp.rel_entr(p, 1 / 3))
    goal = cp.Problem(cp.Maximize(worth / 2), rules)
    goal.solve(solver="CLARABEL")
    assert menu.value == pytest.approx(goal.value, abs=1e-6)
    assert max(gains(menu)) <= 0


# ---- everybody ----


def test_a_mask_that_is_true_everywhere_changes_nothing_to_the_bit():
    plain = two_types()
    masked = two_types(mimics=np.ones((2, 2), dtype=bool))
    assert masked.mimics is None
    first, second = solve_menu(plain), solve_menu(masked)
    assert first.to_dict() == second.to_dict()
    assert "mimics" not in to_record(masked)
    assert repr(plain) == repr(masked)


def test_access_to_everything_compares_as_no_access_at_all_does():
    rng = np.random.default_rng(3)
    values, amounts = rng.integers(0, 4, (40, 2)) / 2, rng.integers(0, 4, (15, 2)) / 2
    paid, everything = rng.integers(0, 4, 15) / 2, np.ones((40, 15), dtype=bool)
    payoff = lambda types, options: paid[options]  # noqa: E731
    plain, masked = (best_options(values, amounts, paid, payoff, access=access) for access in (None, everything))
    np.testing.assert_array_equal(plain.option, masked.option)
    np.testing.assert_array_equal(plain.runner_up_gain, masked.runner_up_gain)
    one = np.zeros((40, 15), dtype=bool)
    one[:, 4] = True
    alone = best_options(values, amounts, paid, payoff, access=one)
    assert set(alone.option.tolist()) == {4}
    assert set(alone.runner_up.tolist()) == {-1}


# ---- certificates ----


def test_verify_asks_only_for_rows_that_exist():
    """The first best tempts high to take what is meant for low, by one."""
    first_best = [1.0, 2.0], [1.0, 4.0]
    everybody, down, up, nobody = (
        verify(two_types(mimics=mimics), *first_best) for mimics in (None, [(1, 0)], [(0, 1)], [])
    )
    for refused in (everybody, down):
        assert not refused.holds
        assert str(refused.deviation) == "high -> low gains 1"
    assert up.holds
    assert nobody.holds
    assert up.deviation.tempted == "low"
    assert verify(two_types(mimics=[]), [1.0, 2.0], [np.nextafter(1.0, 2.0), 4.0]).is_individually_rational is False


def test_one_unit_in_the_last_place_decides_a_row_that_exists():
    problem = two_types(mimics=[(1, 0)])
    assert verify(problem, [1.0, 2.0], [1.0, 3.0]).is_exact
    assert not verify(problem, [1.0, 2.0], [1.0, np.nextafter(3.0, 4.0)]).is_exact


def test_a_deviation_is_named_after_somebody_who_can_be_mimicked():
    """Low and middle have the same contract, but only that of middle is within reach."""
    problem = ScreeningProblem([1.0, 1.0, 2.0], cost=Quadratic(), labels=("low", "middle", "high"), mimics=[(2, 1)])
    assert verify(problem, [1.0, 1.0, 2.0], [1.0, 1.0, 4.0]).deviation.tempter == "middle"


def test_prices_of_rows_that_do_not_exist_prove_nothing():
    """The prices of the full relation would bound the value of a menu that earns more."""
    prices = solve_menu(two_types()).bound.multipliers
    assert prices.ic.nnz
    for mimics, best in (([], 0.875), ([(0, 1)], 0.875), ([(1, 0)], 2 / 3)):
        bound = upper_bound(two_types(mimics=mimics), prices)
        assert bound.value >= best * (1 - 1e-12)
        assert not bound.multipliers.ic.toarray()[~np.array(two_types(mimics=mimics).mimics)].any()
    assert upper_bound(two_types(), prices).value == pytest.approx(2 / 3, rel=1e-6)


def test_what_prices_lack_is_brought_only_by_types_who_can_mimic():
    """Social weights 1 and 3, profit at 1 + 1.2: high is short, low has room."""
    planner = contracts.Welfare([1.0, 3.0], minimum_profit=0.0)
    for mimics, fed in (([("low", "high")], True), ([("high", "low")], False), ([], False)):
        problem = two_types(mimics=mimics, objective=planner)
        bound = upper_bound(problem, replace(no_multipliers(problem), profit=1.2))
        assert bound.rigorous
        assert bound.value >= solve_menu(problem).value
        assert (bound.multipliers.ic.nnz > 0) == fed
        assert (bound.multipliers.profit == 1.2) == fed  # else its price rises, to 2
        assert bound.multipliers.profit <= 2 + 1e-9


@examples(40)
@given(relations, st.integers(0, 2**32 - 1), st.booleans())
def test_no_prices_prove_less_than_a_menu_is_worth(drawn, seed, planner):
    """Random prices, of missing pairs too, and social weights above the principal's own, which must be fed."""
    mask, quarters, counts = drawn
    rng = np.random.default_rng(seed)
    values, weights = np.array(quarters) / 4 + 0.25, np.array(counts) / sum(counts)
    objective = contracts.Welfare(rng.random(len(values)) * 3, minimum_profit=0.0) if planner else contracts.Profit()
    problem = ScreeningProblem(values, weights, cost=Quadratic(), mimics=mask, objective=objective)
    none = no_multipliers(problem)
    prices = replace(
        none,
        ic=type(none.ic)(rng.exponential(size=(len(values),) * 2)),
        ir=rng.exponential(size=len(values)),
        profit=float(rng.exponential()),
    )
    bound = upper_bound(problem, prices)
    if problem.mimics is not None:
        assert not bound.multipliers.ic.toarray()[~problem.mimics].any()
    menu = solve_menu(problem, gap=1e-4)
    assert bound.value >= menu.value - 1e-9 * abs(menu.value)
    assert max(gains(menu)) <= 0


# ---- asking a menu ----


def test_agents_take_what_their_type_can_take():
    menu = solve_menu(two_types(mimics=[]))
    by_hand = [menu.option_of_type[0], menu.option_of_type[1]]
    assert menu.choose([1.0, 2.0], types=["low", "high"]).tolist() == by_hand
    assert menu.choose([2.0, 2.0], types="high").tolist() == [by_hand[1]] * 2
    assert menu.choose([5.0], types=0).tolist() == [by_hand[0]]
    assert menu.choose([0.1], types=0).tolist() == [-1]
    chances = menu.choice_probabilities([1.0, 2.0], temperature=0.5, types=[0, 1])
    assert chances[0, by_hand[1]] == chances[1, by_hand[0]] == 0
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    drawn = menu.choose(np.full(200, 2.0), types="low", temperature=0.5, rng=np.random.default_rng(0))
    assert set(drawn.tolist()) == {by_hand[0], -1}
    everybody = solve_menu(two_types())
    assert everybody.choose([1.0], types="low").tolist() == everybody.choose([1.0]).tolist()


def test_a_menu_that_is_not_one_list_of_options_says_so():
    menu = solve_menu(two_types(mimics=[]))
    with pytest.raises(ProblemError, match=r"depends on their type, because the problem has mimics: pass types="):
        menu.choose([1.0])
    with pytest.raises(ProblemError, match=r"types names type 'middle': the types are 'low', 'high'"):
        menu.choose([1.0], types="middle")
    with pytest.raises(ProblemError, match=r"types has 3 entries for 2 agents: give one type, or one per agent"):
        menu.choose([1.0, 2.0], types=[0, 1, 1])
    with pytest.raises(ProblemError, match=r"types names type 2: give a label, or a number from 0 to 1"):
        menu.choose([1.0], types=2)
    with pytest.raises(ProblemError, match=r"choice models are for one list of options"):
        menu.expected_value(inference.Logit(0.5))
    with pytest.raises(ProblemError, match=r"Information is for types who choose from one list"):
        contracts.Information(inference.Logit(0.5)).value(menu)
    with pytest.raises(ProblemError, match=r"types choose from different lists of options"):
        inference.infer_types(menu, [0, 1])
    with pytest.raises(ProblemError, match=r"types choose from different lists of options"):
        inference.asking_menu(menu.problem, temperature=0.5)
    with pytest.raises(ProblemError, match=r"with available= for what each person could take"):
        inference.ChoiceData.from_menu(menu, [0, 1])


# ---- at the door ----


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("high", "low")], [[1, 0], [1, 1]]),
        ([(1, 0)], [[1, 0], [1, 1]]),
        ([("high", 0)], [[1, 0], [1, 1]]),
        ({("high", "low")}, [[1, 0], [1, 1]]),
        (np.array([[1, 0]]), [[1, 0], [1, 1]]),
        ([], [[1, 0], [0, 1]]),
        ([[False, False], [True, False]], [[1, 0], [1, 1]]),
        (np.array([[0, 0], [1, 0]], dtype=bool), [[1, 0], [1, 1]]),
        (np.array([[0, 0], [0, 0]]), None),
        ([[1, 0], [1, 1]], [[1, 0], [1, 1]]),  # a mask and pairs that say the same
        (
            pd.DataFrame([[True, False], [True, True]], index=["low", "high"], columns=["low", "high"]),
            [[1, 0], [1, 1]],
        ),
    ],
)
def test_a_relation_is_a_mask_or_pairs(given, expected):
    found = checked_mimics(given, ("low", "high"))
    if expected is None:
        assert found is not None
        np.testing.assert_array_equal(found, np.eye(2))
    else:
        np.testing.assert_array_equal(found, np.array(expected, dtype=bool))


def test_a_mask_of_zero_and_one_is_a_mask_for_three_types_and_more():
    np.testing.assert_array_equal(checked_mimics(np.tri(3), ("a", "b", "c")), DOWNWARD)
    assert checked_mimics([], ("only",)) is None
    problem = ScreeningProblem([1.0, 2.0, 3.0], mimics=np.tri(3))
    assert not problem.mimics.flags.writeable
    assert "mimics=3 of 6 pairs" in repr(problem)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1, 0], [0, 1]], r"which with two types may be a mask or a list of pairs: write true and false, or"),
        (
            np.ones((3, 3), dtype=bool),
            r"mimics has shape \(3, 3\); expected \(2, 2\): give an",
        ),
        ("all", r"mimics is 'all': give an"),
        (3, r"mimics is 'int': give an"),
        ([3], r"mimics holds 3, which is neither a row of a mask nor a pair"),
        (["low"], r"mimics holds 'low', which is neither"),
        ([("low", "middle")], r"mimics, pair 0, names type 'middle': the types are 'low', 'high'"),
        ([(0, 1), (0, 2)], r"mimics, pair 1, names type 2: give a label, or a number from 0 to 1"),
        ([(-1, 0)], r"mimics, pair 0, names type -1"),
        ([(0.5, 0)], r"mimics, pair 0, names type 0.5"),
        ([(0, 1, 1)], r"mimics is 1 rows for 2 types, one of them with 3 entries"),
        ([(True, 0)], r"mimics is 1 rows for 2 types"),
        (
            pd.DataFrame(np.tri(2, dtype=bool), index=["high", "low"], columns=["high", "low"]),
            r"mimics has the names of labels in another order .*put its rows into the order of labels",
        ),
    ],
)
def test_what_is_neither_is_refused(given, message):
    with pytest.raises(ProblemError, match=message):
        two_types(mimics=given)


def test_what_the_message_of_two_types_says_to_do_is_enough():
    nobody = np.eye(2, dtype=bool)
    np.testing.assert_array_equal(checked_mimics([[True, False], [False, True]], ("low", "high")), nobody)
    assert checked_mimics([("low", "high"), ("high", "low")], ("low", "high")) is None


def test_a_mask_with_another_number_names_the_place():
    with pytest.raises(ProblemError, match=r"mimics is 2 in row 1, column 2: give an"):
        ScreeningProblem([1.0, 2.0, 3.0], mimics=[[1, 0, 0], [1, 1, 2], [0, 0, 1]])
    with pytest.raises(ProblemError, match=r"mimics is nan in row 0, column 1"):
        ScreeningProblem([1.0, 2.0, 3.0], mimics=[[1, np.nan, 0], [1, 1, 0], [0, 0, 1]])


def test_uncertain_valuations_are_refused_together_with_it():
    with pytest.raises(ProblemError, match=r"mimics together with uncertainty is not supported: leave uncertainty out"):
        two_types(mimics=[], uncertainty=contracts.Interval(0.1))


@pytest.mark.parametrize("method", ["ironing", "cuts", "dual"])
def test_engines_for_all_pairs_say_that_they_do_not_apply(method):
    with pytest.raises(ProblemError, match=r"not everybody can mimic everybody \(mimics\)"):
        solve_menu(two_types(mimics=[]), method=method)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("ab", r"groups is 'ab': give a list with one group per type"),
        (3, r"groups is 3: give a list"),
        ([], r"groups has shape \(0,\); expected one group per type"),
        (np.zeros((2, 2)), r"groups has shape \(2, 2\)"),
        (["a", None], r"groups\[1\] is missing: give every type a group"),
        ([["a"], ["b"]], r"groups holds what is no name"),
    ],
)
def test_groups_are_one_name_per_type(groups, message):
    with pytest.raises(ProblemError, match=message):
        same_group(groups)


def test_groups_may_come_from_a_column():
    expected = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], dtype=bool)
    for groups in (pd.Series(["x", "y", "x"]), [2, 1, 2], np.array([0.5, 1.0, 0.5]), ("b", "a", "b")):
        np.testing.assert_array_equal(same_group(groups), expected)


# ---- files ----


def test_the_relation_survives_files_to_the_bit(tmp_path):
    problem = ScreeningProblem([1.0, 2.0, 3.0], cost=Quadratic(), mimics=DOWNWARD)
    again = from_record(ScreeningProblem, to_record(problem))
    np.testing.assert_array_equal(again.mimics, DOWNWARD)
    menu = solve_menu(two_types(mimics=[]))
    loaded = contracts.load_menu(menu.save(tmp_path / "menu.json"))
    assert loaded.to_dict() == menu.to_dict()
    assert loaded.certificate.holds


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mimics = [[1, 0, 0], [1, 1, 0], [1, 1, 1]]", DOWNWARD),
        ("mimics = [[true, false, false], [true, true, false], [true, true, true]]", DOWNWARD),
        ('mimics = [["b", "a"], ["c", "a"], ["c", "b"]]', DOWNWARD),
        ("mimics = [[1, 0], [2, 0], [2, 1]]", DOWNWARD),
        ("mimics = []", NOBODY),
    ],
)
def test_problem_files_say_it_as_a_mask_or_as_pairs(tmp_path, line, expected):
    path = tmp_path / "problem.toml"
    path.write_text(f'valuations = [1.0, 2.0, 3.0]\nlabels = ["a", "b", "c"]\n{line}\n[cost]\nkind = "quadratic"\n')
    np.testing.assert_array_equal(read_problem(path).mimics, expected)


def test_a_problem_file_with_a_wrong_relation_names_the_file(tmp_path):
    path = tmp_path / "problem.toml"
    path.write_text('valuations = [1.0, 2.0]\nmimics = [["x", "y"]]\n')
    with pytest.raises(ProblemError, match=r"problem\.toml: mimics, pair 0, names type 'x': the types are '0', '1'"):
        read_problem(path)


def test_types_that_do_not_occur_take_their_row_and_column_along():
    kept = contracts.without_zero_weights([1.0, 2.0, 3.0], [0.5, 0.0, 0.5], mimics=[(2, 1), (2, 0)])
    np.testing.assert_array_equal(kept.problem.mimics, [[True, False], [True, True]])


@pytest.mark.parametrize("reserve", [0.1, -0.1])
def test_contracts_are_meant_for_types_where_there_is_no_outside_contract_on_the_list(reserve):
    """The high type can take what is meant for the low one, who gets 1 for it, where 2 is efficient."""
    reach = {"mimics": [[True, True], [False, True]], "participation": "compulsory", "cost": Quadratic()}
    menu = solve_menu([3.0, 2.0], reservation_utility=reserve, **reach)
    assert menu.certificate.holds
    assert menu.value == pytest.approx(2.5 - reserve, rel=1e-5)
