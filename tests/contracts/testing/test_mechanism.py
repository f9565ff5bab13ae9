"""The checker is checked: on mechanisms of which theory says what they are, by numbers worked out by hand."""

from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

import contracts as c
from contracts.testing import Inspection, check_mechanism, check_menu

EVERYTHING = ("IC", "IR", "monotonicity", "no positive cycle", "no deficit")
ITEM = [[k == winner for k in range(2)] for winner in range(2)]  # to whom an item may go


def first_price(bids):
    winner = bids.index(max(bids))
    return [k == winner for k in range(len(bids))], [bid * (k == winner) for k, bid in enumerate(bids)]


def second_price(bids):
    winner = bids.index(max(bids))
    price = sorted(bids)[-2]
    return [k == winner for k in range(len(bids))], [price * (k == winner) for k in range(len(bids))]


def pivot(values):
    """VCG for items of which each agent wants one, by SciPy's assignment."""
    values = np.array(values)
    rows, columns = linear_sum_assignment(values, maximize=True)
    allocations, transfers = np.zeros(values.shape, dtype=int), []
    allocations[rows, columns] = 1
    for k in range(len(values)):
        others = np.delete(values, k, axis=0)
        best = others[linear_sum_assignment(others, maximize=True)].sum()
        transfers.append(best - (np.delete(values * allocations, k, axis=0)).sum())
    return allocations, transfers


# ---- auctions ----


@pytest.mark.parametrize("n_bidders", [2, 3])
def test_a_second_price_auction_keeps_all_its_promises(n_bidders):
    items = [[k == winner for k in range(n_bidders)] for winner in range(n_bidders)]
    properties = [*EVERYTHING, "anonymity", "efficiency"]
    found = check_mechanism(second_price, [[1, 2, 3]] * n_bidders, properties=properties, alternatives=items)
    assert found.holds
    assert found.finding("IC").gain == 0


def test_a_first_price_auction_fails_by_all_that_the_strongest_could_shade():
    found = check_mechanism(first_price, [[1, 2, 5], [1, 2, 5]])
    assert found.finding("IC").verdict == "fails"
    assert found.finding("IC").gain == Fraction(5 - 1)
    assert found.finding("IC").labels == ("5", "1")
    assert found.finding("IC").worst_case == "agent 0 of type '5' reports '1' where the others are ('1')"
    assert found.finding("IR").verdict == "holds"


def test_vcg_by_somebody_elses_assignment_is_incentive_compatible_and_efficient():
    types = [[(3, 1), (2, 2), (0, 1)]] * 2
    matchings = [np.eye(2, dtype=int), np.eye(2, dtype=int)[::-1], np.zeros((2, 2), dtype=int)]
    found = check_mechanism(pivot, types, properties=[*EVERYTHING, "efficiency"], alternatives=matchings)
    assert found.holds


def test_paying_what_one_bids_for_the_best_assignment_is_not():
    def pay_as_bid(values):
        allocations, _ = pivot(values)
        return allocations, (np.array(values) * allocations).sum(axis=1)

    found = check_mechanism(pay_as_bid, [[(3, 1), (2, 2)]] * 2)
    assert [one.verdict for one in found.findings] == ["fails", "holds"]
    assert found.finding("IC").gain == 1  # both want the first good: (3, 1) wins it as (2, 2) as well, and pays 2


def fair_first_price(share):
    """Bids are a share of values; who ties shares the item and the payment."""

    def fn(values):
        bids = [share * value for value in values]
        won = [Fraction(bid == max(bids), bids.count(max(bids))) for bid in bids]
        return won, [part * bid for part, bid in zip(won, bids, strict=True)]

    return fn


