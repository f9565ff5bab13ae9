"""Mixed logit: published estimates, exact gradients, recovery of the truth, and what it refuses."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logsumexp
from scipy.stats import norm

from contracts.errors import ProblemError, SolverError
from inference import ChoiceData, fit_mixed_logit
from inference.logit.panel import log_likelihood, panel_of
from inference.tastes.distribution import TasteDistribution, choices_of
from inference.tastes.points import halton_normals
from tests.inference.published import electricity, heating, swissmetro, train

FOUR_DECIMALS = 5e-5
MLOGIT_MEANS = [-0.97339, -0.20556, 2.07572, 1.47565, -9.05254, -9.10376]
MLOGIT_SDS = [0.21994, 0.37830, 1.48297, 1.00006, 2.28948, 1.18087]


def situations(n_people, n_rounds, n_options, n_attributes, rng):
    """Offers to be chosen from."""
    offers = rng.normal(size=(n_people * n_rounds, n_options, n_attributes))
    return ChoiceData(offers, np.zeros(len(offers), int), np.repeat(np.arange(n_people), n_rounds))


# ---- published numbers ----


@pytest.mark.parametrize(
    ("data", "published"),
    [(train, -1724.2), (heating, -1095.2), (swissmetro, -5331.252)],
    ids=["Train (mlogit)", "Heating (mlogit)", "Swissmetro (Biogeme)"],
)
def test_multinomial_logit_reaches_the_published_log_likelihood(data, published):
    model = fit_mixed_logit(data(), "fixed")
    digits = len(str(published).split(".")[1])
    assert round(model.log_likelihood, digits) == published


def test_mixed_logit_of_electricity_contracts_is_that_of_mlogit_to_four_decimals():
    """Train & Croissant, vignette of mlogit: 100 Halton draws, log likelihood -3952.5."""
    model = fit_mixed_logit(electricity(), n_draws=100, draws="halton", n_starts=1)
    np.testing.assert_allclose(model.means, MLOGIT_MEANS, atol=FOUR_DECIMALS)
    np.testing.assert_allclose(model.sds, MLOGIT_SDS, atol=FOUR_DECIMALS)
    assert model.log_likelihood == pytest.approx(-3952.488, abs=5e-4)


@pytest.mark.slow
def test_with_600_points_it_is_as_good_as_another_package():
    """xlogit reports -3888.413 with 600 Halton draws of its own arrangement; ours, in the arrangement of mlogit, are
    worth -3888.465. Means differ by less than two thirds of a standard error."""
    model = fit_mixed_logit(electricity(), n_draws=600, draws="halton", n_starts=1)
    assert model.log_likelihood == pytest.approx(-3888.465, abs=5e-4)
    xlogit = [-0.9996286, -0.2355334, 2.2307891, 1.6251657, -9.6067367, -9.7892800]
    assert np.abs((model.means - xlogit) / model.standard_errors[0]).max() < 2 / 3


def test_few_plain_halton_points_reward_the_wrong_sign():
    """A finding about the published setting: sds enter by |sd|, but 100 plain points are so lopsided in the prime 13
    that reflecting them raises the simulated log likelihood by over 30."""
    data = electricity()
    normals = halton_normals(data.n_people, 100, 6)
    panel = panel_of(data, 100)

    def simulated(reflection):
        tastes = TasteDistribution(("normal",) * 6, np.array(MLOGIT_MEANS), np.diag(MLOGIT_SDS * reflection))
        return (logsumexp(log_likelihood(panel, tastes.coefficients(normals)), axis=1) - np.log(100)).sum()

    reflected = simulated(np.array([1, 1, 1, 1, 1, -1.0]))
    assert simulated(np.ones(6)) == pytest.approx(-3952.488, abs=1e-2)
    assert reflected > -3952.488 + 20


# ---- the formulas ----


def test_halton_points_are_the_sequences_of_the_first_primes_after_a_hundred_elements():
    def radical_inverse(number, base):
        value, place = 0.0, 1.0
        while number:
            number, digit = divmod(number, base)
            place /= base
            value += digit * place
        return value

    normals = halton_normals(3, 4, 3)
    for person in range(3):
        for draw in range(4):
            expected = [radical_inverse(100 + 4 * person + draw, prime) for prime in (2, 3, 5)]
            np.testing.assert_allclose(norm.cdf(normals[person, draw]), expected, atol=1e-12)


@pytest.mark.parametrize("correlated", [False, True])
def test_the_estimate_is_stationary_and_its_covariance_is_the_sandwich(correlated):
    """Scores by differences of the likelihood written out anew, for all kinds of coefficients at once."""
    rng = np.random.default_rng(0)
    offers = situations(60, 5, 3, 4, rng)
    kinds = ("normal", "positive", "negative", "fixed")
    truth = TasteDistribution(kinds, np.array([1.0, 0.3, 0.2, -0.5]), np.diag([0.8, 0.5, 0.6, 0.0]))
    data = choices_of(offers, truth.draw(60, rng=rng), rng)
    model = fit_mixed_logit(data, dict(zip("0123", kinds, strict=True)), correlated=correlated, n_draws=20)
    panel = panel_of(data, 20)

    def by_person(parameters):
        factor = np.zeros((4, 4))
        factor[model.rows, model.columns] = parameters[4:]
        b = parameters[:4] + model.normals @ factor.T
        b = np.stack([b[..., 0], np.exp(b[..., 1]), -np.exp(b[..., 2]), b[..., 3]], axis=-1)
        return logsumexp(log_likelihood(panel, b), axis=1) - np.log(20)

    size = len(model.parameters)
    assert size == 4 + (6 if correlated else 3)
    assert model.log_likelihood == pytest.approx(by_person(model.parameters).sum(), abs=1e-9)
    step = 1e-5 * np.eye(size)
    score = np.stack([by_person(model.parameters + h) - by_person(model.parameters - h) for h in step], axis=1) / 2e-5
    np.testing.assert_allclose(score.sum(axis=0), 0.0, atol=2e-3)
    bread = np.linalg.inv(model.information)
    np.testing.assert_allclose(model.covariance, bread @ score.T @ score @ bread * 60 / 59, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.standard_errors[0, 3], np.sqrt(model.covariance[3, 3]))
    assert np.isnan(model.standard_errors[1, 3])


def test_standard_errors_of_moments_are_the_delta_method():
    kinds = ("normal", "positive", "negative")
    rows, columns = np.array([0, 1, 1, 2, 2, 2]), np.array([0, 0, 1, 0, 1, 2])

    def moments(parameters):
        factor = np.zeros((3, 3))
        factor[rows, columns] = parameters[3:]
        tastes = TasteDistribution(kinds, parameters[:3], factor)
        return np.concatenate([tastes.means, tastes.sds]), tastes

    at = np.array([0.5, -0.3, 0.2, -0.7, 0.2, 0.4, 0.1, -0.3, 0.5])
    slope = np.stack([(moments(at + h)[0] - moments(at - h)[0]) / 2e-6 for h in 1e-6 * np.eye(9)], axis=1)
    np.testing.assert_allclose(moments(at)[1].moments_jacobian(rows, columns), slope, atol=1e-8)


def test_moments_are_those_of_many_draws():
    tastes = TasteDistribution(
        ("normal", "positive", "negative"),
        np.array([1.0, 0.2, -0.4]),
        np.array([[1, 0, 0], [0.3, 0.2, 0], [0, 0, 0.5]]),
    )
    drawn = tastes.draw(200_000, rng=np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), tastes.means, atol=5 * tastes.sds.max() / 200_000**0.5)
    np.testing.assert_allclose(drawn.std(axis=0), tastes.sds, rtol=0.02)


def test_a_single_random_coefficient_agrees_with_quadrature():
    """With one attribute the integral over tastes is done by adaptive quadrature; so are the individual means."""
    rng = np.random.default_rng(3)
    data = choices_of(situations(30, 4, 2, 1, rng), rng.normal(1.0, 1.0, size=(30, 1)), rng)
    model = fit_mixed_logit(data, n_draws=4096, n_starts=1)
    sign = np.where(data.choice == 0, 1, -1)
    gap = sign * (data.attributes[:, 0, 0] - data.attributes[:, 1, 0])

    def moment(person, power):
        own = gap[data.person_index == person]
        mean, sd = model.means[0], model.sds[0]
        return quad(lambda b: b**power * expit(b * own).prod() * norm.pdf(b, mean, sd), mean - 9 * sd, mean + 9 * sd)[0]

    exact = [moment(person, 0) for person in range(30)]
    assert model.log_likelihood == pytest.approx(np.log(exact).sum(), abs=0.02)
    individual = [moment(person, 1) / exact[person] for person in range(30)]
    np.testing.assert_allclose(model.individual_means[:, 0], individual, atol=0.02)


def test_forecasts_average_the_shares_of_the_population():
    rng = np.random.default_rng(4)
    data = choices_of(situations(50, 5, 3, 2, rng), rng.normal([1, -1], 0.7, size=(50, 2)), rng)
    model = fit_mixed_logit(data, n_draws=50)
    offers = rng.normal(size=(4, 3, 2))
    share = model.predict(offers)
    utility = model.tastes.draw(100_000, rng=rng) @ offers.transpose(0, 2, 1)
    np.testing.assert_allclose(
        share, np.exp(utility - logsumexp(utility, axis=2, keepdims=True)).mean(axis=1), atol=0.01
    )
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    np.testing.assert_allclose(model.predict(offers[0]), share[0])
    without_last = model.predict(offers[0], [True, True, False])
    assert without_last[2] == 0
    assert without_last.sum() == pytest.approx(1.0)


# ---- recovery ----


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say():
    """95% intervals of 7 parameters in 30 populations: 210 chances, so 199.5 hits with a deviation of 3.2 at least."""
    truth = TasteDistribution(
        ("normal", "negative", "fixed", "normal"), np.array([1.0, -0.2, 0.7, -0.5]), np.diag([0.8, 0.5, 0.0, 0.6])
    )
    random = {"1": "negative", "2": "fixed"}
    hits = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        data = choices_of(situations(200, 8, 3, 4, rng), truth.draw(200, rng=rng), rng)
        model = fit_mixed_logit(data, random, n_draws=100, n_starts=1, rng=rng)  # the others end where the first does
        off = np.abs(np.stack([model.means - truth.means, model.sds - truth.sds])) / model.standard_errors
        hits.append(off[np.isfinite(off)] < norm.ppf(0.975))
    assert np.shape(hits) == (30, 7)
    assert 0.90 <= np.mean(hits) <= 0.985


def test_correlated_tastes_are_recovered():
    rng = np.random.default_rng(5)
    factor = np.array([[1.0, 0.0], [0.8, 0.6]])
    truth = TasteDistribution(("normal", "normal"), np.array([0.5, -0.5]), factor)
    data = choices_of(situations(400, 8, 3, 2, rng), truth.draw(400, rng=rng), rng)
    model = fit_mixed_logit(data, correlated=True, n_draws=100)
    covariance = model.tastes.covariance
    correlation = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert correlation == pytest.approx(0.8, abs=0.15)
    assert model.log_likelihood > fit_mixed_logit(data, n_draws=100).log_likelihood + 20


def test_the_order_of_observations_and_the_names_of_people_do_not_matter():
    rng = np.random.default_rng(6)
    data = choices_of(situations(40, 4, 3, 2, rng), rng.normal(size=(40, 2)), rng)
    order = rng.permutation(data.n_obs)
    named = np.array([f"person {100 + number}" for number in data.person])
    mixed = ChoiceData(data.attributes[order], data.choice[order], named[order])
    first, second = fit_mixed_logit(data, n_draws=25), fit_mixed_logit(mixed, n_draws=25)
    np.testing.assert_allclose(first.parameters, second.parameters, rtol=1e-6, atol=1e-8)


def test_the_unit_of_an_attribute_changes_its_coefficient_alone():
    rng = np.random.default_rng(7)
    data = choices_of(situations(80, 6, 3, 2, rng), rng.normal([1, -1], 0.8, size=(80, 2)), rng)
    cents = ChoiceData(data.attributes * [1.0, 100.0], data.choice, data.person)
    first, second = fit_mixed_logit(data, n_draws=50), fit_mixed_logit(cents, n_draws=50)
    assert first.log_likelihood == pytest.approx(second.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(second.means * [1, 100], first.means, rtol=1e-3)


def test_the_frame_and_the_table_say_the_same():
    rng = np.random.default_rng(8)
    offers = situations(60, 5, 3, 2, rng)
    named = ChoiceData(offers.attributes, offers.choice, offers.person, ["price", "speed"])
    data = choices_of(named, rng.normal([-1, 1], [0, 0.8], size=(60, 2)), rng)
    model = fit_mixed_logit(data, {"price": "fixed"}, n_draws=50)
    frame = model.to_frame()
    assert list(frame.index) == ["price", "speed"]
    assert frame.loc["price", "sd"] == 0
    table = repr(model).splitlines()
    assert table[0].startswith("Mixed logit: 60 people, 300 choices, log likelihood -")
    assert f"{frame.loc['speed', 'mean']:.4f}" in table[3]
    assert f"({frame.loc['speed', 'sd_se']:.4f})" in table[3]
    assert repr(fit_mixed_logit(data, "fixed")).startswith("Multinomial logit:")


# ---- what it refuses ----


def test_unknown_attributes_and_unknown_kinds_are_named():
    data = situations(5, 2, 2, 2, np.random.default_rng(0))
    with pytest.raises(ProblemError, match="random names 'price', which is no attribute: use '0', '1'"):
        fit_mixed_logit(data, {"price": "fixed"})
    with pytest.raises(ProblemError, match=r"random\['1'\] is 'gaussian': use 'normal'"):
        fit_mixed_logit(data, {"1": "gaussian"})


def test_an_attribute_that_never_differs_is_named():
    data = ChoiceData([[[1.0, 2.0], [0.0, 2.0]]], [0], names=["speed", "colour"])
    with pytest.raises(ProblemError, match="attribute 'colour' is the same for all options of every choice"):
        fit_mixed_logit(data)


def test_a_frame_is_no_choice_data_and_a_seed_no_generator():
    with pytest.raises(ProblemError, match="data is dict: make ChoiceData of it"):
        fit_mixed_logit({})
    with pytest.raises(ProblemError, match=r"rng is 3: pass numpy.random.default_rng\(3\)"):
        fit_mixed_logit(situations(5, 2, 2, 2, np.random.default_rng(0)), rng=3)


def test_draws_of_the_wrong_shape_are_refused():
    data = situations(5, 2, 2, 2, np.random.default_rng(0))
    with pytest.raises(ProblemError, match=r"n_draws has shape \(5, 3\); expected \(5, n_draws, 2\)"):
        fit_mixed_logit(data, n_draws=np.zeros((5, 3)))
    with pytest.raises(ProblemError, match="n_draws is 0: use at least 1"):
        fit_mixed_logit(data, n_draws=0)


def test_an_attribute_that_decides_every_choice_has_no_finite_coefficient():
    rng = np.random.default_rng(0)
    offers = rng.normal(size=(40, 2, 1))
    data = ChoiceData(offers, offers[:, :, 0].argmax(axis=1), np.repeat(np.arange(10), 4))
    with pytest.raises(SolverError, match="no proper maximum"):
        fit_mixed_logit(data, "fixed")


def test_forecasts_for_other_attributes_are_refused():
    rng = np.random.default_rng(0)
    data = choices_of(situations(30, 4, 3, 2, rng), rng.normal(size=(30, 2)), rng)
    with pytest.raises(ProblemError, match=r"attributes has shape \(3, 3\); expected \(n_obs, n_options, 2\)"):
        fit_mixed_logit(data, "fixed").predict(np.zeros((3, 3)))
