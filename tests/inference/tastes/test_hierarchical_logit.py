"""Hierarchical logit: conjugate formulas, quadrature, calibration, NUTS, published numbers."""

from itertools import islice

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logsumexp
from scipy.stats import chisquare, norm

from benchmarks import nuts
from contracts.errors import ProblemError
from inference import ChoiceData, HierarchicalPrior, fit_hierarchical_logit
from inference.logit.panel import log_likelihood, panel_of
from inference.logit.units import units_of
from inference.tastes.distribution import TasteDistribution, choices_of, kinds_of
from inference.tastes.hierarchical_logit import _start
from inference.tastes.prior import computed_prior, draw_population
from inference.tastes.sampler import (
    People,
    Sample,
    Tuning,
    move_people,
    move_together,
    sweeps,
)
from inference.types.draws import arviz
from tests.inference.published import electricity
from tests.inference.tastes.test_mixed_logit import situations

PRIOR = HierarchicalPrior(strength=1.0, degrees=8.0, scale=5 * np.eye(2))


def population(n_people, n_rounds, rng, kinds=None):
    """Data from the prior, with the truth behind it."""
    mean, covariance = PRIOR.draw(2, rng=rng)
    beta = mean + rng.standard_normal((n_people, 2)) @ np.linalg.cholesky(covariance).T
    coefficients = TasteDistribution.standard(kinds_of(kinds or {}, ("0", "1"))).coefficients(beta)
    return choices_of(situations(n_people, n_rounds, 3, 2, rng), coefficients, rng), mean, covariance, beta


# ---- the two steps ----


def test_the_population_given_its_people_is_the_conjugate_posterior():
    rng = np.random.default_rng(0)
    beta = rng.normal([1.0, -2.0], [1.0, 0.5], size=(12, 2))
    n_draws = 40_000
    mean, root = draw_population(np.repeat(beta[:, np.newaxis], n_draws, axis=1), PRIOR, rng)
    n, a = 12, PRIOR.strength
    average = beta.mean(axis=0)
    scatter = 5 * np.eye(2) + (beta - average).T @ (beta - average) + n * a / (n + a) * np.outer(average, average)
    expected = scatter / (PRIOR.degrees + n - 2 - 1)  # mean of an inverse Wishart
    covariance = np.linalg.inv(root @ root.transpose(0, 2, 1))
    np.testing.assert_allclose(covariance.mean(axis=0), expected, atol=0.02)
    np.testing.assert_allclose(mean.mean(axis=0), n / (n + a) * average, atol=0.01)
    np.testing.assert_allclose(np.cov(mean.T), expected / (n + a), atol=0.005)


def test_of_nobody_the_population_is_the_prior():
    rng = np.random.default_rng(1)
    mean, root = draw_population(np.zeros((0, 40_000, 2)), PRIOR, rng)
    covariance = np.linalg.inv(root @ root.transpose(0, 2, 1))
    np.testing.assert_allclose(covariance.mean(axis=0), np.eye(2), atol=0.03)  # 5 / (8 - 2 - 1)
    np.testing.assert_allclose(np.cov(mean.T), np.eye(2), atol=0.05)


@pytest.mark.parametrize("kind", ["normal", "negative"])
def test_people_given_the_population_have_the_posterior_of_quadrature(kind):
    """One attribute, everybody's posterior by adaptive quadrature, whatever the (bad) metric and step."""
    rng = np.random.default_rng(2)
    data = situations(6, 5, 2, 1, rng)
    data = ChoiceData(data.attributes, rng.integers(2, size=data.n_obs), data.person)
    center, precision, chains = 0.3, 1.5, 200
    people, tuning = (
        People(panel_of(data, chains), (kind,), np.zeros(1)),
        Tuning(np.full((6, 1, 1), 0.4), np.empty(0), np.empty(0), step=0.9),
    )
    beta = rng.normal(size=(6, chains, 1))
    root = np.full((chains, 1, 1), precision**0.5)
    now = Sample(beta, np.full((chains, 1), center), root, *people.slope(beta))
    first, second = [], []
    for number in range(320):
        now = move_people(people, tuning, now, rng)
        if number >= 20:
            first.append(now.beta[:, :, 0].mean(axis=1))
            second.append((now.beta[:, :, 0] ** 2).mean(axis=1))
    assert 0.3 < now.acceptance < 1.0
    gap = np.where(data.choice == 0, 1, -1) * (data.attributes[:, 0, 0] - data.attributes[:, 1, 0])
    for person in range(6):
        own = gap[data.person_index == person]

        def moment(power, own=own):
            def integrand(beta):
                taste = beta if kind == "normal" else -np.exp(beta)
                return beta**power * expit(taste * own).prod() * norm.pdf(beta, center, precision**-0.5)

            return quad(integrand, -8, 8)[0]

        assert np.mean(first, axis=0)[person] == pytest.approx(moment(1) / moment(0), abs=0.02)
        assert np.mean(second, axis=0)[person] == pytest.approx(moment(2) / moment(0), abs=0.03)


