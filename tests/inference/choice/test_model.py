"""How an agent chooses: closed forms, limits, extreme scales, and what is refused."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import log_softmax
from scipy.stats import chisquare

from contracts import ProblemError
from inference import AcceptReject, BestResponse, ChoiceModel, Logit, Tremble

STEPS = st.integers(-8, 8).map(lambda k: k / 4)
TABLES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=STEPS)
MODELS = [Logit(0.5), Logit(3.0), BestResponse(), Tremble(0.1), Tremble(0.3, Logit(1.0)), Tremble(0.0), Tremble(1.0)]
models = pytest.mark.parametrize("model", MODELS, ids=repr)
ROUNDING = 1e-12  # of log probabilities of order one


@dataclass(frozen=True)
class LuceRule(ChoiceModel):
    """A user's own model: probabilities proportional to positive utilities."""

    def log_likelihood(self, utility):
        utility = np.asarray(utility, dtype=np.float64)
        return np.log(utility / utility.sum(axis=-1, keepdims=True))


def with_out_of_reach(utility, rng):
    """Some options out of reach, never all."""
    taken = rng.random(utility.shape) < 0.3
    taken[..., 0] = False
    return np.where(taken, -np.inf, utility)


@models
@given(TABLES, st.integers(0, 2**32 - 1))
def test_probabilities_sum_to_one_and_what_is_out_of_reach_has_none(model, utility, seed):
    utility = with_out_of_reach(utility, np.random.default_rng(seed))
    probabilities = model.probabilities(utility)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1.0, atol=ROUNDING)
    assert (probabilities[utility == -np.inf] == 0).all()


@models
@given(TABLES, st.randoms(use_true_random=False))
def test_renaming_the_options_renames_the_probabilities(model, utility, random):
    order = list(range(utility.shape[-1]))
    random.shuffle(order)
    np.testing.assert_allclose(
        model.log_likelihood(utility[..., order]), model.log_likelihood(utility)[..., order], atol=ROUNDING
    )


@models
@given(TABLES, STEPS)
def test_only_differences_of_utility_matter(model, utility, shift):
    np.testing.assert_allclose(model.log_likelihood(utility + shift), model.log_likelihood(utility), atol=ROUNDING)


@models
@given(TABLES)
def test_a_better_option_is_at_least_as_likely(model, utility):
    probabilities = model.probabilities(utility)
    better = utility[..., :, np.newaxis] >= utility[..., np.newaxis, :]
    likelier = probabilities[..., :, np.newaxis] >= probabilities[..., np.newaxis, :] - ROUNDING
    assert likelier[better].all()


@given(TABLES)
def test_logit_is_a_softmax(utility):
    np.testing.assert_allclose(Logit(0.7).log_likelihood(utility), log_softmax(utility / 0.7, axis=-1), atol=ROUNDING)


def test_logit_of_two_options_is_logistic_in_the_gain():
    gain = np.linspace(-3, 3, 13)
    accepted = Logit(0.5).probabilities(np.column_stack([gain, np.zeros(13)]))[:, 0]
    np.testing.assert_allclose(accepted, 1 / (1 + np.exp(-gain / 0.5)), rtol=1e-14)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1.0, 1e9, 1e300])
def test_the_unit_of_money_does_not_matter(scale):
    utility = np.array([3.0, 1.0, -2.0])
    np.testing.assert_allclose(Logit(2.0 * scale).log_likelihood(scale * utility), Logit(2.0).log_likelihood(utility))


def test_logit_at_a_tiny_temperature_is_the_best_response():
    utility = np.array([[1e300, -1e300, 1e300], [1.0, 1.0 - 2**-53, 0.0]])
    for temperature in (5e-324, 1e-300, 1e-20):
        np.testing.assert_array_equal(Logit(temperature).probabilities(utility), BestResponse().probabilities(utility))
    spread = np.array([1.7e308, -1.7e308])
    np.testing.assert_allclose(Logit(1.7e308).log_likelihood(spread), log_softmax([1.0, -1.0]))


def test_an_unlikely_choice_keeps_its_log_probability_where_the_probability_underflows():
    assert Logit(1e-3).log_likelihood([0.0, 2.0])[0] == pytest.approx(-2000.0, rel=1e-15)
    assert Logit(1e-3).probabilities([0.0, 2.0])[0] == 0.0


