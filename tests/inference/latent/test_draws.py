"""Latent types, Bayesian: quadrature, calibration, agreement with EM on published data, names of types."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit, rel_entr
from scipy.stats import chisquare, norm

from contracts import Quadratic, solve_menu
from contracts.errors import ProblemError
from inference import ChoiceData, fit_latent_types, sample_latent_types
from inference.latent.draws import names_like
from inference.logit.simulated import simulate_choices
from inference.types.draws import arviz
from tests.inference.types.test_published_types import DATA, dropped


def population(weights, coefficients, n_people, n_rounds, rng, names=None):
    """Choices between two options of normal attributes."""
    offers = rng.normal(size=(n_people * n_rounds, 2, len(coefficients[0])))
    people = np.repeat(np.arange(n_people), n_rounds)
    return simulate_choices(weights, coefficients, offers, people, rng=rng, names=names)


def social_preferences():
    """Bruhin, Fehr & Schunk (2019), session 1: 160 people, payoffs and inequalities as attributes."""
    if not DATA.exists():
        pytest.skip(f"needs the published choices in {DATA}")
    table = pd.read_parquet(DATA / "choices_session1.parquet")
    table = table[~table["sid"].isin(dropped())]

    def option(side):
        other_gets_more = table[f"other_{side}"] - table[f"self_{side}"]
        weights = [table[f"s_{side}"], table[f"r_{side}"], table["q"], table["v"]]
        return np.column_stack([table[f"self_{side}"], *(weight * other_gets_more for weight in weights)])

    attributes = np.stack([option("x"), option("y")], axis=1).astype(float)
    names = ("self", "behind", "ahead", "kind", "unkind")
    return ChoiceData(attributes, np.where(table["choice_x"] == 1, 0, 1), table["sid"].to_numpy(), names)


# ---- names ----


def test_the_new_names_are_the_closest_of_all():
    rng = np.random.default_rng(0)
    for n_types in (1, 2, 3, 4):
        for _ in range(20):
            posterior, pivot = rng.dirichlet(np.ones(n_types), size=(2, 15))
            divergence = {
                order: rel_entr(posterior[:, list(order)], pivot).sum()
                for order in itertools.permutations(range(n_types))
            }
            chosen = tuple(names_like(posterior, pivot).tolist())
            assert divergence[chosen] == pytest.approx(min(divergence.values()))


def test_types_that_hardly_differ_switch_names_and_are_named_again():
    """Without new names both types would have the same posterior; with them, draws follow the EM estimate."""
    rng = np.random.default_rng(1)
    data = population([0.5, 0.5], [[1.4], [0.2]], 30, 4, rng).data
    drawn = sample_latent_types(data, 2, rng=rng, n_draws=600, n_warmup=200)
    assert 0.02 < drawn.renamed < 0.98
    located = drawn.coefficients.mean(axis=(0, 1))[:, 0]
    assert abs(located[0] - located[1]) > 0.5


# ---- the posterior ----


def test_with_one_type_the_posterior_is_that_of_quadrature():
    rng = np.random.default_rng(2)
    data = population([1.0], [[0.8]], 10, 3, rng).data
    drawn = sample_latent_types(data, 1, rng=rng, n_draws=1500, n_warmup=100, spread=1.0)
    gap = data.attributes[:, 0, 0] - data.attributes[:, 1, 0]
    unit = np.sqrt(np.mean(gap**2))

    def moment(power):
        def integrand(b):
            return b**power * expit(np.where(data.choice == 0, 1, -1) * gap * b).prod() * norm.pdf(b * unit)

        return quad(integrand, -6, 6)[0]

    mean = moment(1) / moment(0)
    sd = np.sqrt(moment(2) / moment(0) - mean**2)
    assert drawn.coefficients.mean() == pytest.approx(mean, abs=0.08 * sd)
    assert drawn.coefficients.std() == pytest.approx(sd, rel=0.06)
    assert (drawn.weights == 1).all()


def test_types_people_and_shares_are_recovered():
    rng = np.random.default_rng(3)
    truth = np.array([[2.0, -1.0], [-0.5, -1.5], [0.5, 1.0]])
    simulated = population([0.5, 0.3, 0.2], truth, 120, 15, rng)
    drawn = sample_latent_types(simulated.data, 3, rng=rng, n_draws=250, n_warmup=150)
    off = (drawn.coefficients.mean(axis=(0, 1)) - truth) / drawn.coefficients.std(axis=(0, 1))
    assert np.abs(off).max() < 4
    assert np.abs((drawn.weights.mean(axis=(0, 1)) - [0.5, 0.3, 0.2]) / drawn.weights.std(axis=(0, 1))).max() < 4
    assert (drawn.probabilities.argmax(axis=1) == simulated.type_of_person).mean() > 0.9
    np.testing.assert_allclose(drawn.probabilities.sum(axis=1), 1.0)
    assert drawn.diagnostics["r_hat"].max() < 1.03
    assert drawn.diagnostics["effective"].min() > 100


def test_the_same_seed_gives_the_same_draws():
    data = population([0.6, 0.4], [[1.5], [-1.0]], 20, 5, np.random.default_rng(4)).data

    def run(seed):
        return sample_latent_types(data, 2, rng=np.random.default_rng(seed), n_draws=20, n_warmup=20)

    assert run(0).coefficients.tobytes() == run(0).coefficients.tobytes()
    assert run(0).coefficients.tobytes() != run(1).coefficients.tobytes()


@pytest.mark.slow
def test_ranks_of_the_truth_are_uniform_for_what_does_not_depend_on_names():
    """Simulation-based calibration: shares and coefficients from the prior, 9 spaced draws, ranks 0 to 9."""
    ranks = []
    spread = 1.5
    for seed in range(50):
        rng = np.random.default_rng(seed)
        offers = rng.normal(size=(75, 2, 1))
        unit = np.sqrt(np.mean((offers[:, 0] - offers[:, 1]) ** 2))
        weights, tastes = rng.dirichlet([2.0, 2.0]), rng.normal(size=(2, 1)) * spread / unit
        data = simulate_choices(weights, tastes, offers, np.repeat(np.arange(15), 5), rng=rng).data
        drawn = sample_latent_types(
            data, 2, rng=rng, n_draws=144, n_warmup=50, n_chains=1, concentration=2.0, spread=spread, n_starts=1
        )
        spaced = slice(15, None, 16)
        shares, coefficients = drawn.weights[0, spaced], drawn.coefficients[0, spaced, :, 0]
        own = tastes[:, 0]
        pairs = [
            ((shares * coefficients).sum(axis=1), weights @ own),
            (coefficients.max(axis=1), own.max()),
            (shares.max(axis=1), weights.max()),
            (np.abs(coefficients[:, 0] - coefficients[:, 1]), abs(own[0] - own[1])),
        ]
        assert len(shares) == 9
        ranks.append([(part < truth).sum() for part, truth in pairs])
    for quantity in np.transpose(ranks):
        assert chisquare(np.bincount(quantity, minlength=10)).pvalue > 0.005


@pytest.mark.slow
def test_the_posterior_of_social_preferences_is_centred_on_the_published_types():
    """Within half a posterior standard deviation of EM everywhere; ratios to 'self' are Table 2 to 0.005."""
    data = social_preferences()
    em = fit_latent_types(data, 3, rng=np.random.default_rng(0), n_starts=20)
    drawn = sample_latent_types(data, 3, rng=np.random.default_rng(0))
    assert drawn.diagnostics["r_hat"].max() < 1.02
    assert drawn.diagnostics["effective"].min() > 300
    center, sd = drawn.coefficients.mean(axis=(0, 1)), drawn.coefficients.std(axis=(0, 1))
    assert np.abs((em.coefficients - center) / sd).max() < 0.5
    assert np.abs((em.weights - drawn.weights.mean(axis=(0, 1))) / drawn.weights.std(axis=(0, 1))).max() < 0.5
    published = [[0.065, 0.130, -0.001, -0.027], [0.159, 0.463, 0.151, -0.054], [-0.435, -0.145, 0.171, -0.075]]
    np.testing.assert_allclose(center[:, 1:] / center[:, :1], published, atol=0.005)
    assert np.abs(drawn.probabilities - em.probabilities).max() < 0.2


# ---- what follows ----


def test_possible_populations_become_menus():
    rng = np.random.default_rng(5)
    truth = [[-1.0, 3.0], [-1.0, 0.5]]
    data = population([0.75, 0.25], truth, 80, 20, rng, names=["price", "quality"]).data
    drawn = sample_latent_types(data, 2, rng=rng, n_draws=50, n_warmup=100)
    problem = drawn.screening_problem(price="price", cost=Quadratic())
    worth = drawn.willingness_to_pay("price")[..., 0]
    np.testing.assert_allclose(problem.valuations[:, 0], worth.mean(axis=(0, 1)))
    assert np.abs((worth.mean(axis=(0, 1)) - [3.0, 0.5]) / worth.std(axis=(0, 1))).max() < 4
    np.testing.assert_allclose(problem.weights, drawn.weights.mean(axis=(0, 1)))
    values = [
        solve_menu(drawn.screening_problem(price="price", cost=Quadratic(), draw=k)).value for k in range(0, 200, 20)
    ]
    assert min(values) < solve_menu(problem).value < max(values)
    with pytest.raises(ProblemError, match="draw is 200: there are draws 0 to 199"):
        drawn.screening_problem(price="price", draw=200)
    with pytest.raises(ProblemError, match="'colour' is no attribute: use 'price', 'quality'"):
        drawn.screening_problem(price="colour")
    with pytest.raises(ProblemError, match=r"in 100\.0% of the draws type \d does not mind paying 'quality'"):
        drawn.screening_problem(price="quality")


def test_tables_frames_and_arviz_hold_the_same_numbers():
    rng = np.random.default_rng(6)
    data = population([0.6, 0.4], [[1.5], [-1.0]], 40, 8, rng, names=["speed"]).data
    steps = []
    drawn = sample_latent_types(data, 2, rng=rng, n_draws=30, n_warmup=50, progress=steps.append)
    assert steps[-1] == "sweep 80 of 80"
    frame = drawn.to_frame()
    assert frame.loc[(1, "speed"), "estimate"] == pytest.approx(drawn.coefficients[:, :, 1, 0].mean())
    assert frame.loc[(0, "weight"), "low"] < drawn.weights[..., 0].mean() < frame.loc[(0, "weight"), "high"]
    exported = drawn.to_arviz().posterior
    np.testing.assert_array_equal(
        exported["coefficient"].sel(type=1, attribute="speed"), drawn.coefficients[:, :, 1, 0]
    )
    ess = arviz().ess(drawn.to_arviz())["weight"].values
    np.testing.assert_allclose(ess, drawn.diagnostics["effective"][:, 0])
    assert f"{drawn.coefficients[:, :, 0, 0].mean():.4g}" in repr(drawn).splitlines()[2]


def test_wrong_arguments_are_refused_by_name():
    rng = np.random.default_rng(0)
    data = population([1.0], [[1.0]], 5, 3, rng).data
    with pytest.raises(ProblemError, match="data is dict: make ChoiceData of it"):
        sample_latent_types({}, 2, rng=rng)
    with pytest.raises(ProblemError, match=r"rng is 3: pass numpy.random.default_rng\(3\)"):
        sample_latent_types(data, 2, rng=3)
    with pytest.raises(ProblemError, match="n_types is 0: use at least 1"):
        sample_latent_types(data, 0, rng=rng)
    with pytest.raises(ProblemError, match="n_types is 6: there are only 5 people"):
        sample_latent_types(data, 6, rng=rng)
    with pytest.raises(ProblemError, match=r"concentration and spread are -1\.0 and 10\.0: both must be positive"):
        sample_latent_types(data, 2, rng=rng, concentration=-1.0)


def test_draws_say_that_chains_have_not_met_and_what_the_prior_alone_bounds():
    rng = np.random.default_rng(1)
    offers = rng.normal(size=(80, 2, 2))
    data = ChoiceData(offers, offers[:, :, 0].argmax(axis=1), np.repeat(np.arange(20), 4), ["speed", "colour"])
    drawn = sample_latent_types(data, 2, rng=np.random.default_rng(0), n_draws=20, n_warmup=20, n_starts=2)
    assert "every choice is predicted by 'speed': the prior alone" in str(drawn)
    assert "the chains have not met" in str(drawn)