def test_moving_population_and_people_together_leaves_the_prior_as_it_is():
    """Where options do not differ choices say nothing, so prior draws of all must remain prior draws."""
    rng = np.random.default_rng(8)
    chains, n_people = 4000, 3
    same = ChoiceData(np.zeros((n_people, 2, 2)), np.zeros(n_people, int))
    people = People(panel_of(same, chains), ("normal", "normal"), np.zeros(2))
    tuning = Tuning(np.empty(0), 0.2 * np.eye(5) + 0.03, np.array([[1.0, 0.0], [0.3, 0.8]]), joint_step=1.0)
    mean, root = draw_population(np.zeros((0, chains, 2)), PRIOR, rng)
    place = rng.standard_normal((n_people, chains, 2, 1))
    beta = mean + np.linalg.solve(root.transpose(0, 2, 1), place)[..., 0]
    now = Sample(beta, mean, root, *people.slope(beta))

    def summary(now):
        covariance = np.linalg.inv(now.root @ now.root.transpose(0, 2, 1))
        log_sd = np.log(np.diagonal(covariance, axis1=1, axis2=2)) / 2
        correlation = covariance[:, 0, 1] / np.exp(log_sd.sum(axis=1))
        squares = [now.mean**2, log_sd**2, correlation[:, np.newaxis] ** 2, now.beta[1] ** 2]
        return np.column_stack([now.mean, log_sd, correlation, now.beta[0], *squares, log_sd.prod(axis=1)])

    first = summary(now)
    for _ in range(60):
        now = move_together(people, tuning, now, PRIOR, rng)
    last = summary(now)
    assert 0.3 < now.joint_acceptance < 0.999
    assert np.corrcoef(first[:, 2], last[:, 2])[0, 1] < 0.5  # it has moved
    assert np.corrcoef(first[:, 4], last[:, 4])[0, 1] < 0.9
    error = np.sqrt((first.var(axis=0) + last.var(axis=0)) / chains)
    assert np.all(np.abs(first.mean(axis=0) - last.mean(axis=0)) < 4 * error + 1e-12)


# ---- the whole ----


def test_population_and_people_are_recovered():
    rng = np.random.default_rng(3)
    data, mean, covariance, beta = population(150, 12, rng)
    posterior = fit_hierarchical_logit(data, rng=rng, n_draws=200, n_warmup=150, prior=PRIOR)
    assert np.all(np.abs(posterior.mean.mean(axis=(0, 1)) - mean) < 4 * posterior.mean.std(axis=(0, 1)))
    sd = np.sqrt(np.diag(covariance))
    assert np.all(np.abs(posterior.sd.mean(axis=(0, 1)) - sd) < 4 * posterior.sd.std(axis=(0, 1)))
    off = (posterior.individual_means - beta) / posterior.individual_sds
    assert np.mean(np.abs(off) < norm.ppf(0.95)) == pytest.approx(0.9, abs=0.05)
    assert posterior.diagnostics["r_hat"].max() < 1.05
    assert posterior.diagnostics["effective"].min() > 100
    spread = posterior.individual_draws.std(axis=(0, 1))
    np.testing.assert_allclose(spread.mean(axis=0), posterior.individual_sds.mean(axis=0), rtol=0.05)


