"""Mechanisms: closed forms, what a second solver says, permutations, and evaluation by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import rel_entr
from scipy.stats import chi2

from contracts import solve_menu
from contracts.models import delegation
from inference.society import MECHANISMS, Signal, Truth, coherence, evaluate, full_information, synthetic_society
from inference.society.community import community_input, elicited, shared_out
from inference.society.evaluation import delivered
from inference.society.mechanisms import COVERAGE, max_min, menu, robust_menu, worst_off_weights
from inference.society.scenarios import PLAIN, SCENARIOS, communities, noisy_signal, standard_noise

SOLVED = 1e-6  # policies of menus, whose value is flat at the optimum
EXACT = 1e-10
SAME = np.arange(3)


def told(societies, error=0.0):
    """What the mechanisms would see if nobody erred: the true group utilities."""
    utilities = np.stack([one.utilities for one in societies])
    n, n_groups, n_policies = utilities.shape
    weights = np.stack([one.weights for one in societies])
    centre = np.eye(n_policies) - 1 / n_policies
    return Signal(
        utilities=utilities,
        covariance=np.broadcast_to(error**2 * centre, (n, n_groups, n_policies, n_policies)),
        pooled=np.einsum("ng,ngk->nk", weights, utilities),
        weights=weights,
        safety_cost=np.stack([one.safety_cost for one in societies]),
        reference=np.stack([one.reference for one in societies]),
        temperature=np.array([one.temperature for one in societies]),
    )


def societies(count=3, **options):
    options = {"conflict": 0.5, "heterogeneity": 0.0, "n_members": 2} | options
    return [synthetic_society(rng=np.random.default_rng(seed), **options) for seed in range(count)]


# ---- closed forms ----


def test_the_menu_of_one_group_is_the_softmax_policy():
    drawn = societies(n_groups=1)
    signal = told(drawn)
    for name in ("menu", "averaging", "labels", "max-min", "majority", "mean utility"):
        offered = MECHANISMS[name](signal).policies[:, 0]
        np.testing.assert_allclose(offered, [one.own[0, 0] for one in drawn], atol=SOLVED, err_msg=name)


def test_without_conflict_all_mechanisms_coincide_with_full_information():
    drawn = societies(conflict=0.0)
    truth, signal = Truth.of(drawn), told(drawn)
    for name, mechanism in MECHANISMS.items():
        outcome = evaluate(truth, mechanism(signal), SAME)
        np.testing.assert_allclose(outcome.misalignment, 0.0, atol=SOLVED, err_msg=name)
        np.testing.assert_allclose(outcome.hacking, 0.0, atol=SOLVED, err_msg=name)


def test_full_information_dominates_every_mechanism():
    drawn = societies(8, heterogeneity=0.3, n_members=6)
    truth, signal = Truth.of(drawn), told(drawn, error=0.1)
    bound = full_information(truth).welfare
    for name, mechanism in MECHANISMS.items():
        outcome = evaluate(truth, mechanism(signal), SAME)
        assert np.all(outcome.welfare <= bound + EXACT), name
        np.testing.assert_allclose(bound - outcome.welfare, outcome.misalignment, atol=1e-8, err_msg=name)


def test_the_mean_utility_policy_is_the_best_single_policy_when_it_is_told_the_truth():
    drawn = societies(conflict=0.8)
    truth, signal = Truth.of(drawn), told(drawn)
    best = evaluate(truth, MECHANISMS["mean utility"](signal), SAME).welfare
    rng = np.random.default_rng(1)
    for name in ("averaging", "max-min", "majority"):
        assert np.all(evaluate(truth, MECHANISMS[name](signal), SAME).welfare <= best + EXACT), name
    for _ in range(100):
        offer = replace(MECHANISMS["averaging"](signal), policies=rng.dirichlet(np.ones(8), size=(len(drawn), 1)))
        assert np.all(evaluate(truth, offer, SAME).welfare <= best)


def test_max_min_is_what_the_general_solver_finds():
    drawn = societies(4, conflict=0.9, weights=[0.6, 0.3, 0.1])
    signal = told(drawn)
    found = max_min(signal).policies[:, 0]
    for r, one in enumerate(drawn):
        # One policy for everybody: a single type whose reward is the worst-off weights' mixture solves the dual.
        weights = worst_off_weights(signal)[r]
        gain = one.utilities @ found[r] - one.reservation_utility
        binding = weights > 1e-6
        np.testing.assert_allclose(gain[binding], gain.min(), atol=1e-5)
        single = solve_menu(
            delegation(
                (weights @ one.utilities)[np.newaxis],
                reference=one.reference,
                temperature=one.temperature,
                harm=one.safety_cost,
            )
        )
        np.testing.assert_allclose(single.allocation[0], found[r], atol=1e-5)


def test_max_min_beats_a_cone_program_written_by_hand():
    import cvxpy as cp

    (one,) = societies(1, conflict=0.9)
    x = cp.Variable(8, nonneg=True)
    leaving = cp.sum(cp.rel_entr(x, one.reference))
    worst = cp.min(one.utilities @ x - one.reservation_utility)
    goal = worst - one.safety_cost @ x - one.temperature * leaving
    best = cp.Problem(cp.Maximize(goal), [cp.sum(x) == 1]).solve(solver="CLARABEL")
    found = max_min(told([one])).policies[0, 0]
    value = (one.utilities @ found - one.reservation_utility).min() - one.safety_cost @ found
    assert value - one.temperature * rel_entr(found, one.reference).sum() == pytest.approx(best, abs=1e-6)


def test_the_majority_decides_and_a_minority_does_not():
    drawn = societies(weights=[0.6, 0.3, 0.1])
    offered = MECHANISMS["majority"](told(drawn)).policies[:, 0]
    np.testing.assert_allclose(offered, [one.own[0, 0] for one in drawn], atol=EXACT)


# ---- menus ----


def test_every_menu_is_exactly_incentive_compatible_and_individually_rational():
    signal = told(societies(6, intensity=[0.5, 1.0, 1.5]), error=0.2)
    for solved in (*menu(signal).menus, *robust_menu(signal).menus):
        assert solved.certificate.holds
        assert solved.certificate.is_exact


def test_labels_can_be_lied_about_where_the_menu_leaves_nothing_to_gain():
    """Groups that care differently want policies of different strength; each likes the strongest version best."""
    drawn = societies(6, conflict=0.2, intensity=[0.5, 1.0, 1.5])
    truth, signal = Truth.of(drawn), told(drawn)
    lied = evaluate(truth, MECHANISMS["labels"](signal), SAME)
    sorted_out = evaluate(truth, menu(signal), SAME)
    assert np.count_nonzero(lied.misreporting > 0.02) >= 3
    np.testing.assert_allclose(sorted_out.misreporting, 0.0, atol=EXACT)
    np.testing.assert_allclose(sorted_out.sorting, 1.0)
    assert np.all(sorted_out.welfare >= lied.welfare)


def test_relabelling_groups_permutes_the_menu_and_changes_nothing_else():
    drawn = societies(4, conflict=0.7, weights=[0.5, 0.3, 0.2])
    order = [2, 0, 1]
    moved = [replace(one, members=one.members[order], weights=one.weights[order]) for one in drawn]
    for name, mechanism in MECHANISMS.items():
        before, after = mechanism(told(drawn, 0.1)), mechanism(told(moved, 0.1))
        kept = evaluate(Truth.of(drawn), before, SAME), evaluate(Truth.of(moved), after, SAME)
        np.testing.assert_allclose(kept[0].misalignment, kept[1].misalignment, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(kept[0].group_utility[:, order], kept[1].group_utility, atol=1e-4, err_msg=name)


# ---- evaluation ----


def test_evaluation_is_what_a_loop_over_members_finds():
    (one,) = societies(1, heterogeneity=0.4, n_members=3)
    offer = menu(told([one], 0.1))
    outcome = evaluate(Truth.of([one]), offer, SAME)
    regret, harm, stayed = [], [], []
    for g in range(3):
        for m in range(3):
            worth = offer.policies[0] @ one.members[g, m]
            taken = offer.policies[0, worth.argmax()]
            regret.append(one.temperature * rel_entr(taken, one.own[g, m]).sum() / 9)
            harm.append(taken @ one.safety_cost / 9)
            stayed.append(taken @ one.members[g, m] >= one.reference @ one.members[g, m])
    assert outcome.misalignment[0] == pytest.approx(sum(regret))
    assert outcome.harm[0] == pytest.approx(sum(harm))
    assert outcome.participation[0] == 1.0
    assert all(stayed), "the reference stays on offer"


def test_a_choice_between_equal_contracts_reveals_nothing():
    """Robust IC pools groups that agree into one contract, so that only guessing is left."""
    drawn = societies(2, conflict=0.0)
    outcome = evaluate(Truth.of(drawn), robust_menu(told(drawn, error=0.1)), SAME)
    np.testing.assert_allclose(outcome.recovered, 1 / 3)
    apart = societies(2, conflict=1.0)
    np.testing.assert_allclose(evaluate(Truth.of(apart), menu(told(apart)), SAME).recovered, 1.0)


def test_users_who_err_a_little_choose_almost_as_before_and_lose():
    drawn = societies(heterogeneity=0.2, n_members=5)
    truth, offer = Truth.of(drawn), menu(told(drawn))
    steady, shaky = delivered(truth, offer, SAME), delivered(truth, offer, SAME, temperature=0.25)
    np.testing.assert_allclose(shaky.sum(axis=-1), 1.0)
    np.testing.assert_allclose(delivered(truth, offer, SAME, temperature=1e-4), steady, atol=1e-3)
    lost = evaluate(truth, offer, SAME, temperature=0.25).misalignment - evaluate(truth, offer, SAME).misalignment
    assert np.all(lost > 0)


def test_without_noise_nothing_moves_and_with_more_noise_more_does():
    asked = communities(PLAIN, 0.5, range(2), seed=3)
    truth = Truth.of(asked.worlds)
    eps = np.stack([standard_noise(PLAIN, np.random.default_rng([3, r, 2]), asked.worlds[r]) for r in range(2)])
    for name, mechanism in MECHANISMS.items():
        offers = [mechanism(noisy_signal(asked.worlds, asked.told, eps, level, PLAIN)) for level in (0.0, 0.05, 0.5)]
        assert np.all(coherence(truth, offers[0], offers[0], SAME) == 0.0), name
        little, much = (coherence(truth, offers[0], offer, SAME) for offer in offers[1:])
        assert np.all(little < much), name


def test_noise_of_every_channel_has_the_size_that_is_asked_for():
    (world,) = societies(1)
    for scenario in SCENARIOS:
        drawn = np.stack([standard_noise(scenario, np.random.default_rng(r), world) for r in range(4000)])
        np.testing.assert_allclose(drawn.sum(axis=2), 0.0, atol=EXACT)
        if not scenario.heavy_tails:  # the fourth moment that the error of a variance needs is infinite
            assert drawn.std() == pytest.approx(np.sqrt(7 / 8), rel=0.01), scenario.name
        together = np.corrcoef(drawn[:, 0].ravel(), drawn[:, 1].ravel())[0, 1]
        assert together == pytest.approx(1.0 if scenario.channel == "shared" else 0.0, abs=0.02)


# ---- what a community says ----


def test_what_is_elicited_approaches_the_truth_as_more_is_asked():
    errors = []
    for count in (600, 9600):
        rng = np.random.default_rng(1)
        (one,) = societies(1, n_members=40)
        asked = community_input(one, rng=rng, n_comparisons=count, n_ratings=300, n_acceptances=count // 2)
        found = elicited(asked, one.weights, 8)
        errors.append(np.sqrt(((found.utilities - one.utilities) ** 2).mean()))
        assert np.all(np.abs(found.reservation_utility - one.reservation_utility) < 0.5)
        errors_in_se = (found.utilities - one.utilities) / np.sqrt(np.diagonal(found.covariance, axis1=1, axis2=2))
        assert np.abs(errors_in_se).max() < 4.5
    assert errors[1] < errors[0] / 2


def test_groups_taken_for_one_type_are_estimated_together():
    rng = np.random.default_rng(1)
    (one,) = societies(1, n_members=20, conflict=0.8)
    found = elicited(community_input(one, rng=rng), one.weights, 8, (0, 1, 1))
    assert found.utilities.shape == (2, 8)
    np.testing.assert_allclose(found.weights, [1 / 3, 2 / 3])
    middle = one.utilities[1:].mean(axis=0)
    assert np.corrcoef(found.utilities[1], middle)[0, 1] > 0.9


def test_answers_are_shared_out_by_weight_to_the_last_one():
    np.testing.assert_array_equal(shared_out(np.array([0.6, 0.3, 0.1]), 100), [59, 30, 11])
    assert shared_out(np.array([1 / 3] * 3), 10).sum() == 10


def test_an_adversarial_group_owns_the_average_it_answers_into():
    scenario = next(one for one in SCENARIOS if one.is_adversarial)
    asked = communities(scenario, 0.6, range(1), seed=1)
    wanted = asked.worlds[0].utilities[-1]
    mean = asked.told[0].weights @ asked.told[0].utilities
    assert np.corrcoef(mean, wanted)[0, 1] > 0.9
    honest = communities(PLAIN, 0.6, range(1), seed=1)
    assert np.corrcoef(honest.told[0].weights @ honest.told[0].utilities, wanted)[0, 1] < 0.8


def test_what_does_not_fit_is_refused():
    from contracts.errors import ProblemError

    (one,) = societies(1)
    rng = np.random.default_rng(1)
    with pytest.raises(ProblemError, match="2 answers cannot come from 3 groups"):
        community_input(one, rng=rng, n_comparisons=2)
    with pytest.raises(ProblemError, match=r"pretended has shape \(3, 8\)"):
        community_input(one, rng=rng, pretended=one.utilities)
    with pytest.raises(ProblemError, match=r"type_of_group is \[0, 2, 2\]: number the types"):
        elicited(community_input(one, rng=rng), one.weights, 8, (0, 2, 2))


def test_sets_that_nearly_touch_have_a_certified_robust_menu():
    """The last two groups' sets miss each other by a tenth of a logit: no menu has room between these two."""
    biased = next(one for one in SCENARIOS if one.bias)
    asked = communities(biased, 0.25, [22], seed=1)
    eps = standard_noise(biased, np.random.default_rng([1, 22, 2]), asked.worlds[0])[np.newaxis]
    found = robust_menu(noisy_signal(asked.worlds, asked.told, eps, 0.2, biased)).menus[0]
    assert found.certificate.is_exact
    closer = solve_menu(found.problem, gap=1e-7)
    assert "IC prices up to 1000" in closer.engine
    assert closer.value == pytest.approx(found.value, rel=1e-3)


