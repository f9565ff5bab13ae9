"""Responders of the ultimatum game: recovery of known populations, and the recorded people of the study."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from contracts.errors import ProblemError
from inference.splits.answers import answers_of
from inference.splits.climb import _Climber, log_likelihood
from inference.splits.crowd import Frame, Window, kinds_of, lattice, lists_of, scores, value_and_gradient
from inference.splits.fit import fit_responders
from inference.splits.held_out import compare_responders
from inference.splits.preferences import FehrSchmidt, acceptance_probability

mpl.use("Agg")

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "ultimatum" / "responders.csv"
OFFERS = np.linspace(0.05, 0.5, 10)


def population(rng, n_people, *, envy, spread, temperature, n_each=2):
    """Answers of people whose log envy is normal and whose temperature is common."""
    own = np.exp(np.log(envy) + spread * rng.normal(size=n_people))
    person = np.repeat(np.arange(n_people), 10 * n_each)
    offer = np.tile(OFFERS, n_people * n_each)
    chance = acceptance_probability(FehrSchmidt(own[person], 0.0), offer, temperature=temperature)
    return own, person, offer, rng.random(len(person)) < chance


def answered(rng, logs, person, offer):
    """Answers of people with these logs of envy and temperature, (n_people, 2), whose guilt is 0.4."""
    envy, temperature = np.exp(logs[person]).T
    return rng.random(len(person)) < expit(FehrSchmidt(envy, 0.4).utility(offer, 1 - offer) / temperature)


@pytest.fixture(scope="module")
def recorded():
    if not RECORDED.exists():
        pytest.skip("../shared/data/ultimatum/responders.csv is not here: the recorded responders are not fitted")
    table = pd.read_csv(RECORDED)
    return table["subject"].to_numpy(), 1 - table["proposer_share"].to_numpy(), 1 - table["rejected"].to_numpy()


@pytest.fixture(scope="module")
def fitted(recorded):
    return fit_responders(answers_of(*recorded), 2, rng=np.random.default_rng(0))


# ---- recovery ----


def test_a_known_population_is_recovered():
    rng = np.random.default_rng(2)
    own, person, offer, accepted = population(rng, 600, envy=0.5, spread=0.8, temperature=0.06)
    fit = fit_responders(answers_of(person, offer, accepted))
    assert np.exp(fit.means[0, 0]) == pytest.approx(0.5, rel=0.1)
    assert np.sqrt(fit.covariances[0, 0, 0]) == pytest.approx(0.8, rel=0.12)
    assert np.exp(fit.means[0, 1]) == pytest.approx(0.06, rel=0.1)
    threshold = own / (1 + 2 * own)
    error = fit.minimal_acceptable_offer - threshold
    assert np.sqrt((error**2).mean()) < 0.35 * threshold.std()
    assert abs(error.mean()) < 0.01


def test_two_kinds_are_told_apart():
    rng = np.random.default_rng(3)
    _, person, offer, calm = population(rng, 300, envy=0.05, spread=0.3, temperature=0.03)
    _, _, _, proud = population(rng, 200, envy=1.5, spread=0.3, temperature=0.08)
    accepted = np.concatenate([calm, proud])
    both = np.concatenate([person, person[: 200 * 20] + 300]), np.concatenate([offer, offer[: 200 * 20]])
    fit = fit_responders(answers_of(*both, accepted), 2, rng=rng)
    np.testing.assert_allclose(fit.weights, [0.6, 0.4], atol=0.03)
    np.testing.assert_allclose(np.exp(fit.means[:, 0]), [0.05, 1.5], rtol=0.25)
    np.testing.assert_allclose(np.exp(fit.means[:, 1]), [0.03, 0.08], rtol=0.25)
    assert fit.bic < fit_responders(answers_of(*both, accepted)).bic


def test_everybody_alike_gives_a_curve_that_is_the_logit():
    rng = np.random.default_rng(4)
    _, person, offer, accepted = population(rng, 400, envy=0.4, spread=0.0, temperature=0.1)
    fit = fit_responders(answers_of(person, offer, accepted))
    exact = 1 - expit((OFFERS - 0.4 * (1 - 2 * OFFERS)) / 0.1)
    np.testing.assert_allclose(fit.rejection_curve(OFFERS).mean, exact, atol=0.02)


@pytest.mark.slow
def test_bands_cover_the_true_curve():
    envy, temperature = np.exp(np.log(0.5) + 0.8 * np.random.default_rng(0).normal(size=40_000)), 0.06
    truth = [expit(-(s - envy * (1 - 2 * s)) / temperature).mean() for s in OFFERS]
    hits = []
    for seed in range(60):
        _, person, offer, accepted = population(
            np.random.default_rng(seed), 150, envy=0.5, spread=0.8, temperature=temperature
        )
        band = fit_responders(answers_of(person, offer, accepted)).rejection_curve(OFFERS, 0.9)
        hits.append((band.lower <= truth) & (truth <= band.upper))
    assert np.mean(hits) == pytest.approx(0.9, abs=0.06)  # 60 samples: standard error of one offer's rate 0.039


def test_what_somebody_answered_moves_the_belief_about_that_person():
    answers = answers_of([1] * 6 + [2] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.5] * 2, [0, 0, 0, 1, 1, 1] + [1] * 6)
    fit = fit_responders(answers)
    assert fit.envy[0] > 3 * fit.envy[1]
    assert 0.25 < fit.minimal_acceptable_offer[0] < 0.45
    np.testing.assert_allclose(fit.posterior.sum(axis=1), 1.0)


def test_equally_common_types_are_quantiles_of_the_population():
    rng = np.random.default_rng(6)
    own, person, offer, accepted = population(rng, 800, envy=0.5, spread=0.8, temperature=0.05)
    types, weights = fit_responders(answers_of(person, offer, accepted)).types(4)
    np.testing.assert_allclose(types.envy, np.quantile(own, [0.125, 0.375, 0.625, 0.875]), rtol=0.25)
    assert weights.tolist() == [0.25] * 4


def test_people_and_the_order_of_answers_may_be_relabelled():
    rng = np.random.default_rng(7)
    _, person, offer, accepted = population(rng, 60, envy=0.5, spread=0.8, temperature=0.06)
    order = rng.permutation(len(person))
    names = np.array([f"person {k:03d}" for k in range(60)])
    fit = fit_responders(answers_of(person, offer, accepted))
    again = fit_responders(answers_of(names[person][order], offer[order], accepted[order]))
    np.testing.assert_allclose(fit.envy, again.envy, rtol=1e-9)


# ---- no bound is an estimate ----


def pooled(answers):
    """Everybody alike, by a general optimiser that shares no code: log likelihood of (1, -envy) / temperature."""
    design = np.column_stack([answers.offers, 1 - 2 * answers.offers])
    yes, no = answers.accepted.sum(axis=0), answers.rejected.sum(axis=0)

    def loss(logs):
        odds = design @ np.array([1.0, -np.exp(logs[0])]) / np.exp(logs[1])
        return -(yes @ log_expit(odds) + no @ log_expit(-odds))

    return min((minimize(loss, start, method="Nelder-Mead") for start in ([-1, -3], [0, -2])), key=lambda end: end.fun)


@pytest.mark.parametrize("n_people", [1, 12, 30, 200])
def test_people_who_do_not_differ_are_the_pooled_model(n_people):
    """With a spread of at least 0.2 the fit was worse than the model that it contains."""
    rng = np.random.default_rng(n_people)
    _, person, offer, accepted = population(rng, n_people, envy=0.4, spread=0.0, temperature=0.1)
    answers = answers_of(person, offer, accepted)
    fit, alike = fit_responders(answers), pooled(answers)
    assert -alike.fun - 0.02 < fit.log_likelihood < -alike.fun + 6.0
    if not np.sqrt(np.trace(fit.covariances[0])) > 0.02:
        assert fit.at_bound == ("sd is at its bound 0: people are alike, up to the noise of a choice",)
        assert fit.at_bound[0] in str(fit)
        np.testing.assert_allclose(fit.means[0], alike.x, atol=0.02)
        assert fit.log_likelihood == pytest.approx(-alike.fun, abs=0.01)


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 25), st.floats(0.0, 1.2), st.floats(0.02, 0.3))
def test_no_population_fits_worse_than_everybody_alike(seed, n_people, spread, temperature):
    rng = np.random.default_rng(seed)
    _, person, offer, accepted = population(rng, n_people, envy=0.4, spread=spread, temperature=temperature, n_each=1)
    answers = answers_of(person, offer, accepted)
    fit = fit_responders(answers)
    assert fit.log_likelihood > -pooled(answers).fun - 0.03 - fit.quadrature_error
    assert fit_responders(answers, 2, start=fit).log_likelihood > fit.log_likelihood - 0.03 - fit.quadrature_error


def test_the_likelihood_is_that_of_another_quadrature():
    """Person by person, by a product of Gauss-Hermite rules with 150 nodes each."""
    rng = np.random.default_rng(11)
    _, person, offer, accepted = population(rng, 20, envy=0.4, spread=0.9, temperature=0.1, n_each=1)
    answers = answers_of(person, offer, accepted)
    at = np.array([-1.0, -2.2, 0.9, 0.2, 0.4])
    node, weight = np.polynomial.hermite_e.hermegauss(150)
    z = np.stack(np.meshgrid(node, node), axis=-1).reshape(-1, 2)
    mass = np.outer(weight, weight).ravel() / (2 * np.pi)
    envy, temperature = np.exp(at[:2] + z @ np.array([[0.9, 0.0], [0.2, 0.4]]).T).T
    odds = (answers.offers - envy[:, None] * (1 - 2 * answers.offers)) / temperature[:, None]
    own = answers.accepted @ log_expit(odds).T + answers.rejected @ log_expit(-odds).T
    exact = np.log(np.exp(own) @ mass).sum()
    lists = lists_of(answers)
    found = [log_likelihood(at, 1, lists, finer) for finer in (1.0, 3.0)]
    np.testing.assert_allclose(found, exact, atol=0.005)


def test_the_gradient_is_that_of_the_value():
    rng = np.random.default_rng(12)
    person, offer = np.repeat(np.arange(10), 8), np.tile(np.linspace(0.1, 0.8, 8), 10)
    lists = lists_of(answers_of(person, offer, rng.random(80) < 0.6))
    at = np.array([-1.2, -2.5, 0.8, 0.3, 0.5, 0.4, -0.5, -3.0, 0.2, -0.1, 0.0, 0.9, 0.3])
    kinds, _ = kinds_of(at, 2, lists)
    frame = Frame([lattice(kind.root) for kind in kinds], np.zeros(len(lists.n_people)))
    value, gradient = value_and_gradient(at, lists, frame)
    np.testing.assert_allclose(scores(at, lists, frame).T @ lists.n_people, gradient, atol=1e-9)
    compared_with_differences(at, lists, frame, value, gradient)


def compared_with_differences(at, lists, frame, value, gradient):
    steps = 1e-6 * np.eye(len(at))
    ups, downs = ([value_and_gradient(at + sign * step, lists, frame)[0] for step in steps] for sign in (1, -1))
    np.testing.assert_allclose((np.array(ups) - downs) / 2e-6, gradient, atol=1e-5 * abs(value))


@pytest.mark.parametrize("highest", [0.5, 0.8])
def test_points_that_stay_have_the_value_of_points_that_move_and_its_gradient(highest):
    rng = np.random.default_rng(15)
    person, offer = np.repeat(np.arange(30), 16), np.tile(np.linspace(0.05, highest, 8), 60)
    lists = lists_of(
        answers_of(person, offer, answered(rng, rng.normal([-1.0, -3.5], [0.8, 1.0], (30, 2)), person, offer))
    )
    own = [-1.0, -3.2, 0.7, 0.4, 0.8], [-3.0, -6.0, 1.5, -1.0, 1.6]  # the second's answers are steps in envy
    at = np.array([*own[0], *[0.6] * lists.has_ahead, *own[1], *[0.5] * lists.has_ahead, -0.3])
    frame = _Climber(lists, 2).frame(at)
    assert all(isinstance(part, Window) for part in frame.parts)
    value, gradient = value_and_gradient(at, lists, frame)
    assert value == pytest.approx(log_likelihood(at, 2, lists, 6.0), abs=0.005)
    np.testing.assert_allclose(scores(at, lists, frame).T @ lists.n_people, gradient, atol=1e-9)
    compared_with_differences(at, lists, frame, value, gradient)


def test_every_search_ends_at_the_same_maximum():
    """The likelihood of people with small errors is a step in envy: on points that move, climbs end .03 to 2 apart."""
    rng = np.random.default_rng(16)
    own = np.where(rng.random((150, 1)) < 0.5, rng.normal([-1, -3.2], [0.7, 0.8], (150, 2)), 0.0)
    own = np.where(own == 0, rng.normal([-3.5, -6.5], [2.5, 2.5], (150, 2)), own)
    person, offer = np.repeat(np.arange(150), 20), np.tile(OFFERS, 300)
    answers = answers_of(person, offer, answered(rng, own, person, offer))
    first, second = (fit_responders(answers, 2, rng=np.random.default_rng(seed)) for seed in range(2))
    assert first.log_likelihood == pytest.approx(second.log_likelihood, abs=0.01)
    np.testing.assert_allclose(first.weights, second.weights, atol=0.02)


def test_what_answers_do_not_bound_is_said():
    accepts_everything = fit_responders(answers_of([1, 1, 2, 2], [0.1, 0.4, 0.1, 0.4], [1, 1, 1, 1]))
    shown = f"{np.exp(accepts_everything.means[0, 0]):.3g}"
    assert any(
        f"median envy is open downwards: 0 fits as well as {shown}" in said for said in accepts_everything.at_bound
    )
    assert all(said in str(accepts_everything) for said in accepts_everything.at_bound)


# ---- offers above one half ----


def test_guilt_is_recovered_from_offers_above_one_half():
    rng = np.random.default_rng(13)
    own = np.exp(np.log(0.4) + 0.5 * rng.normal(size=150))
    offers = np.linspace(0.1, 1.0, 10)
    person, offer = np.repeat(np.arange(150), 10), np.tile(offers, 150)
    chance = acceptance_probability(FehrSchmidt(own[person], 1.6), offer, temperature=0.1)
    fit = fit_responders(answers_of(person, offer, rng.random(1500) < chance))
    assert fit.guilt[0] == pytest.approx(1.6, abs=0.1)
    assert np.exp(fit.means[0, 0]) == pytest.approx(0.4, rel=0.2)
    observed = 1 - fit.answers.accepted.mean(axis=0)
    np.testing.assert_allclose(fit.rejection_curve(offers).mean, observed, atol=0.08)
    assert "guilt" in str(fit)
    assert fit.types(3)[0].guilt == pytest.approx(fit.guilt[0])


def test_guilt_of_nothing_is_said_and_none_where_nobody_was_asked():
    rng = np.random.default_rng(14)
    person, offer = np.repeat(np.arange(40), 8), np.tile(np.linspace(0.1, 0.8, 8), 40)
    accepted = rng.random(320) < acceptance_probability(FehrSchmidt(0.4, -1.0), offer, temperature=0.1)
    fit = fit_responders(answers_of(person, offer, accepted))
    assert any("guilt is open downwards: 0 fits as well as" in said for said in fit.at_bound)
    below = offer <= 0.5
    assert np.isnan(fit_responders(answers_of(person[below], offer[below], accepted[below])).guilt).all()


def test_a_guilt_that_answers_only_limit_from_above_is_no_estimate():
    """With few answers no guilt fits as well as the one printed, which is then no estimate and is said to be none."""
    rng = np.random.default_rng(5)
    person, offer = np.repeat(np.arange(30), 6), np.tile([0.1, 0.2, 0.3, 0.4, 0.6, 0.8], 30)
    accepted = rng.random(180) < acceptance_probability(FehrSchmidt(0.6, 0.2), offer, temperature=0.05)
    fit = fit_responders(answers_of(person, offer, accepted))
    assert any(
        f"guilt is open downwards: 0 fits as well as {fit.guilt[0]:.3g}, the likelihood is flat" in said
        for said in fit.at_bound
    )
    assert np.isnan(fit.summary().standard_errors[-1])


# ---- the recorded people ----


def test_the_rejection_curve_of_the_study_is_reproduced(recorded, fitted):
    """Rejection rises from about 1% at an equal split to about 70% when the proposer keeps 95%."""
    answers = answers_of(*recorded)
    band = fitted.rejection_curve(answers.offers)
    observed = answers.rejected.mean(axis=0) / 2
    assert observed[-1] == pytest.approx(0.010)
    assert observed[0] == pytest.approx(0.723)
    np.testing.assert_allclose(band.mean, observed, atol=0.035)
    assert np.all(np.diff(band.mean) < 0)
    assert (band.lower <= band.mean).all()
    assert (band.mean <= band.upper).all()
    assert np.all(band.most - band.least > band.upper - band.lower)  # people differ more than the mean is uncertain


def test_half_of_the_people_follow_no_common_norm(fitted):
    assert len(fitted.answers.people) == 500
    np.testing.assert_allclose(fitted.weights, [0.53, 0.47], atol=0.07)  # the likelihood has a ridge here
    assert np.exp(fitted.means[0, 0]) == pytest.approx(0.40, abs=0.03)
    assert np.exp(fitted.means[1, 0]) == pytest.approx(0.031, abs=0.01)
    assert fitted.log_likelihood == pytest.approx(-2288.250, abs=0.002)  # a spread of at least 0.2 made it -2302
    assert fitted.quadrature_error < 0.5
    one = fit_responders(fitted.answers)
    assert one.log_likelihood == pytest.approx(-2330.3, abs=0.1)
    assert fitted.bic < one.bic - 30


def test_the_recorded_people_have_one_best_population(fitted):
    again = fit_responders(fitted.answers, 2, rng=np.random.default_rng(3))
    assert again.log_likelihood == pytest.approx(fitted.log_likelihood, abs=1e-4)
    np.testing.assert_allclose(again.parameters, fitted.parameters, atol=0.01)


def test_people_who_never_reject_come_out_with_the_lowest_thresholds(fitted):
    rejections = fitted.answers.rejected.sum(axis=1)
    accepting = fitted.minimal_acceptable_offer[rejections == 0]
    assert len(accepting) == 109
    assert accepting.max() < np.median(fitted.minimal_acceptable_offer)
    assert np.corrcoef(rejections, fitted.minimal_acceptable_offer)[0, 1] > 0.95


def test_the_held_out_models_know_only_what_they_saw():
    """With coin tosses for answers nothing can be learned: nobody beats the intercept, whose value is log 1/2."""
    rng = np.random.default_rng(5)
    person, offer = np.repeat(np.arange(150), 20), np.tile(np.repeat(OFFERS, 2), 150)
    found = compare_responders(person, offer, rng.random(3000) < 0.5, n_types=(1,), n_folds=4, rng=rng)
    per_answer = found.log_likelihood.sum(axis=1) / 3000
    assert per_answer[-1] == pytest.approx(-np.log(2), abs=0.002)
    assert per_answer.max() < -np.log(2) + 0.003
    with pytest.raises(ProblemError, match="model is 'intercept', did you mean 'intercept only'"):
        found.difference("pooled logit", "intercept")
    assert "intercept only" in str(found)


def test_the_picture_shows_what_was_observed(fitted):
    ax = fitted.plot()
    observed = ax.get_lines()[1]
    np.testing.assert_allclose(observed.get_ydata()[-1], 0.010)
    assert ax.get_ylabel() == "share of people who reject"
    assert fitted.to_frame().shape == (500, 3)
    assert "500 people, 10,000 answers, 2 kinds" in str(fitted)
    mpl.pyplot.close("all")


# ---- refusals ----


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: answers_of([1], [0.2, 0.3], [1]), "expected one entry each per answer"),
        (lambda: answers_of(["a", None], [0.2, 0.2], [1, 0]), r"person\[1\] is missing"),
        (lambda: answers_of(["a", float("nan")], [0.2, 0.2], [1, 0]), r"person\[1\] is missing"),
        (lambda: answers_of([1], [1.1], [1]), "an offer is 1.1: give the responder's share"),
        (
            lambda: fit_responders(answers_of([1], [0.2], [1])).rejection_curve([0.7]),
            "nobody was offered more than half",
        ),
        (lambda: answers_of([1], [-0.1], [1]), "an offer is -0.1"),
        (lambda: answers_of([1], [0.2], [2]), r"accepted\[0\] is 2: use True and False, or 1 and 0"),
        (lambda: fit_responders(answers_of([1], [0.2], [1]), 0), "n_types is 0"),
        (lambda: fit_responders(answers_of([1], [0.2], [1]), 2), "random starts: give rng"),
        (lambda: fit_responders(answers_of([1], [0.2], [1])).rejection_curve([0.1], 2.0), "level is 2.0"),
        (
            lambda: fit_responders(answers_of([1], [0.2], [1])).log_predictive(answers_of([2], [0.2], [1])),
            "the new answers are of other people",
        ),
        (
            lambda: compare_responders([1, 1], [0.1, 0.2], [1, 0], n_folds=3, rng=np.random.default_rng(0)),
            "person 1 answered 2 times",
        ),
        (lambda: compare_responders([1, 1], [0.1, 0.2], [1, 2], rng=np.random.default_rng(0)), r"accepted\[1\] is 2"),
        (lambda: compare_responders([1], [0.1], [1], n_folds=1, rng=np.random.default_rng(0)), "n_folds is 1"),
        (lambda: compare_responders([1, 1], [0.1, 0.2], [1, 0], n_folds=2, rng=7), "rng is 7"),
        (lambda: fit_responders(([1], [0.2], [1])), "answers is tuple: give answers_of"),
    ],
)
def test_bad_input_is_refused_with_what_and_where(call, message):
    with pytest.raises(ProblemError, match=message):
        call()
