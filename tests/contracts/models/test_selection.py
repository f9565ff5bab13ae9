"""Insurance and credit against closed forms, brute force along indifference curves, and theorems."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import contracts as c
from contracts import models, solve_menu
from contracts.models import insured_consumption

MONEY = 2e-3  # of consumption: a value proven to 1e-8 of the stake fixes a maximiser to about its root
EXACT = 1e-6  # of values and utilities
UTILITIES = (
    c.Log(),
    c.Log(50.0),
    c.SquareRoot(),
    c.CARA(0.03),
    c.CRRA(0.5),
    c.CRRA(1.0),
    c.CRRA(0.3),
    c.CRRA(2.0),
    c.CRRA(4.0, wealth=20.0),
)
MARKET = {"wealth": 100.0, "loss": 60.0}
RISKS = (0.5, 0.2)


def consumption(menu, utility, market=MARKET):
    return insured_consumption(menu.allocation, utility=utility, **market)


def separating(risks, utility, wealth=100.0, loss=60.0):
    """Break-even contracts one by one, in money, without the library: riskier types first."""
    found = [np.full(2, wealth - risks[0] * loss)]
    for before, risk in pairwise(risks):
        mean = wealth - risk * loss

        def in_states(bad, mean=mean, risk=risk):
            return np.array([(mean - risk * bad) / (1 - risk), bad])

        def envy(bad, before=before, in_states=in_states, own=found[-1]):
            chances = np.array([1 - before, before])
            return float(chances @ (utility.value(in_states(bad)) - utility.value(own)))

        found.append(in_states(brentq(envy, wealth - loss, mean, xtol=1e-13)))
    return np.array(found)


# ---- insurance by a monopoly ----


@pytest.mark.parametrize("utility", UTILITIES, ids=repr)
def test_one_type_is_fully_insured_at_its_certainty_equivalent(utility):
    menu = solve_menu(models.insurance([0.3], utility=utility, **MARKET))
    certain = float(utility.inverse(np.array([0.3, 0.7]) @ utility.value(np.array([40.0, 100.0]))))
    assert consumption(menu, utility)[0] == pytest.approx([certain, certain], abs=MONEY)
    assert menu.value == pytest.approx(100 - 0.3 * 60 - certain, abs=EXACT)


@pytest.mark.parametrize("utility", UTILITIES, ids=repr)
@pytest.mark.parametrize("risky", [0.03, 0.1, 0.5, 0.9])
def test_stiglitz_full_insurance_for_the_risky_who_are_indifferent_and_less_or_none_for_the_safe(utility, risky):
    menu = solve_menu(models.insurance(RISKS, [risky, 1 - risky], utility=utility, **MARKET))
    (risky_without, risky_after), (safe_without, safe_after) = consumption(menu, utility)
    assert menu.certificate.holds
    assert risky_without == pytest.approx(risky_after, abs=MONEY)  # fully insured
    assert safe_without >= safe_after + 0.1  # never fully
    gains = menu.problem.valuations @ menu.allocation.T  # [i, j]: what i has from the contract of j
    assert gains[0, 0] == pytest.approx(max(gains[0, 1], 0.0), abs=EXACT)
    assert menu.utility[1] == pytest.approx(0.0, abs=EXACT)


@pytest.mark.parametrize("utility", UTILITIES, ids=repr)
@pytest.mark.parametrize("risky", [0.03, 0.1, 0.9])
def test_no_contract_for_the_safe_along_its_indifference_curve_earns_more(utility, risky):
    income = np.array([100.0, 40.0])
    worth = utility.value(income)

    def profit(after):
        """The safe keep their utility with `after` in the bad state; the risky are fully insured."""
        promised = (0.8 * worth[0] + 0.2 * worth[1] - 0.2 * utility.value(np.array([after]))[0]) / 0.8
        safe = np.array([utility.inverse(np.array([promised]))[0], after])
        certain = utility.inverse(np.array([0.5, 0.5]) @ utility.value(safe))
        earned = (1 - risky) * (np.array([0.8, 0.2]) @ (income - safe)) + risky * (70.0 - certain)
        return float(earned)

    grid = np.linspace(40.0, 95.0, 200)
    start = grid[np.argmax([profit(after) for after in grid])]
    best = minimize_scalar(lambda after: -profit(after), bounds=(max(40.0, start - 1), start + 1), method="bounded",
                           options={"xatol": 1e-10})  # fmt: skip
    menu = solve_menu(models.insurance(RISKS, [risky, 1 - risky], utility=utility, **MARKET))
    assert menu.value == pytest.approx(max(-best.fun, profit(40.0)), abs=1e-5)
    assert menu.upper_bound >= max(-best.fun, profit(40.0)) - EXACT


def test_profit_is_premiums_less_claims_in_money():
    menu = solve_menu(models.insurance(RISKS, [0.1, 0.9], utility=c.Log(), **MARKET))
    spent = consumption(menu, c.Log())
    assert menu.payoff == pytest.approx(
        menu.problem.valuations @ [100.0, 40.0] - (menu.problem.valuations * spent).sum(1)
    )


def test_who_comes_first_and_the_unit_of_money_are_nothing():
    one = solve_menu(models.insurance(RISKS, [0.1, 0.9], utility=c.Log(), **MARKET))
    other = solve_menu(models.insurance(RISKS[::-1], [0.9, 0.1], utility=c.Log(), wealth=100e6, loss=60e6))
    assert other.allocation[::-1] / 1e6 == pytest.approx(one.allocation, abs=MONEY)
    assert other.value == pytest.approx(1e6 * one.value, rel=1e-6)


# ---- insurance in competition ----


@pytest.mark.parametrize("utility", UTILITIES, ids=repr)
@pytest.mark.parametrize("risky", [0.05, 0.5, 0.95])
def test_rothschild_and_stiglitz_by_the_indifference_of_the_risky(utility, risky):
    """Whatever the weights are, also where all would gain from a menu that breaks even in sum only."""
    menu = solve_menu(models.insurance(RISKS, [risky, 1 - risky], utility=utility, market="competitive", **MARKET))
    assert consumption(menu, utility) == pytest.approx(separating(RISKS, utility), abs=2e-2)
    assert menu.payoff == pytest.approx([0.0, 0.0], abs=1e-4)
    assert menu.certificate.holds


def test_the_indifference_of_the_risky_under_the_square_root_is_a_quadratic():
    """.5 sqrt c + .5 sqrt c' = sqrt(70) on the safe's fair line .8 c + .2 c' = 88; in s = sqrt c' a quadratic."""
    root = 2 * np.sqrt(70.0)
    low = min(np.roots([0.2 + 0.8, -1.6 * root, 0.8 * root**2 - 88.0]))
    menu = solve_menu(models.insurance(RISKS, utility=c.SquareRoot(), market="competitive", **MARKET))
    assert consumption(menu, c.SquareRoot())[1] == pytest.approx([(root - low) ** 2, low**2], abs=1e-4)


def test_many_types_are_separated_each_from_the_next_riskier():
    risks = [0.5, 0.4, 0.3, 0.2, 0.1]
    order = [2, 0, 4, 1, 3]
    problem = models.insurance(np.array(risks)[order], utility=c.Log(), market="competitive", **MARKET)
    found = consumption(solve_menu(problem), c.Log())
    assert found == pytest.approx(separating(risks, c.Log())[order], abs=2e-2)


def test_one_type_in_competition_is_fully_insured_at_its_fair_price():
    menu = solve_menu(models.insurance([0.3], utility=c.Log(), market="competitive", **MARKET))
    assert consumption(menu, c.Log()) == pytest.approx(np.full((1, 2), 82.0), abs=MONEY)


def test_insurance_survives_files(tmp_path):
    menu = solve_menu(models.insurance(RISKS, utility=c.CARA(0.03), market="competitive", **MARKET))
    assert c.load_menu(menu.save(tmp_path / "menu.json")).allocation.tolist() == menu.allocation.tolist()


INSURANCE = [
    ({"loss_probabilities": [0.5, 1.0]}, r"loss_probabilities\[1\] is 1.0: give a probability between 0 and 1",
     {"loss_probabilities": [0.5, 0.99]}),
    ({"loss_probabilities": [0.5, 0.5], "market": "competitive"}, "have the same loss probability: make them one type",
     {"loss_probabilities": [0.5], "market": "competitive"}),
    ({"loss": 100.0}, "loss is 100.0, which leaves wealth without utility under Log", {"loss": 99.0}),
    ({"loss": 120.0}, "wage -20 has no utility under Log", {"loss": 99.0}),
    ({"wealth": -1.0}, "wealth is -1.0: give one positive number", {"wealth": 61.0}),
    ({"utility": "log"}, r"utility is 'log': use contracts.Log\(\), Square", {"utility": c.CARA(0.1)}),
    ({"utility": c.Log}, "utility is the class Log: use", {"utility": c.Log()}),
    ({"utility": c.RiskNeutral()}, "who minds no risk needs no insurance", {"utility": c.CRRA(3.0)}),
    ({"market": "cartel"}, "market is 'cartel': use 'monopoly' or 'competitive'", {"market": "monopoly"}),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "says", "right"), INSURANCE, ids=[says[:40] for _, says, _ in INSURANCE])
def test_insurance_that_is_none_is_refused_with_a_remedy_that_works(wrong, says, right):
    usual = {"loss_probabilities": RISKS, "utility": c.Log(), **MARKET}
    with pytest.raises(c.ProblemError, match=says):
        models.insurance(**usual | wrong)
    assert solve_menu(models.insurance(**usual | right)).certificate.holds


# ---- credit ----


def terms_of(menu):
    """Chance of credit, repayment and collateral, in money."""
    return np.column_stack([menu.reading[name] for name in ("credit", "repayment", "collateral")])


LOANS = {"returns": 4.0, "funds": 1.2, "reservation_utility": 0.5}


@pytest.mark.parametrize("risky", [0.1, 0.3, 0.4, 0.45, 0.5, 0.7])
def test_a_monopoly_denies_credit_to_risky_borrowers_whose_loans_would_tempt_too_many_safe_ones(risky):
    """The risky at D = 4 - .5 / .5 leave the safe a rent .5 (.8 / .5 - 1) = .3, and earn .5 x 3 - 1.2 = .3."""
    menu = solve_menu(models.credit_rationing([0.5, 0.8], [risky, 1 - risky], collateral=2.0, recovery=0.9, **LOANS))
    serves = risky * 0.3 > (1 - risky) * 0.3
    if risky != 0.5:
        assert menu.allocation[:, 0] == pytest.approx([1.0 if serves else 0.0, 1.0], abs=EXACT)
    both, safe = risky * 0.3 + (1 - risky) * (0.8 * 3 - 1.2), (1 - risky) * (0.8 * 4 - 0.5 - 1.2)
    assert menu.value == pytest.approx(max(both, safe), abs=EXACT)
    assert menu.allocation[:, 2] == pytest.approx([0.0, 0.0], abs=1e-5)  # collateral only costs


@pytest.mark.parametrize("risky", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("recovery", [0.3, 0.8])
def test_collateral_separates_borrowers_in_competition(risky, recovery):
    """Bester: .8 D + beta .2 C = 1.2 breaks even, .5 D + .5 C = 1.2 leaves the risky indifferent to their D = 2.4."""
    repaid, posted = np.linalg.solve([[0.8, 0.2 * recovery], [0.5, 0.5]], [1.2, 1.2])
    menu = solve_menu(
        models.credit_rationing(
            [0.5, 0.8], [risky, 1 - risky], collateral=3.0, recovery=recovery, market="competitive", **LOANS
        )
    )
    assert terms_of(menu) == pytest.approx(np.array([[1.0, 2.4, 0.0], [1.0, repaid, posted]]), abs=1e-4)
    assert menu.payoff == pytest.approx([0.0, 0.0], abs=1e-4)
    assert menu.certificate.holds


@pytest.mark.parametrize("risky", [0.1, 0.5, 0.9])
def test_stiglitz_and_weiss_projects_of_one_mean_drive_out_the_safe_where_the_rate_is_high(risky):
    """Of projects with returns 4 and 2.5 and mean 2, D = 2.5 keeps the safe and D = 4 takes all from the risky."""
    chance = np.array([0.5, 0.8])
    menu = solve_menu(models.credit_rationing(chance, [risky, 1 - risky], returns=2.0 / chance, funds=1.0))
    both, only_risky = risky * (0.5 * 2.5 - 1) + (1 - risky) * (2 - 1), risky * (2 - 1)
    assert menu.value == pytest.approx(max(both, only_risky), abs=EXACT)
    assert menu.allocation[:, 0] == pytest.approx([1.0, 1.0 if both > only_risky else 0.0], abs=EXACT)


CREDIT = [
    ({"success_probabilities": [0.5, 0.0]}, r"success_probabilities\[1\] is 0.0: give a probability", {}),
    ({"returns": [4.0, 4.0, 4.0]}, r"returns has shape \(3,\); expected one number, or", {"returns": [4.0, 4.0]}),
    ({"returns": [4.0, 0.0]}, r"returns\[1\] is 0.0: it must be positive", {}),
    ({"funds": 0.0}, "funds is 0.0: give one positive number", {}),
    ({"recovery": 1.5}, "recovery is 1.5: give a number from 0 .* to 1", {"recovery": 1.0}),
    ({"collateral": -1.0}, "collateral is -1.0: it must not be negative; 0 for none", {"collateral": 0.0}),
    ({"market": "state"}, "market is 'state': use 'monopoly' or 'competitive'", {}),
    ({"market": "competitive", "collateral": 0.5}, "collateral is 0.5, but it takes 1.02857 to tell type '1' from '0'",
     {"market": "competitive", "collateral": 1.03}),
    ({"market": "competitive", "funds": 1.9}, "type '0' gains -0.4 from a loan that breaks even: leave it out",
     {"market": "competitive", "success_probabilities": [0.8], "funds": 1.9}),
    ({"market": "competitive", "success_probabilities": [0.5, 0.5]}, "have the same success probability: make them one",
     {"market": "competitive", "success_probabilities": [0.5]}),
    ({"market": "competitive", "success_probabilities": [0.4, 0.8], "returns": [7.0, 2.5], "recovery": 0.05,
      "collateral": 9.0},
     "recovery is so low that type '1' is told from '0' more cheaply by smaller chances of credit",
     {"market": "competitive", "success_probabilities": [0.4, 0.8], "returns": [7.0, 2.5], "recovery": 1.0,
      "collateral": 9.0}),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "says", "right"), CREDIT, ids=[says[:40] for _, says, _ in CREDIT])
def test_credit_that_is_none_is_refused_with_a_remedy_that_works(wrong, says, right):
    usual = {"success_probabilities": [0.5, 0.8], "recovery": 0.5, "collateral": 3.0, **LOANS}
    with pytest.raises(c.ProblemError, match=says):
        models.credit_rationing(**usual | wrong)
    assert solve_menu(models.credit_rationing(**usual | right)).certificate.holds


# ---- units ----


@pytest.mark.parametrize("money", [1e-6, 1e-3, 1e3, 1e6])
@pytest.mark.parametrize("market", ["monopoly", "competitive"])
def test_the_unit_of_money_changes_no_contract(money, market):
    def insured(money):
        usual = {"wealth": 100.0 * money, "loss": 60.0 * money, "utility": c.CRRA(2.5)}
        menu = solve_menu(models.insurance(RISKS, [0.1, 0.9], market=market, **usual))
        return insured_consumption(menu.allocation, **usual) / money

    def lent(money):
        loans = {name: amount * money for name, amount in LOANS.items()} | {"collateral": 3.0 * money}
        menu = solve_menu(models.credit_rationing([0.5, 0.8], [0.4, 0.6], recovery=0.5, market=market, **loans))
        return terms_of(menu) / [1.0, money, money]

    assert insured(money) == pytest.approx(insured(1.0), abs=0.05)
    assert lent(money) == pytest.approx(lent(1.0), abs=1e-3)
