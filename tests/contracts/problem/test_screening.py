"""The door: what does not describe a problem is refused with what, where and what to do."""

import dataclasses
import datetime
import fractions

import numpy as np
import pandas as pd
import polars as pl
import pytest

import contracts as c
from contracts.testing.parts import Cosh

NAN, INF = float("nan"), float("inf")


class Concave(Cosh):
    def value(self, allocation):
        return -super().value(allocation)


class Undefined(Cosh):
    def value(self, allocation):
        return np.full(len(allocation), np.nan)


REFUSED = [
    # valuations
    ({"valuations": [1.0, NAN]}, r"valuations\[1\] is nan: every entry must be a finite number"),
    ({"valuations": [1.0, INF], "labels": ["low", "high"]}, r"valuations\['high'\] is inf"),
    ({"valuations": [[1.0, 2.0], [3.0, -INF]], "labels": ["low", "high"]}, r"valuations\['high', 1\] is -inf"),
    ({"valuations": []}, r"valuations has shape \(0, 1\); expected \(n_types, n_goods\) with at least one of each"),
    ({"valuations": [[], []]}, r"valuations has shape \(2, 0\)"),
    ({"valuations": 1.0}, r"valuations has shape \(\); expected"),
    ({"valuations": np.ones((2, 2, 2))}, r"valuations has shape \(2, 2, 2\)"),
    ({"valuations": [[1.0], [2.0, 3.0]]}, r"not a rectangular array of numbers .*: give every row the same length"),
    ({"valuations": ["a", "b"]}, r"valuations holds text, not numbers: convert it first"),
    ({"valuations": None}, r"valuations"),
    ({"valuations": {"a": 1.0}}, r"valuations is dict: give numbers, in a list, an array or a frame"),
    ({"valuations": (k for k in (1.0, 2.0))}, r"valuations is generator: give numbers"),
    ({"valuations": [True, 2.0]}, r"valuations holds true or false"),
    ({"valuations": [[True], [2.0]]}, r"valuations holds true or false"),
    ({"valuations": [1.0, 2.0 + 1.0j]}, r"valuations holds complex numbers"),
    ({"valuations": np.array(["2020", "2021"], dtype="M8[D]")}, r"valuations holds dates"),
    ({"valuations": np.array([1, 2], dtype="m8[D]")}, r"valuations holds durations"),
    ({"valuations": [datetime.date(2020, 1, 1), 1.0]}, r"valuations\[0\] is datetime.date\(2020, 1, 1\): every entry"),
    ({"valuations": [np.timedelta64(1, "s"), 1.0]}, r"valuations holds durations"),
    ({"valuations": np.ma.array([1.0, 2.0], mask=[False, True])}, r"valuations\[1\] is masked"),
    ({"valuations": np.array(["1.5", 2.0], dtype=object)}, r"valuations holds text"),
    ({"valuations": np.array([1.0, pd.NA]), "labels": ["a", "b"]}, r"valuations\['b'\] is <NA>: every entry must be"),
    ({"valuations": [10**400, 1]}, r"valuations\[0\] is a whole number of 1329 binary digits: choose a larger unit"),
    ({"valuations": pd.Series(["True", "False"])}, r"valuations holds text"),
    ({"valuations": pd.Series([1.0, None], index=["a", "b"])}, r"valuations\['b'\] is nan"),
    ({"valuations": pd.DataFrame({"a": [1.0], "b": ["x"]})}, r"column 'b' of valuations holds text, not numbers"),
    ({"valuations": pl.DataFrame({"a": [1.0], "b": [True]})}, r"column 'b' of valuations holds true or false"),
    ({"valuations": pd.DataFrame({"a": [pd.Timestamp(0)]})}, r"column 'a' of valuations holds dates"),
    ({"valuations": pd.DataFrame({7: [1.0], 9: ["x"]})}, r"column '9' of valuations holds text"),
    ({"valuations": pd.DataFrame([[1.0, 2.0]], columns=["a", "a"])}, r"the frame repeats the column 'a'"),
    ({"valuations": pl.LazyFrame({"a": [1.0]})}, r"LazyFrame is no table in memory: collect\(\) it first"),
    # weights
    ({"weights": [0.5, 0.25, 0.25]}, r"weights has 3 entries for 2 types: give one per type"),
    ({"weights": [1.5, -0.5], "labels": ["a", "b"]}, r"weights\['b'\] is -0.5: every type needs a positive share"),
    ({"weights": [1.0, 0.0]}, r"weights\[1\] is 0.0: .*leave out types that do not occur"),
    ({"weights": [0.5, 0.4]}, r"weights sum to 0.9, not 1: divide them by their sum"),
    ({"weights": [0.5, NAN]}, r"weights\[1\] is nan"),
    # reservation utilities
    ({"reservation_utility": 10**400}, r"reservation_utility is a whole number of 1329 binary digits"),
    ({"reservation_utility": np.array([1j, 2.0])}, r"reservation_utility holds complex numbers, not numbers"),
    # labels and goods
    ({"labels": ["a", "a"]}, r"labels repeats 'a': give every type its own name"),
    ({"labels": ["a"]}, r"labels has 1 names for 2 types: give one per type"),
    ({"labels": [None, "a"]}, r"labels\[0\] is None: give every type a name"),
    ({"labels": [NAN, "a"]}, r"labels\[0\] is nan: give every type a name"),
    ({"labels": pd.Series(["a", pd.NA], dtype=object)}, r"labels\[1\] is <NA>: give every type a name"),
    ({"goods": [None]}, r"goods\[0\] is None: give every good a name"),
    ({"labels": 3}, r"labels is 3: give a list of names, one per type"),
    ({"goods": ["x", "y"]}, r"goods has 2 names for 1 goods: give one per good"),
    ({"valuations": [[1.0, 2.0]], "goods": ["x", "x"]}, r"goods repeats 'x': give every good its own name"),
    # cost
    (
        {"cost": 3.0},
        r"cost is float: use Linear, Quadratic, Power, Entropy, ExponentialCost, Logarithm, Separable",
    ),
    ({"cost": c.Quadratic}, r"cost is the class Quadratic, not an object of it"),
    ({"cost": Concave()}, r"cost Concave is not convex and finite on the domain: it lies above a chord"),
    ({"cost": Undefined()}, r"cost Undefined is not convex and finite on the domain"),
    ({"cost": c.Linear([1.0, 2.0])}, r"Linear price has 2 entries for 1 goods: give one number or one per good"),
    ({"cost": c.Quadratic(np.eye(2))}, r"Quadratic curvature has 2 entries for 1 goods"),
    ({"cost": c.Power(2.0, [1.0, 2.0])}, r"Power scale has 2 entries for 1 goods"),
    ({"cost": c.Power(2.0), "domain": c.Box(-1.0, 1.0)}, r"Power needs allocations x >= 0.*raise its lower bound"),
    ({"cost": c.Entropy([0.5, 0.5])}, r"Entropy reference has 2 entries for 1 goods"),
    ({"cost": c.Entropy([1.0])}, r"Entropy is the cost of a lottery: use it with domain=Simplex\(\)"),
    ({"cost": c.Entropy([1.0]), "domain": c.Simplex(free_disposal=True)}, r"Entropy is the cost of a lottery"),
    # domain
    ({"domain": "box"}, r"domain is str: use NonNegative\(\), Box\(...\), Simplex\(\) or Polyhedron\(...\)"),
    ({"domain": c.Simplex}, r"domain is the class Simplex, not an object of it"),
    ({"domain": c.Box([0.0, 0.0], 1.0)}, r"Box lower has 2 entries for 1 goods: give one per good"),
    (
        {"domain": c.Polyhedron(np.vstack([np.eye(2), -np.eye(2)]), np.ones(4))},
        r"Polyhedron matrix has 2 columns for 1",
    ),
    # principal's values, outside options
    ({"principal_values": [1.0, 2.0, 3.0]}, r"principal_values has shape \(3,\); expected \(2, 1\)"),
    (
        {"valuations": [[1.0, 2.0]], "principal_values": [0.0, NAN], "goods": ["x", "y"]},
        r"principal_values\['y'\] is nan",
    ),
    ({"reservation_utility": [0.0, NAN], "labels": ["a", "b"]}, r"reservation_utility\['b'\] is nan"),
    ({"reservation_utility": [0.0, 0.0, 0.0]}, r"reservation_utility has shape \(3,\); expected \(2,\)"),
    ({"outside_option": [0.5, 0.5]}, r"outside_option has 2 entries for 1 goods: give one per good"),
    ({"outside_option": [-1.0]}, r"outside_option lies outside the domain: .*widen the domain"),
    ({"outside_option": [1.0], "reservation_utility": 3.0}, r"outside_option and reservation_utility disagree"),
    ({"outside_option": [1.0], "transfers": (1.0, 2.0)}, r"transfers excludes 0, but the outside_option is free"),
    # transfers
    ({"transfers": "some"}, r"transfers is 'some': use 'free', 'none' or \(lowest, highest\)"),
    ({"transfers": (2.0, 1.0)}, r"transfers has lowest 2.0 above highest 1.0: swap the bounds"),
    ({"transfers": (0.0, NAN)}, r"transfers is \(0.0, nan\): use 'free'"),
    ({"transfers": (0.0, 1.0, 2.0)}, r"transfers is \(0.0, 1.0, 2.0\): use"),
    ({"transfers": ("a", "b")}, r"transfers is \('a', 'b'\): use"),
    ({"transfers": None}, r"transfers is None: use"),
    ({"transfers": (INF, INF)}, r"allows no transfer at all"),
    # objective and constraints
    ({"objective": "profit"}, r"objective is str: use Profit\(\), Welfare\(...\) or WeightedSum\(...\)"),
    ({"objective": c.Profit}, r"objective is the class Profit, not an object of it: use Profit\(\)"),
    ({"objective": c.Welfare([1.0, 2.0, 3.0])}, r"Welfare weights has 3 entries for 2 types: give one per type"),
    ({"constraints": [{"upper": 1.0}]}, r"constraints must be LinearConstraint rows"),
    ({"constraints": None}, r"constraints must be LinearConstraint rows"),
    (
        {"constraints": c.LinearConstraint(utility=[1.0], upper=1.0)},
        r"side constraint utility has shape \(1,\); expected \(2,\)",
    ),
    (
        {"constraints": [c.LinearConstraint(allocation=[1.0, 1.0, 1.0], upper=1.0, name="cap")]},
        r"cap allocation has shape \(3,\); expected \(2, 1\)",
    ),
]


