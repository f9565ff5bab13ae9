"""Exact comparison against rationals: near-ties, subnormals, ties for the principal, Rochet's cycles."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import contracts as c
from contracts.exact import best as exact_best
from contracts.exact import line as exact_line
from contracts.exact import relevance
from contracts.exact.best import best_options, participation_slacks
from contracts.exact.rationals import ExactUtilities, as_integers, binary_places
from contracts.testing.parts import moved

TINY = float(np.finfo(np.float64).smallest_subnormal)
# Magnitudes up to 1e100: products and sums of three of them stay far from overflow.
NASTY = st.one_of(
    st.sampled_from(
        [0.0, -0.0, 1.0, -1.0, 0.1, 0.3, 1 / 3, TINY, -TINY, 1e-308, 2.0**-1040, 1e100, -1e100, 2.0**53 + 2]
    ),
    st.builds(moved, st.sampled_from([0.1, 1.0, 3.0, -2.5, 1e-9, 1e9]), st.integers(-3, 3)),
    st.floats(-1e100, 1e100),
)


@st.composite
def offers(draw, max_types=4, max_options=5, max_goods=3, elements=NASTY):
    n_types, n_options, n_goods = (draw(st.integers(1, most)) for most in (max_types, max_options, max_goods))
    valuations = np.array([[draw(elements) for _ in range(n_goods)] for _ in range(n_types)])
    allocations = np.array([[draw(elements) for _ in range(n_goods)] for _ in range(n_options)])
    transfers = np.array([draw(elements) for _ in range(n_options)])
    if n_options > 1 and draw(st.booleans()):  # two contracts a hair apart
        allocations[-1] = allocations[0]
        transfers[-1] = moved(transfers[0], draw(st.integers(-1, 1)))
    if draw(st.booleans()):  # a contract priced at exactly what it is worth, in floats, to somebody
        transfers[0] = float(valuations[0] @ allocations[0])
    return valuations, allocations, transfers


def utility(valuation, allocation, transfer) -> Fraction:
    """The definition, in rationals."""
    return sum(Fraction(a) * Fraction(x) for a, x in zip(valuation, allocation, strict=True)) - Fraction(transfer)


def utilities(valuations, allocations, transfers) -> list[list[Fraction]]:
    return [
        [utility(a, x, t) for x, t in zip(allocations.tolist(), transfers.tolist(), strict=True)]
        for a in valuations.tolist()
    ]


def by_number(_, options):
    """A principal who likes later options better."""
    return options.astype(float)


def check_against_rationals(offer, own=None):
    """best_options against the definition; returns the true table of utilities."""
    valuations, allocations, transfers = offer
    truth = utilities(*offer)
    best = best_options(valuations, allocations, transfers, by_number, own)
    for who, row in enumerate(truth):
        if own is None:
            assert best.option[who] == max(k for k, worth in enumerate(row) if worth == max(row))
        mine = best.option[who] if own is None else own[who]
        others = [worth for k, worth in enumerate(row) if k != mine]
        if not others:
            assert best.runner_up[who] == -1
            assert best.runner_up_gain[who] == -np.inf
            continue
        gain = max(others) - row[mine]
        assert np.sign(best.runner_up_gain[who]) == (gain > 0) - (gain < 0)
        size = sum(abs(Fraction(v)) for v in transfers.tolist()) + sum(
            abs(Fraction(a) * Fraction(x))
            for x in allocations.tolist()
            for a, x in zip(valuations[who], x, strict=True)
        )
        assert abs(Fraction(float(best.runner_up_gain[who])) - gain) <= Fraction(1e-14) * size + Fraction(TINY)
    return best, truth


@given(offers())
@example((np.array([[1.0]]), np.array([[0.1], [0.1]]), np.array([0.1, moved(0.1, 1)])))
def test_the_best_option_is_the_best_one_in_rationals_and_ties_go_to_the_principal(offer):
    check_against_rationals(offer)


@given(offers(), st.integers(0, 1000))
def test_gains_over_an_assigned_option_have_the_exact_sign(offer, seed):
    own = np.random.default_rng(seed).integers(0, len(offer[2]), len(offer[0]))
    check_against_rationals(offer, own)


@given(offers(max_types=6, max_options=6))
def test_pruning_by_cells_changes_no_answer(offer):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relevance, "ALL_PAIRS", 0)
        patch.setattr(relevance, "LEAF_TYPES", 1)
        patch.setattr(exact_best, "ALL_PAIRS", 10**9)
        check_against_rationals(offer)


@given(offers(max_types=6, max_options=6, max_goods=1))
@example((np.array([[1.0]]), np.arange(8.0)[:, np.newaxis], np.arange(8.0)))
def test_thresholds_on_a_line_give_the_exact_best_options_or_abstain(offer):
    valuations, allocations, transfers = offer
    best = exact_line.best_on_a_line(
        valuations[:, 0], allocations[:, 0], transfers, lambda _, options: transfers[options]
    )
    if best is None:
        return
    for who, row in enumerate(utilities(*offer)):
        assert row[best.option[who]] == max(row)
        assert transfers[best.option[who]] == max(transfers[k] for k, worth in enumerate(row) if worth == max(row))


@given(offers(max_types=5, max_options=5, max_goods=1), st.integers(0, 1000))
def test_thresholds_on_a_line_find_the_largest_gain_of_an_assignment(offer, seed):
    valuations, allocations, transfers = offer
    own = np.random.default_rng(seed).integers(0, len(transfers), len(valuations))
    best = exact_line.best_on_a_line(valuations[:, 0], allocations[:, 0], transfers, by_number, own)
    if best is None:
        return
    truth = utilities(*offer)
    gains = [max(row) - row[own[who]] for who, row in enumerate(truth)]
    assert max(gains) == 0  # whoever proves by thresholds proves that nobody is tempted


@given(st.lists(NASTY, min_size=1, max_size=6), st.integers(0, 5))
def test_integers_on_a_common_scale_are_the_floats(numbers, extra):
    values = np.array(numbers)
    places = binary_places(values) + extra
    assert [Fraction(int(k), 2**places) for k in as_integers(values, places)] == [Fraction(v) for v in numbers]


@given(offers())
def test_utilities_on_a_common_scale_are_the_rationals(offer):
    valuations, _, transfers = offer
    who, what = (grid.ravel() for grid in np.indices((len(valuations), len(transfers))))
    table = ExactUtilities(*offer)
    truth = utilities(*offer)
    assert [Fraction(int(k), 2**table.places) for k in table.at(who, what)] == [
        truth[i][m] for i, m in zip(who, what, strict=True)
    ]


def test_a_difference_too_small_for_a_float_keeps_its_sign():
    table = ExactUtilities(np.array([[TINY]]), np.array([[TINY]]), np.array([0.0]))
    assert table.as_float(1) == TINY
    assert table.as_float(-1) == -TINY
    assert table.as_float(0) == 0.0


@given(offers(max_options=1), st.lists(NASTY, min_size=4, max_size=4), st.booleans())
def test_participation_has_the_exact_sign(offer, outside, at_par):
    valuations, allocations, transfers = offer
    allocation = np.repeat(allocations, len(valuations), axis=0)
    transfer = np.repeat(transfers, len(valuations))
    reservation = np.array(outside[: len(valuations)])
    if at_par:
        reservation = np.einsum("ij,ij->i", valuations, allocation) - transfer
    slack = participation_slacks(valuations, allocation, transfer, reservation)
    for row in range(len(valuations)):
        truth = utility(valuations[row].tolist(), allocation[row].tolist(), transfer[row]) - Fraction(reservation[row])
        assert np.sign(slack[row]) == (truth > 0) - (truth < 0)


def test_one_ulp_decides():
    contracts = np.array([[0.0], [1.0]])
    for ulps, expected in ((-1, 1), (0, 1), (1, 0)):
        price = moved(0.3, ulps)
        best = best_options(np.array([[0.3]]), contracts, np.array([0.0, price]), by_number)
        assert best.option.tolist() == [expected]


# ---- implementability ----


def positive_cycles(valuations, allocation) -> list[Fraction]:
    """Gains of all cycles of types, by the definition: each envies the next one's allocation."""
    n_types = len(valuations)
    worth = [
        [sum(Fraction(a) * Fraction(x) for a, x in zip(v, q, strict=True)) for q in allocation.tolist()]
        for v in valuations.tolist()
    ]
    gains = []
    for size in range(2, n_types + 1):
        for cycle in permutations(range(n_types), size):
            if cycle[0] == min(cycle):
                pairs = zip(cycle, cycle[1:] + cycle[:1], strict=True)
                gains.append(sum(worth[i][j] - worth[j][j] for i, j in pairs))
    return [gain for gain in gains if gain > 0]