def test_the_same_seed_gives_the_same_draws_and_another_seed_others():
    data = population(15, 4, np.random.default_rng(4))[0]

    def run(seed):
        return fit_hierarchical_logit(data, rng=np.random.default_rng(seed), n_draws=20, n_warmup=20, n_chains=2)

    assert run(0).mean.tobytes() == run(0).mean.tobytes()
    assert run(0).mean.tobytes() != run(1).mean.tobytes()


def test_tables_frames_and_arviz_hold_the_same_numbers():
    rng = np.random.default_rng(5)
    data = population(25, 5, rng)[0]
    named = ChoiceData(data.attributes, data.choice, data.person, ["price", "speed"])
    steps = []
    posterior = fit_hierarchical_logit(
        named,
        {"price": "negative"},
        rng=rng,
        n_draws=50,
        n_warmup=50,
        progress=steps.append,
    )
    assert steps[0] == "sweep 5 of 100"
    assert steps[-1] == "sweep 100 of 100"
    assert (posterior.individual_draws[..., 0] < 0).all()
    frame = posterior.to_frame()
    assert frame.loc[("mean", "speed"), "estimate"] == pytest.approx(posterior.mean[..., 1].mean())
    assert frame.loc[("sd", "price"), "low"] < frame.loc[("sd", "price"), "estimate"]
    assert f"{posterior.mean[..., 1].mean():.4f}" in repr(posterior).splitlines()[3]
    people = posterior.individual_frame()
    np.testing.assert_array_equal(people[("mean", "speed")], posterior.individual_means[:, 1])
    exported = posterior.to_arviz().posterior
    np.testing.assert_array_equal(exported["sd"].sel(attribute="price").values, posterior.sd[..., 0])


def test_new_people_are_as_dispersed_as_the_posterior_says():
    rng = np.random.default_rng(6)
    posterior = fit_hierarchical_logit(population(60, 6, rng)[0], rng=rng, n_draws=200, n_warmup=100)
    people = posterior.draw_people(100_000, rng=rng)
    center = posterior.mean.mean(axis=(0, 1))
    variance = (posterior.sd**2).mean(axis=(0, 1)) + posterior.mean.var(axis=(0, 1))
    np.testing.assert_allclose(people.mean(axis=0), center, atol=0.03)
    np.testing.assert_allclose(people.var(axis=0), variance, rtol=0.05)


# ---- calibration and second opinions ----


class Studies:
    """Many studies side by side, in the place of the chains of one: each has people and choices of its own."""

    def __init__(self, offers, choice, kinds):
        taken = np.take_along_axis(offers, choice[..., np.newaxis, np.newaxis], axis=3)
        self.contrasts = offers - taken  # (n_people, n_studies, n_rounds, n_options, 2)
        self.kinds = kinds

    def told(self, beta):
        """Log likelihoods, by how much coefficients change with beta, and the shares of the options."""
        coefficients = TasteDistribution.standard(self.kinds).coefficients(beta)
        slope = np.where(np.array(self.kinds) == "normal", 1.0, coefficients)
        worth = np.einsum("nsrok,nsk->nsro", self.contrasts, coefficients)
        total = logsumexp(worth, axis=3, keepdims=True)
        return -total.sum(axis=(2, 3)), slope, np.exp(worth - total)

    def slope(self, beta):
        value, slope, shares = self.told(beta)
        return value, -slope * np.einsum("nsro,nsrok->nsk", shares, self.contrasts)

    def information(self, beta):
        """Of each person, on average over the studies."""
        _, slope, shares = self.told(np.repeat(beta[:, np.newaxis], self.contrasts.shape[1], axis=1))
        mean = np.einsum("nsro,nsrok->nsrk", shares, self.contrasts)
        variance = np.einsum("nsro,nsrok,nsrol->nskl", shares, self.contrasts, self.contrasts)
        variance -= np.einsum("nsrk,nsrl->nskl", mean, mean)
        return (variance * slope[..., np.newaxis] * slope[:, :, np.newaxis]).mean(axis=1)