@pytest.mark.parametrize("most", [1, 3, 6])
def test_half_of_ones_value_is_an_equilibrium_of_two_bidders_on_a_grid(most):
    """Values 0..n, uniform: saying j earns (j + 1/2)(i - j/2) / (n + 1), which rises to j = i and falls from there.

    The step from j to j + 1 adds i - j - 3/4.
    """
    values = [Fraction(k) for k in range(most + 1)]
    found = check_mechanism(fair_first_price(Fraction(1, 2)), [values, values], prior="uniform")
    assert found.holds
    nearest = max((j + Fraction(1, 2)) * (i - Fraction(j, 2)) - (i + Fraction(1, 2)) * Fraction(i, 2)
                  for i, j in product(range(most + 1), repeat=2) if i != j)  # fmt: skip
    assert found.finding("IC").gain == nearest / (most + 1) == Fraction(-1, 4) / (most + 1)


def test_bidding_less_than_half_is_no_equilibrium():
    """(j + 1/2)(i - 2j/5) / 6: of type 4, 11 from saying 5 beats 10.8 from the truth."""
    values = list(range(6))
    found = check_mechanism(fair_first_price(Fraction(2, 5)), [values, values], prior="uniform").finding("IC")
    assert (found.verdict, found.gain, found.labels) == ("fails", Fraction(1, 30), ("4", "5"))


def test_the_equilibrium_is_not_in_dominant_strategies():
    values = list(range(4))
    assert check_mechanism(fair_first_price(Fraction(1, 2)), [values, values]).finding("IC").verdict == "fails"


def test_a_prior_is_believed_as_it_is_given():
    """With a rival who is nearly always low, the strong bidder shades its bid to just above."""
    values = [0, 1]
    fn = fair_first_price(Fraction(1, 2))
    sure = check_mechanism(fn, [values, values], prior=[[0.5, 0.5], [0.5, 0.5]]).finding("IC")
    table = check_mechanism(fn, [values, values], prior=np.full((2, 2), 0.25)).finding("IC")
    assert sure.gain == table.gain
    lopsided = check_mechanism(fn, [[0, 1, 10], [0, 1, 10]], prior=[[0.9, 0.05, 0.05]] * 2).finding("IC")
    assert (lopsided.verdict, lopsided.labels) == ("fails", ("10", "1"))


def test_bilateral_trade_at_pivotal_prices_loses_what_trade_is_worth():
    """Myerson & Satterthwaite (1983) in one line: the buyer pays the seller's cost, the seller is paid the value."""

    def trade(reports):
        value, minus_cost = reports
        trades = value + minus_cost >= 0
        return [trades, trades], [-minus_cost * trades, -value * trades]

    types = {"buyer": {"low": 1, "high": 4}, "seller": {"cheap": -1, "dear": -3}}
    found = check_mechanism(trade, types, properties=["IC", "IR", "no deficit", "budget balance"])
    assert [one.verdict for one in found.findings] == ["holds", "holds", "fails", "fails"]
    assert found.finding("no deficit").gain == 3
    assert found.finding("no deficit").labels == ("high", "cheap")


def test_costs_count_in_budgets_and_in_surplus():
    """A bridge costs 3, and is built if the pivotal mechanism says so; agents pay what their vote costs the other."""

    def bridge(values):
        built = sum(values) >= 3
        return [built, built], [max(0, 3 - values[1]) * built, max(0, 3 - values[0]) * built]

    def spent(allocations):
        return 3 * allocations[0]

    found = check_mechanism(
        bridge, [[1, 2, 4]] * 2, properties=["IC", "IR", "no deficit", "efficiency"], cost=spent,
        alternatives=[[0, 0], [1, 1]],
    )  # fmt: skip
    assert [one.verdict for one in found.findings] == ["holds", "holds", "fails", "holds"]
    assert found.finding("no deficit").gain == 3  # both are 4, and nobody is pivotal
    without = check_mechanism(bridge, [[1, 2, 4]] * 2, properties=["no deficit"])
    assert without.holds


# ---- one agent ----


