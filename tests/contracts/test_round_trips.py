"""What is saved and read again, pickled or copied is the same, to the bit, and can no more be written to."""

import copy
import dataclasses
import functools
import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.problem.records import from_record, to_record
from contracts.proof.bound import upper_bound
from contracts.testing.parts import shares, tastes
from contracts.testing.screening import line_problems, plain_problems, rich_problems


def difference(one: Any, other: Any, where: str = "it") -> str | None:
    """Where two results differ, down to the bits of their floats; None if nowhere."""
    if dataclasses.is_dataclass(one) or (isinstance(one, tuple) and hasattr(one, "_fields")):
        named = one._fields if isinstance(one, tuple) else [field.name for field in dataclasses.fields(one)]
        if type(one) is not type(other):
            return f"{where}: {type(one)} and {type(other)}"
        pairs = [(name, getattr(one, name), getattr(other, name)) for name in named]
    elif isinstance(one, list | tuple):
        if len(one) != len(other):
            return f"{where}: {len(one)} and {len(other)} entries"
        pairs = [(str(k), a, b) for k, (a, b) in enumerate(zip(one, other, strict=True))]
    elif hasattr(one, "tocoo"):
        pairs = [(name, getattr(one, name), getattr(other, name)) for name in ("data", "indptr", "indices", "shape")]
    elif isinstance(one, np.ndarray):
        kind = np.int64 if one.dtype.kind == "i" else one.dtype
        same = one.shape == other.shape and one.astype(kind).tobytes() == other.astype(kind).tobytes()
        return None if same else f"{where}: {one!r} and {other!r}"
    elif hasattr(one, "__len__") and not isinstance(one, str):
        return None if list(one) == list(other) else f"{where}: {one!r} and {other!r}"
    else:
        return None if repr(one) == repr(other) else f"{where}: {one!r} and {other!r}"
    return next((found for name, a, b in pairs if (found := difference(a, b, f"{where}.{name}"))), None)


def reloaded(menu: c.Menu) -> c.Menu:
    with tempfile.TemporaryDirectory() as folder:
        return c.load_menu(menu.save(Path(folder) / "menu.json"))


def assert_same_menu(menu: c.Menu, again: c.Menu) -> None:
    assert difference(menu, again) is None
    for name in ("allocation", "transfer", "utility", "information_rent", "payoff", "worst_case_weights"):
        assert difference(getattr(menu, name), getattr(again, name), name) is None
    assert menu.to_dict() == again.to_dict()
    assert str(menu) == str(again)
    assert menu._repr_html_() == again._repr_html_()


def solved(problem: c.ScreeningProblem) -> c.Menu | None:
    if type(problem.cost).__module__ != "contracts.problem.costs":
        return None  # a user's own class cannot be written
    try:
        return c.solve_menu(problem)
    except c.ContractError:  # what cannot be certified is other tests' business
        return None


@st.composite
def doubtful_problems(draw: Any) -> c.ScreeningProblem:
    """Ambiguous weights, and uncertain valuations."""
    n_types, n_goods = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    doubts = {
        "ambiguity": [c.TotalVariation(0.1), c.Wasserstein(0.2), c.KullbackLeibler(0.05), c.ChiSquare(0.1)],
        "uncertainty": [c.Interval(0.1), c.Ellipsoid(0.1 * np.eye(n_goods)), c.Noise(0.05)],
    }
    kind = draw(st.sampled_from(sorted(doubts)))
    return c.ScreeningProblem(
        draw(tastes(n_types, n_goods, lowest=0.25)),
        draw(shares(n_types)),
        cost=c.Quadratic(),
        domain=draw(st.sampled_from([c.NonNegative(), c.Box(0.0, 2.0)])),
        **{kind: draw(st.sampled_from(doubts[kind]))},
    )