@pytest.mark.parametrize("kinds", [("normal", "normal"), ("negative", "normal")], ids=["normal", "one of one sign"])
def test_ranks_of_the_truth_among_the_draws_are_uniform(kinds):
    """Simulation-based calibration (Talts et al. 2018): truth from the prior, 9 spaced draws, ranks 0 to 9."""
    rng, n_people, n_studies, n_rounds = np.random.default_rng(0), 12, 300, 5
    mean, root = draw_population(np.zeros((0, n_studies, 2)), PRIOR, rng)
    place = rng.standard_normal((n_people, n_studies, 2, 1))
    beta = mean + np.linalg.solve(root.transpose(0, 2, 1), place)[..., 0]
    offers = rng.normal(size=(n_people, n_studies, n_rounds, 3, 2))
    tastes = TasteDistribution.standard(kinds).coefficients(beta)
    worth = np.einsum("nsrok,nsk->nsro", offers, tastes) + rng.gumbel(size=offers.shape[:-1])
    studies = Studies(offers, worth.argmax(axis=3), kinds)

    def told(mean, root, beta):
        covariance = np.linalg.inv(root @ root.transpose(0, 2, 1))
        return mean[:, 0], np.log(np.linalg.det(covariance)), covariance[:, 0, 1], beta[0, :, 1]

    start = rng.standard_normal((1, n_studies, 2)) + rng.standard_normal(beta.shape) / 2
    draws = list(islice(sweeps(studies, start, PRIOR, 50, rng), 50 + 72))[50 + 7 :: 8]
    assert len(draws) == 9
    truth = told(mean, root, beta)
    ranks = np.sum([np.less(told(now.mean, now.root, now.beta), truth) for now in draws], axis=0)
    for quantity in ranks:
        assert chisquare(np.bincount(quantity, minlength=10)).pvalue > 0.005