COARSE = st.one_of(st.integers(-2, 2).map(float), st.builds(moved, st.sampled_from([1.0, 0.1]), st.integers(-1, 1)))


@st.composite
def allocations_of_types(draw, elements):
    n_types, n_goods = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    valuations = np.array([[draw(elements) for _ in range(n_goods)] for _ in range(n_types)])
    if draw(st.booleans()):  # the gradient of a convex function: implementable, up to one moved float
        allocation = np.maximum(valuations, 0.0)
        allocation[0, 0] = moved(allocation[0, 0], draw(st.integers(-1, 1)))
    else:
        allocation = np.array([[draw(elements) for _ in range(n_goods)] for _ in range(n_types)])
    return valuations, allocation


@given(st.one_of(allocations_of_types(COARSE), allocations_of_types(NASTY)))
def test_an_allocation_is_implementable_iff_no_cycle_gains(case):
    valuations, allocation = case
    found = c.implementable(valuations, allocation)
    assert found.holds == (not positive_cycles(valuations, allocation))
    if found.holds:
        assert found.cycle == ()
        assert found.gain == 0.0
        return
    worth = utilities(valuations, allocation, np.zeros(len(allocation)))
    pairs = zip(found.cycle, found.cycle[1:] + found.cycle[:1], strict=True)
    gain = sum(worth[i][j] - worth[j][j] for i, j in pairs)
    assert gain > 0
    assert found.gain == float(gain)
    assert len(set(found.cycle)) == len(found.cycle)


