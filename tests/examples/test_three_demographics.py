"""The demonstration: published figures typed right, numbers recomputed another way, output as stored."""

import csv
import os
import re
import runpy
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import logsumexp, rel_entr, softmax

from contracts import verify
from contracts.demo import moral_machine
from contracts.demo.moral_machine import AMCE, COUNTRIES, CULTURES, POLICIES, SAFETY_COST, SHARES, compare, rewards
from contracts.demo.three_demographics import three_demographics, verdict

mpl.use("Agg")

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT.parent / "shared" / "data" / "moral_machine" / "cluster_amce.csv"
STORED = Path(__file__).with_suffix(".txt")  # MENUWRIGHT_STORE=1 writes it anew, to be read before it is committed

CLOSED_FORM = 1e-6  # points; values at a solver's policies against softmax and a root
PROBABILITY = 1e-5  # the value is flat at the best policy, so the policy itself is known to fewer digits
DESCENT = 1e-4  # points; the menu against a general-purpose optimiser, which stops earlier

TAU, REFERENCE = 2.0, np.full(11, 1 / 11)


@pytest.fixture(scope="module", params=[1.0, 4.0], ids=["published", "stretched"])
def case(request):
    return compare(request.param)


def surplus(policy, utility):
    """What a policy is worth to somebody and to the provider together, in points."""
    return policy @ (utility - SAFETY_COST) - TAU * rel_entr(policy, REFERENCE).sum(axis=-1)


def tilted(utility, weight=1.0):
    """The policy proportional to reference x exp((weight utility - safety cost) / tau)."""
    return softmax((weight * utility - SAFETY_COST) / TAU + np.log(REFERENCE))


# ---- the data ----


def test_the_figures_are_the_published_ones():
    if not PUBLISHED.exists():
        pytest.skip("../shared/data/moral_machine/cluster_amce.csv is not here: the typed figures are not compared")
    with PUBLISHED.open(encoding="utf-8", newline="") as lines:
        rows = {row["cluster"]: row for row in csv.DictReader(lines)}
    assert rows.keys() == set(CULTURES)
    for k, culture in enumerate(CULTURES):
        assert {name: effect[k] for name, effect in AMCE.items()} == {name: float(rows[culture][name]) for name in AMCE}
        assert COUNTRIES[k] == int(rows[culture]["countries"])


def test_rewards_are_positions_times_effects():
    """Equal treatment splits its emphasis between numbers and law, and puts humans first."""
    western, eastern, southern = rewards()[:, POLICIES.index("equal treatment")]
    assert western == pytest.approx((50.40 + 34.85) / 2 + 59.40)
    assert eastern == pytest.approx((45.40 + 36.47) / 2 + 59.33)
    assert southern == pytest.approx((50.18 + 34.82) / 2 + 51.65)


def test_every_policy_shares_one_unit_of_emphasis_and_pays_for_personal_features():
    emphasis = np.abs(moral_machine.POSITIONS[:, :-1]).sum(axis=1)
    np.testing.assert_allclose(emphasis, [0.0 if name == "fair lottery" else 1.0 for name in POLICIES])
    costs = dict(zip(POLICIES, SAFETY_COST, strict=True))
    assert costs["protect the young"] == costs["respect rank"] == costs["women and children"] == 5.0
    assert costs["equal treatment"] == costs["strictly lawful"] == costs["fair lottery"] == 0.0
    assert costs["protect the vulnerable"] == pytest.approx(5 * (0.3 + 0.2 + 0.2))


def test_stretching_keeps_the_mean_and_multiplies_the_differences():
    np.testing.assert_allclose(SHARES @ rewards(4.0), SHARES @ rewards())
    np.testing.assert_allclose(rewards(4.0)[1] - rewards(4.0)[0], 4 * (rewards()[1] - rewards()[0]))


# ---- the comparison, a second time ----


def test_averaging_is_the_softmax_of_the_averaged_reward(case):
    np.testing.assert_allclose(case.averaged, tilted(SHARES @ rewards(case.contrast)), atol=PROBABILITY)


def test_the_best_of_each_culture_is_its_own_softmax(case):
    for own, utility in zip(case.own, rewards(case.contrast), strict=True):
        np.testing.assert_allclose(own, tilted(utility), atol=PROBABILITY)


def test_full_information_tilts_towards_the_culture_until_it_keeps_what_averaging_gave(case):
    """Kuhn-Tucker: the policy is proportional to reference x exp(((1 + price) utility - safety) / tau)."""
    values = []
    for utility in rewards(case.contrast):
        owed = case.averaged @ utility

        def short(price, utility=utility, owed=owed):
            return tilted(utility, 1 + price) @ utility - owed

        price = 0.0 if short(0.0) >= 0 else brentq(short, 0.0, 10.0, xtol=1e-13)
        values.append(surplus(tilted(utility, 1 + price), utility))
    assert case.full_information == pytest.approx(SHARES @ values, abs=CLOSED_FORM)