@pytest.mark.parametrize(("fields", "words"), REFUSED, ids=[words[:50] for _, words in REFUSED])
def test_what_does_not_fit_is_refused_with_what_where_and_what_to_do(fields, words):
    with pytest.raises(c.ProblemError, match=words):
        c.ScreeningProblem(**{"valuations": [1.0, 2.0], **fields})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: c.Linear([[1.0, 2.0]]), r"Linear price has shape \(1, 2\); expected a number or one number per good"),
        (lambda: c.Linear(NAN), r"Linear price is nan"),
        (
            lambda: c.Quadratic(0.0),
            r"not positive definite \(smallest curvature 0\), so the cost is not strictly convex",
        ),
        (lambda: c.Quadratic([1.0, -1.0]), r"smallest curvature -1"),
        (lambda: c.Quadratic([[1.0, 2.0], [2.0, 1.0]]), r"smallest curvature -1"),
        (lambda: c.Quadratic([[1.0, 1.0], [1.0, 1.0]]), r"not positive definite"),
        (lambda: c.Quadratic([[1.0, 0.5], [0.0, 1.0]]), r"not symmetric: pass \(Q \+ Q.T\) / 2"),
        (
            lambda: c.Quadratic(np.ones((2, 3))),
            r"curvature has shape \(2, 3\); expected a number, one per good or a square",
        ),
        (lambda: c.Quadratic([]), r"curvature has shape \(0,\)"),
        (lambda: c.Quadratic("stiff"), r"Quadratic curvature (is not a rectangular array|holds text)"),
        (lambda: c.Power(1.0), r"Power\(exponent=1.0, scale=1.0\) is not strictly convex"),
        (lambda: c.Power(0.5), r"exponent in \(0, 1\) with scale < 0"),
        (lambda: c.Power(2.0, -1.0), r"not strictly convex"),
        (lambda: c.Power([2.0, 3.0]), r"Power exponent has shape \(2,\); expected one number"),
        (lambda: c.Power(NAN), r"Power exponent is nan"),
        (lambda: c.Power(2.0, [[1.0]]), r"Power scale has shape \(1, 1\)"),
        (lambda: c.Entropy([0.5, 0.6]), r"Entropy reference sums to 1.1, not 1: divide it by its sum"),
        (lambda: c.Entropy([1.0, 0.0]), r"one positive probability per good: drop goods that have none"),
        (lambda: c.Entropy([]), r"one positive probability per good"),
        (lambda: c.Entropy([0.5, 0.5], 0.0), r"Entropy temperature is 0.0: it must be positive; use Linear\(0.0\)"),
        (lambda: c.Box(0.0, -INF), "Box upper is -inf, which no amount meets"),
        (lambda: c.Box(1.0, 0.0), r"Box is empty: lower exceeds upper for good 0; swap or widen"),
        (lambda: c.Box([0.0, 2.0], [1.0, 1.0]), r"Box is empty: lower exceeds upper for good 1"),
        (lambda: c.Box([0.0, 0.0], [1.0, 1.0, 1.0]), r"Box lower has 2 entries and upper 3: give one per good in both"),
        (lambda: c.Box(NAN, 1.0), r"Box lower is nan"),
        (lambda: c.Box([[0.0]], 1.0), r"Box lower has shape \(1, 1\); expected a number or one number per good"),
        (lambda: c.Box("a", 1.0), r"Box lower (is not a rectangular array|holds text)"),
        (lambda: c.Box(0.0, 10**400), r"Box upper is a whole number of 1329 binary digits"),
        (lambda: c.Box(0.0, [10**400, 1]), r"Box upper\[0\] is a whole number of 1329 binary digits: choose"),
        (lambda: c.Box(np.array([1j]), 1.0), r"Box lower holds complex numbers, not numbers: convert it first"),
        (lambda: c.Box(0.0, [INF, True]), r"Box upper holds true or false, not numbers"),
        (lambda: c.Box(0.0, [INF, "1"]), r"Box upper holds text, not numbers"),
        (lambda: c.Box(0.0, np.ma.masked_array([INF, 1.0], [False, True])), r"Box upper\[1\] is masked"),
        (lambda: c.Polyhedron([[1.0], [-1.0]], [0.0, -1.0]), r"Polyhedron is empty: no x meets matrix @ x <= bounds"),
        (
            lambda: c.Polyhedron([[1.0]], [1.0]),
            r"Polyhedron is unbounded in direction \[-1.0\]: add rows that bound it",
        ),
        (lambda: c.Polyhedron([[1.0]], [1.0, 2.0]), r"matrix has shape \(1, 1\) and bounds \(2,\)"),
        (lambda: c.Polyhedron([[1.0, NAN]], [1.0]), r"Polyhedron matrix\[0, 1\] is nan"),
        (lambda: c.Isoelastic(0.0), r"Isoelastic aversion is 0.0: it must be positive; leave function out for 0"),
        (lambda: c.Exponential(-1.0), r"Exponential aversion is -1.0: it must be positive"),
        (lambda: c.Welfare(-1.0), r"Welfare weights must be one non-negative number, or one per type"),
        (lambda: c.Welfare([0.0, 0.0]), r"Welfare weights are all zero: use Profit\(\)"),
        (lambda: c.Welfare(profit_weight=-0.5), r"Welfare profit_weight is -0.5: it must not be negative"),
        (lambda: c.Welfare(function="log"), r"Welfare function is 'log': give Isoelastic\(...\), Exponential"),
        (lambda: c.Welfare(function=c.Isoelastic), r"Welfare function is <class .*Isoelastic'>: give Isoelastic"),
        (lambda: c.WeightedSum(welfare_weights=1.0, function=np.log), r"WeightedSum function is <ufunc 'log'>: give"),
        (lambda: c.Welfare(minimum_profit=NAN), r"Welfare minimum_profit is nan"),
        (lambda: c.Welfare([1.0, 2.0], c.WorstOff()), r"WorstOff\(\) takes one weight on the worst-off type"),
        (
            lambda: c.LinearConstraint(upper=1.0),
            r"side constraint has no coefficients: give allocation, utility, transfer or several",
        ),
        (lambda: c.LinearConstraint(utility=[1.0], name="quota"), r"quota has no limit: give lower, upper or both"),
        (lambda: c.LinearConstraint(utility=[1.0], lower=2.0, upper=1.0), r"has lower 2.0 above upper 1.0: swap them"),
        (lambda: c.LinearConstraint(utility=[NAN], upper=1.0), r"side constraint utility\[0\] is nan"),
        (lambda: c.LinearConstraint(utility=[1.0], upper=INF), r"side constraint upper is inf"),
        (lambda: c.LinearConstraint(utility=[1.0], upper=[1.0, 2.0]), r"upper has shape \(2,\); expected one number"),
    ],
)
def test_parts_that_make_no_sense_are_refused_where_they_are_made(make, words):
    with pytest.raises(c.ProblemError, match=words):
        make()