def test_best_responses_tell_neighbouring_floats_apart():
    above = math.nextafter(1.0, 2.0)
    np.testing.assert_array_equal(BestResponse().probabilities([1.0, above, above]), [0.0, 0.5, 0.5])


def test_a_tremble_is_the_mixture_it_says():
    utility = np.array([0.3, 0.1, -np.inf, 0.0])
    mixture = 0.2 * np.array([1, 1, 0, 1]) / 3 + 0.8 * Logit(0.5).probabilities(utility)
    np.testing.assert_allclose(Tremble(0.2, Logit(0.5)).probabilities(utility), mixture, rtol=1e-14)


@models
def test_simulated_choices_have_the_probabilities_of_the_model(model):
    utility = np.array([0.5, 0.5, -np.inf, 0.0, -0.25])
    drawn = model.simulate(np.broadcast_to(utility, (40_000, 5)), rng=np.random.default_rng(1))
    expected = 40_000 * model.probabilities(utility)
    observed = np.bincount(drawn, minlength=5)
    possible = expected > 0
    assert (observed[~possible] == 0).all()
    assert chisquare(observed[possible], expected[possible]).pvalue > 1e-4


@models
def test_the_same_seed_gives_the_same_choices(model):
    utility = np.zeros((3, 7, 4))
    once, again = (model.simulate(utility, rng=np.random.default_rng(5)) for _ in range(2))
    assert once.shape == (3, 7)
    np.testing.assert_array_equal(once, again)


@given(st.floats(-5, 5), st.floats(0.01, 10))
def test_accepting_is_logistic_in_the_gain_over_the_outside_option(gain, temperature):
    model = AcceptReject(temperature)
    closed = -np.logaddexp(0.0, -gain / temperature)
    np.testing.assert_allclose(model.log_acceptance(gain), closed, atol=1e-10, rtol=1e-10)
    np.testing.assert_allclose(np.exp(model.log_likelihood([gain + 1.0, 1.0])).sum(), 1.0)


def test_the_indifferent_accept_and_nobody_accepts_what_is_out_of_reach():
    np.testing.assert_array_equal(AcceptReject().log_acceptance([0.0, -5e-324, -np.inf]), [0.0, -np.inf, -np.inf])


def test_a_model_of_ones_own_needs_one_method():
    np.testing.assert_allclose(LuceRule().probabilities([1.0, 3.0]), [0.25, 0.75])
    drawn = LuceRule().simulate(np.full((1000, 2), [1.0, 3.0]), rng=np.random.default_rng(0))
    assert abs(drawn.mean() - 0.75) < 4 * math.sqrt(0.75 * 0.25 / 1000)
    assert float(Tremble(0.5, LuceRule()).probabilities([1.0, 3.0])[0]) == pytest.approx(float(Fraction(3, 8)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Logit(0.0), "temperature is 0.0: use BestResponse()"),
        (lambda: Logit(-1.0), "temperature is -1.0: give a finite number, not negative"),
        (lambda: Logit(float("nan")), "temperature is nan"),
        (lambda: Logit(float("inf")), "temperature is inf"),
        (lambda: Logit("warm"), "temperature is 'warm': give one number"),
        (lambda: Tremble(1.5), "rate is 1.5: a tremble has a probability"),
        (lambda: Tremble(0.1, Logit), "base is the class Logit: use Logit(temperature)"),
        (lambda: AcceptReject(-0.5), "temperature is -0.5"),
        (lambda: AcceptReject().log_likelihood(np.zeros((2, 3))), "AcceptReject is asked about 3 options"),
        (lambda: Logit(1.0).log_likelihood([[0.0, 1.0], [0.0, np.nan]]), r"utility[1, 1] is nan"),
        (lambda: Logit(1.0).log_likelihood([0.0, np.inf]), r"utility[1] is inf"),
        (lambda: BestResponse().log_likelihood([[0.0, 1.0], [-np.inf, -np.inf]]), "utility[1] is -inf for every"),
        (lambda: BestResponse().log_likelihood(1.0), "utility has shape (); expected (..., n_options)"),
        (lambda: BestResponse().log_likelihood(["a"]), "utility is not an array of numbers"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(make, words):
    with pytest.raises(ProblemError) as caught:
        make()
    assert words in str(caught.value)