@pytest.mark.slow
def test_confidence_sets_hold_the_truth_less_often_than_their_nominal_half_where_groups_differ():
    """What docs/societal-alignment.md says: few members and partial pooling make sets too small without noise."""
    asked = communities(PLAIN, 0.5, range(16), seed=1)
    eps = np.stack([standard_noise(PLAIN, np.random.default_rng([1, r, 2]), asked.worlds[r]) for r in range(16)])
    covered = []
    for level in (0.0, 0.2):
        signal = noisy_signal(asked.worlds, asked.told, eps, level, PLAIN)
        miss = np.stack([one.utilities for one in asked.worlds]) - signal.utilities
        distance = np.einsum("ngk,ngkl,ngl->ng", miss, np.linalg.pinv(signal.covariance, rcond=1e-9), miss)
        covered.append((distance <= chi2.ppf(COVERAGE, 7)).mean())
    assert covered == pytest.approx([0.32, 0.44], abs=0.1)


def test_a_choice_is_read_by_what_was_meant_for_whom():
    """Two groups that take what was meant for each other are both misread."""
    drawn = societies(1, conflict=1.0)
    offer = MECHANISMS["labels"](told(drawn))
    swapped = replace(offer, policies=offer.policies[:, [1, 0, 2]])
    assert evaluate(Truth.of(drawn), offer, SAME).recovered == pytest.approx([1.0])
    assert evaluate(Truth.of(drawn), swapped, SAME).recovered == pytest.approx([1 / 3]), "misread as one another"
    single = MECHANISMS["averaging"](told(drawn))
    assert evaluate(Truth.of(drawn), single, SAME).recovered == pytest.approx([1 / 3])