def test_a_problem_error_is_a_value_error():
    assert issubclass(c.ProblemError, ValueError)
    assert issubclass(c.ProblemError, c.ContractError)


@pytest.mark.parametrize(
    "field", ["valuations", "weights", "principal_values", "reservation_utility", "outside_option"]
)
def test_arrays_are_copies_that_nobody_can_write_to(field):
    given = {"valuations": np.array([[1.0], [2.0]]), "weights": np.array([0.5, 0.5]), "outside_option": np.array([0.5])}
    problem = c.ScreeningProblem(**given)
    kept = getattr(problem, field).copy()
    for array in given.values():
        array[...] = 7.0
    assert np.array_equal(getattr(problem, field), kept)
    with pytest.raises(ValueError, match="read-only"):
        getattr(problem, field)[0] = 1.0


@pytest.mark.parametrize(
    "part", [c.Linear([1.0]), c.Quadratic([1.0]), c.Power(2.0, [1.0]), c.Entropy([1.0]), c.Box([0.0], [1.0])]
)
def test_parts_are_frozen_and_so_are_their_arrays(part):
    name = dataclasses.fields(part)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(part, name, 1.0)
    for field in dataclasses.fields(part):
        if isinstance(getattr(part, field.name), np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                getattr(part, field.name)[...] = 5.0


def test_a_problem_is_frozen():
    problem = c.ScreeningProblem([1.0, 2.0])
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.weights = [0.5, 0.5]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_name_their_goods(frame):
    problem = c.ScreeningProblem(frame({"tea": [1.0, 2.0], "rum": [3.0, 4.0]}))
    assert problem.goods == ("tea", "rum")
    assert problem.valuations.tolist() == [[1.0, 3.0], [2.0, 4.0]]


@pytest.mark.parametrize("series", [pd.Series, pl.Series])
def test_a_series_names_its_good(series):
    assert c.ScreeningProblem(
        series(name="tea", **{"data" if series is pd.Series else "values": [1.0, 2.0]})
    ).goods == ("tea",)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_columns_that_nobody_named_are_numbered(frame):
    assert list(c.ScreeningProblem(frame(np.ones((2, 2)))).goods) == ["0", "1"]


def test_an_index_of_distinct_text_names_the_types():
    assert c.ScreeningProblem(SEGMENTS).labels == ("low", "mid", "high")
    assert c.ScreeningProblem(SEGMENTS, labels=["l", "m", "h"]).labels == ("l", "m", "h")
    for index in ([10, 20, 30], ["a", "a", "b"]):
        assert list(c.ScreeningProblem(SEGMENTS.set_axis(index)).labels) == ["0", "1", "2"]
    assert c.models.income_tax(SEGMENTS["tea"]).labels == ("low", "mid", "high")


SEGMENTS = pd.DataFrame({"tea": [1.0, 2.0, 3.0], "rum": [3.0, 1.0, 2.0]}, index=["low", "mid", "high"])
WEIGHTS = pd.Series([0.5, 0.3, 0.2], index=SEGMENTS.index)
COUNTED = SEGMENTS.reset_index(drop=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"weights": WEIGHTS[::-1]},
            r"weights has the names of valuations in another order \('high' in place of 'low'\)",
        ),
        ({"weights": WEIGHTS[::-1].to_frame()}, r"in another order .*: pass weights.reindex\(valuations.index\)"),
        ({"weights": WEIGHTS.rename({"low": "poor"})}, r"weights has other names than valuations \('poor' in place of"),
        ({"valuations": SEGMENTS.to_numpy(), "weights": WEIGHTS, "labels": list("hml")}, None),
        (
            {"valuations": SEGMENTS.to_numpy(), "weights": WEIGHTS, "labels": WEIGHTS.index[::-1]},
            r"names of labels in ano",
        ),
        ({"labels": ["high", "mid", "low"]}, r"labels has the names of valuations in another order"),
        ({"valuations": COUNTED, "labels": WEIGHTS.sort_values().reset_index().index}, None),
        (
            {"valuations": COUNTED, "weights": WEIGHTS.reset_index(drop=True)[::-1]},
            r"weights has the names of valuations",
        ),
        (
            {"valuations": COUNTED[::-1], "weights": WEIGHTS.reset_index(drop=True)},
            r"weights has the names of valuations",
        ),
        ({"valuations": COUNTED[::-1], "weights": WEIGHTS.reset_index(drop=True)[::-1]}, None),
        ({"valuations": COUNTED, "weights": WEIGHTS}, None),
        ({"valuations": SEGMENTS.set_axis([4, 7, 9]), "weights": WEIGHTS}, r"weights has other names than valuations"),
        ({"valuations": SEGMENTS.set_axis([4, 7, NAN]), "weights": WEIGHTS.set_axis([4.0, 7.0, NAN])}, None),
        (
            {"reservation_utility": pd.Series(0.0, SEGMENTS.index[::-1])},
            r"reservation_utility has the names of valuations",
        ),
        ({"principal_values": SEGMENTS[::-1]}, r"principal_values has the names of valuations in another order"),
        ({"principal_values": SEGMENTS[["rum", "tea"]]}, r"principal_values has the names of goods in another order"),
        ({"principal_values": SEGMENTS.rename(columns={"rum": "cost of rum"})}, None),
        (
            {"principal_values": pd.Series({"rum": 1.0, "tea": 2.0})},
            r"principal_values has the names of goods in another",
        ),
        ({"outside_option": pd.Series({"rum": 1.0, "tea": 2.0})}, r"pass outside_option\[list\(goods\)\]"),
        ({"goods": ["rum", "tea"]}, r"goods has the names of valuations in another order"),
        ({"goods": ["x", "y"], "principal_values": SEGMENTS}, None),
    ],
)
def test_names_never_rearrange_anything_and_other_orders_are_refused(fields, words):
    fields = {"valuations": SEGMENTS, **fields}
    if words is None:
        c.ScreeningProblem(**fields)
    else:
        with pytest.raises(c.ProblemError, match=words):
            c.ScreeningProblem(**fields)


