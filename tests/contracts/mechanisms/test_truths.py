"""What is known of mechanisms, from where, and what comes out."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest

import contracts
from contracts import InfeasibleMenuError, models, solve_mechanism
from contracts.testing import check_mechanism


class Auctioned(NamedTuple):
    """An auction and what it earns."""

    name: str
    values: list[list[float]]
    probabilities: list[list[float]] | None
    value: Fraction


AUCTIONS = [  # by hand: expected positive parts of the highest virtual value (Myerson 1981)
    Auctioned("two bidders, 1 or 2", [[1, 2], [1, 2]], None, Fraction(3, 2)),
    Auctioned("one bidder is a posted price", [[1, 2, 4]], [[0.5, 0.25, 0.25]], Fraction(1)),
    Auctioned("a value nobody would sell at", [[1, 10], [1, 10]], None, Fraction(15, 2)),
    Auctioned("asymmetric", [[1, 2], [2, 4]], None, Fraction(5, 2)),
    # v = 1, 2, 3 with chances .4, .1, .5: virtual values -.5, -3, 3; 1 and 2 are pooled at -1, so only 3 is sold to
    Auctioned("ironed and not served", [[1, 2, 3], [1, 2, 3]], [[0.4, 0.1, 0.5]] * 2, Fraction(9, 4)),
]


@pytest.mark.parametrize("case", AUCTIONS, ids=lambda case: case.name)
def test_auctions_earn_what_is_computed_by_hand(case):
    auction = models.myerson_auction(case.values, case.probabilities)
    assert auction.value == pytest.approx(float(case.value), abs=1e-15)
    assert auction.certificate.holds
    assert auction.certificate.gap <= 1e-15


@pytest.mark.parametrize("case", AUCTIONS, ids=lambda case: case.name)
@pytest.mark.parametrize("incentives", ["dominant", "bayesian"])
def test_the_whole_program_agrees_with_virtual_values(case, incentives):
    problem = contracts.AuctionProblem(case.values, case.probabilities)
    mechanism = solve_mechanism(problem.tabulated(incentives, "interim"))
    assert mechanism.value == pytest.approx(solve_mechanism(problem).value, abs=1e-15)


def test_two_by_two_trade_is_efficient_up_to_the_boundary_of_the_theorem():
    """With costs 0 < c and values 1 < v (1 < c < v), trade can be efficient iff 2 c <= 2 + v: rents against gains."""
    assert models.bilateral_trade([0, 3.5], None, [1, 5], None, "efficiency").welfare == 1.875
    with pytest.raises(InfeasibleMenuError) as caught:
        models.bilateral_trade([0, 3.75], None, [1, 5], None, "efficiency")
    assert "0.125 more" in str(caught.value)  # (2 c - 2 - v) / 4
    assert any("budget" in name for name in caught.value.conflict)
    assert "IR of seller '3.75'" in caught.value.conflict
    assert "IC of buyer '5' -> '1'" in caught.value.conflict


def test_myerson_and_satterthwaite_on_a_grid_of_the_unit_square():
    grid = (np.arange(10) + 0.5) / 10
    with pytest.raises(InfeasibleMenuError, match="more, in expectation, than there is"):
        models.bilateral_trade(grid, None, grid, None, "efficiency")
    with pytest.raises(InfeasibleMenuError):
        models.bilateral_trade(grid, None, grid, None, "efficiency", incentives="dominant", participation="ex post")


def test_who_need_not_take_part_once_types_are_known_can_trade_efficiently():
    """d'Aspremont & Gerard-Varet (1979): with participation before types are known, nothing is lost."""
    grid = (np.arange(6) + 0.5) / 6
    trade = models.bilateral_trade(grid, None, grid, None, "efficiency", participation="ex ante")
    gains = np.maximum(grid - grid[:, np.newaxis], 0).mean()
    assert trade.welfare == pytest.approx(gains, abs=1e-15)
    assert abs(trade.transfers.sum(axis=0)).max() <= 1e-15


