"""A menu answers questions: what it holds, what it prints, what it writes and reads, what agents choose from it."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import contracts as c
from contracts.menu.assembly import assembled, menu_of
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers
from contracts.repair.assign import assigned
from contracts.testing.parts import moved
from contracts.testing.screening import line_problems, plain_problems, rich_problems

LOW_HIGH = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), labels=("low", "high"))
POLICIES = c.solve_menu(
    [[3.0, 0.0, 1.0], [0.0, 3.0, 1.0]],
    [0.5, 0.5],
    cost=c.Entropy([0.25, 0.25, 0.5], 0.5),
    domain=c.Simplex(),
    principal_values=[-0.5, -0.5, 1.0],
    outside_option=[0.25, 0.25, 0.5],
    transfers="none",
    labels=("left", "right"),
    goods=("a", "b", "refuse"),
)
EXCLUDING = c.solve_menu([1.0, 2.0], [0.4, 0.6], cost=c.Quadratic(), labels=("low", "high"))


def test_what_it_holds_has_the_shapes_it_says():
    for menu, goods in ((LOW_HIGH, 1), (POLICIES, 3)):
        assert menu.allocation.shape == (2, goods)
        assert menu.virtual_valuation.shape == (2, goods)
        assert menu.ic_multipliers.shape == (2, 2)
        for vector in (menu.transfer, menu.utility, menu.information_rent, menu.payoff, menu.ir_multipliers):
            assert vector.shape == (2,)
        assert menu.options.allocations.shape == (len(menu.options.transfers), goods)


def check_the_certificate_is_about_this_menu(menu):
    gap = menu.certificate.requested_gap
    again = assembled(menu.problem, menu.options, menu.option_of_type, menu.bound, menu.engine, gap)
    assert again.certificate == menu.certificate


@given(st.one_of(line_problems(), plain_problems(n_types=(1, 4), n_goods=(1, 2))))
def test_the_certificate_is_what_a_second_look_at_the_contracts_gives(problem):
    try:
        menu = c.solve_menu(problem)
    except c.ContractError as error:
        assume(getattr(error, "reached", None) is not None)
        menu = error.reached
    check_the_certificate_is_about_this_menu(menu)


@pytest.mark.parametrize("size", [2, 3, 6])
def test_a_symmetric_menu_names_the_same_temptation_in_any_order_of_contracts(size):
    taste = np.stack(np.meshgrid(np.arange(1.0, size + 1), np.arange(1.0, size + 1)), axis=-1).reshape(-1, 2)
    check_the_certificate_is_about_this_menu(c.solve_menu(taste, cost=c.Quadratic()))


def test_contracts_that_nobody_takes_are_not_part_of_the_certificate():
    problem = c.ScreeningProblem([1.0, 2.0, 3.0], cost=c.Quadratic())
    bound = upper_bound(problem, no_multipliers(problem))
    offer = np.array([[1.0], [1.5], [2.0], [3.0]]), np.array([0.75, 1.375, 2.0, 4.25])
    found = assigned(problem, offer, bound, 0.5)
    assert found.certificate.deviation.gain == -0.125  # 1.5 for 1.375 tempts most, but is nobody's best
    menu = menu_of(problem, found, bound, "by hand")
    assert menu.options.transfers.tolist() == [0.75, 2.0, 4.25]
    assert menu.certificate.deviation.gain == -0.25
    check_the_certificate_is_about_this_menu(menu)


def test_the_textbook_numbers():
    assert LOW_HIGH.allocation[:, 0] == pytest.approx([2 / 3, 2.0], rel=1e-6)  # Maskin & Riley (1984)
    assert LOW_HIGH.information_rent == pytest.approx([0.0, 2 / 3], abs=1e-6)
    assert LOW_HIGH.value == pytest.approx(2 / 3, rel=1e-6)
    assert LOW_HIGH.virtual_valuation[:, 0] == pytest.approx([2 / 3, 2.0], rel=1e-6)
    assert LOW_HIGH.binding(0) == ["IR"]
    assert LOW_HIGH.binding(1) == ["IC -> low"]


def test_a_menu_that_serves_nobody_is_worth_nothing_and_everybody_just_participates():
    menu = c.solve_menu([-1.0, -2.0], cost=c.Quadratic())
    assert [menu.binding(who) for who in range(2)] == [["IR"], ["IR"]]
    assert menu.upper_bound >= 0  # rounded up from nothing
    assert str(menu).startswith("Menu: 2 types, 0 options, 2 excluded, value 0, proven bound 0\n")
    assert "rigorous gap 0.0e+00" in str(menu)
    assert str(menu.certificate).endswith("value 0, rigorous bound 0, relative gap 0.0e+00")


def test_numbers_agree_with_one_another():
    for menu in (LOW_HIGH, POLICIES, EXCLUDING):
        problem = menu.problem
        assert np.array_equal(menu.utility, problem.utility(menu.allocation, menu.transfer))
        assert np.array_equal(menu.information_rent, menu.utility - problem.reservation_utility)
        assert menu.value == pytest.approx(problem.weights @ menu.payoff)
        assert menu.upper_bound >= menu.value
        served = ~menu.is_excluded
        assert np.array_equal(menu.options.allocations[menu.option_of_type[served]], menu.allocation[served])
        assert np.array_equal(menu.options.transfers[menu.option_of_type[served]], menu.transfer[served])


def test_the_outside_option_is_number_minus_one_and_nothing():
    assert EXCLUDING.option_of_type.tolist() == [-1, 0]
    assert EXCLUDING.is_excluded.tolist() == [True, False]
    assert EXCLUDING.allocation[0].tolist() == [0.0]
    assert EXCLUDING.transfer[0] == 0.0
    assert EXCLUDING.utility[0] == 0.0
    assert len(EXCLUDING.options.transfers) == 1


def test_a_default_policy_kept_is_the_default_policy():
    problem = c.ScreeningProblem(
        [[1.0, 0.0], [0.0, 1.0]],
        cost=c.Linear(0.0),
        domain=c.Simplex(),
        principal_values=[0.0, -9.0],
        outside_option=[0.5, 0.5],
        transfers="none",
    )
    menu = c.solve_menu(problem)
    assert menu.option_of_type[1] == -1
    assert menu.allocation[1].tolist() == [0.5, 0.5]
    assert menu.information_rent[1] == 0.0


def test_arrays_of_a_menu_cannot_be_written_to():
    for array in (LOW_HIGH.allocation, LOW_HIGH.transfer, LOW_HIGH.option_of_type, *LOW_HIGH.options):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


# ---- printing ----


def test_the_table_an_economist_would_draw():
    # value 2/3, allocation (2/3, 2), transfers 2/3 and 2/3 + 2 (2 - 2/3) = 10/3, rents 0 and 2/3
    lines = repr(LOW_HIGH).splitlines()
    assert lines[0] == "Menu: 2 types, 2 options, value 0.6667, proven bound 0.6667"
    header = ["type", "weight", "allocation", "first", "best", "distortion", "transfer", "rent", "option", "binding"]
    assert lines[1].split() == header
    assert lines[2].split() == ["low", "0.750", "0.667", "1.000", "-0.333", "0.667", "0.000", "0", "IR"]
    assert lines[3].split() == ["high", "0.250", "2.000", "2.000", "0.000", "3.333", "0.667", "1", "IC", "->", "low"]
    assert lines[4].startswith("IC and IR hold exactly; rigorous gap ")


def test_the_table_says_who_stays_out():
    # excluding the low type is worth 0.6 * 2^2 / 2 = 1.2
    lines = repr(EXCLUDING).splitlines()
    assert lines[0] == "Menu: 2 types, 1 option, 1 excluded, value 1.2, proven bound 1.2"
    assert "outside" in lines[2].split()


def test_without_transfers_no_transfers_are_printed():
    header = repr(POLICIES).splitlines()[1].split()
    assert "transfer" not in header
    assert {"a", "b", "refuse"} <= set(header)


def test_many_types_and_goods_are_shown_by_their_ends():
    menu = c.solve_menu(np.linspace(1.0, 2.0, 30), cost=c.Quadratic())
    lines = repr(menu).splitlines()
    assert len(lines) == 2 + 20 + 1 + 1
    assert lines[12].split() == ["..."]
    assert "... 10 more types ..." in menu._repr_html_()
    wide = c.solve_menu([np.linspace(0.1, 0.9, 8)], cost=c.Quadratic())
    assert "+2 goods" in repr(wide)


def test_html_escapes_what_users_write():
    menu = c.solve_menu([1.0, 2.0], cost=c.Quadratic(), labels=("<script>alert(1)</script>", "a & b"))
    page = menu._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "a &amp; b" in page


def test_a_frame_has_one_row_per_type():
    frame = LOW_HIGH.to_frame()
    assert list(frame.index) == ["low", "high"]
    assert frame.index.name == "type"
    assert frame["allocation"].tolist() == LOW_HIGH.allocation[:, 0].tolist()
    assert frame["information_rent"].tolist() == LOW_HIGH.information_rent.tolist()
    assert frame["binding"].tolist() == ["IR", "IC -> low"]
    assert "allocation[refuse]" in POLICIES.to_frame().columns


# ---- keeping ----


def check_round_trip(menu, path):
    again = c.load_menu(menu.save(path))
    for name in ("allocation", "transfer", "utility", "information_rent", "virtual_valuation", "ir_multipliers"):
        assert getattr(again, name).tobytes() == getattr(menu, name).tobytes(), name
    assert np.array_equal(again.ic_multipliers.toarray(), menu.ic_multipliers.toarray())
    assert again.option_of_type.tolist() == menu.option_of_type.tolist()
    assert again.certificate == menu.certificate
    assert repr(again) == repr(menu)
    assert again.save(path.with_suffix(".again")).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("menu", [LOW_HIGH, POLICIES, EXCLUDING], ids=["plain", "policies", "excluding"])
def test_a_menu_survives_its_file_to_the_bit(menu, tmp_path):
    check_round_trip(menu, tmp_path / "menu.json")


@given(problem=plain_problems(n_types=(1, 4)).filter(lambda problem: type(problem.cost).__name__ != "Cosh"))
def test_plain_menus_survive_their_files_to_the_bit(tmp_path_factory, problem):
    check_round_trip(reached(problem), tmp_path_factory.mktemp("menu") / "menu.json")


@given(problem=rich_problems(n_types=(1, 3)))
def test_rich_menus_survive_their_files_to_the_bit(tmp_path_factory, problem):
    check_round_trip(reached(problem), tmp_path_factory.mktemp("menu") / "menu.json")


def reached(problem):
    """The menu of a problem, the uncertified one where types nearly coincide and none could be certified."""
    try:
        return c.solve_menu(problem)
    except c.SolverError as error:
        assume(error.reached is not None)
        return error.reached


def record_of(menu):
    return json.loads(json.dumps(menu.to_dict()))


def load(record, tmp_path):
    path = tmp_path / "menu.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    return c.load_menu(path)


def test_a_forged_certificate_is_not_believed(tmp_path):
    record = record_of(LOW_HIGH)
    record["certificate"]["holds"] = True
    record["options"]["transfers"][1] = moved(record["options"]["transfers"][1], 2**20)  # a little dearer for the high
    record["transfer"][1] = record["options"]["transfers"][1]
    record["certificate"]["value"] = 5.0
    menu = load(record, tmp_path)
    assert menu.value < 1.0
    assert not menu.certificate.holds
    assert menu.certificate.deviation.gain > 0


def test_a_forged_bound_is_not_believed(tmp_path):
    record = record_of(LOW_HIGH)
    record["certificate"]["upper_bound"] = record["certificate"]["value"]
    record["multipliers"]["ic"]["price"] = [0.0 for _ in record["multipliers"]["ic"]["price"]]
    menu = load(record, tmp_path)
    assert menu.upper_bound == pytest.approx(0.875)
    assert not menu.certificate.holds


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            lambda record: record.pop("options"),
            r"is incomplete or damaged \(KeyError\('options'\)\): save the menu again",
        ),
        (lambda record: record.update(schema="other/9"), r"has schema 'other/9'; expected 'menuwright/menu/1'"),
        (lambda record: record.update(option_of_type=[0, 7]), r"option_of_type does not fit"),
        (lambda record: record.update(option_of_type=[0, -2]), r"option_of_type does not fit"),
        (lambda record: record.update(option_of_type=[0.5, 1.0]), r"option_of_type does not fit"),
        (lambda record: record.update(option_of_type=[0]), r"option_of_type does not fit"),
        (
            lambda record: record["options"].update(transfers=[1.0]),
            r"options.transfers has shape \(1,\); expected \(2,\)",
        ),
        (lambda record: record["options"].update(transfers=[1.0, float("nan")]), r"options.transfers\[1\] is nan"),
        (lambda record: record["multipliers"].update(ir=[1.0]), r"multipliers.ir has shape \(1,\); expected \(2,\)"),
        (lambda record: record["multipliers"]["ic"].update(tempted=[9]), r"damaged|has shape"),
        (lambda record: record["multipliers"].update(profit="all"), r"multipliers.profit"),
        (lambda record: record["problem"].update(weights=[0.5, 0.6]), r"weights sum to 1.1"),
        (
            lambda record: record["problem"].update(cost={"kind": "os.system"}),
            r"cost has kind 'os.system': known kinds are",
        ),
        (lambda record: record["problem"].update(surprise=1), r"unknown key 'surprise' in problem: known are"),
        (lambda record: record["problem"].pop("valuations"), r"problem lacks 'valuations'"),
    ],
)
def test_a_damaged_file_is_refused_in_words(damage, words, tmp_path):
    record = record_of(LOW_HIGH)
    damage(record)
    with pytest.raises(c.ProblemError, match=words):
        load(record, tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"menu"', "\x00"])
def test_what_is_no_menu_file_is_refused(text, tmp_path):
    path = tmp_path / "menu.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(c.ProblemError, match=r"menu\.json"):
        c.load_menu(path)
    with pytest.raises(c.ProblemError, match="cannot be read: No such file or directory"):
        c.load_menu(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("nowhere/menu.json", r"menu\.json cannot be written: .*; make the folder .*nowhere first, or name another"),
        (".", "cannot be written: .*; name a file in that folder"),
        ("file/menu.json", r"menu\.json cannot be written: "),
    ],
)
def test_a_place_where_no_file_can_be_is_named(tmp_path, place, words):
    (tmp_path / "file").touch()
    with pytest.raises(c.ProblemError, match=words):
        LOW_HIGH.save(tmp_path / place)


def test_a_cost_of_ones_own_cannot_be_written(tmp_path):
    from contracts.testing.parts import Cosh

    menu = c.solve_menu([1.0, 2.0], cost=Cosh())
    with pytest.raises(c.ProblemError, match="Cosh is your own class and cannot be written to a file"):
        menu.save(tmp_path / "menu.json")


def test_infinite_limits_survive_the_file(tmp_path):
    menu = c.solve_menu([1.0, 2.0], cost=c.Quadratic(), transfers=(0.0, np.inf))
    check_round_trip(menu, tmp_path / "menu.json")
    assert c.load_menu(tmp_path / "menu.json").problem.transfers == (0.0, np.inf)


# ---- choosing ----


def test_agents_in_a_frame_are_read_in_the_order_of_the_goods_or_refused():
    agents = pd.DataFrame({"speed": [1.0, 5.0], "storage": [2.0, 0.0], "age": [30, 40]}, index=["ann", "bob"])
    goods = ["speed", "storage"]
    menu = c.solve_menu([[1.0, 3.0], [4.0, 1.0]], cost=c.Quadratic(), goods=goods)
    numbered = c.solve_menu([[1.0, 3.0], [4.0, 1.0]], cost=c.Quadratic())
    fine = menu.choose(agents[goods]).tolist()
    assert menu.choose(pl.from_pandas(agents[goods])).tolist() == menu.choose(agents[goods].to_numpy()).tolist() == fine
    assert numbered.choose(agents[["age", "speed"]]).shape == (2,)
    assert menu.choose(agents.loc["bob", goods]).tolist() == fine[1:]
    assert menu.choose(pd.DataFrame(agents[goods].to_numpy())).tolist() == fine
    another = (
        r"valuations has the names of the goods in another order .*: pass valuations\[list\(menu.problem.goods\)\]"
    )
    for turned in (agents[goods[::-1]], pl.from_pandas(agents[goods[::-1]]), agents.loc["ann", goods[::-1]]):
        with pytest.raises(c.ProblemError, match=another):
            menu.choose(turned)
        with pytest.raises(c.ProblemError, match=another):
            menu.choice_probabilities(turned, temperature=1.0)
    with pytest.raises(
        c.ProblemError, match=r"valuations has other names than the goods \('age' in place of 'storage'\)"
    ):
        menu.choose(agents[["speed", "age"]])
    with pytest.raises(c.ProblemError, match="reservation_utility has the names of valuations in another order"):
        menu.choose(agents[goods], reservation_utility=pd.Series({"bob": 0.0, "ann": 1.0}))
    assert LOW_HIGH.choose(pd.Series([2.5, 0.1], index=["ann", "bob"], name="taste")).tolist() == [1, -1]


def test_types_choose_their_own_contracts():
    for menu in (LOW_HIGH, EXCLUDING, POLICIES):
        assert menu.choose(menu.problem.valuations).tolist() == menu.option_of_type.tolist()


def test_anybody_can_choose_and_low_values_stay_out():
    assert LOW_HIGH.choose([0.1, 0.99, 1.5, 2.5]).tolist() == [-1, -1, 0, 1]
    assert LOW_HIGH.choose([[2.5]]).tolist() == [1]
    # a is likelier by default (0.25) than in any option, and a or refuse likelier in option 0
    assert POLICIES.choose([9.0, 0.0, 0.0]).tolist() == [-1]
    assert POLICIES.choose([1.0, 0.0, 1.0]).tolist() == [0]


def test_choice_is_exact_and_ties_favour_the_principal():
    menu = LOW_HIGH
    low, high = menu.options.allocations[:, 0], menu.options.transfers
    record = record_of(menu)
    assert record["options"]["transfers"] == high.tolist()
    indifferent = float(high[0] / low[0])
    worth = menu.choose([moved(indifferent, -1), moved(indifferent, 1)])
    assert worth.tolist() == [-1, 0]


def test_a_tie_with_the_outside_option_goes_to_the_principal():
    menu = c.solve_menu([0.5], cost=c.Quadratic())
    q, t = menu.options.allocations[0, 0], menu.options.transfers[0]
    from fractions import Fraction

    if Fraction(q) * Fraction(0.5) == Fraction(t):
        assert menu.choose([0.5]).tolist() == [0]
    dearer = c.solve_menu([1.0, 2.0], domain=c.Box(1.0, 2.0), cost=c.Power(0.5, -1.0), reservation_utility=0.5)
    assert dearer.choose([0.1, 1.0, 3.0])[0] == -1  # whoever leaves costs nothing, even where nothing is no allocation


def test_agents_may_have_outside_options_of_their_own():
    assert LOW_HIGH.choose([1.5, 1.5], reservation_utility=[0.0, 9.0]).tolist() == [0, -1]
    differing = c.solve_menu([1.0, 2.0], cost=c.Quadratic(), reservation_utility=[0.0, 0.25])
    with pytest.raises(c.ProblemError, match="types differ in reservation utility: say what these agents have"):
        differing.choose([1.5])
    assert differing.choose([1.5], reservation_utility=9.0).tolist() == [-1]


def test_logit_choices_have_their_probabilities():
    valuations = np.full((40_000, 1), 1.5)
    probabilities = LOW_HIGH.choice_probabilities(valuations[:1], temperature=0.5)[0]
    utility = np.append(1.5 * LOW_HIGH.options.allocations[:, 0] - LOW_HIGH.options.transfers, 0.0)
    assert probabilities == pytest.approx(np.exp(2 * utility) / np.exp(2 * utility).sum())
    drawn = LOW_HIGH.choose(valuations, temperature=0.5, rng=np.random.default_rng(5))
    frequencies = [(drawn == option).mean() for option in (0, 1, -1)]
    # Five standard deviations of a frequency over 40,000 draws.
    assert np.all(np.abs(frequencies - probabilities) <= 5 * np.sqrt(probabilities * (1 - probabilities) / 40_000))
    again = LOW_HIGH.choose(valuations, temperature=0.5, rng=np.random.default_rng(5))
    assert np.array_equal(drawn, again)


def test_cold_logit_is_the_best_response():
    valuations = np.array([[0.3], [1.4], [2.5]])
    cold = LOW_HIGH.choice_probabilities(valuations, temperature=1e-6)
    assert cold.argmax(axis=1).tolist() == [2, 0, 1]
    assert cold.max(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: LOW_HIGH.choose([1.0], temperature=0.5), r"pass rng=numpy.random.default_rng\(seed\)"),
        (lambda: LOW_HIGH.choice_probabilities([1.0], temperature=0.0), r"temperature is 0.0: it must be positive"),
        (lambda: LOW_HIGH.choice_probabilities([1.0], temperature=float("nan")), r"temperature is nan"),
        (lambda: LOW_HIGH.choose([[1.0, 2.0]]), r"valuations has shape \(1, 2\); expected \(n_agents, 1\)"),
        (lambda: LOW_HIGH.choose([float("inf")]), r"valuations\[0\] is inf"),
        (
            lambda: LOW_HIGH.choose([1.0, 2.0], reservation_utility=[1.0, 2.0, 3.0]),
            r"reservation_utility has shape \(3,\)",
        ),
        (lambda: LOW_HIGH.expected_value(0.5), r"choice_model is float: give an object with probabilities"),
        (lambda: c.verify(LOW_HIGH, [1.0, 2.0], [1.0, 2.0]), r"problem is Menu: give the ScreeningProblem"),
        (lambda: c.regret(LOW_HIGH, [[0.5, 0.5]]), r"distributions is list: give weights by name"),
        (lambda: c.solve_menu(LOW_HIGH.problem, gap="small"), r"gap holds text, not numbers"),
    ],
)
def test_questions_that_make_no_sense_are_refused(ask, words):
    with pytest.raises(c.ProblemError, match=words):
        ask()