@pytest.mark.parametrize("model", [c.models.mussa_rosen, c.models.maskin_riley, c.models.income_tax])
def test_models_compare_indices_too(model):
    assert model(SEGMENTS["tea"], WEIGHTS).labels == ("low", "mid", "high")
    with pytest.raises(c.ProblemError, match=r"weights has the names of .* in another order"):
        model(SEGMENTS["tea"], WEIGHTS[::-1])


def test_contracts_in_a_frame_of_another_order_are_not_verified():
    problem = c.ScreeningProblem(SEGMENTS)
    nothing, free = SEGMENTS * 0.0, WEIGHTS * 0.0
    assert c.verify(problem, nothing, free).holds
    for allocation, transfer in ((nothing[::-1], free), (nothing[["rum", "tea"]], free), (nothing, free[::-1])):
        with pytest.raises(c.ProblemError, match="in another order"):
            c.verify(problem, allocation, transfer)


def test_numbers_of_other_kinds_are_numbers():
    given = np.array([fractions.Fraction(1, 2), np.float32(2.0), 3], dtype=object)
    assert c.ScreeningProblem(given).valuations.ravel().tolist() == [0.5, 2.0, 3.0]
    assert c.ScreeningProblem(np.ma.array([1.0, 2.0])).n_types == 2
    assert c.ScreeningProblem(pd.Series([1, 2], dtype="Int64")).n_types == 2
    assert c.ScreeningProblem(pd.DataFrame({"a": [1.0, 2.0], "b": np.array([1, 2], dtype=object)})).n_goods == 2