def test_the_second_best_trades_where_the_gap_is_a_quarter_in_the_limit():
    """Myerson & Satterthwaite: 9/64 on the unit square; the broker earns 1/24 and trades from a gap of a half on."""
    n = 16
    grid = (np.arange(n) + 0.5) / n
    gains = models.bilateral_trade(grid, None, grid, None, "gains")
    broker = models.bilateral_trade(grid, None, grid, None, "broker")
    assert gains.value == pytest.approx(9 / 64, abs=0.01)
    assert broker.value == pytest.approx(1 / 24, abs=0.01)
    gap = grid[np.newaxis, :] - grid[:, np.newaxis]
    trades = gains.allocation[..., 1]
    assert (trades[gap > 0.25 + 2 / n] == 1).all()
    assert (trades[gap < 0.25 - 2 / n] == 0).all()


def test_equal_partners_part_efficiently_and_one_owner_cannot():
    """Cramton, Gibbons & Klemperer (1987)."""
    values = [[k / 6 for k in range(1, 7)]] * 2
    even = models.partnership(values, shares=[0.5, 0.5])
    assert even.certificate.holds
    assert even.certificate.is_exact
    with pytest.raises(InfeasibleMenuError):
        models.partnership(values, shares=[1.0, 0.0])
    assert models.partnership(values, shares=[1.0, 0.0], objective="welfare").value < even.value


def test_correlated_bidders_keep_nothing():
    """Cremer & McLean (1988): the seller gets the highest value, at every correlation however small."""
    for weight in (0.26, 0.375, 0.49):
        chances = np.array([[weight, 0.5 - weight], [0.5 - weight, weight]])
        auction = models.cremer_mclean([[1, 2], [1, 2]], chances, full=True)
        assert auction.value == pytest.approx(float((chances * [[1, 2], [2, 2]]).sum()), abs=1e-12)
        assert max(map(np.max, auction.interim_utilities)) <= 1e-12
    with pytest.raises(contracts.ProblemError, match="a mixture"):
        models.cremer_mclean([[1, 2], [1, 2]], np.full((2, 2), 0.25), full=True)


def test_medians_are_best_for_three_and_cannot_be_for_two_with_unequal_weights():
    """Moulin (1980): the median of three reports is incentive compatible, and it minimises the sum of distances."""
    places = [0.0, 1.0, 3.0]
    best = models.facility_location([places] * 3)
    medians = np.median(np.stack(np.meshgrid(*[places] * 3)), axis=0)
    distances = sum(np.abs(medians - np.array(places).reshape(shape)) for shape in ((3, 1, 1), (1, 3, 1), (1, 1, 3)))
    assert best.value == pytest.approx(-float(distances.mean()), abs=1e-12)
    assert best.certificate.is_exact


def test_pivots_pay_what_they_cost_others():
    """Clarke (1971): three citizens and a bridge of cost 4; who changes what is done pays for it."""
    bridge = models.vcg([[[0, 3]], [[0, 3]], [[0, 1]]], principal_values=[0, -4])
    assert bridge.allocation.ravel().tolist() == [0, 1]
    assert bridge.transfers.ravel().tolist() == [0, 0, 0]
    tight = models.vcg([[[0, 3]], [[0, 2]]], principal_values=[0, -4])
    assert tight.transfers.ravel().tolist() == [2, 1]


def test_provision_of_a_public_good_falls_with_the_number_of_citizens():
    """Mailath & Postlewaite (1990): at a cost of 2 a head and values 0 or 3, ever less gets done."""
    shares = []
    for n in (1, 4, 8):
        good = models.public_good([[0, 3]] * n, cost=2.0 * n)
        chance = [math.comb(n, k) / 2**n * max(3 * k - 2 * n, 0) for k in range(n + 1)]
        shares.append(good.value / sum(chance))
    assert shares[0] > shares[1] > shares[2] > 0


def test_all_pay_and_second_price_earn_the_same_but_only_one_is_in_dominant_strategies():
    sealed, paying = models.second_price([[1, 2, 4]] * 2, reserve=2), models.all_pay([[1, 2, 4]] * 2, reserve=2)
    assert sealed.revenue == paying.revenue
    assert all(map(np.array_equal, sealed.interim_payments, paying.interim_payments))
    assert contracts.verify_mechanism(sealed.problem, *sealed.fractions()).is_exact
    assert not contracts.verify_mechanism(sealed.problem, *paying.fractions()).is_incentive_compatible