def test_one_ulp_makes_an_allocation_implementable_or_not():
    valuations = np.array([[1.0], [2.0]])
    assert c.implementable(valuations, np.array([[0.1], [0.1]])).holds
    assert c.implementable(valuations, np.array([[0.1], [moved(0.1, 1)]])).holds
    falling = c.implementable(valuations, np.array([[0.1], [moved(0.1, -1)]]))
    assert falling.cycle == (0, 1)
    assert falling.gain == 0.1 - moved(0.1, -1)


@pytest.mark.parametrize(
    ("valuations", "allocation"),
    [
        ([[1.3, 3.5], [1.1, 0.9]], [[2.8, 2.5], [8.0, 2.1]]),
        ([[1.6, 1.8], [1.9, 3.8]], [[0.8, 2.0], [-7.199999999999999, 3.1999999999999993]]),
        ([[2.5, 1.4], [3.9, 2.4]], [[3.8, 0.1], [-0.20000000000000018, 5.699999999999999]]),
    ],
)
def test_a_cycle_that_floats_take_for_a_loss_is_still_found(valuations, allocation):
    """The gain is below the rounding of its edges: only pairs that floats call slack can show it."""
    valuations, allocation = np.array(valuations), np.array(allocation)
    pairs = [(valuations[i] - valuations[j], allocation[j]) for i, j in ((0, 1), (1, 0))]
    exact = sum(
        (Fraction(one) - Fraction(other)) * Fraction(amount)
        for i, j in ((0, 1), (1, 0))
        for one, other, amount in zip(valuations[i], valuations[j], allocation[j], strict=True)
    )
    assert sum(float(own @ amounts) for own, amounts in pairs) <= 0 < exact
    found = c.implementable(valuations, allocation)
    assert found.cycle == (0, 1)
    assert found.gain == float(exact)


@pytest.mark.parametrize(
    ("valuations", "allocation", "words"),
    [
        ([1.0, float("nan")], [1.0, 2.0], r"valuations\[1\] is nan"),
        ([1.0, 2.0], [1.0, float("inf")], r"allocation\[1\] is inf"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], r"valuations has shape \(2,\), allocation \(3,\)"),
        ([], [], r"both must be \(n_types, n_goods\)"),
    ],
)
def test_implementable_refuses_what_is_no_allocation(valuations, allocation, words):
    with pytest.raises(c.ProblemError, match=words):
        c.implementable(valuations, allocation)