@pytest.mark.parametrize("problems", [plain_problems, line_problems, rich_problems, doubtful_problems])
def test_a_menu_that_was_saved_is_the_same_menu_to_the_bit(problems):
    @given(problems())
    def holds(problem):
        menu = solved(problem)
        if menu is not None:
            assert_same_menu(menu, reloaded(menu))

    holds()


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_multipliers_that_prove_a_bound_come_back_as_they_are(seed, n_types):
    """From anything that a solver might say: the flow is put right once, and not again."""
    from scipy.sparse import csr_array

    rng = np.random.default_rng(seed)
    problem = c.ScreeningProblem(rng.random((n_types, 2)), cost=c.Quadratic(), reservation_utility=rng.random(n_types))
    prices = rng.random((n_types, n_types)) * 10.0 ** rng.integers(-13, 1, (n_types, n_types))
    np.fill_diagonal(prices, 0.0)
    given_ones = dataclasses.replace(c.solve_menu(problem).bound.multipliers, ic=csr_array(prices))
    bound = upper_bound(problem, given_ones)
    if np.isfinite(bound.value):
        assert difference(bound, upper_bound(problem, bound.multipliers)) is None


def test_the_order_of_a_table_in_memory_changes_no_bit():
    rng = np.random.default_rng(0)
    values = rng.random((5, 3))
    columns_first = {"valuations": np.asfortranarray(values), "principal_values": np.asfortranarray(values[::-1])}
    rows_first = {name: np.ascontiguousarray(table) for name, table in columns_first.items()}
    menus = [c.solve_menu(c.ScreeningProblem(**tables, cost=c.Quadratic())) for tables in (columns_first, rows_first)]
    assert_same_menu(*menus)
    assert_same_menu(menus[0], reloaded(menus[0]))
    broadcast = c.solve_menu(c.ScreeningProblem(values, cost=c.Quadratic(), principal_values=[0.1, 0.2, 0.7]))
    assert_same_menu(broadcast, reloaded(broadcast))


@given(doubtful_problems())
def test_a_problem_that_was_written_is_the_same_problem_to_the_bit(problem):
    again = from_record(c.ScreeningProblem, to_record(problem))
    assert difference(problem, again) is None
    assert difference(problem, dataclasses.replace(problem)) is None


def test_a_front_that_was_saved_is_the_same_front_to_the_bit(tmp_path):
    rng = np.random.default_rng(1)
    problem = c.ScreeningProblem(rng.random((3, 2)), cost=c.Quadratic(), labels=("a", "b", "c"))
    front = c.pareto_front(problem, [c.Profit(), c.TotalSurplus()], gap=1e-2)
    again = c.load_front(front.save(tmp_path / "front.json"))
    assert difference(front, again) is None
    assert front.to_dict() == again.to_dict()
    assert str(front) == str(again)
    for menu, same in zip(front.menus, again.menus, strict=True):
        assert_same_menu(menu, same)


def test_types_and_societies_that_were_saved_are_the_same_to_the_bit(tmp_path):
    import inference
    from inference.society import synthetic_society
    from inference.society.world import load_society

    rng = np.random.default_rng(0)
    attributes, person = rng.normal(size=(300, 3, 2)), np.repeat(np.arange(100), 3)
    taste = np.where(np.arange(100)[:, np.newaxis] < 50, [[2.0, -1.0]], [[-2.0, 1.0]])[person]
    utility = np.einsum("nja,na->nj", attributes, taste) + rng.gumbel(size=(300, 3))
    types = inference.fit_latent_types(inference.ChoiceData(attributes, utility.argmax(axis=1), person), 2, rng=rng)
    society = synthetic_society(rng=rng, conflict=0.5)
    for kept, load in ((types, inference.load_latent_types), (society, load_society)):
        again = load(kept.save(tmp_path / "kept.json"))
        assert difference(kept, again) is None
        assert str(kept) == str(again)


# ---- read-only ----


def writable(held: Any, where: str, seen: set[int]) -> list[str]:
    """Where in a result an array can be written to."""
    if id(held) in seen:
        return []
    seen.add(id(held))
    if isinstance(held, np.ndarray):
        return [where] if held.flags.writeable else []
    if hasattr(held, "indptr"):
        inside = [(name, getattr(held, name)) for name in ("data", "indices", "indptr")]
    elif dataclasses.is_dataclass(held) and not isinstance(held, type):
        computed = [name for name, of in vars(type(held)).items() if isinstance(of, functools.cached_property)]
        inside = [*vars(held).items(), *((name, getattr(held, name)) for name in computed)]
    elif isinstance(held, dict):
        inside = list(held.items())
    else:
        inside = list(enumerate(held)) if isinstance(held, tuple) else []
    return [found for name, part in inside for found in writable(part, f"{where}.{name}", seen)]