def test_the_bound_without_constraints_is_the_log_partition_function(case):
    score = (rewards(case.contrast) - SAFETY_COST) / TAU + np.log(REFERENCE)
    assert case.bound_without_constraints == pytest.approx(TAU * SHARES @ logsumexp(score, axis=1), abs=CLOSED_FORM)


def test_a_general_optimiser_finds_the_same_menu_value():
    """Sequential quadratic programming over softmax scores, with IC and IR written out by hand."""
    case = compare()
    utility = rewards()

    def policies(scores):
        return softmax(scores.reshape(3, -1), axis=1)

    def slack(scores):
        offered = np.vstack([policies(scores), case.averaged])
        worth = utility @ offered.T  # worth[i, j]: culture i takes the policy of j, the averaged one last
        return (np.diag(worth)[:, np.newaxis] - worth)[~np.eye(3, 4, dtype=bool)]

    def loss(scores):
        return -SHARES @ [surplus(*both) for both in zip(policies(scores), utility, strict=True)]

    start = np.tile(np.log(case.averaged), 3)
    found = minimize(
        loss, start, method="SLSQP", constraints={"type": "ineq", "fun": slack}, options={"maxiter": 400, "ftol": 1e-11}
    )
    assert slack(found.x).min() > -DESCENT
    assert -found.fun == pytest.approx(case.menu.value, abs=DESCENT)


def test_values_are_ordered_as_theory_says(case):
    assert case.averaged_value <= case.menu.value <= case.full_information + CLOSED_FORM
    assert case.full_information <= case.bound_without_constraints + CLOSED_FORM


def test_gains_regrets_and_safety_costs_are_those_of_the_policies(case):
    utility = rewards(case.contrast)
    taken = case.menu.allocation
    np.testing.assert_allclose(case.gain, ((taken - case.averaged) * utility).sum(axis=1), atol=1e-9)
    best = [surplus(tilted(worth), worth) for worth in utility]
    now = [surplus(policy, worth) for policy, worth in zip(taken, utility, strict=True)]
    np.testing.assert_allclose(case.regret(taken), np.subtract(best, now), atol=CLOSED_FORM)
    np.testing.assert_allclose(case.distance(taken), np.abs(taken - case.own).sum(axis=1) / 2)
    assert case.safety_cost == pytest.approx((case.averaged @ SAFETY_COST, SHARES @ (taken @ SAFETY_COST)))


def test_nobody_loses_and_the_certificate_holds_when_computed_anew(case):
    menu = case.menu
    certificate = verify(menu.problem, menu.allocation, menu.transfer, multipliers=menu.bound.multipliers, gap=1e-6)
    assert certificate.holds
    assert certificate.is_exact
    assert np.all(case.gain >= 0)


def test_the_words_say_that_small_gains_are_small():
    assert "Eastern gains 0.004 points, less than 0.5" in verdict(compare())
    assert "the cultures agree more than they differ" in verdict(compare())
    stretched = verdict(compare(4.0))
    assert "Southern gains 9.527 points;" in stretched
    assert "agree more" not in stretched
    assert "Eastern gains nothing" in verdict(compare(2.0))


# ---- the program ----


def comparable(text):
    """Output without what depends on the solver's last digits: gaps and the engine's name."""
    return re.sub(r"gap \S+?(; engine .*)?$", "gap ...", text, flags=re.MULTILINE)


def test_the_example_prints_what_is_stored_and_writes_its_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(ROOT / "examples" / "three_demographics.py"), run_name="__main__")
    printed = comparable(capsys.readouterr().out)
    if os.environ.get("MENUWRIGHT_STORE"):
        STORED.write_text(printed, encoding="utf-8")
    assert printed.splitlines() == STORED.read_text(encoding="utf-8").splitlines()
    page = (tmp_path / "out" / "three_demographics.html").read_text(encoding="utf-8")
    assert page.count("<svg ") == 7
    assert "http" not in page
    assert "src=" not in page


@pytest.mark.slow
def test_the_study_is_the_same_twice_and_is_plain_json(tmp_path):
    import json

    first, second = three_demographics(tmp_path / "a"), three_demographics(tmp_path / "b")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.holds
    record = json.loads(json.dumps(first.to_dict(), allow_nan=False))
    assert record["cases"][0]["gain"] == first.published.gain.tolist()
    assert [case["contrast"] for case in record["cases"]] == [1.0, 4.0]
