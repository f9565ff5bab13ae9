"""Whether any type explains a user: exact p values by enumeration, users who are nobody, many users at once."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import multinomial

from contracts import ProblemError
from inference import ChoiceCounts, Logit, Misfit, Tremble, infer_types
from inference.types.misfit import discrepancy
from tests.inference.populations import revealing_offer, simulated

OFFER, MODEL = revealing_offer(3), Logit(0.5)


def exact_p_value(counts, p):
    """P(G of n draws from p >= G of counts), by going through all tables of counts."""
    n = int(counts.sum())
    tables = np.array([t for t in product(range(n + 1), repeat=len(p)) if sum(t) == n])
    extreme = discrepancy(tables, p) >= discrepancy(counts[np.newaxis], p)[0] - 1e-9
    return float(multinomial.pmf(tables[extreme], n, p).sum())


@pytest.mark.parametrize("counts", [[5, 1, 0, 0], [0, 0, 0, 6], [2, 2, 2, 0], [0, 6, 0, 0]])
def test_p_values_are_those_of_enumeration(counts):
    posterior = infer_types(OFFER, ChoiceCounts([counts]), choice_model=MODEL)
    p = MODEL.probabilities(OFFER.utility)
    exact = sum(posterior.probabilities[0, k] * exact_p_value(np.array(counts), p[k]) for k in range(3))
    found = posterior.misfit(rng=np.random.default_rng(0), n_draws=40_000).p_value[0]
    assert found == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 40_000) + 1e-4)


def test_users_whom_no_type_explains_are_flagged_and_the_others_are_not():
    rng = np.random.default_rng(1)
    honest = simulated(OFFER, MODEL, rng.integers(0, 3, 300), 60, rng)
    rotating = np.tile([0, 1, 2, -1], (3, 15))  # takes everything in turn: no type does
    stubborn = np.full((2, 60), 1)  # only ever one option: steadier than any type
    users = [*(f"user {k:03d}" for k in range(300)), "rota", "rotb", "rotc", "stuba", "stubb"]
    posterior = infer_types(OFFER, np.vstack([honest, rotating, stubborn]), choice_model=MODEL, users=users)
    misfit = posterior.misfit(rng=rng)
    assert sorted(misfit.flagged()) == ["rota", "rotb", "rotc", "stuba", "stubb"]
    assert misfit.p_value[posterior.users == "rota"] < 1e-3
    assert repr(misfit).startswith("Misfit: no type explains 5 of 305 users (false discovery rate 0.05)\n")
    assert misfit.to_frame().loc["rota", "p_value"] == misfit.p_value[posterior.users == "rota"][0]


def test_a_correct_model_is_rarely_rejected():
    """Conservative: p values below 5 % come up at most about 5 % of the time."""
    rng = np.random.default_rng(3)
    choices = simulated(OFFER, MODEL, rng.integers(0, 3, 4000), 30, rng)
    p_value = infer_types(OFFER, choices, choice_model=MODEL).misfit(rng=rng).p_value
    for level in (0.01, 0.05, 0.2):
        assert (p_value <= level).mean() <= level + 4 * math.sqrt(level / 4000)


def test_menus_and_missing_choices_are_weighed_together():
    rng = np.random.default_rng(4)
    other = revealing_offer(3)
    menus = [OFFER] * 20 + [other] * 20
    choices = np.ma.masked_array(np.full((2, 40), 1), np.zeros((2, 40), dtype=bool))
    choices[0, 20:] = 0  # changes its mind between two equal menus
    choices[1, 30:] = np.ma.masked
    misfit = infer_types(menus, choices, choice_model=Tremble(0.2)).misfit(rng=rng)
    assert misfit.p_value[0] < 0.001 < misfit.p_value[1]


def test_users_without_choices_are_explained_by_every_type():
    misfit = infer_types(OFFER, np.empty((2, 0)), choice_model=MODEL).misfit(rng=np.random.default_rng(0))
    np.testing.assert_array_equal(misfit.p_value, [1.0, 1.0])
    assert len(misfit.flagged()) == 0


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg():
    misfit = Misfit(np.array(["a", "b", "c", "d"]), np.array([0.01, 0.04, 0.03, 0.8]), 10_000)
    np.testing.assert_allclose(misfit.adjusted, [0.04, 0.16 / 3, 0.16 / 3, 0.8])
    assert misfit.flagged(0.05).tolist() == ["a"]
    assert misfit.flagged(0.06).tolist() == ["a", "c", "b"]


def test_too_few_draws_are_confessed():
    misfit = Misfit(np.arange(1000), np.full(1000, 0.5), 999)
    assert repr(misfit).endswith("999 draws resolve no group of fewer than 20 such users: pass a larger n_draws")
    with pytest.raises(ProblemError, match="level is 0"):
        misfit.flagged(0.0)
    with pytest.raises(ProblemError, match="n_draws is 0"):
        infer_types(OFFER, [[0]], choice_model=MODEL).misfit(rng=np.random.default_rng(0), n_draws=0)