@functools.cache
def results() -> dict[str, Any]:
    import inference
    from inference.society import synthetic_society

    rng = np.random.default_rng(0)
    labels = ("low", "middle", "high")
    menu = c.solve_menu([1.0, 2.0, 3.0], [0.4, 0.3, 0.3], cost=c.Quadratic(), labels=labels)
    rows = c.LinearConstraint(allocation=[[0.5], [0.5]], upper=1.0)
    rich = c.ScreeningProblem(
        [1.0, 2.0], cost=c.Power(2.0), domain=c.Box(0.0, 3.0), constraints=[rows], ambiguity=c.TotalVariation(0.1)
    )
    posterior = inference.infer_types(menu, np.array([[0, 1, 1, -1], [1, 1, 1, 1]]), choice_model=inference.Logit(0.5))
    attributes = rng.normal(size=(60, 3, 2))
    data = inference.ChoiceData(attributes, rng.integers(0, 3, 60), np.repeat(np.arange(20), 3))
    return {
        "problem": menu.problem,
        "rich problem": rich,
        "menu": menu,
        "robust menu": c.solve_menu([1.0, 2.0], cost=c.Quadratic(), uncertainty=c.Interval(0.1)),
        "front": c.pareto_front(menu.problem, [c.Profit(), c.TotalSurplus()], gap=0.1),
        "certificate": menu.certificate,
        "bound": menu.bound,
        "multipliers": menu.bound.multipliers,
        "options": menu.options,
        "parts": (c.Entropy([0.5, 0.5]), c.Polyhedron([[1.0], [-1.0]], [1.0, 0.0]), c.Moments([1.0, 2.0], 1.4, 1.6)),
        "posterior": posterior,
        "population": posterior.population,
        "draws": posterior.population.gibbs(rng=rng),
        "choice data": data,
        "latent types": inference.fit_latent_types(data, n_types=1, rng=rng),
        "society": synthetic_society(rng=rng, conflict=0.5, n_groups=2, n_members=3),
    }


RESULTS = (
    "problem",
    "rich problem",
    "menu",
    "robust menu",
    "front",
    "certificate",
    "bound",
    "multipliers",
    "options",
    "parts",
    "posterior",
    "population",
    "draws",
    "choice data",
    "latent types",
    "society",
)
COPIES = {
    "as it is": lambda one: one,
    "copied": copy.copy,
    "deep-copied": copy.deepcopy,
    **{f"pickled ({p})": lambda one, p=p: pickle.loads(pickle.dumps(one, protocol=p)) for p in range(2, 6)},
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("how", COPIES)
def test_arrays_of_results_cannot_be_written_to(name, how):
    again = COPIES[how](results()[name])
    assert writable(again, name, set()) == []
    if name != "society":
        assert difference(results()[name], again) is None


def test_a_menu_that_was_pickled_is_as_good_as_the_old_one():
    menu = results()["menu"]
    for again in (pickle.loads(pickle.dumps(menu)), copy.deepcopy(menu), copy.copy(menu)):
        assert_same_menu(menu, again)
        with pytest.raises(ValueError, match="read-only"):
            again.allocation[0] = 9.0
        with pytest.raises(ValueError, match="read-only"):
            again.bound.multipliers.ic.data[0] = 9.0
        assert c.verify(again.problem, again.allocation, again.transfer, multipliers=again.bound.multipliers).holds


def test_whoever_gives_an_array_keeps_one_that_can_be_written_to():
    given_array = np.array([0.5, 0.5])
    held = c.Entropy(given_array)
    given_array[0] = 0.25
    assert held.reference.tolist() == [0.5, 0.5]
    assert given_array.flags.writeable
    values = np.array([[1.0], [2.0]])
    menu = c.solve_menu(values, cost=c.Quadratic())
    values[0] = 3.0
    assert menu.problem.valuations.tolist() == [[1.0], [2.0]]
