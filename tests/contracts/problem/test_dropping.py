"""Types of weight zero are left out on request, with everything that is known of them."""

import numpy as np
import pandas as pd
import pytest

import contracts as c
from contracts import without_zero_weights

LABELS = ("low", "absent", "high")
FIELDS = {"valuations": [1.0, 1.5, 2.0], "weights": [0.75, 0.0, 0.25], "cost": c.Quadratic(), "labels": LABELS}


def test_the_menu_is_that_of_the_types_that_occur():
    problem, dropped = without_zero_weights(**FIELDS)
    assert dropped == ("absent",)
    assert list(problem.labels) == ["low", "high"]
    only = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic())
    assert c.solve_menu(problem).allocation.tolist() == only.allocation.tolist()


def test_numbered_types_keep_their_numbers():
    problem, dropped = without_zero_weights([1.0, 2.0, 3.0], [0.5, 0.0, 0.5])
    assert (list(problem.labels), dropped) == (["0", "2"], ("1",))


def test_nothing_is_dropped_where_everybody_occurs():
    problem, dropped = without_zero_weights([1.0, 2.0], [0.5, 0.5])
    assert (problem.n_types, dropped) == (2, ())


def test_whatever_is_known_by_type_goes_with_the_type():
    problem, _ = without_zero_weights(
        **{**FIELDS, "cost": [c.Quadratic(1.0), c.Quadratic(2.0), c.Quadratic(3.0)]},
        principal_values=[[0.1], [0.2], [0.3]],
        reservation_utility=[0.0, 1.0, 2.0],
        transfers=(0.0, [1.0, 2.0, 3.0]),
        objective=c.Welfare([0.5, 0.6, 0.7]),
        uncertainty=c.Interval([[0.1], [0.2], [0.3]]),
        constraints=[c.LinearConstraint(allocation=[1.0, 0.0, 2.0], transfer=[1.0, 0.0, 3.0], upper=9.0)],
    )
    assert [float(problem.cost.costs[k].curvature) for k in problem.cost.index] == [1.0, 3.0]
    assert problem.principal_values.ravel().tolist() == [0.1, 0.3]
    assert problem.reservation_utility.tolist() == [0.0, 2.0]
    assert problem.limits_by_type[1].tolist() == [1.0, 3.0]
    assert problem.objective.weights.tolist() == [0.5, 0.7]
    assert problem.uncertainty.widths.ravel().tolist() == [0.1, 0.3]
    assert problem.constraints[0].allocation.ravel().tolist() == [1.0, 2.0]
    assert problem.constraints[0].transfer.tolist() == [1.0, 3.0]


def test_whatever_is_not_known_by_type_stays_as_it_is():
    reading = c.Reading("quality", good=0)
    problem, _ = without_zero_weights(**FIELDS, serving_cost=0.25, readings=[reading], goods=["car"])
    assert (problem.serving_cost, problem.readings, list(problem.goods)) == (0.25, (reading,), ["car"])
    problem, _ = without_zero_weights(**FIELDS, reservation_utility=9.0, participation="compulsory")
    assert problem.participation == "compulsory"
    everybody = c.solve_menu(
        [1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), reservation_utility=9.0, participation="compulsory"
    )
    assert c.solve_menu(problem).value == everybody.value < 0


@pytest.mark.parametrize("index", [None, list(LABELS)], ids=["labels", "index"])
def test_weights_of_the_same_types_in_another_order_are_refused_as_a_problem_refuses_them(index):
    values = [1.0, 1.5, 2.0] if index is None else pd.Series([1.0, 1.5, 2.0], index)
    weights = pd.Series([0.25, 0.0, 0.75], ["high", "absent", "low"])
    labels = {"labels": LABELS} if index is None else {}
    for make in (without_zero_weights, c.ScreeningProblem):
        with pytest.raises(c.ProblemError, match=r"weights has the names of .* in another order .*weights.reindex"):
            make(values, weights, **labels)
    problem, _ = without_zero_weights(values, weights.reindex(list(LABELS)), **labels)
    assert problem.weights.tolist() == [0.75, 0.25]


def test_an_outside_option_is_kept_as_the_contract_it_is():
    values = [[1.0, 0.1], [0.3, 0.7], [0.0, 1.0]]
    policies = {"domain": c.Simplex(), "outside_option": [0.5, 0.5], "transfers": "none"}
    problem, _ = without_zero_weights(values, [0.5, 0.0, 0.5], **policies)
    assert problem.outside_option.tolist() == [0.5, 0.5]
    np.testing.assert_allclose(problem.reservation_utility, [0.55, 0.5])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ambiguity": c.TotalVariation(0.1)}, "ambiguity might give weight to type 'absent'"),
        (
            {"constraints": [c.LinearConstraint(utility=[0.0, 1.0, 0.0], lower=1.0, name="rent")]},
            "rent counts type 'absent', whose weight is zero: .* set its utility in the row to zero",
        ),
        ({"weights": [0.75, -0.25, 0.5]}, r"weights\['absent'\] is -0.25"),
        ({"weights": [0.0, 0.0, 0.0]}, r"is 0.0: every type needs a positive share"),
        ({"weights": [0.5, 0.0, 0.2]}, "weights sum to 0.7, not 1"),
        ({"weights": []}, "weights has 0 entries for 3 types: give one per type"),
        ({"weights": [0.5, 0.5]}, "weights has 2 entries for 3 types: give one per type"),
    ],
)
def test_what_cannot_be_dropped_is_refused(more, message):
    with pytest.raises(c.ProblemError, match=message):
        without_zero_weights(**{**FIELDS, **more})
