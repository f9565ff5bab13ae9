"""Closed forms against textbooks, quadrature, engines and each other."""

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import sympy
from hypothesis import given
from hypothesis import strategies as st

import contracts
from contracts.errors import ProblemError, UnboundedMenuError
from contracts.symbolic import derive_linear_contract, derive_menu, derive_schedule, derive_wages
from tests.strategies import examples

AGREE = 1e-9  # of closed forms and engines, relative to what is at stake
q, theta = sympy.symbols("q theta", positive=True)


def same(left, right):
    """Whether two expressions are the same, whatever symbols of the same names are assumed to be."""
    plain = [sympy.sympify(one).xreplace({s: sympy.Symbol(s.name, positive=True) for s in one.free_symbols})
             for one in map(sympy.sympify, (left, right))]  # fmt: skip
    return sympy.simplify(plain[0] - plain[1]) == 0


# ---- a continuum of types ----


def test_mussa_and_rosen_on_the_unit_interval():
    schedule = derive_schedule("theta*q", cost="q**2/2", types="uniform(0, 1)")
    assert schedule.is_regular is True
    assert (schedule.threshold, schedule.value, schedule.welfare) == (
        sympy.Rational(1, 2), sympy.Rational(1, 12), sympy.Rational(1, 8))  # fmt: skip
    assert same(schedule.allocation, 2 * theta - 1)
    assert same(schedule.tariff, q / 2 + q**2 / 4)
    assert same(schedule.information_rent, (theta - sympy.Rational(1, 2)) ** 2)


def test_baron_and_myerson_buy_from_firms_of_unknown_cost():
    """S(q) = 2 sqrt(q), costs uniform on (1, 2): q = (theta + theta - 1)^-2, and the least efficient keeps nothing."""
    schedule = derive_schedule("-theta*q", cost="-2*sqrt(q)", types="uniform(1, 2)")
    assert same(schedule.virtual_valuation, -(2 * theta - 1))
    assert same(schedule.allocation, (2 * theta - 1) ** -2)
    assert schedule.information_rent.subs(schedule.distribution.type, 2) == 0
    assert same(schedule.value, sympy.log(3) / 2)


def test_exponential_types_pay_the_hazard_rate_on_top():
    a, k = sympy.symbols("a k", positive=True)
    schedule = derive_schedule("theta*q", cost="q**2/2 + k*q", types="exponential(a)", parameters=("a", "k"))
    assert same(schedule.threshold, k + 1 / a)
    assert same(schedule.value, sympy.exp(-a * k - 1) / a**2)
    assert same(schedule.marginal_tariff, k + q + 1 / a)


def test_the_exclusion_threshold_of_uniform_types_depends_on_how_far_apart_they_are():
    schedule = derive_schedule("theta*q", cost="q**2/2", types="uniform(a, b)", parameters=("a", "b"))
    a, b = sympy.symbols("a b", positive=True)
    assert schedule.threshold == sympy.Max(a, b / 2)
    assert schedule.value.subs({a: 3, b: 4}) == scipy_value(3, 4)
    assert schedule.to_numeric(2, a=1, b=4).threshold == 2


def scipy_value(low, high):
    x = sympy.Symbol("x")
    return sympy.integrate((2 * x - high) ** 2 / 2, (x, low, high)) / (high - low)


CONTINUA = {
    "uniform": ("theta*q", "k*q**2/2", "uniform(a, b)", {"a": (0.1, 1.0), "b": (1.2, 3.0), "k": (0.2, 3.0)}),
    "Maskin and Riley": ("theta*sqrt(q)", "k*q", "uniform(0, b)", {"b": (0.5, 3.0), "k": (0.2, 3.0)}),
    "linear density": ("theta*q - q**2/2", "k*q", "2*theta on (0, 1)", {"k": (0.05, 0.6)}),
    "procurement": ("-theta*q", "-2*b*sqrt(q)", "uniform(a, d)",
                    {"a": (0.5, 1.0), "d": (1.2, 3.0), "b": (0.5, 2.0)}),
    "beta": ("theta*q", "k*q**2/2", "6*theta*(1 - theta) on (0, 1)", {"k": (0.2, 3.0)}),
    "some left out of a procurement": ("-theta*q", "q**2/2 - b*q", "uniform(0, 1)", {"b": (0.3, 3.0)}),
}  # fmt: skip


