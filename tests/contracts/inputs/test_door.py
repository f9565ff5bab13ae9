"""The door: annotations are kept, messages say what to do, and what is not about kinds passes untouched."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

import contracts
from contracts.errors import ProblemError
from contracts.inputs.annotations import kind_of
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count, Names, Numbers, Positive, Seed, shaped

if TYPE_CHECKING:
    from contracts.menu.menu import Menu


@checked
def asked(
    count: int = 1,
    size: float = 1.0,
    limit: float = np.inf,
    *several: str,
    flag: bool = False,
    path: str | Path = "x",
    rng: np.random.Generator | None = None,
    word: Literal["a", "b"] = "a",
    names: Sequence[str] = (),
    pair: tuple[float, float] = (0.0, 1.0),
    table: Mapping[str, float] | None = None,
    function: Callable[[str], None] | None = None,
    menu: Menu | None = None,
    cost: contracts.Cost | None = None,
    draws: Count = 1,
    unit: Positive = 1.0,
    seed: Seed = 0,
    values: Numbers = 0.0,
    people: Names = None,
    anything: Any = None,
    **further: int,
) -> dict[str, Any]:
    """What came through."""
    return {**further, **{name: value for name, value in locals().items() if name != "further"}}


RIGHT = [
    ("count", np.int64(3), 3),
    ("size", 2, 2),
    ("size", Decimal("0.5"), 0.5),
    ("size", Fraction(1, 4), 0.25),
    ("limit", float("inf"), float("inf")),
    ("flag", np.bool_(True), True),  # noqa: FBT003 - it is the value that is meant
    ("path", Path("y"), Path("y")),
    ("names", np.array(["p", "q"]), ("p", "q")),
    ("names", ["p", "q"], ["p", "q"]),
    ("pair", [0, np.inf], (0, np.inf)),
    ("function", None, None),
    ("seed", 2**128, 2**128),
    ("people", [1, 2], [1, 2]),
]
WRONG = [
    ({"count": True}, "count is True: give a whole number"),
    ({"count": 3.0}, "count is 3.0: give a whole number"),
    ({"count": 10**400}, "give a smaller whole number"),
    ({"size": "1e-3"}, "size holds text, not numbers"),
    ({"size": float("nan")}, "size is nan"),
    ({"size": float("inf")}, "size is inf"),
    ({"size": None}, "size is None: give a number"),
    ({"limit": float("nan")}, "limit is nan"),
    ({"flag": 1}, "flag is 1: give True or False"),
    ({"path": b"x"}, "path is b'x': give the name of a file or folder"),
    ({"path": "a\0"}, "give the name of a file or folder"),
    ({"rng": 0}, r"rng is 0: pass numpy.random.default_rng\(0\)"),
    ({"word": 3}, "word is 3: give one of 'a', 'b'"),
    ({"names": "text"}, "names is 'text': give a list"),
    ({"names": {"p", "q"}}, "names is set: give a list"),
    ({"names": ["p", None]}, r"names\[1\] is None: give a text"),
    ({"pair": (1.0,)}, "pair has 1 entries; expected 2"),
    ({"table": [1.0]}, "table is list: give a dictionary"),
    ({"table": {"x": "y"}}, r"table\['x'\] holds text"),
    ({"function": lambda: None}, "function is function: give a function of 1 argument"),
    ({"menu": contracts.ScreeningProblem([1.0])}, "menu is ScreeningProblem: give a Menu, as solve_menu returns it"),
    ({"menu": contracts.Menu}, "menu is the class Menu: give a Menu"),
    ({"cost": 1.0}, "cost is 1.0: give an object with the methods conjugate, expression, value"),
    ({"cost": contracts.Quadratic}, "cost is the class Quadratic"),
    ({"draws": 0}, "draws is 0: give a whole number, at least 1"),
    ({"unit": 0.0}, "unit is 0.0: give a positive number"),
    ({"seed": -1}, "seed is -1: give a whole number, 0 or larger"),
    (
        {"values": [[1.0], [1.0, 2.0]]},
        r"values is not a rectangular array of numbers \(\[0\] has length 1, \[1\] has length 2\)",
    ),
    ({"values": [[1.0], 2.0]}, r"\[0\] has length 1, \[1\] is no row\): give every row the same length"),
    ({"values": [[[1.0]], [[1.0, 2.0]]]}, r"\[0\]\[0\] has length 1, \[1\]\[0\] has length 2"),
    ({"values": np.ma.masked_array([1.0, 2.0], [True, False])}, r"values\[0\] is masked"),
    ({"people": np.array(["ann", 1.5], dtype=object)}, "people holds float, str: make all names of one kind"),
    ({"people": [object(), "ann"]}, "people holds object, str: make all names of one kind"),
    ({"people": ["ann", None]}, r"people\[1\] is missing"),
    ({"more": "text"}, "more is 'text': give a whole number"),
]


@pytest.mark.parametrize(("name", "given", "taken"), RIGHT)
def test_what_fits_comes_through(name, given, taken):
    found = asked(**{name: given})[name]
    assert found == taken
    assert type(found) is type(taken)


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_does_not_fit_is_refused_by_name(arguments, message):
    with pytest.raises(ProblemError, match=message):
        asked(**arguments)


def test_arguments_by_position_and_in_numbers_are_held_to_their_kinds_too():
    assert asked(2, 3.0, 4.0, "a", "b")["several"] == ("a", "b")
    with pytest.raises(ProblemError, match="size is None"):
        asked(2, None)
    with pytest.raises(ProblemError, match="several is 7: give a text"):
        asked(2, 3.0, 4.0, "a", 7)


def test_missing_and_unexpected_arguments_are_python_s_own_errors():
    @checked
    def one(count: int) -> int:
        return count

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'count'"):
        one()
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        one(1, size=2)
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        one(1, 2)


def test_an_error_inside_the_function_is_not_dressed_up():
    @checked
    def broken(count: int) -> int:
        return {}[count]

    with pytest.raises(KeyError):
        broken(1)


def test_sizes_of_one_name_are_one_size_and_the_object_s_own():
    @checked(weights=shaped("n_types"), payoff=shaped("n_types", "n_goods"))
    class Sum:
        n_goods = 2

        def of(self, weights: contracts.inputs.arrays.Array, payoff: contracts.inputs.arrays.Array) -> Any:
            return weights @ payoff

    assert Sum().of([0.5, 0.5], np.ones((2, 2))).tolist() == [1.0, 1.0]
    with pytest.raises(ProblemError, match=r"payoff has shape \(3, 2\); expected \(n_types = 2, n_goods = 2\)"):
        Sum().of([0.5, 0.5], np.ones((3, 2)))
    with pytest.raises(ProblemError, match=r"payoff has shape \(2, 3\); expected \(n_types = 2, n_goods = 2\)"):
        Sum().of([0.5, 0.5], np.ones((2, 3)))


def test_arguments_that_a_function_looks_at_itself_pass():
    @checked(own=("count",))
    def lenient(count: int, size: float = 1.0) -> Any:
        return count

    assert lenient("three") == "three"
    with pytest.raises(ProblemError, match="size is None"):
        lenient(3, None)


def test_signatures_documentation_and_pickles_stay_what_they_are():
    assert list(inspect.signature(contracts.solve_menu).parameters)[:4] == ["problem", "weights", "method", "gap"]
    assert list(inspect.signature(contracts.Power).parameters) == ["exponent", "scale"]
    assert "Mussa & Rosen" in inspect.getdoc(contracts.models.mussa_rosen)
    assert inspect.unwrap(contracts.verify).__code__.co_filename.endswith("verify.py")
    assert pickle.loads(pickle.dumps(contracts.solve_menu)) is contracts.solve_menu
    assert pickle.loads(pickle.dumps(contracts.Quadratic(2.0))).curvature == 2.0


def test_anything_goes_where_the_annotation_says_so():
    assert kind_of(Any) is None
    assert asked(anything=object)["anything"] is object


def test_arrays_that_come_from_another_process_are_arrays_like_any_other():
    """Their type of numbers is equal to the usual one, but another object."""
    benefit = {"cost": contracts.Power(0.5, -1.0), "domain": contracts.Box(0.0, 1.0)}
    problem = pickle.loads(pickle.dumps(contracts.ScreeningProblem([2.0], **benefit)))
    assert contracts.solve_menu(problem).value == pytest.approx(3.0)
