"""Problems without a best menu say why; solvers that fail or lie never get a menu past the proof."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import contracts as c
from contracts.engines import program, reference
from contracts.engines.candidate import Candidate
from contracts.engines.diagnosis import infeasible_menu, unbounded_menu
from contracts.proof.multipliers import no_multipliers
from contracts.testing.parts import Cosh
from contracts.testing.screening import rich_problems
from tests.strategies import examples

# ---- infeasible ----

CARER_NURSE = {"labels": ("carer", "nurse"), "cost": c.Quadratic(), "domain": c.Box(0.0, 1.0)}
COMPULSORY = {**CARER_NURSE, "participation": "compulsory"}
INFEASIBLE = {
    "one type cannot be kept": (
        c.ScreeningProblem([1.0, 2.0], reservation_utility=[5.0, 0.0], transfers=(0.0, np.inf), **COMPULSORY),
        None,  # the carer's IR and either lowest transfer: the nurse would take whatever the carer is given
        "Lower reservation_utility, or lower the lowest transfer.",
    ),
    "no transfers at all": (
        c.ScreeningProblem([1.0, 2.0], reservation_utility=[0.5, 3.0], transfers="none", **COMPULSORY),
        {"IR of type 'nurse'", "lowest transfer of type 'nurse'"},
        "Lower reservation_utility",
    ),
    "a budget": (
        c.ScreeningProblem([1.0, 2.0], objective=c.Welfare(0.5, minimum_profit=9.0), **CARER_NURSE),
        None,
        "lower minimum_profit",
    ),
    "two side constraints": (
        c.ScreeningProblem(
            [1.0, 2.0],
            constraints=[
                c.LinearConstraint(allocation=[[1.0], [1.0]], upper=0.5, name="capacity"),
                c.LinearConstraint(allocation=[[1.0], [0.0]], lower=0.75, name="quota"),
                c.LinearConstraint(utility=[1.0, 1.0], lower=-9.0, name="idle"),
            ],
            **CARER_NURSE,
        ),
        {"'capacity'", "'quota'"},
        "Relax the side constraint.",
    ),
}


@pytest.mark.parametrize("case", INFEASIBLE)
def test_infeasible_problems_name_an_irreducible_conflict_in_the_users_words(case):
    problem, conflict, remedy = INFEASIBLE[case]
    with pytest.raises(c.InfeasibleMenuError, match=r"^no menu meets together: ") as caught:
        c.solve_menu(problem)
    assert remedy in str(caught.value)
    if conflict is not None:
        assert set(caught.value.conflict) == conflict
    assert all(name in str(caught.value) for name in caught.value.conflict)
    assert len(caught.value.conflict) <= 3
    rows = program.menu_program(problem)
    from contracts.engines.diagnosis import SHORTFALL, _least_violation

    together = set(caught.value.conflict)
    assert _least_violation(rows, together)[0] > SHORTFALL
    for member in together:
        rest = together - {member}
        assert not rest or _least_violation(rows, rest)[0] <= SHORTFALL, f"{member} is not needed"


def test_conflicts_name_what_is_missing_in_money():
    problem, _, _ = INFEASIBLE["one type cannot be kept"]
    with pytest.raises(c.InfeasibleMenuError, match=r"short by 4 in sum"):
        c.solve_menu(problem)  # wants 5, gets at most 1 * 1 for nothing


def test_relaxing_any_member_of_the_conflict_helps():
    menu = c.solve_menu([1.0, 2.0], reservation_utility=[0.75, 0.0], transfers=(0.0, np.inf), **COMPULSORY)
    assert menu.certificate.holds


def test_a_feasible_problem_called_infeasible_is_a_solver_error_not_a_conflict():
    problem = c.ScreeningProblem([1.0, 2.0], **CARER_NURSE)
    error = infeasible_menu(program.menu_program(problem))
    assert isinstance(error, c.SolverError)
    assert "a menu misses its constraints by only" in str(error)


# ---- unbounded ----

UNBOUNDED = {
    "free goods": (c.ScreeningProblem([1.0, 2.0], goods=["tea"]), "the allocation of good 'tea'"),
    "falling costs": (
        c.ScreeningProblem([1.0, 2.0], cost=c.Power(0.5, -1.0), goods=["tea"]),
        "the allocation of good 'tea'",
    ),
    "generous welfare": (
        c.ScreeningProblem([[1.0, 0.0], [2.0, 1.0], [0.0, 3.0]], cost=c.Quadratic(), objective=c.Welfare(2.0)),
        "the transfer to",
    ),
    "a cheap good of two": (
        c.ScreeningProblem([[1.0, 1.0], [2.0, 1.0], [1.0, 3.0]], cost=c.Linear([9.0, 0.5]), goods=["dear", "cheap"]),
        "the allocation of good 'cheap'",
    ),
    "a cost that nobody counts": (
        c.ScreeningProblem(
            [1.0, 2.0], cost=c.Quadratic(), objective=c.WeightedSum(allocation_values=[1.0]), goods=["tea"]
        ),
        "the allocation of good 'tea'",
    ),
    "a logarithm that nobody pays for": (
        c.ScreeningProblem(
            [1.0, 2.0],
            cost=c.Quadratic(),
            transfers=(-1.0, 1.0),
            objective=c.Welfare(1.0, c.Isoelastic(), profit_weight=0.0),
            goods=["tea"],
        ),
        "the allocation of good 'tea'",
    ),
    "a logarithm that nobody pays for, whatever the shares": (
        c.ScreeningProblem(
            [1.0, 1.0, 2.0],
            principal_values=[[0.0], [1.0], [0.0]],
            cost=c.Quadratic(),
            transfers=(-1.0, 1.0),
            objective=c.Welfare(1.0, c.Isoelastic(), profit_weight=0.0),
            ambiguity=c.KullbackLeibler(0.2),
            goods=["tea"],
        ),
        "the allocation of good 'tea'",
    ),
    "roots of what is sold at cost": (
        c.ScreeningProblem(
            [1.0, 2.0],
            cost=c.Linear(1.0),
            transfers=(-5.0, 5.0),
            principal_values=[1.0],
            objective=c.Welfare(1.0, c.Isoelastic(0.5), profit_weight=0.0, minimum_profit=0.0),
            goods=["tea"],
        ),
        "the allocation of good 'tea'",
    ),
    "a good sold above its price, whatever welfare says": (
        c.ScreeningProblem(
            np.array([1.3, 2.3, 2.35, 2.9, 3.2]) * 1e-9,
            cost=c.Linear(1e-9),
            objective=c.Welfare(np.array([1.25, 0.25, 0.75, 0.75, 0.25]) * 1e-5, c.Isoelastic(), profit_weight=0.5),
            goods=["tea"],
        ),
        "the allocation of good 'tea'",
    ),
    "a good sold above its price to those who need not come": (
        c.ScreeningProblem(
            [1.8, 0.1, 3.0], cost=c.Linear(1.0), reservation_utility=[-0.3, 0.0, 0.2], serving_cost=0.1, goods=["tea"]
        ),
        "the allocation of good 'tea'",
    ),
    "a good sold above its price, whatever it is worth in a set": (
        c.ScreeningProblem(
            [1.8, 0.1, 3.0],
            cost=c.Linear(1.0),
            reservation_utility=[-0.3, 0.0, 0.2],
            uncertainty=c.Interval(0.05),
            goods=["tea"],
        ),
        "the allocation of good 'tea'",
    ),
}


@pytest.mark.parametrize("case", UNBOUNDED)
@pytest.mark.parametrize("method", ["auto", "reference"])
def test_unbounded_problems_say_in_which_direction(case, method):
    problem, direction = UNBOUNDED[case]
    with pytest.raises(c.UnboundedMenuError, match=r"^the objective grows without limit along ") as caught:
        c.solve_menu(problem, method=method)
    assert caught.value.direction.startswith(direction)
    assert caught.value.direction in str(caught.value)


@pytest.mark.parametrize("width", [0.4, 0.6])
def test_what_grows_must_be_worth_its_price_at_every_valuation_in_a_set(width):
    """Goods of 1 at a valuation of 1.5: within 0.4 they are sold for ever, within 0.6 nobody is sure to take them."""
    problem = c.ScreeningProblem([1.5], cost=c.Linear(1.0), uncertainty=c.Interval(width))
    found = unbounded_menu(program.menu_program(problem))
    assert isinstance(found, c.UnboundedMenuError if width < 0.5 else c.SolverError)


@pytest.mark.parametrize("limit", [2.0, 2e3, 2e6, 2e9])
def test_however_high_the_limits_what_grows_beyond_them_is_found(limit):
    problem = c.ScreeningProblem(
        [0.065, 0.030, 0.010, 0.051],
        transfers=(-limit, limit),
        cost=c.Quadratic(267.0),
        objective=c.Welfare(1.0, c.Isoelastic(5.0), profit_weight=0.0),
    )
    with pytest.raises(c.UnboundedMenuError, match="no menu is best"):
        c.solve_menu(problem)


def test_welfare_with_an_upper_limit_does_not_grow_for_ever():
    menu = c.solve_menu(  # exp(-u) of utilities without limit: as good as certain well-being, 1, and no better
        [1.0, 2.0],
        cost=c.Quadratic(),
        transfers=(-1.0, 40.0),
        objective=c.Welfare(1.0, c.Exponential(1.0), profit_weight=0.0),
    )
    assert menu.certificate.holds
    assert menu.value == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("limit", [1.0, 1e3, 1e6, 1e9])
def test_where_profit_counts_for_nothing_everybody_is_paid_as_much_as_may_be(limit):
    menu = c.solve_menu(
        [[0.1, 0.7], [0.1, 0.7], [-0.06, 2.0]],
        cost=c.Entropy([0.25, 0.75], 0.4),
        domain=c.Simplex(),
        transfers=(-limit, limit),
        objective=c.Welfare(1.0, c.Isoelastic(0.5), profit_weight=0.0),
    )
    assert menu.certificate.holds
    best = 2 * np.sqrt(limit + np.array([0.7, 0.7, 2.0])).mean()  # the outcome that all like best, and the money
    assert menu.value == pytest.approx(best, rel=1e-6)
    assert menu.transfer == pytest.approx(-limit, rel=1e-5)


def test_a_good_that_a_row_forbids_one_type_is_not_given_and_costs_no_sliver():
    # Goods that may be negative: no bound of the domain puts a solver's last digit of the forbidden good to nothing.
    menu = c.solve_menu(
        [[1.605, 1.605, 1.905], [1.9185, 1.9185, 2.2185]],
        principal_values=[[-1.2866, 0.0186, 0.0325], [-0.2877, 0.0424, -0.0694]],
        cost=c.Quadratic(),
        domain=c.Box([0.0, -1.0, 0.25], [0.5, 2.0, 1.25]),
        transfers=(-2.0, 2.0),
        objective=c.Welfare(1.0, profit_weight=0.0, minimum_profit=0.0),
        constraints=[
            c.LinearConstraint(allocation=[[0.5, 0.5, 0.5]] * 2, upper=1.0),
            c.LinearConstraint(allocation=[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]], lower=0.0, upper=0.0),
            c.LinearConstraint(utility=[1.0, 0.0], lower=0.3),
        ],
    )
    assert menu.certificate.holds
    assert menu.allocation[1, 1] == 0.0
    assert menu.certificate.relative_gap < 1e-9


def test_what_single_rows_limit_is_put_at_the_limit_and_nothing_else_is_moved():
    problem = c.ScreeningProblem(
        [[1.0, 2.0], [2.0, 1.0]],
        cost=c.Quadratic(),
        constraints=[
            c.LinearConstraint(allocation=[[0.0, 4.0], [0.0, 0.0]], upper=2.0),
            c.LinearConstraint(allocation=[[0.0, 0.0], [-1.0, 0.0]], upper=-0.75),
            c.LinearConstraint(allocation=[[1.0, 0.0], [1.0, 0.0]], upper=0.1),  # of both types: no one amount's limit
        ],
    )
    rows = program.menu_program(problem)
    unit = rows.units.allocation
    allocation, _ = rows.read(np.array([0.3, 0.5 + 1e-12, 0.75 - 1e-12, 0.4, 0.0, 0.0]) / unit)
    assert allocation.tolist() == [[0.3, 0.5], [0.75, 0.4]]


@pytest.mark.parametrize("size", [1.0, 1e-6, 1e6])
def test_where_utilities_grow_for_ever_and_welfare_towards_nothing_no_menu_is_best(size):
    # Constant returns: what is sold at cost makes everybody who values it more as well off as one likes, at no loss.
    problem = c.ScreeningProblem(
        np.array([1.0, 2.0, 3.0]) * size,
        cost=c.Linear(0.5 * size),
        objective=c.Welfare(1.0, c.Isoelastic(2.0), profit_weight=0.0, minimum_profit=0.0),
        goods=["tea"],
    )
    with pytest.raises(
        c.UnboundedMenuError, match=r"no menu is best, .* welfare towards 0, along the allocation .*'tea'"
    ):
        c.solve_menu(problem)
    assert c.solve_menu(problem, domain=c.Box(0.0, 1.0)).certificate.holds  # the remedy
    assert c.solve_menu(problem, cost=c.Quadratic(size)).certificate.holds  # the other


@pytest.mark.parametrize("exponent", [2.0, 4.0, 8.0])
@pytest.mark.parametrize("scale", [0.5, 5e-7])
def test_where_nobody_pays_and_all_must_stay_the_best_is_to_give_nothing(exponent, scale):
    # The cost is flat next to nothing: amounts of 1e-3 cost 1e-12, which is all that a solver sees of them.
    menu = c.solve_menu(
        [[1.9, 1.5, 0.8], [1.8, 1.5, 0.9]],
        cost=c.Power(exponent, scale),
        transfers="none",
        reservation_utility=-1.0,
        participation="compulsory",
    )
    assert menu.certificate.holds
    assert menu.value == 0.0
    assert not menu.allocation.any()


# ---- arguments ----


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"gap": 0.0}, r"gap is 0.0: give a relative gap between 0 and 1, such as 1e-6"),
        ({"gap": float("nan")}, r"gap is nan"),
        ({"method": "magic"}, r"method is 'magic': use one of auto, "),
        (
            {"valuation": [1.0]},
            r"unknown argument 'valuation' in the problem, did you mean 'valuations'\? known are valuations, weights",
        ),
    ],
)
def test_arguments_of_solve_menu_are_checked(arguments, words):
    with pytest.raises(c.ProblemError, match=words):
        c.solve_menu([1.0, 2.0], [0.5, 0.5], **arguments)


def test_fields_override_those_of_a_problem():
    problem = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic())
    menu = c.solve_menu(problem, [0.25, 0.75], cost=c.Quadratic(2.0))
    assert menu.problem.weights.tolist() == [0.25, 0.75]
    assert menu.value == pytest.approx(0.75 * 4.0 / 4)


def test_a_cost_whose_expression_is_not_convex_is_refused():
    class Wrong(Cosh):
        def expression(self, allocation):
            return -super().expression(allocation)

    with pytest.raises(
        c.ProblemError, match=r"cvxpy expression of cost Wrong is not convex: build it from convex atoms"
    ):
        c.solve_menu([[1.0, 0.5], [2.0, 1.0], [0.5, 2.0]], cost=Wrong(), method="reference")


# ---- solvers that fail or lie ----

PROBLEM = c.ScreeningProblem([[1.0, 0.5], [2.0, 1.0], [0.5, 2.0]], cost=c.Quadratic())


def solve_with(monkeypatch, candidate):
    monkeypatch.setattr(reference, "solve", lambda problem, **settings: candidate)
    return c.solve_menu(PROBLEM, method="reference")


def test_a_solver_that_always_fails_is_named(monkeypatch):
    import cvxpy as cp

    def fail(self, **settings):
        raise cp.error.SolverError("out of luck")

    monkeypatch.setattr(cp.Problem, "solve", fail)
    with pytest.raises(c.SolverError, match=r"the reference engine found no menu .* tried CLARABEL, tight") as caught:
        c.solve_menu(PROBLEM, method="reference")
    assert caught.value.tried == ("CLARABEL, tight tolerances", "CLARABEL, default tolerances")
    assert caught.value.reached is None


def test_garbage_from_a_solver_is_never_a_menu(monkeypatch):
    shape, honest = PROBLEM.valuations.shape, c.solve_menu(PROBLEM)
    garbage = Candidate(np.full(shape, 0.3), np.zeros(3), no_multipliers(PROBLEM), "liar")
    with pytest.raises(c.SolverError, match=r"no menu within a relative gap of 1.0e-06 was certified") as caught:
        solve_with(monkeypatch, garbage)
    assert caught.value.tried == ("liar",)
    reached = caught.value.reached
    assert reached.certificate.is_exact  # what is carried is IC and IR all the same
    assert reached.upper_bound >= honest.value
    assert str(reached.certificate) in str(caught.value)


@examples(12)
@given(st.integers(0, 2**32 - 1))
def test_no_noise_in_a_candidate_gets_past_the_proof(seed):
    rng = np.random.default_rng(seed)
    honest = reference.solve(PROBLEM)
    noise = 10.0 ** rng.uniform(-14, 1)
    candidate = Candidate(
        np.maximum(honest.allocation + noise * rng.normal(size=honest.allocation.shape), 0.0),
        honest.utility + noise * rng.normal(size=3),
        honest.multipliers,
        "noisy",
    )
    from contracts.repair.certified import certified_menu

    try:
        menu = certified_menu(PROBLEM, candidate, gap=1e-6)
    except c.SolverError as error:
        menu = error.reached
        assert not menu.certificate.holds
    else:
        assert menu.certificate.holds
    assert menu.certificate.is_exact
    assert c.verify(PROBLEM, menu.allocation, menu.transfer).is_exact
    assert menu.value <= menu.upper_bound


def test_a_numerical_solution_that_is_refused_can_be_had_with_a_larger_gap():
    honest = reference.solve(PROBLEM)
    noisy = Candidate(honest.allocation * 0.99, honest.utility, honest.multipliers, "noisy")
    from contracts.repair.certified import certified_menu

    with pytest.raises(c.SolverError, match=r"Ask for a larger gap, gap=1"):
        certified_menu(PROBLEM, noisy, gap=1e-9)
    assert certified_menu(PROBLEM, noisy, gap=1e-2).certificate.holds


TWINS = [[0.0, 1.0], [0.0, 1.25], [0.0, 1.0]]  # tight tolerances fail here, and the next attempt must start afresh


@given(rich_problems())
@example(c.ScreeningProblem(TWINS, cost=c.Quadratic(), transfers=(0.0, np.inf)))
def test_whatever_happens_a_menu_certifies_or_an_error_says_why(problem):
    try:
        menu, holds = c.solve_menu(problem), True
    except c.SolverError as error:
        menu, holds = error.reached, False
    assert menu is not None, "no solver finished"
    certificate = menu.certificate
    assert certificate.holds is holds
    if not holds:
        return
    assert certificate.is_exact
    assert c.verify(problem, menu.allocation, menu.transfer).is_exact