def test_a_problem_says_in_one_line_what_it_is():
    problem = c.ScreeningProblem(
        np.arange(1.0, 1001.0), constraints=[c.LinearConstraint(utility=np.ones(1000), lower=0.0)]
    )
    assert repr(problem) == (
        "ScreeningProblem(n_types=1000, n_goods=1, cost=Linear, domain=NonNegative, objective=Profit, "
        "transfers='free', constraints=1)"
    )
    assert repr(problem.labels) == "NumberedLabels(1000)"


def test_defaults_are_the_textbook_ones():
    problem = c.ScreeningProblem([1.0, 2.0, 4.0])
    assert problem.weights.tolist() == [1 / 3] * 3
    assert list(problem.labels) == ["0", "1", "2"]
    assert list(problem.goods) == ["0"]
    assert problem.reservation_utility.tolist() == [0.0] * 3
    assert problem.transfer_limits == (-INF, INF)
    assert problem.is_plain


def test_weights_rounded_to_six_digits_still_count():
    assert c.ScreeningProblem([1.0, 2.0, 3.0], [0.333333, 0.333333, 0.333333]).n_types == 3


def test_an_outside_option_is_worth_what_types_think_of_it_and_survives_replacement():
    problem = c.ScreeningProblem([[0.1, 0.2], [0.7, 0.3]], outside_option=[0.3, 0.7], domain=c.Box())
    assert problem.reservation_utility.tolist() == (problem.valuations @ [0.3, 0.7]).tolist()
    again = dataclasses.replace(problem, weights=[0.25, 0.75])
    assert again.weights.tolist() == [0.25, 0.75]
    assert np.array_equal(again.reservation_utility, problem.reservation_utility)
    moved = dataclasses.replace(problem, valuations=[[1.0, 0.0], [0.0, 1.0]], reservation_utility=0.0)
    assert moved.reservation_utility.tolist() == [0.3, 0.7]