@pytest.fixture(scope="module")
def schedules():
    return {
        name: derive_schedule(utility, cost=cost, types=types, parameters=tuple(ranges))
        for name, (utility, cost, types, ranges) in CONTINUA.items()
    }


@pytest.mark.parametrize("name", CONTINUA)
@pytest.mark.parametrize("draw", range(2))
def test_a_continuum_agrees_with_quadrature_over_what_is_best_type_by_type(schedules, name, draw):
    """The second opinion shares no formula: it maximises virtual surplus numerically at every type."""
    ranges = CONTINUA[name][3]
    rng = np.random.default_rng(draw)
    at = {key: float(rng.uniform(*ends)) for key, ends in ranges.items()}
    schedule = schedules[name]
    numbers = schedule.to_numeric(7, **at)
    t, x = sympy.Symbol("theta", positive=True), sympy.Symbol("q", positive=True)
    names = {key: sympy.Symbol(key, positive=True) for key in at}
    v, c, f, F = (
        sympy.sympify(one).subs({names[key]: value for key, value in at.items()})
        for one in (schedule.trade.utility, schedule.trade.cost, schedule.distribution.density,
                    schedule.distribution.cumulative)
    )  # fmt: skip
    low, high = (float(end.subs({names[k]: w for k, w in at.items()})) for end in
                 (schedule.distribution.lowest, schedule.distribution.highest))  # fmt: skip
    rents = (1 - F) if schedule.is_increasing else -F
    surplus = sympy.lambdify((t, x), (v - c) * f - rents * sympy.diff(v, t))
    slope = sympy.lambdify((t, x), sympy.diff((v - c) * f - rents * sympy.diff(v, t), x))

    def best(type_):
        tiny, huge = 1e-14, 1e4
        if slope(type_, tiny) <= 0:
            return 0.0
        return scipy.optimize.brentq(lambda amount: slope(type_, amount), tiny, huge, xtol=1e-14, rtol=1e-14)

    def worth(type_):
        amount = best(type_)
        return surplus(type_, amount) if amount > 0 else 0.0

    kink = [numbers.threshold] if low < numbers.threshold < high else None
    value, _ = scipy.integrate.quad(worth, low, high, points=kink, epsabs=1e-12, epsrel=1e-12, limit=400)
    assert numbers.value == pytest.approx(value, rel=AGREE, abs=1e-12)
    assert numbers.allocation == pytest.approx([best(one) for one in numbers.types], rel=1e-8, abs=1e-8)
    welfare = sympy.lambdify((t, x), (v - c) * f)
    total, _ = scipy.integrate.quad(
        lambda one: welfare(one, max(best(one), 1e-300)), low, high, points=kink, epsabs=1e-12, epsrel=1e-12, limit=400
    )
    assert numbers.welfare == pytest.approx(total, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize(("cost", "quantity"), [("k*q", lambda phi: phi / 0.3 - 1),
                                                ("q**2/2", lambda phi: (np.sqrt(1 + 4 * phi) - 1) / 2)])  # fmt: skip
def test_logarithms_are_integrated_by_parts(cost, quantity):
    schedule = derive_schedule("theta*log(1 + q)", cost=cost, types="uniform(0, 1)", parameters=("k",))
    k = sympy.Symbol("k", positive=True)
    assert not schedule.value.has(sympy.Integral)
    assert not schedule.tariff.has(sympy.Integral)
    paid = sympy.lambdify(q, sympy.sympify(cost).subs({"k": 0.3, "q": q}))

    def worth(type_):
        amount = max(quantity(2 * type_ - 1), 0.0)
        return (2 * type_ - 1) * np.log(1 + amount) - paid(amount)

    start = float(schedule.threshold.subs(k, 0.3))
    expected, _ = scipy.integrate.quad(worth, start, 1, epsabs=1e-13, epsrel=1e-13)
    assert float(schedule.value.subs(k, 0.3)) == pytest.approx(expected, rel=AGREE)


@pytest.mark.parametrize("name", ["uniform", "Maskin and Riley", "procurement"])
def test_the_engines_come_near_a_continuum_with_many_types(schedules, name):
    at = {key: float(np.mean(ends)) for key, ends in CONTINUA[name][3].items()}
    numbers = schedules[name].to_numeric(200, **at)
    menu = contracts.solve_menu(numbers.problem)
    assert menu.certificate.holds
    assert menu.value == pytest.approx(numbers.value, rel=2e-2)


def test_types_would_rather_take_their_own_contract(schedules):
    numbers = schedules["uniform"].to_numeric(60, a=0.2, b=1.5, k=0.7)
    utility = numbers.types[:, np.newaxis] * numbers.allocation - numbers.transfer
    assert np.all(utility - np.diag(utility)[:, np.newaxis] <= 1e-12)
    assert np.all(np.diag(utility) >= -1e-12)


def test_the_tariff_is_the_transfer_of_whoever_buys_it(schedules):
    for name in ("uniform", "procurement", "linear density"):
        schedule = schedules[name]
        at = {sympy.Symbol(key, positive=True): float(np.mean(ends)) for key, ends in CONTINUA[name][3].items()}
        numbers = schedule.to_numeric(9, **{str(key): value for key, value in at.items()})
        sold = numbers.allocation > 0
        price = sympy.lambdify(sympy.Symbol("q", positive=True), schedule.tariff.subs(at))
        assert [price(amount) for amount in numbers.allocation[sold]] == pytest.approx(numbers.transfer[sold].tolist())


def test_types_that_are_not_regular_get_no_closed_form_but_the_condition():
    schedule = derive_schedule("theta*q", cost="q**2/2", types="12*(theta - 3/2)**2 on (1, 2)")
    assert schedule.is_regular is False
    for name in ("allocation", "tariff", "value", "information_rent", "threshold", "welfare"):
        with pytest.raises(ProblemError, match=r"are not regular: regularity is .* >= 0, which fails.*solve_menu"):
            getattr(schedule, name)
    assert "Not regular" in str(schedule)
    assert "Tariff" not in str(schedule)


def test_types_need_be_regular_only_where_they_are_served():
    """A valley in the middle of (0, 1): virtual valuations fall, but only below what anything costs."""
    schedule = derive_schedule("theta*q", cost="q**2/2", types="12*(theta - 1/2)**2 on (0, 1)")
    assert schedule.is_regular is True
    assert "that are served" in schedule.condition
    menu = contracts.solve_menu(schedule.to_numeric(100).problem)
    assert menu.value == pytest.approx(schedule.to_numeric(2).value, rel=3e-2)


def test_a_density_is_refused_that_integrates_to_something_else_for_some_parameters():
    with pytest.raises(ProblemError, match=r"integrates to s \+ 1, not 1"):
        derive_schedule("theta*q", cost="q**2/2", types="1 + s*(theta - 1/2) on (1, 2)", parameters=("s",))


def test_regularity_that_depends_on_parameters_is_checked_at_the_numbers():
    schedule = derive_schedule("theta*q", cost="q**2/2", types="1 + s*(3/2 - theta) on (1, 2)", parameters=("s",))
    assert schedule.is_regular is None
    assert "theta between 1 and 2" in schedule.condition
    assert len(schedule.conditions) == 2  # the density, and how fast virtual valuations rise
    with pytest.raises(
        ProblemError, match=r"closed form holds where .* is positive, and at these parameters it is not"
    ):
        schedule.to_numeric(5, s=3.0)


# ---- a few types ----


def test_two_types_and_when_the_low_one_is_left_out():
    """Maskin & Riley; Laffont & Martimort ch. 2: served iff low > f high."""
    menu = derive_menu("theta*q", cost="q**2/2", types=("low", "high"), weights=("1 - f", "f"),
                       parameters=("low", "high", "f"))  # fmt: skip
    low, high, f = sympy.symbols("low high f", positive=True)
    both, one = menu.cases
    assert same(both.allocation[0], low - f / (1 - f) * (high - low))
    assert same(both.information_rent[1], (high - low) * both.allocation[0])
    assert same(both.value, (1 - f) * both.allocation[0] ** 2 / 2 + f * high**2 / 2)
    assert same(one.value, f * high**2 / 2)
    assert one.allocation[0] == 0
    assert one.conditions[0].relation().subs({low: 1, high: 2, f: 0.6}) == sympy.true
    assert menu.to_numeric(low=1, high=2, f=0.25).allocation == pytest.approx([2 / 3, 2])
    assert menu.to_numeric(low=1, high=2, f=0.6).value == pytest.approx(1.2)
    assert menu.value.subs({low: 1, high: 2, f: sympy.Rational(1, 4)}) == sympy.Rational(2, 3)


FEW = {
    2: derive_menu("theta*q", cost="k*q**2/2 + s*q", types=2, parameters=("k", "s")),
    3: derive_menu("theta*sqrt(q)", cost="k*q", types=3, parameters=("k",)),
}


@pytest.mark.slow
@examples(12)
@given(st.data(), st.sampled_from(sorted(FEW)))
def test_a_few_types_agree_with_the_engines(data, n):
    steps = data.draw(st.lists(st.floats(0.05, 2.0), min_size=n, max_size=n))
    weights = np.array(data.draw(st.lists(st.floats(0.05, 1.0), min_size=n, max_size=n)))
    weights /= weights.sum()
    weights[-1] = 1 - weights[:-1].sum()
    at = {f"theta_{k}": float(sum(steps[:k])) for k in range(1, n + 1)}
    at |= {f"f_{k}": float(share) for k, share in enumerate(weights, 1)}
    at |= {name: data.draw(st.floats(0.3, 2.0)) for name in FEW[n].parameters if name in "ks"}
    numbers = FEW[n].to_numeric(**at)
    menu = contracts.solve_menu(numbers.problem, gap=1e-9)
    stake = max(abs(menu.value), 1e-6)
    assert numbers.value == pytest.approx(menu.value, rel=AGREE, abs=AGREE * stake)
    assert contracts.verify(numbers.problem, menu.allocation, menu.transfer).holds
    assert np.all(np.diff(numbers.allocation) >= -1e-12)


def test_nobody_is_served_where_the_first_unit_costs_more_than_the_best_type_pays():
    menu = FEW[2]
    assert [case.n_excluded for case in menu.cases] == [0, 1, 2]
    for s in (1.0, 2.0):
        numbers = menu.to_numeric(theta_1=0.5, theta_2=1.0, f_1=0.5, f_2=0.5, s=s, k=1.0)
        assert (numbers.case, numbers.value, list(numbers.allocation)) == (2, 0.0, [0.0, 0.0])
        assert contracts.solve_menu(numbers.problem).value == 0
    assert "Nobody is served." in menu.derivation().text()
    assert len(derive_menu("theta*q", cost="k*q**2/2", types=2, parameters=("k",)).cases) == 2


def test_pooling_and_exclusion_are_cases_of_three_types():
    cases = FEW[3].cases
    assert [(case.n_excluded, case.pools) for case in cases] == [
        (0, ((0, 0), (1, 1), (2, 2))), (0, ((0, 1), (2, 2))), (1, ((1, 1), (2, 2))), (2, ((2, 2),)),
    ]  # fmt: skip
    pooled = FEW[3].to_numeric(theta_1=2, theta_2=2.5, theta_3=3, f_1=0.5, f_2=0.05, f_3=0.45, k=1)
    assert pooled.case == 1
    assert pooled.allocation[0] == pooled.allocation[1] > 0


def test_procurement_from_a_few_types_puts_the_efficient_last():
    menu = derive_menu("-theta*q", cost="-2*sqrt(q)", types=(1, 2), weights=(0.5, 0.5))
    assert menu.labels == ("2", "1")
    numbers = menu.to_numeric()
    assert numbers.allocation == pytest.approx([1 / 9, 1.0])


# ---- hidden action ----


def test_grossman_and_hart_pay_four_and_three_quarters():
    wages = derive_wages("sqrt(w)", shirk="1/4", work="3/4", effort_cost=1, reservation_utility=1, output=(0, 20))
    assert (wages.wages, wages.expected_wage) == ((sympy.Rational(1, 4), sympy.Rational(25, 4)), sympy.Rational(19, 4))
    assert (wages.first_best_cost, wages.agency_cost, wages.rent) == (4, sympy.Rational(3, 4), 0)
    assert contracts.solve_contract(wages.to_numeric().problem).expected_wage == 4.75


def test_limited_liability_leaves_a_rent():
    """Laffont & Martimort 4.3: w_0 = 0, w_1 = e / (p_1 - p_0), rent p_0 e / (p_1 - p_0)."""
    wages = derive_wages("w", lowest_wage=0, reservation_utility=0)
    e, low, high = sympy.symbols("e p_0 p_1", positive=True)
    assert wages.wages[0] == 0
    assert same(wages.wages[1], e / (high - low))
    assert same(wages.rent, low * e / (high - low))


HIDDEN = {
    "root": (lambda: derive_wages("sqrt(w)"), (0.0, 2.0)),
    "log": (lambda: derive_wages("log(w + 5)"), (0.0, 2.0)),
    "risk neutral": (lambda: derive_wages("w", lowest_wage=0), (0.0, 2.0)),
    "cara": (lambda: derive_wages("-exp(-a*w)", parameters=("a",), reservation_utility="-r"), (2.5, 4.0)),
    "hyperbola": (lambda: derive_wages("-1/(w + 1)", reservation_utility="-r"), (2.5, 4.0)),
    "crra": (lambda: derive_wages("w**(1 - g)/(1 - g)", parameters=("g",)), (0.0, 2.0)),
    "crra below 0": (
        lambda: derive_wages("w**(1 - g)/(1 - g)", parameters=("g", "k"), reservation_utility="-k"),
        (0.0, 2.0),
    ),
}


@pytest.fixture(scope="module")
def hidden():
    return {name: derive() for name, (derive, _) in HIDDEN.items()}


@examples(10)
@given(st.data(), st.sampled_from(sorted(HIDDEN)))
def test_two_outcomes_agree_with_the_engines(hidden, data, name):
    wages, (low, high) = hidden[name], HIDDEN[name][1]
    shirk = data.draw(st.floats(0.05, 0.45))
    at = {"p_0": shirk, "p_1": data.draw(st.floats(shirk + 0.2, 0.95)), "e": data.draw(st.floats(0.05, 0.4)),
          "r": data.draw(st.floats(max(low, 0.01), high)), "y_0": 0.1, "y_1": 1.0}  # fmt: skip
    more = {"a": (0.2, 2.0), "g": (1.2, 3.0) if "k" in wages.parameters else (0.2, 0.5), "k": (2.5, 4.0)}
    at |= {key: data.draw(st.floats(*ends)) for key, ends in more.items() if key in wages.parameters}
    at = {key: number for key, number in at.items() if key in wages.parameters}
    numbers = wages.to_numeric(**at)
    contract = contracts.solve_contract(numbers.problem, "work", gap=1e-9)
    stake = max(1.0, abs(contract.expected_wage))
    assert numbers.expected_wage == pytest.approx(contract.expected_wage, abs=AGREE * stake)
    assert numbers.first_best_cost == pytest.approx(contract.first_best_cost[1], abs=AGREE * stake)
    assert contract.upper_bound >= numbers.value_of_work - AGREE * stake


def test_how_low_utility_goes_may_depend_on_a_parameter():
    """Of constant relative risk aversion: 0 at no wage if g < 1, and without end if g > 1."""
    wages = derive_wages("w**(1 - g)/(1 - g)", parameters=("g",))
    g = sympy.Symbol("g", positive=True)
    assert [wages.span.subs(g, number) for number in (sympy.Rational(1, 2), 2)] == [0, -sympy.oo]


def test_a_linear_contract_pays_one_over_one_plus_rkv():
    contract = derive_linear_contract()
    k, r, v = sympy.symbols("k r v", positive=True)
    assert same(contract.slope, 1 / (1 + r * k * v))
    assert same(contract.surplus, 1 / (2 * k * (1 + r * k * v)))
    assert contract.derivation().steps[-1].title == "What it is worth"


@examples(25)
@given(st.floats(0.1, 5.0), st.floats(0.05, 3.0), st.floats(0.05, 3.0), st.floats(0.1, 2.0))
def test_a_linear_contract_is_best_among_linear_ones(k, r, v, u):
    """By quadrature of exponential utility over the noise, and a search over slope and effort."""
    numbers = derive_linear_contract(reservation_utility="u").to_numeric(k=k, r=r, v=v, u=u)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)

    def equivalent(slope, intercept, effort):
        money = intercept + slope * (effort + np.sqrt(v) * nodes) - k * effort**2 / 2
        return -np.log(weights @ np.exp(-r * money) / weights.sum()) / r

    assert equivalent(numbers.slope, numbers.intercept, numbers.effort) == pytest.approx(u, abs=1e-9)
    best = scipy.optimize.minimize_scalar(
        lambda a: -equivalent(numbers.slope, 0.0, a), bounds=(0, 2 / k), method="bounded", options={"xatol": 1e-10}
    )
    assert best.x == pytest.approx(numbers.effort, abs=1e-6)
    surplus = [b / k - b**2 / (2 * k) - r * v * b**2 / 2 for b in np.linspace(0, 1, 2001)]
    assert max(surplus) <= numbers.surplus + 1e-12
    assert max(surplus) == pytest.approx(numbers.surplus, rel=1e-5)


