"""The delta method against closed forms, tables to the digits that errors support, and functions that make no sense."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from contracts.errors import ProblemError
from inference import Estimates
from inference.logit.estimates import delta_method

ROOT = np.random.default_rng(0).normal(size=(6, 6)) / 10
FOUND = Estimates(("low", "high"), ("a", "b", "c"), np.array([[1.0, -2.0, 0.5], [3.0, 0.25, 1e-6]]), ROOT @ ROOT.T)


def test_linear_functions_are_exact_with_covariances_between_types():
    matrix = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 4.0]])
    both = np.kron(np.eye(2), matrix)
    for jacobian in (None, lambda b: matrix):
        new = delta_method(FOUND, lambda b: matrix @ b, ("x", "y"), jacobian)
        assert_allclose(new.values, FOUND.values @ matrix.T)
        assert_allclose(new.covariance, both @ FOUND.covariance @ both.T, rtol=1e-9, atol=1e-12)


def test_nonlinear_functions_follow_their_derivatives():
    new = delta_method(FOUND, lambda b: [b[0] ** 2 * np.exp(b[1])])
    for k, (a, b, _) in enumerate(FOUND.values):
        slope = np.array([2 * a * np.exp(b), a**2 * np.exp(b), 0.0])
        block = FOUND.covariance[3 * k : 3 * k + 3, 3 * k : 3 * k + 3]
        assert new.standard_errors[k, 0] == pytest.approx(np.sqrt(slope @ block @ slope), rel=1e-8)
    assert new.names == ("0",)


def test_intervals_are_normal_quantiles_around_the_estimate():
    for level in (0.5, 0.9, 0.99):
        lower, upper = np.moveaxis(FOUND.interval(level), -1, 0)
        assert_allclose((lower + upper) / 2, FOUND.values, atol=1e-15)
        inside = norm.cdf((upper - FOUND.values) / FOUND.standard_errors)
        assert_allclose(2 * inside - 1, level)
    with pytest.raises(ProblemError, match="level is 95: give a share between 0 and 1"):
        FOUND.interval(95)


def test_a_table_shows_two_digits_of_the_smallest_error_of_a_column():
    found = Estimates(
        ("1", "2"), ("tiny", "large"), np.array([[1e-3, 12345.6], [2e-3, -1.0]]), np.diag([1e-9, 4e4, 1e-8, 9e4])
    )
    lines = [line.split() for line in repr(found).splitlines()]
    assert lines[1] == ["1", "0.001000", "12346"]
    assert lines[2] == ["(0.000032)", "(200)"]
    assert lines[4] == ["(0.000100)", "(300)"]


def test_frames_have_a_row_per_type_and_parameter():
    frame = FOUND.to_frame()
    assert frame.loc[("high", "b"), "estimate"] == 0.25
    assert_allclose(frame["standard_error"], FOUND.standard_errors.ravel())


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        (lambda b: [np.log(b[1])], {}, "function at type low"),
        (lambda b: b[0], {}, r"function returned shape \(\); expected a vector"),
        (lambda b: b[: 1 + int(b[0] > 2)], {}, "equally long for every type"),
        (lambda b: b, {"names": ["x"]}, r"names are \('x',\); expected 3"),
        (lambda b: b, {"jacobian": lambda b: np.eye(2)}, r"jacobian returned shape \(2, 2\); expected \(3, 3\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_functions_that_make_no_sense_are_refused(function, options, message):
    with pytest.raises(ProblemError, match=message):
        delta_method(FOUND, function, **options)