def test_nothing_is_the_outside_contract_only_where_it_is_free_and_worth_the_reservation_utility():
    assert c.ScreeningProblem([1.0]).outside_contract.tolist() == [0.0]
    assert c.ScreeningProblem([1.0], reservation_utility=0.5).outside_contract is None
    assert c.ScreeningProblem([1.0], domain=c.Box(0.5, 1.0)).outside_contract is None
    assert c.ScreeningProblem([1.0], transfers=(0.5, 1.0)).outside_contract is None
    assert c.ScreeningProblem([[1.0, 2.0]], domain=c.Simplex()).outside_contract is None
    assert c.ScreeningProblem([1.0], outside_option=[2.0]).outside_contract.tolist() == [2.0]


def test_side_rows_are_one_sided():
    rows = c.ScreeningProblem(
        [1.0, 2.0],
        constraints=[
            c.LinearConstraint(allocation=[[1.0], [2.0]], lower=0.5, upper=3.0, name="quota"),
            c.LinearConstraint(utility=[1.0, 1.0], lower=1.0, upper=1.0, name="equal"),
        ],
    ).side_rows
    assert rows.names == ("quota", "quota", "equal", "equal")
    assert rows.limit.tolist() == [3.0, -0.5, 1.0, -1.0]
    assert rows.is_equation.tolist() == [False, False, True, True]
    assert rows.activity(np.array([[1.0], [1.0]]), np.array([0.25, 0.5])).tolist() == [3.0, -3.0, 0.75, -0.75]
