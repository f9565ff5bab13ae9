"""The society: conflict in closed form, regret as a distance, files to the bit, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import rel_entr

from contracts.demo import moral_machine
from contracts.errors import ProblemError
from inference.society import Society, load_society, moral_machine_society, synthetic_society
from inference.society.world import tilted

EXACT = 1e-10


def society(seed=1, conflict=0.5, **options):
    return synthetic_society(rng=np.random.default_rng(seed), conflict=conflict, **options)


@given(st.integers(0, 100), st.floats(0, 1), st.integers(2, 4))
def test_conflict_sets_the_correlation_between_groups_and_nothing_else(seed, conflict, n_groups):
    drawn = society(seed, conflict, n_groups=n_groups, n_members=3)
    angle = conflict * np.pi / 2
    expected = np.cos(angle) ** 2 - np.sin(angle) ** 2 / (n_groups - 1)
    off_diagonal = drawn.agreement[~np.eye(n_groups, dtype=bool)]
    np.testing.assert_allclose(off_diagonal, expected, atol=EXACT)
    np.testing.assert_allclose(drawn.utilities.std(axis=1), 1.0, atol=EXACT)
    np.testing.assert_allclose(drawn.safety_cost, society(seed, 0.0, n_groups=n_groups, n_members=3).safety_cost)


def test_two_opposed_groups_want_the_exact_opposite_and_three_cancel_out():
    first, second = society(conflict=1.0, n_groups=2).utilities
    np.testing.assert_allclose(first, -second, atol=EXACT)
    np.testing.assert_allclose(society(conflict=1.0).utilities.sum(axis=0), 0.0, atol=EXACT)


def test_intensity_multiplies_what_a_group_wants_and_members_scatter_around_it():
    plain, keen = society(), society(intensity=[0.5, 1.0, 2.0])
    np.testing.assert_allclose(keen.utilities, plain.utilities * [[0.5], [1.0], [2.0]], atol=EXACT)
    np.testing.assert_allclose(keen.members - keen.utilities[:, np.newaxis], plain.members - plain.utilities[:, None])
    alike = society(heterogeneity=0.0)
    np.testing.assert_allclose(alike.members, alike.members[:, :1].repeat(40, axis=1), atol=EXACT)


def test_what_a_policy_loses_is_its_divergence_from_the_own_best():
    drawn = society()
    policy = np.random.default_rng(2).dirichlet(np.ones(8))

    def surplus(x):
        net = ((drawn.members - drawn.safety_cost) * x).sum(axis=-1)
        return net - drawn.temperature * rel_entr(x, drawn.reference).sum(axis=-1)

    lost = surplus(drawn.own) - surplus(np.broadcast_to(policy, drawn.own.shape))
    np.testing.assert_allclose(lost, drawn.temperature * rel_entr(policy, drawn.own).sum(axis=-1), atol=EXACT)


def test_the_softmax_policy_beats_every_other():
    score, reference = np.array([0.3, -1.0, 0.6]), np.array([0.2, 0.5, 0.3])
    best = tilted(score, reference, 0.7)
    others = np.random.default_rng(1).dirichlet(np.ones(3), size=500)
    value = others @ score - 0.7 * rel_entr(others, reference).sum(axis=1)
    assert np.all(value <= best @ score - 0.7 * rel_entr(best, reference).sum())


def test_the_moral_machine_has_the_published_rewards():
    drawn = moral_machine_society(rng=np.random.default_rng(1), contrast=4.0)
    rewards = moral_machine.rewards(4.0) / 10.0
    np.testing.assert_allclose(drawn.utilities, rewards - rewards.mean(axis=1, keepdims=True), atol=EXACT)
    np.testing.assert_array_equal(drawn.weights, moral_machine.SHARES)
    assert drawn.groups == moral_machine.CULTURES


def test_a_society_survives_a_file_to_the_bit(tmp_path):
    drawn = society()
    back = load_society(drawn.save(tmp_path / "society.json"))
    for name in ("members", "weights", "safety_cost", "reference"):
        np.testing.assert_array_equal(getattr(back, name), getattr(drawn, name))
    assert back.to_dict() == drawn.to_dict()
    with pytest.raises(ProblemError, match=r"cannot be written: .*; name a file in that folder"):
        drawn.save(tmp_path)
    assert json.dumps(society().to_dict()) == json.dumps(drawn.to_dict()), "the same seed gives the same bytes"


def test_members_are_kept_as_they_are_and_a_table_names_favourites():
    drawn = society()
    with pytest.raises(ValueError, match="read-only"):
        drawn.members[0, 0, 0] = 1.0
    assert f"{drawn.policies[drawn.utilities[0].argmax()]} (" in str(drawn)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": [0.5, 0.5, 0.5]}, "weights must be positive and sum to 1; it sums to 1.5"),
        ({"reference": np.full(7, 1 / 7)}, r"reference has shape \(7,\); expected \(8,\)"),
        ({"safety_cost": np.full(8, -1.0)}, "safety_cost holds -1: measure it from the safest"),
        ({"temperature": 0.0}, "temperature is 0.0: give a positive number"),
        ({"groups": ["a", "a", "b"]}, "groups are 'a', 'a', 'b': give 3 different names"),
        ({"members": np.zeros((3, 8))}, r"members has shape \(3, 8\); expected \(n_groups, n_members, n_policies\)"),
    ],
)
def test_a_society_that_does_not_fit_is_refused(change, words):
    with pytest.raises(ProblemError, match=words):
        replace(society(), **change)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"conflict": 1.5}, "conflict is 1.5: give a number from 0"),
        ({"n_groups": 6}, "6 groups, 5 attributes and 8 policies"),
        ({"heterogeneity": -1.0}, "heterogeneity and safety must not be negative"),
    ],
)
def test_a_generator_that_cannot_be_is_refused(options, words):
    with pytest.raises(ProblemError, match=words):
        society(**options)


@pytest.mark.parametrize(
    "drawn", [lambda: synthetic_society(rng=0, conflict=0.5), lambda: moral_machine_society(rng=0)]
)
def test_a_seed_in_place_of_a_generator_is_refused(drawn):
    with pytest.raises(ProblemError, match=r"rng is 0: pass numpy\.random\.default_rng\(0\)"):
        drawn()


def test_files_that_are_no_societies_are_refused(tmp_path):
    path = tmp_path / "other.json"
    path.write_text("{")
    with pytest.raises(ProblemError, match="not a readable JSON file"):
        load_society(path)
    path.write_text('{"schema": "other"}')
    with pytest.raises(ProblemError, match="the record has schema 'other'"):
        load_society(path)
    record = society().to_dict()
    del record["weights"]
    with pytest.raises(ProblemError, match="the society has no weights"):
        Society.from_dict(record)