def test_what_is_kept_are_the_sweeps_after_the_warmup():
    data = population(8, 4, np.random.default_rng(4))[0]
    kinds = {"0": "negative"}
    posterior = fit_hierarchical_logit(
        data,
        kinds,
        rng=np.random.default_rng(9),
        n_draws=12,
        n_warmup=20,
        n_chains=3,
        prior=PRIOR,
        n_individual_draws=4,
    )
    rng = np.random.default_rng(9)
    units = units_of(data)
    size, scaled = units.size, units.applied(data)
    prior, centre = computed_prior(PRIOR, ("negative", "normal"), units)
    people = People(panel_of(scaled, 3), ("negative", "normal"), centre)
    swept = list(islice(sweeps(people, _start(scaled, people, 3, rng), prior, 20, rng), 32))[20:]
    back = np.array([1.0, 1 / size[1]])
    mean = np.stack([now.mean for now in swept], axis=1) * back
    np.testing.assert_allclose(posterior.mean, mean, rtol=1e-12)
    precision = np.outer(1 / back, 1 / back) * np.stack(
        [now.root @ now.root.transpose(0, 2, 1) for now in swept], axis=1
    )
    np.testing.assert_allclose(posterior.covariance @ precision, np.broadcast_to(np.eye(2), (3, 12, 2, 2)), atol=1e-8)
    tastes = np.stack([people.coefficients(now.beta) / size for now in swept], axis=1).transpose(2, 1, 0, 3)
    np.testing.assert_array_equal(posterior.individual_draws, tastes[:, [0, 3, 7, 11]])
    np.testing.assert_allclose(posterior.individual_means, tastes.mean(axis=(0, 1)), rtol=1e-12)
    np.testing.assert_allclose(posterior.individual_sds, tastes.std(axis=(0, 1)), rtol=1e-6)
    likelihood = [log_likelihood(people.panel, people.coefficients(now.beta)).sum(axis=0) for now in swept]
    np.testing.assert_allclose(posterior.log_likelihood, np.stack(likelihood, axis=1), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_nuts_on_the_same_model_agrees():
    pytest.importorskip("numpyro")
    rng = np.random.default_rng(7)
    data = population(30, 8, rng)[0]
    ours = fit_hierarchical_logit(data, rng=rng, n_draws=1200, n_warmup=300, prior=PRIOR)
    mean, covariance, _ = nuts.sample(data, PRIOR, draws=700, warmup=250, chains=1, seed=0)
    az = arviz()
    for mine, other in ((ours.mean, mean), (ours.covariance, covariance)):
        effective = [az.ess(az.convert_to_dataset({"x": part}))["x"].values for part in (mine, other)]
        error = np.sqrt(mine.var(axis=(0, 1)) / effective[0] + other.var(axis=(0, 1)) / effective[1])
        assert np.abs((mine.mean(axis=(0, 1)) - other.mean(axis=(0, 1))) / error).max() < 4
        np.testing.assert_allclose(mine.std(axis=(0, 1)), other.std(axis=(0, 1)), rtol=0.15)


@pytest.mark.slow
def test_electricity_contracts_agree_with_bayesm():
    """bayesm, rhierMnlRwMixture with its default priors, 8,000 draws: within 0.3 posterior standard deviations.

    A thousand draws of each of four chains are worth some 500 independent ones of the slowest deviation; 500 are worth
    200, too few for an R-hat that is sure to be below 1.03.
    """
    bayesm = HierarchicalPrior(scale=9 * np.eye(6))
    mean = [-1.170, -0.279, 2.747, 2.068, -10.998, -11.183]
    sd = [0.946, 0.515, 2.389, 1.703, 8.02, 7.67]
    posterior = fit_hierarchical_logit(
        electricity(), rng=np.random.default_rng(0), n_draws=1000, n_warmup=300, prior=bayesm
    )
    assert posterior.diagnostics["r_hat"].max() < 1.03
    assert posterior.diagnostics["effective"].min() > 400
    for drawn, published in ((posterior.mean, mean), (posterior.sd, sd)):
        off = (drawn.mean(axis=(0, 1)) - published) / drawn.std(axis=(0, 1))
        assert np.abs(off).max() < 0.3


# ---- what it refuses ----


def test_wrong_arguments_are_refused_by_name():
    rng = np.random.default_rng(0)
    data = situations(5, 3, 2, 2, rng)
    with pytest.raises(ProblemError, match=r"random\['0'\] is 'fixed': here all coefficients are 'normal'"):
        fit_hierarchical_logit(data, {"0": "fixed"}, rng=rng)
    with pytest.raises(ProblemError, match="data is dict: make ChoiceData of it"):
        fit_hierarchical_logit({}, rng=rng)
    with pytest.raises(ProblemError, match=r"rng is 3: pass numpy.random.default_rng\(3\)"):
        fit_hierarchical_logit(data, rng=3)
    with pytest.raises(ProblemError, match="warmup is 3: use at least 20"):
        fit_hierarchical_logit(data, rng=rng, n_warmup=3)
    with pytest.raises(ProblemError, match=r"prior degrees is 0\.5: use more than 1"):
        fit_hierarchical_logit(data, rng=rng, prior=HierarchicalPrior(degrees=0.5))
    with pytest.raises(ProblemError, match=r"prior scale must be a positive definite matrix of shape \(2, 2\)"):
        fit_hierarchical_logit(data, rng=rng, prior=HierarchicalPrior(scale=np.zeros((2, 2))))
    with pytest.raises(ProblemError, match="prior strength is 0: use a positive number"):
        HierarchicalPrior(strength=0).draw(2, rng=rng)


def test_choices_that_an_attribute_decides_still_have_a_posterior():
    """Maximum likelihood diverges here; the prior keeps the posterior proper."""
    rng = np.random.default_rng(0)
    offers = rng.normal(size=(40, 2, 1))
    data = ChoiceData(offers, offers[:, :, 0].argmax(axis=1), np.repeat(np.arange(10), 4))
    prior = HierarchicalPrior(strength=1.0, degrees=5.0, scale=np.eye(1))
    posterior = fit_hierarchical_logit(data, rng=rng, n_draws=200, n_warmup=200, prior=prior)
    assert posterior.mean.mean() > 0.5
    assert np.isfinite(posterior.covariance).all()


def test_standard_tastes_are_the_transformation_itself():
    tastes = TasteDistribution.standard(("normal", "positive", "negative"))
    np.testing.assert_allclose(tastes.coefficients(np.array([0.5, 0.0, 1.0])), [0.5, 1.0, -np.e])
