"""Menus from anywhere: what is wrong, by how much, and the smallest cure, against oracles that share no code."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

import contracts
from contracts import Box, InfeasibleMenuError, ProblemError, Quadratic, ScreeningProblem, Simplex, audit

TWO = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), labels=("low", "high"))


def random_menu(seed, n, d, **fields):
    rng = np.random.default_rng(seed)
    problem = ScreeningProblem(rng.uniform(0, 1, (n, d)).round(3), domain=Box(0.0, 1.0), **fields)
    return problem, rng.uniform(0, 1, (n, d)).round(3), rng.uniform(0, 1, n).round(3)


def exact_gain(problem, allocation, transfer, i, j):
    """What type i gains by the contract of type j, in rationals."""

    def utility(k):
        products = zip(problem.valuations[i].tolist(), allocation[k].tolist(), strict=True)
        return sum((Fraction(v) * Fraction(x) for v, x in products), -Fraction(float(transfer[k])))

    return utility(j) - utility(i)


def implementing_rows(values, allocation):
    """IC and IR as rows over transfers: A t <= b."""
    n, rows, limits = len(values), [], []
    for i, j in itertools.permutations(range(n), 2):
        row = np.zeros(n)
        row[i], row[j] = 1.0, -1.0
        rows.append(row)
        limits.append(values[i] @ (allocation[i] - allocation[j]))
    for i in range(n):
        rows.append(np.eye(n)[i])
        limits.append(values[i] @ allocation[i])
    return np.array(rows), np.array(limits)


def least_transfers(problem, allocation, transfer, norm):
    """The least change of transfers, by another solver and another formulation; None where there is none."""
    n = problem.n_types
    rows, limits = implementing_rows(problem.valuations, allocation)
    slacks = n if norm == "l1" else 1
    each = np.eye(n) if norm == "l1" else np.ones((n, 1))
    above = np.hstack([np.eye(n), -each])
    below = np.hstack([-np.eye(n), -each])
    matrix = np.vstack([np.hstack([rows, np.zeros((len(rows), slacks))]), above, below])
    found = linprog(
        np.append(np.zeros(n), np.ones(slacks)), matrix, np.concatenate([limits, transfer, -transfer]),
        bounds=[(None, None)] * n + [(0, None)] * slacks, method="highs",
    )  # fmt: skip
    return found.fun if found.status == 0 else None


@pytest.mark.parametrize("seed", range(6))
def test_every_deviation_and_all_envy_are_those_of_rational_arithmetic(seed):
    problem, allocation, transfer = random_menu(seed, 6, 2)
    transfer[3], allocation[3] = transfer[0], allocation[0]  # a contract that two types share
    found = audit(problem, allocation, transfer)
    pairs = itertools.permutations(range(6), 2)
    gain = {pair: exact_gain(problem, allocation, transfer, *pair) for pair in pairs if set(pair) != {0, 3}}
    for i, deviation in enumerate(found.deviations):
        leaving = -(problem.valuations[i] @ allocation[i] - transfer[i])
        most = max([leaving, *(size for (who, _), size in gain.items() if who == i)])
        assert deviation.gain == pytest.approx(float(most), abs=1e-15)
        assert (deviation.gain > 0) == (most > 0)
    envious = {(one.type, one.envied) for one in found.envy if one.envied != "the outside option"}
    first_of = {"4": "1"}  # types 1 and 4 share a contract, which is named after the first
    expected = {(str(i + 1), str(j + 1)) for (i, j), size in gain.items() if size > 0}
    names = dict(zip(map(str, range(1, 7)), problem.labels, strict=True))
    assert envious == {(names[i], names[first_of.get(j, j)]) for i, j in expected}
    assert [one.gain for one in found.envy] == sorted((one.gain for one in found.envy), reverse=True)


def test_what_is_chosen_is_worth_less_than_what_was_meant():
    found = audit(TWO, [1.0, 2.0], [1.0, 3.25])
    assert (found.holds, found.taken) == (False, ("low", "low"))
    assert (found.value, found.realised_value) == (0.5 * 0.5 + 0.5 * 1.25, 0.5)
    least, most = found.money_left
    assert least == pytest.approx(0.5)
    assert least <= most <= least + 1e-5
    assert "worth 0.5 when everybody chooses, 0.875 as it is meant" in str(found)


def test_the_menu_of_a_solver_is_healthy():
    problem = contracts.models.mussa_rosen([1.0, 2.0, 3.0], [0.5, 0.3, 0.2])
    menu = contracts.solve_menu(problem)
    found = audit(problem, menu)
    assert str(found) == str(audit(problem, menu.allocation, menu.transfer))
    assert (found.holds, found.envy, found.conflict, found.idle, found.dominated) == (True, (), None, (), ())
    assert found.realised_value == found.value == menu.value
    assert found.unserved == tuple(problem.labels[i] for i in np.flatnonzero(menu.option_of_type == -1))
    assert found.money_left[0] == pytest.approx(0.0, abs=1e-9)
    cure = found.repaired()
    assert (cure.size, cure.changed) == ((0.0, 0.0), "transfers")


def test_binding_constraints_are_named():
    bound = [one.constraint for one in audit(TWO, [1.0, 2.0], [1.0, 3.0]).binding()]
    assert "IR of 'low'" in bound
    assert "IC of 'high', tempted by 'low'" in bound
    assert not [one for one in audit(TWO, [1.0, 2.0], [0.5, 2.25]).binding() if "IR" in one.constraint]
    limited = ScreeningProblem([1.0, 2.0], [0.5, 0.5], transfers=(0.0, 3.0), labels=("low", "high"))
    assert "highest transfer of 'high'" in [one.constraint for one in audit(limited, [1.0, 2.0], [1.0, 3.0]).binding()]


def test_types_that_keep_the_outside_option_are_not_served():
    assert audit(TWO, [0.0, 2.0], [0.0, 4.0]).unserved == ("low",)
    reserved = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), reservation_utility=[0.0, 0.5])
    assert audit(reserved, [0.25, 0.0], [0.25, 0.0]).unserved == (reserved.labels[1],)


# ---- price lists ----


def test_everybody_takes_the_best_of_a_price_list():
    found = audit(TWO, [0.5, 1.0, 2.0, 3.0], [0.6, 1.0, 3.25, 3.0], rows="options")
    assert found.holds
    assert found.taken == ("option 2", "option 4")
    assert found.idle == ("option 1", "option 3")
    assert {(one.option, one.by) for one in found.dominated} == {("option 1", "option 4"), ("option 3", "option 4")}
    assert found.realised_value == found.value == pytest.approx(0.5 * 0.5 + 0.5 * (3.0 - 4.5))


def test_options_of_a_frame_keep_their_names():
    pd = pytest.importorskip("pandas")
    prices = pd.DataFrame({"speed": [1.0, 2.0]}, index=["basic", "plus"])
    problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), goods=("speed",))
    assert audit(problem, prices, [1.0, 2.5], rows="options").taken == ("basic", "plus")


# ---- conflicts ----


@pytest.mark.parametrize("seed", range(25))
def test_a_conflict_is_found_exactly_where_no_transfers_implement(seed):
    problem, allocation, transfer = random_menu(seed, 4, 2)
    order = np.argsort(problem.valuations.sum(axis=1))
    allocation[order] = np.sort(allocation, axis=0)  # so that some can be implemented
    found = audit(problem, allocation, transfer)
    rows, limits = implementing_rows(problem.valuations, allocation)
    feasible = linprog(np.zeros(4), rows, limits, bounds=[(None, None)] * 4, method="highs").status == 0
    assert (found.conflict is None) == feasible
    assert (found.conflict is None) == contracts.implementable(problem.valuations, allocation).holds
    if found.conflict is not None:
        cycle = [problem.labels.index(label) for label in found.conflict.labels]
        following = [*cycle[1:], cycle[0]]
        total = sum(exact_gain(problem, allocation, np.zeros(4), i, j) for i, j in zip(cycle, following, strict=True))
        assert found.conflict.excess == pytest.approx(float(total))
        assert found.conflict.excess > 0


def test_limits_on_transfers_are_part_of_a_conflict():
    problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], transfers=(1.5, 9.0), labels=("low", "high"))
    conflict = audit(problem, [1.0, 2.0], [1.5, 3.0]).conflict
    assert conflict.labels == ("low",)
    assert conflict.excess == 0.5
    assert "low pays at least 1.5, by the limits on transfers" in str(conflict)
    assert "low pays at most 1, or it would rather leave" in str(conflict)
    capped = ScreeningProblem([1.0, 2.0], [0.5, 0.5], transfers=(-9.0, 0.5), labels=("low", "high"))
    assert audit(capped, [1.0, 2.0], [0.5, 0.5]).conflict is None  # low, too, would pay less for it


def test_whoever_cannot_be_mimicked_tempts_nobody():
    falling = ScreeningProblem([1.0, 2.0], [0.5, 0.5], mimics=contracts.same_group(["a", "b"]))
    assert audit(falling, [1.0, 0.0], [1.0, 0.0]).conflict is None
    assert audit(ScreeningProblem([1.0, 2.0], [0.5, 0.5]), [1.0, 0.0], [1.0, 0.0]).conflict is not None


# ---- cures ----


@pytest.mark.parametrize("norm", ["l1", "linf"])
@pytest.mark.parametrize("seed", range(8))
def test_the_cure_is_the_least_change_of_transfers_and_exact(seed, norm):
    problem, _, transfer = random_menu(seed, 5, 2)
    allocation = problem.valuations.copy()  # the gradient of |a|^2 / 2: implementable
    cure = audit(problem, allocation, transfer).repaired(norm=norm)
    least = least_transfers(problem, allocation, transfer, norm)
    assert cure.changed == "transfers"
    assert np.array_equal(cure.allocation, allocation)
    assert cure.certificate.is_exact
    assert cure.size[1] == pytest.approx(least, abs=1e-5)
    assert cure.least[1] == pytest.approx(least, abs=1e-6)
    assert contracts.verify(problem, cure.allocation, cure.transfer).holds


def test_units_and_order_change_nothing():
    problem, allocation, transfer = random_menu(11, 5, 2)
    plain = audit(problem, allocation, transfer).repaired()
    money, goods = 2.0**20, np.array([2.0**-5, 2.0**7])
    other = ScreeningProblem(problem.valuations * money / goods, problem.weights, domain=Box(np.zeros(2), goods))
    scaled = audit(other, allocation * goods, transfer * money).repaired()
    assert np.array(scaled.size) / money == pytest.approx(np.array(plain.size), rel=1e-4)
    assert scaled.allocation / goods == pytest.approx(plain.allocation, abs=1e-4)
    order = np.array([3, 1, 4, 0, 2])
    mixed = ScreeningProblem(problem.valuations[order], problem.weights[order], domain=problem.domain)
    assert audit(mixed, allocation[order], transfer[order]).repaired().size == pytest.approx(plain.size, abs=1e-5)


def test_a_cure_touches_few_people_where_it_can_choose():
    problem = ScreeningProblem([1.0, 2.0], [0.9, 0.1], cost=Quadratic(), labels=("low", "high"))
    cure = audit(problem, [1.0, 2.0], [1.0, 3.25]).repaired()
    assert cure.transfer_change.tolist() == [0.0, -0.25]
    assert cure.transfer.tolist() == [1.0, 3.0]


def test_rows_limits_and_profit_are_kept_by_the_cure():
    row = contracts.LinearConstraint(transfer=[0.5, 0.5], lower=1.9, name="everybody pays enough")
    problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), constraints=[row], labels=("low", "high"))
    cure = audit(problem, [1.0, 2.0], [1.0, 2.0]).repaired()
    assert cure.certificate.holds
    assert cure.transfer.mean() >= 1.9
    assert cure.size[1] == pytest.approx(0.8, abs=1e-6)


def test_policies_without_money_move_to_the_nearest_that_nobody_trades():
    problem = ScreeningProblem([[1.0, 0.0], [0.0, 1.0]], domain=Simplex(), transfers="none")
    found = audit(problem, [[0.25, 0.75], [0.75, 0.25]])
    assert len(found.envy) == 2
    cure = found.repaired()
    assert cure.certificate.is_exact
    assert cure.least[0] == pytest.approx(0.5, abs=1e-6)  # both move two shares by .25, each worth .5


def test_whoever_is_left_out_stays_out_unless_somebody_must_come_in():
    problem = ScreeningProblem(
        [1.0, 2.0], [0.5, 0.5], cost=Quadratic(), reservation_utility=[0.0, 0.5], labels=("l", "h")
    )
    cure = audit(problem, [0.0, 2.0], [0.0, 3.75]).repaired()
    assert cure.certificate.is_exact
    assert cure.transfer.tolist() == [0.0, 3.5]
    assert cure.allocation[:, 0].tolist() == [0.0, 2.0]


def test_asked_for_transfers_alone_the_refusal_is_the_conflict():
    found = audit(TWO, [1.0, 0.5], [1.0, 0.5])
    with pytest.raises(InfeasibleMenuError, match=r"high pays at least 1 less than low.*\n.*\n.*change='allocation'"):
        found.repaired(change="transfers")
    assert found.repaired(change="allocation").certificate.is_exact


# ---- how it is shown ----


def test_an_audit_is_a_table_a_picture_and_a_page(tmp_path):
    found = audit(TWO, [1.0, 2.0], [1.0, 3.25])
    frame = found.to_frame()
    assert frame.loc["high", "gain"] == 0.25
    assert frame.loc["high", "takes"] == "low"
    assert "Who would rather have whose contract" in found.plot().get_title()
    page = found.report(tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "high -&gt; low gains 0.25" in page
    assert "The least change of transfers" in page
    assert "change transfer" in found.repaired().to_frame()
    assert "Nobody envies anybody" in audit(TWO, [1.0, 2.0], [1.0, 3.0]).plot().get_title()


def test_a_page_says_why_there_is_no_cure(tmp_path):
    row = contracts.LinearConstraint(transfer=[0.5, 0.5], lower=100.0, name="much for all")
    problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], domain=Box(0.0, 1.0), constraints=[row])
    page = audit(problem, [1.0, 1.0], [1.0, 1.0]).report(tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "There is none" in page
    assert "much for all" in page


@pytest.mark.parametrize(
    ("arguments", "named", "message"),
    [
        (([1.0, 2.0], [1.0]), {}, "transfer has shape"),
        (([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), {}, "one row per type"),
        (([[1.0, 2.0]], [1.0]), {"rows": "options"}, "one row per option"),
        (([1.0, 2.0], [1.0]), {"rows": "options"}, "one per option"),
        (([1.0, np.nan], [1.0, 2.0]), {"rows": "options"}, "option 2"),
        (([1.0, 2.0], [1.0, 2.0]), {"rows": "prices"}, "rows"),
        (([1.0, 2.0], [1.0, 2.0]), {"rows": "options", "serving": [1.0, 1.0]}, "leave it out"),
    ],
)
def test_contracts_that_do_not_fit_are_refused(arguments, named, message):
    with pytest.raises(ProblemError, match=message):
        audit(TWO, *arguments, **named)


def test_a_menu_has_its_transfers_and_its_types():
    menu = contracts.solve_menu(TWO)
    with pytest.raises(ProblemError, match="leave them out"):
        audit(TWO, menu, menu.transfer)
    with pytest.raises(ProblemError, match="leave rows out"):
        audit(TWO, menu, rows="options")
    assert audit(TWO, *menu.options, rows="options").holds


def test_who_is_served_by_lot_in_a_menu_is_so_in_its_audit():
    problem = ScreeningProblem([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(), serving_cost=0.3,
                               constraints=[contracts.Coverage(0.7, of="serving")])  # fmt: skip
    menu = contracts.solve_menu(problem)
    assert 0 < menu.serving.min() < 1
    assert audit(problem, menu).holds


def test_what_is_asked_of_a_cure_is_checked():
    found = audit(TWO, [1.0, 2.0], [1.0, 3.25])
    with pytest.raises(ProblemError, match="norm is 'l2'"):
        found.repaired(norm="l2")
    with pytest.raises(ProblemError, match="change is 'all'"):
        found.repaired(change="all")
    with pytest.raises(ProblemError, match="within is -1"):
        found.binding(-1.0)


def test_price_lists_are_for_everybody():
    problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], mimics=contracts.same_group(["a", "b"]))
    with pytest.raises(ProblemError, match="a row for each type"):
        audit(problem, [1.0, 2.0], [1.0, 2.0], rows="options")
    assert audit(problem, [1.0, 2.0], [1.0, 2.0], rows="types").holds
