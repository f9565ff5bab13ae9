"""Advice can be followed: for every remedy that an error names there is a call that fails, and one that follows it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import contracts as c
from contracts import models, solve_menu, verify
from contracts.cli.menu_files import certify_file
from contracts.cli.problem_files import read_problem
from contracts.front.goals.goal import goals_of
from contracts.front.weighted import Programs
from contracts.proof.certificate import Violation
from contracts.repair.certified import attainable

INF = float("inf")
Q = c.Quadratic()
TWO = {"valuations": [1.0, 2.0], "weights": [0.75, 0.25], "cost": Q}
LABELLED = c.ScreeningProblem(**TWO, labels=("low", "high"), goods=("quality",))
MENU = solve_menu(LABELLED)
TABLE = pd.DataFrame({"tea": [1.0, 2.0], "rum": [2.0, 1.0]}, index=["low", "high"])
BACKWARDS = pd.Series([0.75, 0.25], index=["high", "low"])
POLICIES = {"domain": c.Simplex(), "cost": c.Entropy([0.5, 0.5]), "transfers": "none"}
SQUARE = [[1.0, 2.0], [2.0, 1.0], [1.5, 1.5]]
PLANE = [[1.0, 2.0], [2.0, 1.0], [1.5, 1.75]]
FLOW = {"constraints": c.LinearConstraint(allocation=[[1.0], [1.0]], upper=0.5)}


def problem(valuations=(1.0, 2.0), **fields):
    return c.ScreeningProblem(list(valuations), **{"cost": Q} | fields)


def solved(valuations=(1.0, 2.0), **fields):
    return solve_menu(problem(valuations, **fields))


def short(**fields):
    return solve_menu([1.0, 2.0], **{"cost": Q} | fields)


class Advice(NamedTuple):
    """What the message says, the call that it answers, and calls that do what it says, one for each remedy."""

    says: str
    fails: object
    follow: tuple


SCARCE = c.LinearConstraint(allocation=[[1.0], [1.0]], upper=0.5, name="capacity")
QUOTA = c.LinearConstraint(allocation=[[1.0], [0.0]], lower=0.75, name="quota")
LESS = c.LinearConstraint(allocation=[[1.0], [0.0]], lower=0.1, name="quota")
BOXED = {"domain": c.Box(0.0, 1.0)}
POOR = {**BOXED, "participation": "compulsory", "reservation_utility": [5.0, 0.0], "transfers": (0.0, INF)}
BOUNDED = {**BOXED, "participation": "compulsory", "reservation_utility": [5.0, 0.0], "transfers": (0.0, 2.0)}
CROWD = np.random.default_rng(0).uniform(1.0, 2.0, (40, 2))
DEAR = {"cost": Q, "participation": "compulsory", "reservation_utility": 6.0, "transfers": (0.0, 9.0)}
SAVER = c.WeightedSum(utility_weights=1.0)
SHORT = c.Search(n_population=60, n_generations=2)
GREEDY = c.WeightedSum(allocation_values=[1.0])

SOLVERS = [
    # no menu at all: what conflicts can be relaxed
    Advice(
        "Lower reservation_utility, or lower the lowest transfer",
        lambda: solved(**POOR),
        (
            lambda: solved(**POOR | {"reservation_utility": [0.5, 0.0]}),
            lambda: solved(**POOR | {"transfers": (-6.0, INF)}),
        ),
    ),
    Advice(
        "Lower reservation_utility, or lower the lowest transfer",
        lambda: solved(**BOUNDED),
        (
            lambda: solved(**BOUNDED | {"reservation_utility": [0.5, 0.0]}),
            lambda: solved(**BOUNDED | {"transfers": (-6.0, 2.0)}),
        ),
    ),
    Advice(
        "(?i)lower reservation_utility, .*lower minimum_profit",
        lambda: solved(objective=c.Welfare(0.5, minimum_profit=9.0), **BOXED),
        (
            lambda: solved(objective=c.Welfare(0.5, minimum_profit=0.5), **BOXED),
            lambda: solved(objective=c.Welfare(0.5, minimum_profit=9.0), reservation_utility=-9.0, **BOXED),
        ),
    ),
    Advice(
        "Relax the side constraint",
        lambda: solved(constraints=[SCARCE, QUOTA]),
        (lambda: solved(constraints=[SCARCE, LESS]), lambda: solved(constraints=[QUOTA])),
    ),
    Advice(
        "(?i)raise the highest transfer",
        lambda: solved([5.0, 5.0], transfers=(-1.0, 1.0), objective=c.Welfare(0.5, minimum_profit=2.0)),
        (lambda: solved([5.0, 5.0], transfers=(-1.0, 4.0), objective=c.Welfare(0.5, minimum_profit=2.0)),),
    ),
    # no best menu: what stops the growth
    Advice(
        r"along the allocation of good '0': bound the domain \(Box\) or use a cost that curves",
        lambda: solved(cost=c.Linear(0.5)),
        (lambda: solved(cost=c.Linear(0.5), domain=c.Box(0.0, 9.0)), lambda: solved(cost=Q)),
    ),
    Advice(
        r"along the allocation of good '\d' .*: bound the domain \(Box\), or use a cost that curves$",
        lambda: solved(SQUARE, cost=c.Linear(0.5)),
        (lambda: solved(SQUARE, cost=c.Linear(0.5), domain=c.Box(0.0, 9.0)), lambda: solved(SQUARE)),
    ),
    Advice(
        r"along the allocation .*: bound the domain \(Box\), or give profit a weight or a minimum$",
        lambda: solved(objective=GREEDY),
        (
            lambda: solved(objective=GREEDY, **BOXED),
            lambda: solved(objective=c.WeightedSum(allocation_values=[1.0], profit_weight=0.1)),
            lambda: solved(objective=c.WeightedSum(allocation_values=[1.0], minimum_profit=0.1)),
        ),
    ),
    Advice(
        "along the transfer to every type: .* lower them or limit the transfers",
        lambda: solved(objective=c.Welfare(2.0)),
        (lambda: solved(objective=c.Welfare(0.5)), lambda: solved(objective=c.Welfare(2.0), transfers=(-5.0, 5.0))),
    ),
    Advice(
        "along the transfer to type .*: limit the transfers, or lower the welfare weights$",
        lambda: solved(SQUARE, objective=c.Welfare(2.0)),
        (
            lambda: solved(SQUARE, objective=c.Welfare(2.0), transfers=(-5.0, 5.0)),
            lambda: solved(SQUARE, objective=c.Welfare(0.5)),
        ),
    ),
    Advice(
        r"along the transfer to type .*: limit the transfers and the domain \(Box\), or give profit a minimum$",
        lambda: solved(objective=SAVER),
        (
            lambda: solved(objective=SAVER, transfers=(-5.0, 5.0), **BOXED),
            lambda: solved(objective=c.WeightedSum(utility_weights=1.0, minimum_profit=0.0)),
        ),
    ),
    # a menu, but not close enough
    Advice(
        r"no menu within a relative gap of 1\.0e-16 was certified.*Ask for a larger gap, gap=\d\.\de-\d\d or more",
        lambda: solve_menu(LABELLED, gap=1e-16),
        (lambda: solve_menu(LABELLED, gap=advised_gap(lambda: solve_menu(LABELLED, gap=1e-16))),),
    ),
    Advice(
        r"a menu of the front was not certified to a tenth of the gap .*: ask for a larger gap, gap=\de-1\d",
        lambda: narrow_front(1e-13),
        (lambda: narrow_front(front_gap(lambda: narrow_front(1e-13))),),
    ),
    # engines that do not apply
    Advice(
        "method 'ironing' does not apply: types do not lie on a line.*; use method='auto'",
        lambda: solve_menu(PLANE, cost=Q, method="ironing"),
        (lambda: solve_menu(PLANE, cost=Q, method="auto"),),
    ),
    Advice(
        "method 'ironing' does not apply: transfers are limited.*; use method='auto'",
        lambda: solve_menu([1.0, 2.0], cost=Q, method="ironing", transfers=(0.0, 5.0), reservation_utility=[0.0, 0.1]),
        (lambda: solve_menu([1.0, 2.0], cost=Q, method="auto", transfers=(0.0, 5.0), reservation_utility=[0.0, 0.1]),),
    ),
    Advice(
        "method 'ironing' does not apply: the objective is not linear.*; use method='auto'",
        lambda: solve_menu([1.0, 2.0], cost=Q, method="ironing", objective=c.Welfare(0.5, c.WorstOff())),
        (lambda: solve_menu([1.0, 2.0], cost=Q, method="auto", objective=c.Welfare(0.5, c.WorstOff())),),
    ),
    Advice(
        "method 'ironing' does not apply: .*binds above the lowest type; use method='auto'",
        lambda: solve_menu([1.0, 2.0], cost=Q, method="ironing", reservation_utility=[0.0, 1.5]),
        (lambda: solve_menu([1.0, 2.0], cost=Q, method="auto", reservation_utility=[0.0, 1.5]),),
    ),
    Advice(
        "a cost that is linear in some direction needs a bounded domain; use method='auto'",
        lambda: solve_menu([[0.2, 0.1], [0.1, 0.2]], cost=c.Linear(1.0), method="cuts"),
        (
            lambda: solve_menu([[0.2, 0.1], [0.1, 0.2]], cost=c.Linear(1.0), method="auto"),
            lambda: solve_menu(SQUARE, cost=c.Linear(1.0), domain=c.Box(0.0, 1.0), method="cuts"),
        ),
    ),
    Advice(
        "method 'cuts' does not apply: it solves Profit.*; use method='auto'",
        lambda: solve_menu(SQUARE, cost=Q, objective=c.Welfare(0.5), method="cuts"),
        (lambda: solve_menu(SQUARE, cost=Q, objective=c.Welfare(0.5), method="auto"),),
    ),
    Advice(
        "method 'dual' does not apply: it solves menus without transfers.*; use method='auto'",
        lambda: solve_menu(LABELLED, method="dual"),
        (lambda: solve_menu(LABELLED, method="auto"),),
    ),
    Advice(
        "method 'dual' does not apply: the cost is not an entropy; use method='auto'",
        lambda: solve_menu(np.eye(2), cost=c.Linear(0.0), domain=c.Simplex(), transfers="none",
                           outside_option=[0.5, 0.5], method="dual"),
        (lambda: solve_menu(np.eye(2), cost=c.Linear(0.0), domain=c.Simplex(), transfers="none",
                            outside_option=[0.5, 0.5], method="auto"),),
    ),
    Advice(
        "method 'cuts' is for known valuations: use 'reference' or 'auto'",
        lambda: solve_menu(LABELLED, uncertainty=c.Interval(0.1), method="cuts"),
        (
            lambda: solve_menu(LABELLED, uncertainty=c.Interval(0.1), method="reference"),
            lambda: solve_menu(LABELLED, uncertainty=c.Interval(0.1), method="auto"),
        ),
    ),
]  # fmt: skip


def failure(call):
    with pytest.raises(c.ContractError) as caught:
        call()
    return caught.value


def advised_gap(call):
    """The number after 'gap=' in the advice."""
    return float(str(failure(call)).rpartition("gap=")[2].split()[0])


def front_gap(call):
    """The number after the first 'gap=' in the advice: what follows is what its menu says."""
    return float(str(failure(call)).partition("gap=")[2].split()[0].rstrip("."))


def narrow_front(gap):
    """One menu of a front to this gap: the whole front would take hours."""
    goals = goals_of(LABELLED, [c.Profit(), c.TotalSurplus()])
    return Programs(LABELLED, goals, "auto", gap).solve(np.array([0.7, 0.3]))


PROBLEMS = [
    # names
    Advice("'high' in place of 'low'.*pass weights.reindex\\(valuations.index\\)",
           lambda: c.ScreeningProblem(TABLE, BACKWARDS, cost=Q),
           (lambda: solve_menu(c.ScreeningProblem(TABLE, BACKWARDS.reindex(TABLE.index), cost=Q)),)),
    Advice("weights has other names.*or pass weights.to_numpy\\(\\) to go by position",
           lambda: c.ScreeningProblem(TABLE, BACKWARDS.set_axis(["a", "b"]), cost=Q),
           (lambda: c.ScreeningProblem(TABLE, BACKWARDS.set_axis(["a", "b"]).to_numpy(), cost=Q),
            lambda: c.ScreeningProblem(TABLE, BACKWARDS.set_axis(TABLE.index), cost=Q))),
    Advice("labels has the names of valuations in another order.*pass valuations.index",
           lambda: c.ScreeningProblem(TABLE, labels=["high", "low"]),
           (lambda: c.ScreeningProblem(TABLE, labels=TABLE.index),)),
    Advice("goods has the names of valuations in another order.*pass valuations.columns",
           lambda: c.ScreeningProblem(TABLE, goods=["rum", "tea"]),
           (lambda: c.ScreeningProblem(TABLE, goods=TABLE.columns),)),
    Advice("principal_values has the names of goods in another order.*pass principal_values\\[list\\(goods\\)\\]",
           lambda: c.ScreeningProblem(TABLE, principal_values=TABLE[["rum", "tea"]]),
           (lambda: c.ScreeningProblem(TABLE, principal_values=TABLE[["rum", "tea"]][list(TABLE.columns)]),)),
    Advice("labels is the text 'ab': give a list with one name per type",
           lambda: problem(labels="ab"), (lambda: problem(labels=list("ab")),)),
    Advice("labels has 1 names for 2 types: give one per type",
           lambda: problem(labels=["a"]), (lambda: problem(labels=["a", "b"]),)),
    Advice("labels repeats 'a': give every type its own name",
           lambda: problem(labels=["a", "a"]), (lambda: problem(labels=["a", "b"]),)),
    # weights
    Advice(r"weights\[1\] is 0.0: every type needs a positive share; leave out types that do not occur",
           lambda: problem(weights=[1.0, 0.0]), (lambda: problem([1.0], weights=[1.0]),)),
    Advice(r"weights sum to 4, not 1: divide them by their sum",
           lambda: problem(weights=[3.0, 1.0]), (lambda: problem(weights=np.array([3.0, 1.0]) / 4.0),)),
    # costs
    Advice(r"Quadratic curvature is not symmetric: pass \(Q \+ Q.T\) / 2",
           lambda: c.Quadratic([[2.0, 1.0], [0.0, 2.0]]),
           (lambda: solved(SQUARE, cost=c.Quadratic((np.array([[2.0, 1.0], [0.0, 2.0]])
                                                     + np.array([[2.0, 1.0], [0.0, 2.0]]).T) / 2)),)),
    Advice("give every good a positive curvature, be it small, or use Linear where no good has any",
           lambda: c.Quadratic([1.0, 0.0]),
           (lambda: solved(SQUARE, cost=c.Quadratic([1.0, 1e-3])),
            lambda: solved(SQUARE, cost=c.Linear([1.0, 0.0]), domain=c.Box(0.0, 1.0)))),
    Advice("use exponent > 1 with scale > 0, exponent in .* with scale < 0, or Linear for exponent 1",
           lambda: c.Power(1.0),
           (lambda: solved(cost=c.Power(1.5, 1.0)), lambda: solved(cost=c.Power(0.5, -1.0), domain=c.Box(0.0, 1.0)),
            lambda: solved(cost=c.Linear(1.0), domain=c.Box(0.0, 1.0)))),
    Advice("the domain reaches below zero: raise its lower bound",
           lambda: problem(cost=c.Power(1.5), domain=c.Box(-1.0, 1.0)),
           (lambda: solved(cost=c.Power(1.5), domain=c.Box(0.0, 1.0)),)),
    Advice("Entropy reference must be one positive probability per good: drop goods that have none",
           lambda: c.Entropy([0.5, 0.5, 0.0]), (lambda: c.Entropy([0.5, 0.5]),)),
    Advice("Entropy reference sums to 2, not 1: divide it by its sum",
           lambda: c.Entropy([1.0, 1.0]), (lambda: c.Entropy(np.ones(2) / 2),)),
    Advice(r"Entropy temperature is 0.0: it must be positive; use Linear\(0.0\) for none",
           lambda: c.Entropy([0.5, 0.5], 0.0),
           (lambda: solved(np.eye(2), cost=c.Linear(0.0), domain=c.Simplex(), transfers="none",
                           outside_option=[0.5, 0.5]),)),
    Advice(r"Entropy is the cost of a lottery: use it with domain=Simplex\(\)",
           lambda: problem(np.eye(2), cost=c.Entropy([0.5, 0.5])),
           (lambda: solved(np.eye(2), cost=c.Entropy([0.5, 0.5]), domain=c.Simplex()),)),
    # domains
    Advice("Box lower is inf, which no amount meets: swap the bounds",
           lambda: c.Box(INF, 0.0), (lambda: solved(domain=c.Box(0.0, INF)),)),
    Advice("Box is empty: lower exceeds upper for good 0; swap or widen the bounds",
           lambda: c.Box(1.0, 0.0), (lambda: c.Box(0.0, 1.0), lambda: c.Box(1.0, 1.0))),
    Advice("Polyhedron is empty: .*; relax a row",
           lambda: c.Polyhedron([[1.0], [-1.0]], [0.0, -1.0]).check(1),
           (lambda: solved(domain=c.Polyhedron([[1.0], [-1.0]], [2.0, -1.0])),)),
    Advice("Polyhedron is unbounded in direction .*: add rows that bound it",
           lambda: problem(domain=c.Polyhedron([[-1.0]], [0.0])),
           (lambda: solved(domain=c.Polyhedron([[-1.0], [1.0]], [0.0, 5.0])),)),
    # transfers and outside options
    Advice("transfers is 'no': use 'free', 'none' or",
           lambda: problem(transfers="no"),
           (lambda: solved(transfers="free"), lambda: solved(transfers="none", domain=c.Box(0.0, 1.0)),
            lambda: solved(transfers=(0.0, 1.0)))),
    Advice("transfers has lowest 1.0 above highest 0.0: swap the bounds",
           lambda: problem(transfers=(1.0, 0.0)), (lambda: solved(transfers=(0.0, 1.0)),)),
    Advice("transfers excludes 0, but the outside_option is free: let the bounds include 0",
           lambda: problem(transfers=(0.5, 1.0), outside_option=[0.0]),
           (lambda: solved(transfers=(0.0, 1.0), outside_option=[0.0]),)),
    Advice(r"outside_option and reservation_utility disagree: .*leave reservation_utility out \(0.0\)",
           lambda: problem(outside_option=[1.0], reservation_utility=3.0, domain=c.Box(0.0, 2.0)),
           (lambda: solved(outside_option=[1.0], domain=c.Box(0.0, 2.0)),)),
    Advice("outside_option lies outside the domain: .*; widen the domain",
           lambda: problem(outside_option=[2.0], domain=c.Box(0.0, 1.0)),
           (lambda: solved(outside_option=[2.0], domain=c.Box(0.0, 2.0)),)),
    # side constraints
    Advice("row has no coefficients: give allocation, utility, transfer or several",
           lambda: c.LinearConstraint(upper=1.0, name="row"),
           (lambda: solved(constraints=c.LinearConstraint(utility=[1.0, 1.0], upper=1.0)),
            lambda: solved(constraints=c.LinearConstraint(allocation=[[1.0], [1.0]], upper=1.0)))),
    Advice("row has no limit: give lower, upper or both",
           lambda: c.LinearConstraint(utility=[1.0, 1.0], name="row"),
           (lambda: c.LinearConstraint(utility=[1.0, 1.0], lower=0.0),
            lambda: c.LinearConstraint(utility=[1.0, 1.0], upper=0.0),
            lambda: c.LinearConstraint(utility=[1.0, 1.0], lower=0.0, upper=1.0))),
    Advice("row has lower 1.0 above upper 0.0: swap them",
           lambda: c.LinearConstraint(utility=[1.0, 1.0], lower=1.0, upper=0.0, name="row"),
           (lambda: c.LinearConstraint(utility=[1.0, 1.0], lower=0.0, upper=1.0),)),
    # objectives
    Advice(r"Welfare weights are all zero: use Profit\(\), or give some type a positive weight",
           lambda: c.Welfare(0.0),
           (lambda: solved(objective=c.Profit()), lambda: solved(objective=c.Welfare([0.0, 0.5])))),
    Advice("Isoelastic aversion is 0.0: it must be positive; leave function out for 0",
           lambda: c.Isoelastic(0.0), (lambda: solved(objective=c.Welfare(0.5)),)),
    Advice(r"WorstOff\(\) takes one weight on the worst-off type, not one per type: pass a number",
           lambda: c.Welfare([0.5, 0.5], c.WorstOff()), (lambda: solved(objective=c.Welfare(0.5, c.WorstOff())),)),
    Advice(r"WorstOff\(\) is not a function of one utility: give worst_off_weight instead",
           lambda: c.WeightedSum(profit_weight=1.0, welfare_weights=1.0, function=c.WorstOff()),
           (lambda: solved(objective=c.WeightedSum(profit_weight=1.0, worst_off_weight=0.5)),)),
    Advice("WeightedSum takes welfare_weights together with a function: give both or neither",
           lambda: c.WeightedSum(profit_weight=1.0, welfare_weights=1.0),
           (lambda: c.WeightedSum(profit_weight=1.0, welfare_weights=1.0, function=c.Exponential()),
            lambda: c.WeightedSum(profit_weight=1.0))),
    # doubts
    Advice(r"Moments has no finite limit: for every distribution there is, use TotalVariation\(1.0\)",
           lambda: c.Moments([[1.0], [2.0]], -INF, INF),
           (lambda: solved(ambiguity=c.TotalVariation(1.0)),)),
    Advice("Moments lower lies above upper: swap them",
           lambda: c.Moments([[1.0], [2.0]], 2.0, 1.0),
           (lambda: solved(ambiguity=c.Moments([[1.0], [2.0]], 1.0, 2.0)),)),
    Advice("Moments leaves out the problem's own weights, whose mean is .*: widen the limits",
           lambda: problem(ambiguity=c.Moments([[1.0], [2.0]], 1.8, 2.0)),
           (lambda: solved(ambiguity=c.Moments([[1.0], [2.0]], 1.2, 2.0)),)),
    Advice("a minimum_profit under ambiguity has no meaning yet: leave one of the two out",
           lambda: problem(objective=c.Welfare(0.5, minimum_profit=0.0), ambiguity=c.TotalVariation(0.1)),
           (lambda: solved(objective=c.Welfare(0.5), ambiguity=c.TotalVariation(0.1)),
            lambda: solved(objective=c.Welfare(0.5, minimum_profit=0.0)))),
    # readings
    Advice("readings repeat the name 'size': give every column its own",
           lambda: problem(readings=[c.Reading("size", good=0), c.Reading("size", per_transfer=1.0)]),
           (lambda: solved(readings=[c.Reading("size", good=0), c.Reading("price", per_transfer=1.0)]),)),
    Advice("a Reading is called 'weight', as another column is: choose another name",
           lambda: problem(readings=[c.Reading("weight", good=0)]),
           (lambda: solved(readings=[c.Reading("grams", good=0)]),)),
    Advice(r"is of good 1, but the goods are 0 to 0: leave it out, or readings=\(\) for the plain columns",
           lambda: problem(readings=[c.Reading("size", good=1)]), (lambda: solved(), lambda: solved(readings=()))),
    Advice("the Reading 'size' reads nothing: give a good, per_transfer or both",
           lambda: c.Reading("size"),
           (lambda: c.Reading("size", good=0), lambda: c.Reading("size", per_transfer=1.0))),
    # arguments of solve_menu
    Advice("gap is 0.0: give a relative gap between 0 and 1, such as 1e-6",
           lambda: solve_menu(LABELLED, gap=0.0), (lambda: solve_menu(LABELLED, gap=1e-6),)),
    Advice("time_limit is None: leave it out for no limit",
           lambda: solve_menu(LABELLED, time_limit=None), (lambda: solve_menu(LABELLED),)),
]  # fmt: skip

TEXTBOOK = [
    Advice("types has shape .*; for types with several dimensions use multiproduct",
           lambda: models.mussa_rosen(SQUARE), (lambda: solve_menu(models.multiproduct(SQUARE)),)),
    Advice(r"types\[0\] is -1.0: it must not be negative; check its sign, or state the problem as a ScreeningProblem",
           lambda: models.mussa_rosen([-1.0, 2.0]),
           (lambda: solve_menu(models.mussa_rosen([1.0, 2.0])), lambda: solved([-1.0, 2.0]))),
    Advice("if every unit is worth theta, state a ScreeningProblem with cost=Linear.* and domain=Box",
           lambda: models.maskin_riley([1.0, 2.0], exponent=1.0),
           (lambda: solve_menu(models.maskin_riley([1.0, 2.0], exponent=0.9)),
            lambda: solved(cost=c.Linear(0.5), domain=c.Box(0.0, 3.0)))),
    Advice("types has shape .*; for one good use mussa_rosen",
           lambda: models.multiproduct([1.0, 2.0]), (lambda: solve_menu(models.mussa_rosen([1.0, 2.0])),)),
    Advice("demand is 'both': use 'additive' .* or 'unit'",
           lambda: models.optimal_auction(SQUARE, demand="both"),
           (lambda: solve_menu(models.optimal_auction(SQUARE, demand="additive")),
            lambda: solve_menu(models.optimal_auction(SQUARE, demand="unit")))),
    Advice("rent_weight is 1.5: give a number from 0 .* to 1",
           lambda: models.regulation([1.0, 2.0], demand_intercept=9.0, rent_weight=1.5),
           (lambda: solve_menu(models.regulation([1.0, 2.0], demand_intercept=9.0, rent_weight=0.0)),
            lambda: solve_menu(models.regulation([1.0, 2.0], demand_intercept=9.0, rent_weight=1.0)))),
    Advice(r"skills\[0\] is 0.0: .*; give those who cannot work a small one",
           lambda: models.income_tax([0.0, 2.0]), (lambda: solve_menu(models.income_tax([0.05, 2.0])),)),
    Advice(r"utility_matrix has shape \(2,\).*; write one type as one row, \[\[...\]\]",
           lambda: models.lotteries([1.0, 2.0]), (lambda: solve_menu(models.lotteries([[1.0, 2.0]])),)),
    Advice("reference is left out.*: give one positive probability per policy, or leave out the temperature too",
           lambda: models.delegation(np.eye(2), temperature=1.0),
           (lambda: solve_menu(models.delegation(np.eye(2), temperature=1.0, reference=[0.5, 0.5])),
            lambda: solve_menu(models.delegation(np.eye(2))))),
]  # fmt: skip

MENUS = [
    Advice("transfer is left out: give one per type, or a problem with transfers='none'",
           lambda: verify(LABELLED, [0.5, 1.0]),
           (lambda: verify(LABELLED, [0.5, 1.0], [0.5, 1.0]),
            lambda: verify(problem(transfers="none", domain=c.Box(0.0, 1.0)), [0.5, 1.0]))),
    Advice("multipliers is ndarray: give menu.bound.multipliers",
           lambda: verify(LABELLED, [0.5, 1.0], [0.5, 1.0], multipliers=np.zeros(2)),
           (lambda: verify(LABELLED, [0.5, 1.0], [0.5, 1.0], multipliers=MENU.bound.multipliers),)),
    Advice("temperature is 0: it must be positive; leave it out for best responses",
           lambda: MENU.choose([1.0], temperature=0, rng=np.random.default_rng(0)), (lambda: MENU.choose([1.0]),)),
    Advice(r"pass rng=numpy.random.default_rng\(seed\)",
           lambda: MENU.choose([1.0], temperature=1.0),
           (lambda: MENU.choose([1.0], temperature=1.0, rng=np.random.default_rng(7)),)),
    Advice("types differ in reservation utility: say what these agents have, reservation_utility=",
           lambda: solved(reservation_utility=[0.0, 0.5]).choose([1.0]),
           (lambda: solved(reservation_utility=[0.0, 0.5]).choose([1.0], reservation_utility=0.0),)),
    Advice(r"valuations has the names of the goods in another order.*pass valuations\[list\(menu.problem.goods\)\]",
           lambda: solve_menu(c.ScreeningProblem(TABLE, cost=Q)).choose(TABLE[["rum", "tea"]]),
           (lambda: solve_menu(c.ScreeningProblem(TABLE, cost=Q)).choose(TABLE[["rum", "tea"]][["tea", "rum"]]),)),
    Advice("kind is 'pie': use 'auto', 'menu', 'types', 'rents'",
           lambda: MENU.plot(figure_axes(), kind="pie"),
           tuple(lambda kind=kind: MENU.plot(figure_axes(), kind=kind) for kind in ("auto", "menu", "types", "rents"))),
    Advice("the first best is not found type by type: side constraints tie the types together",
           lambda: solved(**FLOW).first_best_allocation, (lambda: solved().first_best_allocation,)),
    Advice("regret is for objectives that are expectations over types: leave the worst-off term out",
           lambda: c.regret(solved(objective=c.Welfare(0.5, c.WorstOff())), {"own": [0.5, 0.5]}),
           (lambda: c.regret(solved(objective=c.Welfare(0.5)), {"own": [0.5, 0.5]}),)),
]  # fmt: skip

K = {"max_options": 1}
SHORT_MENUS = [
    Advice("max_options is 3, but there are 2 types, and no menu needs more options than types: give at most 2, or "
           "leave it out",
           lambda: short(max_options=3), (lambda: short(max_options=2), short)),
    Advice("max_options is 0: give a whole number, at least 1", lambda: short(max_options=0), (lambda: short(**K),)),
    Advice("max_options is 1.5: give a whole number",
           lambda: short(max_options=1.5), (lambda: short(**K),)),
    Advice("max_options is True: give a whole number", lambda: short(max_options=True), (lambda: short(**K),)),
    Advice("fixed_options has 2 options, which count among the max_options=1: raise max_options to 2 or more, or fix "
           "fewer",
           lambda: short(fixed_options=([[0.5], [1.0]], [0.25, 1.5]), **K),
           (lambda: short(fixed_options=([[0.5], [1.0]], [0.25, 1.5]), max_options=2),
            lambda: short(fixed_options=([[0.5]], [0.25]), **K))),
    Advice(r"fixed_options is list: give a pair \(allocations, transfers\), such as menu.options",
           lambda: short(fixed_options=[1.0, 2.0, 3.0]), (lambda: short(fixed_options=MENU.options),)),
    Advice(r"fixed_options has allocations of shape \(1, 2\) and transfers of shape \(1,\): expected \(n, 1\)",
           lambda: short(fixed_options=([[0.5, 1.0]], [0.25])), (lambda: short(fixed_options=([[0.5]], [0.25])),)),
    Advice("fixed_options, allocations, row 0 lies outside the domain: leave it out",
           lambda: short(fixed_options=([[-0.5], [0.5]], [0.25, 0.25])),
           (lambda: short(fixed_options=([[0.5]], [0.25])),)),
    Advice("transfers.0. is 5, outside the limits on transfers: leave the option out, or widen transfers",
           lambda: short(fixed_options=([[0.5]], [5.0]), transfers=(0.0, 2.0), **BOXED),
           (lambda: short(transfers=(0.0, 2.0), **BOXED, **K),
            lambda: short(fixed_options=([[0.5]], [5.0]), transfers=(0.0, 6.0), **BOXED))),
    Advice("deterministic=True asks for the corners of a bounded Box or a Simplex, and this domain has no end: give "
           r"the allocations that may be offered, deterministic=\[...\]",
           lambda: short(deterministic=True),
           (lambda: short(deterministic=[0.5, 1.0]), lambda: short(deterministic=True, **BOXED))),
    Advice("more than 4096: give the allocations that may be offered",
           lambda: solve_menu(np.ones((2, 13)), domain=c.Box(0.0, 1.0), deterministic=True),
           (lambda: solve_menu(np.ones((2, 13)), domain=c.Box(0.0, 1.0), deterministic=np.eye(13)),)),
    Advice(r"deterministic has shape \(1, 2\); expected \(n_allocations, 1\)",
           lambda: short(deterministic=[[0.5, 1.0]]), (lambda: short(deterministic=[[0.5], [1.0]]),)),
    Advice("deterministic row 1 lies outside the domain: leave it out",
           lambda: short(deterministic=[0.5, -1.0]), (lambda: short(deterministic=[0.5]),)),
    Advice("do not go with ambiguity: solve for known weights, ambiguity=None, and ask contracts.regret",
           lambda: short(ambiguity=c.TotalVariation(0.1), **K),
           (lambda: c.regret(short(ambiguity=None, **K), {"own": [0.5, 0.5]}),)),
    Advice("do not go with uncertainty about valuations: solve for known ones, uncertainty=None",
           lambda: short(uncertainty=c.Interval(0.1), **K), (lambda: short(uncertainty=None, **K),)),
    Advice("do not go with mimics, where contracts are meant for types: let everybody take every option, mimics=None",
           lambda: short(mimics=[(0, 1)], **K), (lambda: short(mimics=None, **K),)),
    Advice(r"do not go with constraints over the whole menu: leave them out, constraints=\(\)",
           lambda: short(**FLOW, **K), (lambda: short(constraints=(), **K),)),
    Advice(r"do not go with an objective that is not linear in allocations and utilities: use Profit\(\), or "
           "WeightedSum without",
           lambda: short(objective=c.Welfare(0.5, c.WorstOff()), **K),
           (lambda: short(objective=c.Profit(), **K),
            lambda: short(objective=c.WeightedSum(1.0, utility_weights=0.5), **K))),
    Advice("method is 'cuts', but menus with max_options, deterministic or fixed_options have engines of their own: "
           "leave it 'auto'",
           lambda: short(method="cuts", **K), (lambda: short(method="auto", **K),)),
    Advice("start is for the engine 'dual', which finds no menus of few options: leave it out",
           lambda: short(start=MENU, **K), (lambda: short(**K),)),
    Advice(r"costs that differ by type are covered where options come from a list: give deterministic=\[...\]",
           lambda: short(cost=[Q, c.Quadratic(2.0)], **K),
           (lambda: short(cost=[Q, c.Quadratic(2.0)], deterministic=[0.5, 1.0], **K),)),
    Advice("40 types off a line may take for ever: give time_limit=, and the menu comes with the gap that it has, or "
           "deterministic=",
           lambda: solve_menu(CROWD, cost=Q, **K),
           (lambda: solve_menu(CROWD, cost=Q, time_limit=60.0, gap=0.2, **K),
            lambda: solve_menu(CROWD, cost=Q, deterministic=[[1.0, 1.0]], **K))),
    Advice("nothing limits transfers from above: give every type a reservation_utility, or transfers=",
           lambda: solve_menu(SQUARE, cost=Q, deterministic=[[1.0, 1.0]], reservation_utility=-INF),
           (lambda: solve_menu(SQUARE, cost=Q, deterministic=[[1.0, 1.0]], reservation_utility=0.0),
            lambda: solve_menu(SQUARE, cost=Q, deterministic=[[1.0, 1.0]], reservation_utility=-INF,
                               transfers=(0.0, 1.0)))),
    Advice("no menu of the given allocations gives every type its reservation utility .*: add allocations, lower "
           "reservation_utility, or let participation='voluntary'",
           lambda: solve_menu(SQUARE, deterministic=[[1.0, 1.0]], **DEAR),
           (lambda: solve_menu(SQUARE, deterministic=[[1.0, 1.0], [4.0, 4.0]], **DEAR),
            lambda: solve_menu(SQUARE, deterministic=[[1.0, 1.0]], **DEAR | {"reservation_utility": 1.0}),
            lambda: solve_menu(SQUARE, deterministic=[[1.0, 1.0]], **DEAR | {"participation": "voluntary"}))),
    Advice("fixed_options has 2 options: give max_options=2 or more",
           lambda: c.price_of_simplicity(LABELLED, 1, fixed_options=([[0.5], [1.0]], [0.25, 1.5])),
           (lambda: c.price_of_simplicity(LABELLED, 2, fixed_options=([[0.5], [1.0]], [0.25, 1.5])),)),
]  # fmt: skip

FRONTS = [
    Advice("a front needs at least two; one is for solve_menu",
           lambda: c.pareto_front(LABELLED, [c.Profit()]),
           (lambda: solve_menu(LABELLED, objective=c.Profit()),
            lambda: c.pareto_front(LABELLED, [c.Profit(), c.TotalSurplus()], gap=0.1))),
    Advice("an objective of a front holds no minimum_profit: put it into the problem's objective",
           lambda: c.pareto_front(LABELLED, [c.Profit(), c.Welfare(0.5, minimum_profit=0.1)]),
           (lambda: c.pareto_front(problem(objective=c.Welfare(0.5, minimum_profit=0.1)),
                                   [c.Profit(), c.Welfare(0.5)], gap=0.1),)),
    Advice(r"is unbounded on the feasible set: .* bound the domain \(Box\) too. Limit the transfers, or give the "
           r"problem a minimum profit, objective=Welfare\(minimum_profit=0.0\)",
           lambda: c.pareto_front(LABELLED, [c.Profit(), c.Surplus()]),
           (lambda: c.pareto_front(problem(transfers=(-3.0, 3.0), **BOXED), [c.Profit(), c.Surplus()], gap=0.1),
            lambda: c.pareto_front(problem(objective=c.Welfare(minimum_profit=0.0)), [c.Profit(), c.Surplus()],
                                   gap=0.1))),
    Advice("method 'exact' needs concave objectives, and these are not: .*; use method='search'",
           lambda: c.pareto_front(LABELLED, [c.Profit(), c.NumberOfOptions()], method="exact"),
           (lambda: c.pareto_front(LABELLED, [c.Profit(), c.NumberOfOptions()], method="search", search=SHORT,
                                   rng=np.random.default_rng(0)),)),
    Advice(r"a search draws at random: pass rng=numpy.random.default_rng\(seed\)",
           lambda: c.pareto_front(LABELLED, [c.Profit(), c.NumberOfOptions()]),
           (lambda: c.pareto_front(LABELLED, [c.Profit(), c.NumberOfOptions()],
                                   rng=np.random.default_rng(1), search=SHORT),)),
    Advice("a search is for known valuations: leave out uncertainty, or use concave objectives only",
           lambda: c.pareto_front(problem(uncertainty=c.Interval(0.1)), [c.Profit(), c.NumberOfOptions()]),
           (lambda: c.pareto_front(problem(), [c.Profit(), c.NumberOfOptions()],
                                   rng=np.random.default_rng(1), search=SHORT),
            lambda: c.pareto_front(problem(uncertainty=c.Interval(0.1)), [c.Profit(), c.TotalSurplus()], gap=0.1))),
    Advice("fronts are for known weights: .*; leave out ambiguity",
           lambda: c.pareto_front(problem(ambiguity=c.TotalVariation(0.1)), [c.Profit(), c.TotalSurplus()]),
           (lambda: c.pareto_front(problem(), [c.Profit(), c.TotalSurplus()], gap=0.1),)),
    Advice("objectives has two of the name 'profit': pass a dictionary",
           lambda: c.pareto_front(LABELLED, [c.Profit(), c.Profit()]),
           (lambda: c.pareto_front(LABELLED, {"profit": c.Profit(), "all": c.TotalSurplus()}, gap=0.1),)),
    Advice(r"no menu of the front is within these limits: widen them, or ask for closest",
           lambda: FRONT().filter({"profit": (9.0, None)}),
           (lambda: FRONT().filter({"profit": (0.1, None)}), lambda: FRONT().closest({"profit": 9.0}))),
    Advice("has no best allocation to compare with, the domain is unbounded: use a Box or a Simplex",
           lambda: c.pareto_front(problem(SQUARE), [c.Profit(), c.Misalignment()]),
           (lambda: c.pareto_front(problem(SQUARE, domain=c.Box(0.0, 1.0)), [c.Profit(), c.Misalignment()],
                                   gap=0.2),)),
    Advice("use different welfare functions, .*; use one function for all",
           lambda: c.pareto_front(problem(objective=c.Welfare(minimum_profit=0.0)), {
               "mild": c.Welfare(function=c.Exponential(1.0), profit_weight=0.0),
               "strong": c.Welfare(function=c.Exponential(2.0), profit_weight=0.0)}),
           (lambda: c.pareto_front(problem(objective=c.Welfare(minimum_profit=0.0)), {
               "low": c.Welfare([1.0, 0.1], c.Exponential(1.0), profit_weight=0.0),
               "high": c.Welfare([0.1, 1.0], c.Exponential(1.0), profit_weight=0.0)}, gap=0.2),)),
]  # fmt: skip


def hidden(chances=((0.75, 0.25), (0.25, 0.75)), effort=(0.0, 1.0), **fields):
    return c.MoralHazardProblem(chances, [0.0, 20.0], effort, **fields)


def both(**fields):
    chances, effort = [[0.75, 0.25], [0.25, 0.75]], [[0.0, 1.0], [0.0, 4.0]]
    given = {"outcome_probabilities": chances, "output": [0.0, 20.0], "effort_cost": effort, "wages": (0.0, INF)}
    return c.AgencyProblem(**given | fields)


TWINS = {"outcome_probabilities": [[1 / 3, 2 / 3], [5 / 7, 2 / 7]], "output": [[8.0, 19.0], [19.0, 3.0]],
         "effort_cost": [0.05, 0.35], "weights": [0.25, 0.75]}  # fmt: skip
DRAWS = np.random.default_rng(1)
ABLE = DRAWS.dirichlet(np.ones(70), 4)
SLOW = DRAWS.dirichlet(np.ones(4), 4) @ ABLE
BETS = {"outcome_probabilities": [ABLE, SLOW / SLOW.sum(axis=1, keepdims=True)], "output": np.arange(70.0),
        "effort_cost": np.outer([0.5, 1.0], np.linspace(0, 1, 4) ** 2), "wages": (-INF, INF)}  # fmt: skip
DRAWS = np.random.default_rng(0)
RARE = {"outcome_probabilities": DRAWS.dirichlet(np.ones(3), (2, 3)), "output": DRAWS.uniform(0, 10, 3),
        "effort_cost": np.sort(DRAWS.uniform(0, 0.3, (2, 3)), axis=1)}  # fmt: skip
LIABLE = {"wages": (0.0, INF)}
CERTAIN = {"utility": c.Log(), "wages": (0.0, 10.0)}
EVEN = ((0.5, 0.5), (0.4, 0.6), (0.3, 0.7))
LINE = {"distribution": lambda a: norm(a, 10.0), "outcomes": (-30.0, 80.0), "actions": (0.0, 50.0)}
AGENCY = [
    Advice("sum to 0.95, not 1: divide every row by its sum",
           lambda: hidden([[0.75, 0.2], [0.25, 0.75]]),
           (lambda: hidden(np.array([[0.75, 0.2], [0.25, 0.75]]) / [[0.95], [1.0]]),)),
    Advice("lower reservation_utility or raise the highest wage",
           lambda: hidden(reservation_utility=3.0, **CERTAIN),
           (lambda: hidden(reservation_utility=1.0, **CERTAIN),
            lambda: hidden(reservation_utility=3.0, utility=c.Log(), wages=(0.0, 50.0)))),
    Advice("keep them above -1, or give the agent more wealth",
           lambda: hidden(utility=c.SquareRoot(1.0), wages=(-2.0, INF)),
           (lambda: hidden(utility=c.SquareRoot(1.0), wages=(-1.0, INF)),
            lambda: hidden(utility=c.SquareRoot(2.0), wages=(-2.0, INF)))),
    Advice("Ask for another action, or change what outcomes tell",
           lambda: c.solve_contract(hidden([[0.5, 0.5]] * 2), 1),
           (lambda: c.solve_contract(hidden([[0.5, 0.5]] * 2), 0),
            lambda: c.solve_contract(hidden([[0.5, 0.5], [0.4, 0.6]]), 1))),
    Advice("Lower its effort_cost a little",
           lambda: c.solve_contract(hidden(EVEN, [0.0, 0.1, 0.2], utility=c.Log(1.0)), 1),
           (lambda: c.solve_contract(hidden(EVEN, [0.0, 0.09, 0.2], utility=c.Log(1.0)), 1),)),
    Advice(r"for a risk neutral agent, not Log\(wealth=1.0\): use RiskNeutral\(\)",
           lambda: c.robust_share(hidden(utility=c.Log(1.0), **LIABLE)),
           (lambda: c.robust_share(hidden(utility=c.RiskNeutral(), **LIABLE)),)),
    Advice(r"use solve_contract for RiskNeutral\(\)",
           lambda: c.solve_lottery(hidden(**LIABLE)),
           (lambda: c.solve_contract(hidden(**LIABLE)),)),
    Advice("use functions such as lambda a: scipy.stats.norm",
           lambda: c.ContinuousMoralHazardProblem(**LINE | {"distribution": lambda a: 3.0}, effort_cost=np.square),
           (lambda: c.ContinuousMoralHazardProblem(**LINE, effort_cost=lambda a: a**2),)),
    Advice("Ask for other actions, or change what outcomes tell",
           lambda: c.solve_contract(both(), actions=(0, 1)),
           (lambda: c.solve_contract(both(), actions=(1, 0)),)),
    Advice("Change an effort_cost a little, or limit wages",
           lambda: c.solve_contract(both(**TWINS)),
           (lambda: c.solve_contract(both(**TWINS | {"effort_cost": [[0.05, 0.350001], [0.05, 0.35]]})),)),
    Advice(r"Limit wages, such as to wages=\(-10000, 10000\) or within",
           lambda: c.solve_contract(both(**BETS), actions=(1, 2)),
           (lambda: c.solve_contract(both(**BETS | {"wages": (-10_000.0, 10_000.0)}), actions=(1, 2)),)),
    Advice(r"Limit wages, such as to at most 3e\+02",
           lambda: c.solve_lottery(both(**RARE)),
           (lambda: c.solve_lottery(both(**RARE | {"wages": (0.0, 300.0)})),)),
    Advice("give actions, one for all or one per type",
           lambda: c.solve_contract(both(), 1),
           (lambda: c.solve_contract(both(), actions=1), lambda: c.solve_contract(both(), actions=[1, 0]))),
    Advice("weights for 3: give one row per type",
           lambda: both(weights=[0.5, 0.25, 0.25]),
           (lambda: both(weights=[0.5, 0.5]),
            lambda: both(weights=[0.5, 0.25, 0.25], effort_cost=[[0.0, 1.0]] * 3))),
    Advice("give an even number of cells, at least 4, and at least 3 actions",
           lambda: c.ContinuousMoralHazardProblem(**LINE, effort_cost=np.square, n_outcomes=5),
           (lambda: c.ContinuousMoralHazardProblem(**LINE, effort_cost=np.square, n_outcomes=4, n_actions=3),)),
]  # fmt: skip


def FRONT():
    return c.pareto_front(LABELLED, [c.Profit(), c.TotalSurplus()], gap=0.1)


def figure_axes():
    from matplotlib.figure import Figure

    return Figure().subplots()


ALIKE = c.SymmetricAuctionProblem([1.0, 2.0], n_bidders=2)
AUCTIONS = [
    Advice(
        "widen its limit",
        lambda: c.solve_mechanism(replace(ALIKE, minimum_revenue=9.0)),
        (lambda: c.solve_mechanism(replace(ALIKE, minimum_revenue=1.25)),),
    ),
    Advice(
        "lower the chances of these types",
        lambda: c.interim_lottery([0.25, 0.9], n_bidders=2),
        (lambda: c.interim_lottery([0.25, 0.75], n_bidders=2),),
    ),
]


@pytest.mark.parametrize(
    "advice",
    [*SOLVERS, *PROBLEMS, *TEXTBOOK, *MENUS, *SHORT_MENUS, *FRONTS, *AGENCY, *AUCTIONS],
    ids=lambda advice: advice.says.replace("\\", "")[:70],
)
def test_every_remedy_that_an_error_names_works(advice):
    with pytest.raises(c.ContractError, match="(?s)" + advice.says.removeprefix("(?s)")):
        advice.fails()
    for follow in advice.follow:
        found = follow()
        if isinstance(found, c.Menu):
            assert found.certificate.holds


# ---- files ----

TOML = 'labels = ["low", "high"]\nvaluations = [1.0, 2.0]\ncost = { kind = "quadratic" }\n'
FILES = [  # what the message says; a file that it refuses; the file as the message wants it
    ("unknown key 'valuation' in the problem file", "p.toml", TOML.replace("valuations", "valuation"), TOML),
    ("p.yaml is neither .toml nor .json: name the file after what it holds", "p.yaml", TOML, TOML),
    ("cost has kind 'square': known kinds are .*quadratic", "p.toml", TOML.replace("quadratic", "square"), TOML),
    (r"valuations\[0\] is '1': give a number, without quotes", "p.toml", TOML.replace("[1.0", '["1"'), TOML),
    (
        "weights is given twice, in types and outside: keep one",
        "p.toml",
        "weights = [0.5, 0.5]\n" + TOML + "types = { weights = [0.5, 0.5] }\n",
        TOML + "types = { weights = [0.5, 0.5] }\n",
    ),
    (
        "types gives counts, but weights are given as well: keep one of them",
        "p.toml",
        TOML + "types = { counts = [3, 1], weights = [0.75, 0.25] }\n",
        TOML + "types = { counts = [3, 1] }\n",
    ),
    (
        "types.valuations is 'taste', but types names no file with such columns: add file = ",
        "p.toml",
        "types = { valuations = 'taste' }\n",
        "types = { file = 'types.csv', valuations = 'taste' }\n",
    ),
    (
        "types lacks 'valuations': name the columns of types.csv that hold them; it has 'who', 'taste'",
        "p.toml",
        "types = { file = 'types.csv' }\n",
        "types = { file = 'types.csv', valuations = 'taste' }\n",
    ),
    (
        "types.labels is 3: name one column of types.csv",
        "p.toml",
        "types = { file = 'types.csv', labels = 3, valuations = 'taste' }\n",
        "types = { file = 'types.csv', labels = 'who', valuations = 'taste' }\n",
    ),
]


@pytest.mark.parametrize(("says", "name", "wrong", "right"), FILES, ids=[case[0][:60] for case in FILES])
def test_every_remedy_for_a_problem_file_works(tmp_path, monkeypatch, says, name, wrong, right):
    monkeypatch.chdir(tmp_path)
    Path("types.csv").write_text("who,taste\nlow,1.0\nhigh,2.0\n")
    Path(name).write_text(wrong)
    with pytest.raises(c.ProblemError, match=says):
        read_problem(name)
    Path("mended.toml").write_text(right)
    assert read_problem("mended.toml").n_types == 2


TYPED = {"labels": ["low", "high"], "allocation": [0.5, 1.0], "transfer": [0.5, 1.0]}
MENU_FILES = [
    ("m.csv", "quality,transfer\n0.5,0.5\n1,1\n", "add a column 'type' of labels",
     "type,quality,transfer\nlow,0.5,0.5\nhigh,1,1\n"),
    ("m.csv", "type,quality,transfer\nlow,0.5,0.5\n", "lacks a contract for 'high': give every type one row",
     "type,quality,transfer\nlow,0.5,0.5\nhigh,1,1\n"),
    ("m.csv", "type,quality,transfer\nlow,0.5,0.5\nhigh,1,1\ntop,1,1\n", "not a type of the problem: drop it",
     "type,quality,transfer\nlow,0.5,0.5\nhigh,1,1\n"),
    ("m.json", json.dumps({"allocation": [0.5, 1.0]}), "it needs allocation and transfer", json.dumps(TYPED)),
    ("m.json", json.dumps(TYPED | {"labels": "ab"}), "labels is not a list: give one label per type",
     json.dumps(TYPED)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wrong", "says", "right"), MENU_FILES, ids=[case[2] for case in MENU_FILES])
def test_every_remedy_for_a_menu_file_works(tmp_path, name, wrong, says, right):
    (tmp_path / name).write_text(wrong)
    with pytest.raises(c.ProblemError, match=says):
        certify_file(LABELLED, tmp_path / name)
    (tmp_path / name).write_text(right)
    certificate, _ = certify_file(LABELLED, tmp_path / name)
    assert certificate.holds


def test_an_edited_menu_file_can_be_mended_in_both_ways_that_the_message_names(tmp_path):
    path = MENU.save(tmp_path / "menu.json")
    record = json.loads(path.read_text())
    record["transfer"][0] += 0.5
    path.write_text(json.dumps(record))
    with pytest.raises(c.ProblemError, match=r"change the options too, or keep only labels, allocation and transfer"):
        c.load_menu(path)
    bare = {key: record[key] for key in ("labels", "allocation", "transfer")}
    path.write_text(json.dumps(bare))
    assert not certify_file(LABELLED, path)[0].holds  # read, and found wanting: the low type pays too much
    record["options"]["transfers"][0] += 0.5
    path.write_text(json.dumps(record))
    assert not c.load_menu(path).certificate.holds


def test_a_menu_that_just_misses_a_constraint_is_told_how_much_room_it_lacks():
    """The advice is about what fails: no larger gap helps a menu that breaks a constraint."""
    close = MENU.certificate
    short = replace(close, participation_slack=-2e-12)
    assert "lower reservation_utility, or relax what else binds" in attainable(short)
    assert "2.2e-12" in attainable(short)
    broken = replace(close, violations=(Violation("'capacity'", 8e-13),))
    assert attainable(broken) == "Relax 'capacity' by 8.8e-13 or more"
    apart = replace(close, upper_bound=close.value + 0.01 * close.scale)
    assert attainable(apart).startswith("Ask for a larger gap, gap=1.1e-02")
