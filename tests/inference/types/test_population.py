"""How common types are: conjugate closed forms, quadrature, another optimiser, simulation-based calibration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import chisquare, dirichlet, kstest

from contracts import ProblemError
from inference import BestResponse, ChoiceCounts, Logit, Population, PopulationDraws, infer_types
from inference.types.population import population_of
from tests.inference.populations import goods_for, revealing_offer, simulated

PROVEN = 1e-6  # nats, what EM stops at


def log_posterior(weights, likelihood, alpha):
    return np.log(likelihood @ weights).sum() + ((alpha - 1) * np.log(weights)).sum()


def revealed(counts, concentration=1.0):
    """Users of known types: every choice reveals one."""
    offer = revealing_offer(len(counts))
    options = np.repeat(np.arange(len(counts)), counts)
    return infer_types(offer, options[:, np.newaxis], choice_model=BestResponse(), concentration=concentration)


@given(st.lists(st.integers(0, 30), min_size=3, max_size=3).filter(any), st.sampled_from([1.0, 2.0, 5.0]))
def test_choices_that_reveal_types_make_the_dirichlet_conjugate(counts, alpha):
    population = revealed(counts, alpha).population
    total, counts = sum(counts), np.array(counts)
    np.testing.assert_allclose(population.weights, (counts + alpha - 1) / (total + 3 * (alpha - 1)), atol=1e-9)
    np.testing.assert_allclose(population.smoothed, (counts + alpha) / (total + 3 * alpha), atol=1e-9)
    assert population.gap <= PROVEN


def test_gibbs_draws_are_the_conjugate_dirichlet():
    """Known types: every draw is an independent Dirichlet(alpha + n)."""
    draws = revealed([12, 5, 3], [1.0, 2.0, 0.5]).population.gibbs(rng=np.random.default_rng(1), n_draws=1000)
    exact = dirichlet([13.0, 7.0, 3.5])
    np.testing.assert_allclose(draws.mean, exact.mean(), atol=4 * math.sqrt(exact.var().max() / 4000))
    np.testing.assert_allclose(draws.sd, np.sqrt(exact.var()), rtol=0.05)
    for k, alpha in enumerate((13.0, 7.0, 3.5)):
        assert kstest(draws.draws[:, k], "beta", (alpha, 23.5 - alpha)).pvalue > 1e-3
    assert draws.r_hat.max() < 1.01


def test_gibbs_agrees_with_quadrature_over_one_weight():
    rng = np.random.default_rng(7)
    offer, model = revealing_offer(2), Logit(1.0)
    choices = simulated(offer, model, rng.choice(2, 40, p=[0.3, 0.7]), 3, rng)
    posterior = infer_types(offer, choices, choice_model=model, concentration=[2.0, 1.5])
    likelihood = np.exp(posterior.evidence.log_likelihood[0])
    grid = (np.arange(20_000) + 0.5) / 20_000
    density = np.log(np.outer(grid, likelihood[:, 0]) + np.outer(1 - grid, likelihood[:, 1])).sum(1)
    density = np.exp(density - density.max()) * grid * (1 - grid) ** 0.5
    density /= density.sum()
    mean = density @ grid
    sd = math.sqrt(density @ (grid - mean) ** 2)
    draws = posterior.population.gibbs(rng=np.random.default_rng(0), n_draws=4000, n_chains=4)
    assert draws.mean[0] == pytest.approx(mean, abs=0.05 * sd)
    assert draws.sd[0] == pytest.approx(sd, rel=0.05)
    np.testing.assert_allclose(draws.interval(0.9)[0], np.interp([0.05, 0.95], np.cumsum(density), grid), atol=0.1 * sd)
    assert posterior.population.weights[0] == pytest.approx(grid[np.argmax(density)], abs=1e-3)


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.sampled_from([1.0, 1.5, 3.0]))
def test_no_other_optimiser_beats_em_by_more_than_its_proven_gap(seed, n_types, alpha):
    rng = np.random.default_rng(seed)
    likelihood = rng.random((25, n_types)) ** rng.choice([1, 4])
    population = population_of(np.log(likelihood)[np.newaxis], [str(k) for k in range(n_types)], concentration=alpha)
    weights = np.maximum(population.weights, 1e-300)
    reached = log_posterior(weights, likelihood, alpha)

    def loss(logits):
        trial = np.exp(logits - logits.max())
        return -log_posterior(np.maximum(trial / trial.sum(), 1e-300), likelihood, alpha)

    other = -minimize(loss, np.zeros(n_types), method="BFGS").fun
    assert other <= reached + population.gap + 1e-9
    assert population.gap <= PROVEN


def test_equal_users_count_as_a_group():
    rng = np.random.default_rng(2)
    log_likelihood = np.log(rng.random((1, 4, 3)))
    size = np.array([1, 5, 2, 7])
    labels = ("a", "b", "c")
    grouped = population_of(log_likelihood, labels, size=size)
    single = population_of(np.repeat(log_likelihood, size, axis=1), labels)
    np.testing.assert_allclose(grouped.weights, single.weights, atol=1e-6)
    draws, alone = (one.gibbs(rng=np.random.default_rng(1), n_draws=2000) for one in (grouped, single))
    np.testing.assert_allclose(draws.mean, alone.mean, atol=0.02)
    np.testing.assert_allclose(draws.sd, alone.sd, atol=0.02)


def test_em_averages_over_choice_models():
    """The mode maximises sum_m prior_m prod_u sum_k w_k L[m, u, k], found on a grid."""
    rng = np.random.default_rng(4)
    offer = revealing_offer(2)
    choices = simulated(offer, Logit(0.5), rng.choice(2, 30, p=[0.4, 0.6]), 2, rng)
    models, prior = [Logit(0.2), Logit(0.5), Logit(2.0)], np.array([0.2, 0.3, 0.5])
    posterior = infer_types(offer, choices, choice_model=models, model_prior=prior)
    likelihood = np.exp(posterior.evidence.log_likelihood)
    grid = np.linspace(0.001, 0.999, 999)
    mixed = likelihood[:, :, 0, np.newaxis] * grid + likelihood[:, :, 1, np.newaxis] * (1 - grid)
    objective = prior @ np.prod(mixed, axis=1)
    assert posterior.population.weights[0] == pytest.approx(grid[np.argmax(objective)], abs=2e-3)
    shares = np.prod(mixed, axis=1).sum(axis=1) * prior
    draws = posterior.population.gibbs(rng=np.random.default_rng(0), n_draws=1000)
    np.testing.assert_allclose(np.bincount(draws.models.ravel(), minlength=3) / 4000, shares / shares.sum(), atol=0.03)


def test_a_hundred_thousand_users_weigh_as_they_are():
    rng = np.random.default_rng(6)
    offer, model, truth = revealing_offer(3), Logit(0.5), np.array([0.5, 0.3, 0.2])
    p = truth @ model.probabilities(offer.utility)  # chosen once by everybody
    counts = np.eye(4, dtype=int)[rng.choice(4, 100_000, p=p)]
    population = infer_types(offer, ChoiceCounts(counts), choice_model=model).population
    assert len(population.data.size) == 4
    np.testing.assert_allclose(population.weights, truth, atol=0.02)


def test_nobody_seen_is_the_prior():
    population = infer_types(revealing_offer(2), np.empty((0, 0)), concentration=[3.0, 1.0]).population
    np.testing.assert_allclose(population.smoothed, [0.75, 0.25])
    draws = population.gibbs(rng=np.random.default_rng(0), n_draws=2000)
    np.testing.assert_allclose(draws.mean, [0.75, 0.25], atol=0.01)


def test_the_same_seed_gives_the_same_draws_and_lines_of_progress():
    population = revealed([3, 4, 5]).population
    lines = []
    one, two = (population.gibbs(rng=np.random.default_rng(3), n_draws=10, progress=lines.append) for _ in range(2))
    np.testing.assert_array_equal(one.chains, two.chains)
    assert lines[:2] == [
        "population weights: chain 1 of 4, 15 sweeps",
        "population weights: chain 2 of 4, 15 sweeps",
    ]


def test_weights_go_back_into_the_problem():
    posterior = revealed([6, 3])
    problem = goods_for(2)
    np.testing.assert_allclose(posterior.population.screening_problem(problem).weights, [7 / 11, 4 / 11])
    draws = posterior.population.gibbs(rng=np.random.default_rng(0))
    np.testing.assert_array_equal(draws.screening_problem(problem).weights, draws.mean)


def test_tables_and_frames_say_what_is_known():
    population = revealed([6, 3]).population
    lines = repr(population).splitlines()
    assert lines[0].startswith("Population: 9 users, 2 types; mode by EM, proven gap ")
    assert lines[2].split() == ["low", "0.667", "0.636", "6.00"]
    draws = population.gibbs(rng=np.random.default_rng(0))
    assert repr(draws).startswith("Population weights: 2 types, 4 chains of 1000 draws, largest R-hat 1.0")
    frame = draws.to_frame()
    np.testing.assert_array_equal(frame["mean"], draws.mean)
    np.testing.assert_array_equal(frame[["lower", "upper"]], draws.interval())
    assert frame.index.tolist() == ["low", "middle"]


def test_many_types_are_shown_by_weight():
    population = population_of(np.log(np.full((1, 5, 30), 0.5)), [f"t{k}" for k in range(30)])
    assert repr(population).endswith("and 10 types with less weight")


def test_r_hat_sees_chains_that_disagree():
    rng = np.random.default_rng(0)
    agree = rng.dirichlet([5.0, 5.0], (4, 500))
    apart = agree.copy()
    apart[0] = apart[0] * 0.2 + np.array([0.8, 0.0])
    models = np.zeros((4, 500), dtype=int)
    assert PopulationDraws(agree, models, ("a", "b")).r_hat.max() < 1.02
    assert PopulationDraws(apart, models, ("a", "b")).r_hat.max() > 1.5


@pytest.mark.slow  # ArviZ takes seconds to import
def test_arviz_reads_the_draws():
    import arviz

    draws = revealed([6, 3]).population.gibbs(rng=np.random.default_rng(0))
    data = draws.to_arviz()
    np.testing.assert_array_equal(data.posterior["weights"], draws.chains)
    assert data.posterior["weights"].dims == ("chain", "draw", "type")
    np.testing.assert_allclose(arviz.summary(data, var_names="weights", round_to=6)["mean"], draws.mean, atol=1e-5)
    assert draws.effective_sample_size.min() > 2000  # draws are independent here


@pytest.mark.slow
def test_intervals_are_calibrated_by_simulation():
    """Simulation-based calibration (Talts et al. 2018): the rank of the truth among posterior draws is uniform."""
    rng = np.random.default_rng(12)
    offer, model, alpha = revealing_offer(3), Logit(0.8), np.array([1.0, 2.0, 1.0])
    ranks, covered = [], 0
    for _ in range(200):
        truth = rng.dirichlet(alpha)
        choices = simulated(offer, model, rng.choice(3, 40, p=truth), 3, rng)
        posterior = infer_types(offer, choices, choice_model=model, concentration=alpha)
        draws = posterior.population.gibbs(rng=rng, n_draws=190, n_chains=1, n_warmup=30)
        ranks.append((draws.draws[::10] < truth).sum(axis=0))  # 19 nearly independent draws: 20 ranks
        low, high = draws.interval(0.8).T
        covered += (low <= truth) & (truth <= high)
    for k in range(3):
        assert chisquare(np.bincount(np.array(ranks)[:, k], minlength=20)).pvalue > 1e-3
    np.testing.assert_allclose(covered / 200, 0.8, atol=4 * math.sqrt(0.16 / 200))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p.gibbs(rng=np.random.default_rng(0), n_draws=0), "n_draws is 0"),
        (lambda p: p.gibbs(rng=np.random.default_rng(0), n_draws=2).interval(1.0), "level is 1.0"),
        (lambda p: p.screening_problem(goods_for(2)), "the problem is about 2 types such as 'low'"),
        (lambda _: population_of(np.zeros((1, 2, 2)), ("a", "b"), concentration=-1.0), "must be positive"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(make, words):
    population = revealed([1, 2, 3]).population
    assert isinstance(population, Population)
    with pytest.raises(ProblemError) as caught:
        make(population)
    assert words in str(caught.value)