def test_a_menu_of_the_library_passes_and_fails_when_one_transfer_moves_by_an_ulp():
    menu = c.solve_menu([1.0, 2.0], [0.8, 0.2], cost=c.Quadratic(), labels=("low", "high"))
    types = {"low": 1.0, "high": 2.0}

    def mechanism(transfer):
        return lambda report: (menu.allocation[int(report) - 1, 0], transfer[int(report) - 1])

    assert check_mechanism(mechanism(menu.transfer), types, properties=EVERYTHING).holds
    highest = Fraction(menu.transfer[0]) + 2 * (Fraction(menu.allocation[1, 0]) - Fraction(menu.allocation[0, 0]))
    bound = menu.transfer.copy()
    bound[1] = highest if Fraction(float(highest)) <= highest else np.nextafter(float(highest), 0)  # IC binds
    assert check_mechanism(mechanism(bound), types, properties=EVERYTHING).holds
    moved = bound.copy()
    moved[1] = np.nextafter(bound[1], np.inf)
    found = check_mechanism(mechanism(moved), types).finding("IC")
    assert (found.verdict, found.labels) == ("fails", ("high", "low"))
    assert found.gain == Fraction(moved[1]) - highest > 0
    by_table = check_menu(menu.problem, menu.allocation, moved)
    assert (by_table.finding("IC").gain, by_table.finding("IC").labels) == (float(found.gain), ("high", "low"))
    assert check_menu(menu.problem, menu.allocation, bound).holds


def test_a_falling_allocation_has_a_pair_and_a_cycle_that_no_transfers_mend():
    falling = {1: (2, 0), 3: (1, 0)}.get
    found = check_mechanism(falling, {"low": 1, "high": 3}, properties=["monotonicity", "no positive cycle"])
    assert [one.verdict for one in found.findings] == ["fails", "fails"]
    assert [one.gain for one in found.findings] == [2, 2]  # (3 - 1)(2 - 1)
    assert found.findings[1].worst_case == "'low' -> 'high' -> 'low'"


def test_a_cycle_of_three_is_found_where_every_pair_is_in_order():
    worth = [[0, 1, -3], [-3, 0, 1], [1, -3, 0]]
    found = check_mechanism(
        lambda report: (report, 0), {"a": 0, "b": 1, "c": 2}, utility=lambda own, got: worth[own][got[0]] - got[1],
        properties=["monotonicity", "no positive cycle"],
    )  # fmt: skip
    assert [one.verdict for one in found.findings] == ["holds", "fails"]
    assert found.finding("no positive cycle").gain == 3
    assert set(found.finding("no positive cycle").labels) == {"a", "b", "c"}


def test_reservation_utilities_are_by_type_or_for_all():
    sold = {1: (1, 1), 2: (1, 1)}.get
    assert check_mechanism(sold, [1, 2], properties=["IR"]).finding("IR").gain == 0
    assert check_mechanism(sold, [1, 2], properties=["IR"], reservation_utility=0.5).finding("IR").gain == 0.5
    assert check_mechanism(sold, [1, 2], properties=["IR"], reservation_utility=[0, 1.25]).finding("IR").gain == 0.25
    two = check_mechanism(second_price, [[1, 2], [1, 2]], properties=["IR"], reservation_utility=[0, [0, 3]])
    assert two.finding("IR").labels == ("2",)
    assert two.finding("IR").worst_case.startswith("agent 1 of type '2'")


def test_lies_may_be_no_type_at_all():
    def posted(report):
        return (1, 0) if report == "free, please" else (report >= 2, 2 * (report >= 2))

    assert check_mechanism(posted, [1, 2, 3]).holds
    found = check_mechanism(posted, [1, 2, 3], lies=["free, please"]).finding("IC")
    assert (found.gain, found.labels) == (2, ("2", "free, please"))
    each = check_mechanism(second_price, [[1, 2], [1, 2]], lies=[[0, 9], []])
    assert each.holds


@pytest.mark.parametrize(
    "number",
    [3, 3.0, np.float32(3), np.int8(3), Fraction(3), Decimal(3), np.array(3.0)],
    ids=lambda x: type(x).__name__,
)
def test_numbers_of_any_kind_are_the_rationals_that_they_are(number):
    found = check_mechanism(lambda bid: (1, bid), [1, number]).finding("IC")
    assert (found.gain, found.interval) == (Fraction(2), (2.0, 2.0))


def test_a_tolerance_forgives_so_much_and_no_more():
    def rounded(bid):
        return 1, bid

    assert check_mechanism(rounded, [1, 1.5], tolerance=0.5).holds
    found = check_mechanism(rounded, [1, 1.5], tolerance=0.49)
    assert not found.holds
    assert "0.49 is forgiven" in found.finding("IC").how