def test_a_mechanism_is_a_function_that_can_be_tested():
    """The audit of any function of reports, asked about what was solved."""
    auction = models.myerson_auction([[1, 2, 5], [1, 3]])
    types = [[1, 2, 5], [1, 3]]
    found = check_mechanism(auction.play, types, properties=["IC", "IR", "no deficit"])
    assert [one.verdict for one in found.findings] == ["holds"] * 3
    trade = models.bilateral_trade([0, 2], None, [1, 3], None, "gains")
    worth = {0: {"0": 0, "2": -2}, 1: {"1": 1, "3": 3}}

    def utility(own, answer, agent):
        return worth[agent][own] * answer.chances[1] - answer.transfers[agent]

    prior = [[0.5, 0.5], [0.5, 0.5]]
    found = check_mechanism(
        trade.play,
        [["0", "2"], ["1", "3"]],
        utility=utility,
        prior=prior,
        reservation_utility=0,
        properties=["IC", "IR"],
    )
    assert [one.verdict for one in found.findings] == ["holds"] * 2


def test_two_goods_earn_more_together_than_apart():
    """Values 1 or 2: apart 3, together 3.1875; bundling for one bidder is in Manelli & Vincent (2007)."""
    both = models.two_goods_two_bidders([1, 2])
    assert both.value == both.upper_bound == 3.1875
    assert both.value > 2 * models.myerson_auction([[1, 2], [1, 2]]).value


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: models.bilateral_trade([0], None, [1], None, "profit"), "'efficiency', 'gains', 'broker'"),
        (lambda: models.partnership([[1], [2]], shares=[0.5, 0.5], objective="gains"), "'efficiency', 'welfare'"),
        (lambda: models.public_good([[1], [2]], cost=1, objective="gains"), "'efficiency', 'welfare', 'revenue'"),
    ],
)
def test_a_goal_that_a_model_does_not_know_is_refused(make, words):
    with pytest.raises(contracts.ProblemError, match=words):
        make()


GOOD = [[[0, 1, 0], [0, 2, 0]], [[0, 0, 1], [0, 0, 2]]]
UNLIMITED = contracts.MechanismProblem(GOOD)
SHARES = [
    contracts.LinearConstraint(
        allocation=UNLIMITED.joint[..., np.newaxis] * np.eye(3)[k], lower=0.6, name=f"share of {k}"
    )
    for k in (1, 2)
]
TRADE = {
    "values": [[[0, 0], [0, -4]], [[0, 1], [0, 5]]], "objective": "welfare", "budget": "balanced",
    "outcome": [[1, 1], [0, 1]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "remedies", "others"),
    [
        ({"values": GOOD, "constraints": SHARES}, ["widen the limits"], ["participation", "budget"]),
        (TRADE, ["'ex ante'", "give up the budget", "leave outcome out"], ["let transfers be free", "bayesian'"]),
        (
            {**TRADE, "incentives": "dominant", "participation": "ex post"},
            ["participation 'interim'", "incentives 'bayesian'", "give up the budget"],
            ["widen"],
        ),
        ({"values": GOOD, "transfers": (1, None)}, ["lower reservation_utility", "let transfers be free"], ["budget"]),
    ],
)
def test_a_conflict_names_remedies_for_what_takes_part_in_it(asked, remedies, others):
    with pytest.raises(InfeasibleMenuError) as caught:
        solve_mechanism(contracts.MechanismProblem(**asked))
    said = str(caught.value).partition("To have one, ")[2]
    assert [words for words in remedies if words not in said] == []
    assert [words for words in others if words in said] == []


def test_a_limit_on_one_side_is_one_on_that_side():
    low = solve_mechanism(contracts.MechanismProblem(GOOD, participation=None, transfers=(None, 1)))
    assert (
        low.value
        == solve_mechanism(contracts.MechanismProblem(GOOD, participation=None, transfers=(-np.inf, 1))).value
        == pytest.approx(2.0)
    )