# ---- refusals, and that their remedies work ----


S, M, W, L = derive_schedule, derive_menu, derive_wages, derive_linear_contract
REFUSED = [
    (lambda: S("theta*q", cost="k*q**2", types="uniform(0, 1)"), "cost .* names 'k', which is not declared"),
    (lambda: S("theta*q", cost="k*q**2", types="uniform(0, 1)", parameters="k").allocation, None),
    (lambda: S("theta*q", cost="q", types="uniform(0, 1)"), "does not increase in q"),
    (lambda: S("theta*q", cost="q**2 + 1", types="uniform(0, 1)"), "cost is 1 for no quantity"),
    (lambda: S("exp(theta*q) - 1", cost="q**2", types="uniform(0, 1)"), "mixes theta and q"),
    (lambda: S("theta*q", cost="q**2 + q**7", types="uniform(0, 1)"), "no closed form"),
    (lambda: S("theta*q", cost="q**k", types="uniform(0, 1)", parameters="k"), r"such as q\*\*\(1 \+ k\)"),
    (lambda: S("theta*q", cost="q**(1 + k)", types="uniform(0, 1)", parameters="k").allocation, None),
    (lambda: S("theta*q", cost="q**2", types="theta on (0, 1)"), "integrates to 1/2, not 1"),
    (lambda: S("theta*q", cost="q**2", types="2*theta on (0, 1)").allocation, None),
    (lambda: S("theta*q", cost="q**2", types="uniform(1, 0)"), "give the lower end first"),
    (lambda: S("theta*q", cost="q**2", types="uniform(0)"), "with 1 numbers"),
    (lambda: S("theta*q", cost="q**2", types="normal(0, 1)"), r"give uniform\(a, b\)"),
    (lambda: S("theta*q", cost="q**2 + 2*q", types="uniform(0, 1)").value, "nobody is served"),
    (lambda: S("theta*q", cost="2*(sqrt(1 + q**2) - 1)", types="uniform(2, 3)").conditions, "without limit"),
    (lambda: S("theta*q", cost="q**2", types=3), "types is 3: give"),
    (lambda: M("theta*q", cost="q**2", types=(2, 1)), "not known to increase"),
    (lambda: M("theta*q", cost="q**2", types=("a", "b"), weights=("1 - f", "f/2"), parameters="abf"),
     "parameters is 'abf'|has 'abf'|not declared"),
    (lambda: M("theta*q", cost="q**2", types=(1, 2), weights=(0.5, 0.6)), "weights sum to 11/10, not 1"),
    (lambda: M("theta*q", cost="q**2", types=(1, 2), weights=(1.5, -0.5)), "not known to be positive"),
    (lambda: M("theta*q", cost="q**2", types=9), "for 1 to 6 types"),
    (lambda: W("exp(w)"), "is not concave"),
    (lambda: W("-w"), "does not increase"),
    (lambda: W("sqrt(w)", shirk=0.5, work=0.4), "work makes success likelier"),
    (lambda: W("sqrt(w)", shirk=0.5, work=1.4), "at most 1"),
    (lambda: W("-exp(-w)"), "stays below 0"),
    (lambda: W("-exp(-w)", reservation_utility=-2, effort_cost="1/2").wages, None),
    (lambda: S("theta*q", cost="q**2/2", types="pareto(2, 1)").value, "expected gains are infinite"),
    (lambda: L(effort_cost=0), "not known to be positive"),
    (lambda: L().to_numeric(k=1, r=1), "no value for the parameter 'v'"),
    (lambda: L().to_numeric(k=1, r=1, v=1, z=1), "'z' is no parameter"),
    (lambda: L().to_numeric(k=1, r=1, v=-1), "v is -1: parameters are positive"),
    (lambda: S("theta*q", cost="q**2", types="exponential(1)").to_numeric(), "have no highest"),
    (lambda: S("theta*q", cost="q**2", types="exp(-theta)/(1 - exp(-9)) on (0, 9)").to_numeric(3), None),
    (lambda: S("theta*(1 - exp(-q))", cost="q", types="uniform(2, 3)").to_numeric(3), "engines know no cost"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_what_makes_no_sense_is_refused_and_the_remedy_works(call, words):
    if words is None:
        call()
    else:
        with pytest.raises((ProblemError, UnboundedMenuError), match=words):
            call()


def test_distributions_of_sympy_are_taken():
    from sympy.stats import Beta, Exponential, Normal, Poisson, Uniform

    assert derive_schedule("theta*q", cost="q**2/2", types=Uniform("X", 0, 1)).value == sympy.Rational(1, 12)
    assert same(derive_schedule("theta*q", cost="q**2/2", types=Exponential("X", 2)).threshold, sympy.Rational(1, 2))
    assert derive_schedule("theta*q", cost="q**2/2", types=Beta("X", 2, 1)).is_regular
    for odd, words in ((Normal("X", 0, 1), "have no lowest"), (Poisson("X", 1), "give a continuous distribution")):
        with pytest.raises(ProblemError, match=words):
            derive_schedule("theta*q", cost="q**2/2", types=odd)


# ---- what is shown ----


def test_a_derivation_is_text_latex_and_html():
    derivation = derive_schedule("theta*q", cost="k*q**2/2", types="uniform(0, 1)", parameters="k").derivation()
    titles = [step.title for step in derivation.steps]
    assert titles[0] == "Types"
    assert titles[-2:] == ["Tariff", "What it is worth"]
    assert "T(q) = q*(k*q + 2)/4" in derivation.text()
    assert r"\begin{align*}" in derivation.latex()
    assert derivation.latex().count(r"\begin") == derivation.latex().count(r"\end")
    page = derivation.html()
    assert page == derivation._repr_html_()
    assert "<math" in page
    assert "http" not in page


def test_text_of_users_is_escaped_on_pages():
    shown = derive_menu("theta*q", cost="q**2/2", types=2).derivation()
    assert "<script" not in shown.html()
    assert "&lt;" not in shown.steps[0].words