def test_types_are_given_in_any_form_that_says_whose_they_are():
    def sell(report):
        return np.ravel(report) * 0, 0

    goods = check_mechanism(sell, np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert goods.about == "1 agent with 2 types"
    assert check_mechanism(sell, [(1.0, 2.0), (3.0, 4.0)]).about == goods.about
    assert check_mechanism(sell, [[1.0, 2.0], [3.0, 4.0]], n_agents=1).about == goods.about
    assert check_mechanism(second_price, [[1, 2, 3], [4]]).about == "2 agents with 3, 1 types"
    assert check_mechanism(second_price, np.array([[1, 2], [4, 5]]), n_agents=2).about == "2 agents with 2, 2 types"
    named = check_mechanism(lambda bid: (1, bid), pd.Series([1, 3], index=["low", "high"])).finding("IC")
    assert named.labels == ("high", "low")


def test_types_that_look_alike_keep_apart():
    found = check_mechanism(lambda bid: (1, bid), {"a": 1, "b": 3, 1: 5}).finding("IC")
    assert found.labels == ("1", "a")
    assert check_mechanism(lambda bid: (1, bid), [1, 1, 2]).finding("IC").labels == ("2", "1")


def test_one_type_has_nothing_to_say_but_the_truth():
    found = check_mechanism(lambda bid: (1, bid), [2], properties=["IC", "monotonicity", "no positive cycle"])
    assert found.holds
    assert {one.how for one in found.findings} == {"there is no other report than the truth"}


# ---- outcomes of other kinds ----


def majority(votes):
    return max(["a", "b"], key=votes.count)


def test_a_majority_of_two_is_strategy_proof_and_a_plurality_of_three_is_not():
    """Gibbard & Satterthwaite: among three, who cannot win votes for the lesser evil."""

    def plurality(rankings):
        tops = [ranking[0] for ranking in rankings]
        return max("abc", key=tops.count)

    def worth(ranking, winner):
        return -ranking.index(winner)

    two = [["a", "b"]] * 3
    assert check_mechanism(majority, two, utility=lambda own, won: own == won, properties=["IC", "anonymity"]).holds
    orders = {name: name for name in ("abc", "acb", "bac", "bca", "cab", "cba")}
    found = check_mechanism(plurality, [orders] * 3, utility=worth, properties=["IC"]).finding("IC")
    assert (found.verdict, found.gain) == ("fails", 1)


def test_participation_is_asked_about_where_somebody_says_what_there_is_elsewhere():
    def worth(own, won):
        return (own == won) - 1

    votes = [["a", "b"]] * 3
    assert [one.property for one in check_mechanism(majority, votes, utility=worth).findings] == ["IC"]
    found = check_mechanism(majority, votes, utility=worth, reservation_utility=-1)
    assert [(one.property, one.verdict) for one in found.findings] == [("IC", "holds"), ("IR", "holds")]
    assert not check_mechanism(majority, votes, utility=worth, properties=["IR"]).holds  # nothing, elsewhere
    assert [one.property for one in check_mechanism(second_price, [[1], [2]]).findings] == ["IC", "IR"]


def test_matchings_are_judged_agent_by_agent_and_by_pareto():
    """Serial dictatorship is strategy-proof and Pareto efficient; giving agent 0 its last choice is neither."""

    def dictators(rankings):
        first = rankings[0][0]
        return first, next(item for item in rankings[1] if item != first)

    def last(rankings):
        return rankings[0][-1], next(item for item in rankings[1] if item != rankings[0][-1])

    def worth(ranking, items, agent):
        return -ranking.index(items[agent])

    types = [["xyz", "yxz", "zxy"]] * 2
    asked = {"utility": worth, "properties": ["IC", "efficiency"]}
    alternatives = [(a, b) for a in "xyz" for b in "xyz" if a != b]
    assert check_mechanism(dictators, types, alternatives=alternatives, **asked).holds
    found = check_mechanism(last, types, alternatives=alternatives, **asked)
    assert [one.verdict for one in found.findings] == ["fails", "fails"]
    assert found.finding("IC").gain == 2
    unsold = check_mechanism(dictators, types, **asked).finding("efficiency")
    assert unsold.verdict == "undecided"
    assert "alternatives=" in unsold.how


def test_what_needs_money_is_left_open_where_there_is_none():
    found = check_mechanism(
        majority, [["a", "b"]] * 3, utility=lambda own, won: own == won,
        properties=["IC", "monotonicity", "no positive cycle", "no deficit", "budget balance"],
    )  # fmt: skip
    assert [one.verdict for one in found.findings] == ["holds", *["undecided"] * 4]
    assert not found.holds
    assert "transfers" in found.finding("no deficit").how
    assert "money" in found.finding("monotonicity").how
    with pytest.raises(AssertionError, match="undecided"):
        found.assert_holds()


def test_a_utility_of_ones_own_may_still_read_transfers():
    """Risk aversion: roots of what is left; a sure sale at 1 to a wealth of 4."""
    found = check_mechanism(
        lambda report: (1, 1), {"poor": 1, "rich": 4}, utility=lambda wealth, got: (wealth - got[1]) ** 0.5,
        properties=["IC", "no deficit"],
    )  # fmt: skip
    assert found.holds


def test_correlated_types_leave_cycles_open_and_are_believed_in_incentives():
    """Type by type another belief: A bets its transfer on the other's type (Cremer & McLean 1988)."""
    chances = np.array([[0.4, 0.1], [0.1, 0.4]])

    def bet(reports):
        return [1, 0], [2 if reports[0] == reports[1] else 10, 0]

    found = check_mechanism(bet, [[3, 9], [3, 9]], prior=chances, properties=["IC", "monotonicity"])
    assert [one.verdict for one in found.findings] == ["holds", "undecided"]
    assert "correlated" in found.finding("monotonicity").how
    # the truth costs 0.8 * 2 + 0.2 * 10 = 3.6, the lie 8.4; agent 1 gains nothing by anything
    assert found.finding("IC").gain == 0
    independent = check_mechanism(bet, [[3, 9], [3, 9]], prior="uniform", properties=["IC"])
    assert independent.finding("IC").gain == 0


def test_names_decide_nothing_in_an_anonymous_mechanism():
    found = check_mechanism(second_price, [[1, 2]] * 2, properties=["anonymity"])
    assert found.holds

    def favours_the_first(bids):
        return ITEM[0], [min(bids), 0]

    assert check_mechanism(favours_the_first, [[1, 2]] * 2, properties=["anonymity"]).finding("anonymity").gain == 1
    other = check_mechanism(second_price, [[1, 2], [1, 3]], properties=["anonymity"]).finding("anonymity")
    assert (other.verdict, other.how) == ("undecided", "agents have different types: give all of them the same")


def test_a_monopolist_wastes_what_it_does_not_sell():
    found = check_mechanism(
        lambda bid: (bid >= 2, 2 * (bid >= 2)), [1, 2], properties=["efficiency"], alternatives=[0, 1]
    )
    assert found.finding("efficiency").gain == 1
    assert "1 is better at report '1'" in found.finding("efficiency").worst_case


# ---- the result ----


def test_a_report_is_a_table_an_assertion_and_a_frame():
    found = check_mechanism(first_price, [[1, 2], [1, 2]])
    assert isinstance(found, Inspection)
    assert "agent 0 of type '2' reports '1'" in str(found)
    with pytest.raises(AssertionError, match="agent 0 of type '2' reports '1'"):
        found.assert_holds()
    frame = found.to_frame()
    assert frame.loc["IC", "verdict"] == "fails"
    assert frame.loc["IC", "gain"] == 1.0
    check_mechanism(second_price, [[1, 2], [1, 2]]).assert_holds()
    with pytest.raises(c.ProblemError, match="looked at IC, IR"):
        found.finding("anonymity")


def test_names_with_escapes_move_no_cursor():
    found = str(check_mechanism(lambda bid: (1, bid), {"low\x1b[2J": 1, "high\n": 3}))
    assert "\x1b" not in found
    assert "'low\\x1b[2J'" in found


# ---- what makes no sense ----


def no_pair(report):
    return report


check = check_mechanism
REFUSED = {
    "no pair": (
        lambda: check(no_pair, [1, 2]),
        r"fn answers 1 at report '1': return \(allocation, transfer\)",
    ),
    "ragged answer": (lambda: check(lambda r: ([[1], [1, 2]], [0, 0]), [[1], [1]]), r"2 amounts .* value 1"),
    "three things": (lambda: check(lambda r: (1, 2, 3), [1]), r"tuple of 3 at report '1'"),
    "nan": (lambda: check(lambda r: (1, float("nan")), [1]), r"transfer at report '1' is nan: give a finite"),
    "infinite": (lambda: check(lambda r: (np.inf, 0), [1]), r"allocation at report '1' is inf"),
    "text": (lambda: check(lambda r: ("much", 0), [1]), r"allocation at report '1' is 'much'"),
    "raises": (lambda: check(lambda r: 1 / (r - 1), [1]), r"fn raised ZeroDivisionError .* at report '1'"),
    "goods": (lambda: check(lambda r: ([1, 2], 0), [1]), r"2 amounts .* types value 1"),
    "agents": (
        lambda: check(lambda r: ([1], [0]), [[1], [1]]),
        r"allocations that are list of 1 .* 2 of each",
    ),
    "one for all": (lambda: check(lambda r: (1, 0), [[1], [1]]), r"allocations that are 1 at .* 2 of each"),
    "no types": (lambda: check(no_pair, []), "types is empty: give at least one type"),
    "no types of one": (lambda: check(no_pair, {"x": [1], "y": []}), r"types\['y'\] is empty"),
    "a set": (lambda: check(no_pair, {1, 2}), "types is set: give a list"),
    "text types": (
        lambda: check(lambda r: (1, 1), ["a"]),
        "type 'a' is 'a': give a number or a tuple .* utility=",
    ),
    "ragged": (lambda: check(lambda r: (1, 1), [(1, 2), (1,)]), r"types value \[1, 2\] goods"),
    "wrong count": (lambda: check(second_price, [[1], [1]], n_agents=3), "2 entries for 3 agents"),
    "too many": (lambda: check(second_price, [list(range(40))] * 5), "fewer types per agent"),
    "property": (
        lambda: check(no_pair, [1], properties=["ICC"]),
        "properties has 'ICC': it knows 'IC', 'IR'",
    ),
    "no property": (lambda: check(no_pair, [1], properties=[]), "properties is empty"),
    "alone": (lambda: check(no_pair, [1], properties=["anonymity"]), "anonymity compares agents"),
    "prior rows": (lambda: check(second_price, [[1], [1]], prior=[1.0]), "prior has 1 entries for 2 agents"),
    "prior long": (
        lambda: check(second_price, [[1, 2], [1]], prior=[[1.0], [1.0]]),
        "agent 0 has 1 weights for 2",
    ),
    "prior sum": (
        lambda: check(second_price, [[1, 2], [1]], prior=[[0.5, 0.4], [1]]),
        "sums to 0.9: divide it",
    ),
    "prior sign": (
        lambda: check(second_price, [[1, 2], [1]], prior=[[1.5, -0.5], [1]]),
        "none of them negative",
    ),
    "prior zero": (lambda: check(second_price, [[1, 2], [1]], prior=[[1, 0], [1]]), "type '2' no chance"),
    "prior word": (lambda: check(second_price, [[1, 2], [1]], prior="normal"), "give 'uniform'"),
    "prior keys": (
        lambda: check(second_price, {"x": [1], "y": [1]}, prior={"x": [1]}),
        r"each of \['x', 'y'\]",
    ),
    "joint zero": (
        lambda: check(second_price, [[1, 2], [1, 2]], prior=np.array([[0.5, 0.5], [0, 0]])),
        "type '2' no chance",
    ),
    "reservation": (
        lambda: check(lambda r: (1, 1), [1, 2], reservation_utility=[1]),
        "1 entries for 2 types",
    ),
    "tolerance": (lambda: check(no_pair, [1], tolerance=-1), "tolerance is -1: give utility units"),
    "repeats": (lambda: check(no_pair, [1], n_repeats=-1), "n_repeats is -1"),
    "alternatives": (
        lambda: check(second_price, [[1], [1]], properties=["efficiency"], alternatives=[1]),
        r"alternatives\[0\] does not fit: give the allocations of all 2 agents",
    ),
    "no alternatives": (
        lambda: check(second_price, [[1], [1]], properties=["efficiency"], alternatives=[]),
        "alternatives is empty",
    ),
    "utility": (lambda: check(no_pair, [1], utility=lambda t, o: t / 0), r"utility raised ZeroDivisionError"),
    "utility of all": (
        lambda: check(second_price, [[1], [1]], utility=lambda t, o: t * o[0] - o[1]),
        "the outcome is that of all agents: a third argument is the number of the agent",
    ),
    "utility nan": (lambda: check(no_pair, [1], utility=lambda t, o: np.nan), "utility of type '1' is nan"),
    "cost": (
        lambda: check(second_price, [[1], [1]], properties=["no deficit"], cost=lambda x: x["a"]),
        "cost raised TypeError .* called with the allocations",
    ),
    "lies": (lambda: check(second_price, [[1], [1]], lies=[[1]]), "lies has 1 entries for 2 agents"),
    "rng": (lambda: check(no_pair, [1], rng=np.random.default_rng(0)), "rng is for mechanisms that draw"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises(c.ProblemError, match=words):
        call()


def test_remedies_work():
    assert check_mechanism(lambda r: (1, 0), [1, 2]).holds
    assert check_mechanism(no_pair, [1, 2], utility=lambda own, said: own == said).holds
    assert check_mechanism(second_price, [[1, 2], [1]], prior=[[0.5 / 0.9, 0.4 / 0.9], [1]]).holds
    assert check_mechanism(second_price, [[1], [1]], properties=["efficiency"], alternatives=ITEM).holds
    own = {"utility": lambda value, got, agent: value * got[0][agent] - got[1][agent]}
    assert check_mechanism(second_price, [[1, 2], [1, 2]], **own).holds


@pytest.mark.parametrize("draws", [True, False])
def test_a_mechanism_that_draws_or_remembers_is_not_taken_for_one_that_does_not(draws):
    rng, calls = np.random.default_rng(0), []

    def fn(report):
        calls.append(report)
        return 1, rng.uniform() if draws else len(calls)

    with pytest.raises(c.ProblemError, match=r"report '1' in two ways: it draws, or remembers.* n_samples="):
        check_mechanism(fn, [1, 2])
    if draws:
        found = check_mechanism(fn, [1, 2], n_samples=20, payoff_range=(0, 2))
        assert {one.verdict for one in found.findings} == {"undecided"}


def test_many_types_are_compared_within_memory_and_too_many_are_refused():
    """Two bidders with 40 types each lie in 2 * 40 * 40 * 39 ways; a price of a thousand digits is too large."""
    found = check_mechanism(second_price, [list(range(40))] * 2, properties=["IC"], n_repeats=0)
    assert found.finding("IC").how == "exact, 124,800 deviations compared as rational numbers"
    with pytest.raises(c.ProblemError, match=r"types make 1,000,000 profiles and 2,000,000,000 utilities"):
        check_mechanism(second_price, [list(range(1000))] * 2)
    with pytest.raises(c.ProblemError, match=r"is larger than 1e\+100: choose a larger unit"):
        check_mechanism(lambda bid: (1, 10**1000), [1])


def test_outcomes_may_be_asked_for_once():
    calls = []

    def fn(report):
        calls.append(report)
        return 0, 0

    check_mechanism(fn, [1, 2, 3], n_repeats=0)
    assert calls == [1, 2, 3]


def test_reports_are_copies_that_a_mechanism_may_sort():
    def sorts(reports):
        reports.sort()
        return [0, 0], [0, 0]

    assert check_mechanism(sorts, [[2, 1], [1, 3]]).holds
