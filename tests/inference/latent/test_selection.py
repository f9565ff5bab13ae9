"""How many types: criteria by hand, prediction of new people by hand, and the truth found again."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from contracts.errors import ProblemError
from inference import (
    ChoiceData,
    DegenerateTypesError,
    compare_type_counts,
    cross_validate,
    fit_latent_types,
    simulate_choices,
)

TASTES = np.array([[2.0, -1.0], [-1.0, 1.5], [0.3, 3.0]])


def population(seed=0, n_people=150, per_person=14):
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), per_person)
    offers = rng.normal(size=(len(person), 3, 2))
    return simulate_choices([0.4, 0.3, 0.3], TASTES, offers, person, rng=rng, names=["price", "speed"]).data


@pytest.fixture(scope="module")
def compared():
    return compare_type_counts(population(), [2, 3, 4], rng=np.random.default_rng(0), n_folds=3, n_starts=5)


@pytest.mark.parametrize("criterion", ["bic", "icl", "cross_validated"])
def test_the_number_of_types_is_found_again(compared, criterion):
    assert compared.best(criterion).n_types == 3


def test_log_likelihood_rises_with_every_type(compared):
    values = compared.to_frame()["log_likelihood"]
    assert list(values.index) == [1, 2, 3, 4]
    assert values.is_monotonic_increasing


def test_criteria_are_those_of_the_definition(compared):
    one, three = compared.fits[1], compared.fits[3]
    row = compared.criteria(3)
    assert row["nec"] == pytest.approx(three.entropy / (three.log_likelihood - one.log_likelihood))
    assert row["icl"] == pytest.approx(-2 * three.log_likelihood + 8 * np.log(150) + 2 * three.entropy)
    assert compared.criteria(1)["nec"] == 1.0


def test_all_numbers_of_types_leave_out_the_same_people(compared):
    folds = [found.fold for found in compared.validations.values()]
    assert len(folds) == 4
    assert all((fold == folds[0]).all() for fold in folds)


def test_people_left_out_are_predicted_by_types_of_the_others():
    data, folds = population(n_people=40), 4
    found = cross_validate(data, 2, rng=np.random.default_rng(3), n_folds=folds, n_starts=4)
    assert_allclose(np.bincount(found.fold), 10)
    for k in range(folds):
        out = found.fold == k
        types = fit_latent_types(data.of_people(~out), 2, rng=np.random.default_rng(8), n_starts=8)
        assert_allclose(types.log_likelihood_by_person(data.of_people(out)), found.by_person[out], rtol=1e-6)


def test_what_is_learned_from_half_of_the_choices_is_bayes_rule():
    data = population(n_people=30)
    found = cross_validate(data, 2, rng=np.random.default_rng(3), n_folds=2, n_starts=4)
    out = found.fold == 1
    types = fit_latent_types(data.of_people(~out), 2, rng=np.random.default_rng(8), n_starts=8)
    who = np.flatnonzero(out)[0]
    own = data.of_people([who])
    first, second = own.of_observations(np.arange(7)), own.of_observations(np.arange(7, 14))
    joint = types.log_likelihood_by_person(own)[0] - types.log_likelihood_by_person(first)[0]
    assert found.after[who] == pytest.approx(joint, rel=1e-6)
    assert found.before[who] == pytest.approx(types.log_likelihood_by_person(second)[0], rel=1e-6)
    posterior = types.assign(first)[0]
    each = np.log(
        [types.predict(second.attributes, probabilities=row)[np.arange(7), second.choice] for row in np.eye(2)]
    )
    assert found.after[who] == pytest.approx(logsumexp(each.sum(axis=1), b=posterior), rel=1e-6)
    assert found.learned > 0


def test_the_table_and_the_plot_show_every_number_of_types(compared):
    lines = repr(compared).splitlines()
    assert lines[0].split("  ")[-1].strip() == "cross-validated"
    assert [line.split()[0] for line in lines[1:5]] == ["1", "2", "3", "4"]
    ax = compared.plot(Figure().subplots())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "log likelihood",
        "-BIC / 2",
        "-ICL / 2",
        "cross-validated",
    ]
    drawn = ax.get_lines()[1].get_ydata()
    assert_allclose(drawn, -compared.to_frame()["bic"] / 2)


def test_a_number_of_types_without_a_maximum_gets_a_note():
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(100), 10)
    data = simulate_choices([1.0], [[1.0, -1.0]], rng.normal(size=(1000, 3, 2)), person, rng=rng).data
    compared = compare_type_counts(data, [3], rng=np.random.default_rng(0), n_starts=4)
    assert list(compared.fits) == [1]
    assert "want the same" in compared.notes[3]
    assert repr(compared).splitlines()[-1].startswith("3 types: types 0 and ")  # which of them, rounding decides
    with pytest.raises(ProblemError, match="criterion is 'cross_validated': use 'aic', 'bic', 'icl', 'nec'"):
        compared.best("cross_validated")


def test_a_fold_without_a_maximum_is_named():
    """One person alone chooses at random: without that one, all choices are predicted perfectly."""
    rng = np.random.default_rng(0)
    offers = rng.normal(size=(120, 2, 1))
    person = np.repeat(np.arange(12), 10)
    choice = np.where(person == 0, 0, offers[:, :, 0].argmax(axis=1))
    with pytest.raises(DegenerateTypesError, match=r"without the people of fold \d, choices of type 0"):
        cross_validate(ChoiceData(offers, choice, person), 1, rng=rng, n_folds=3)


@pytest.mark.parametrize("folds", [1, 2.5, 99])
def test_folds_must_be_sets_of_people(folds):
    with pytest.raises(ProblemError, match=rf"folds is {folds}: give a whole number from 2 to the 40 people"):
        cross_validate(population(n_people=40), 1, rng=np.random.default_rng(0), n_folds=folds)


def test_counts_are_named():
    with pytest.raises(ProblemError, match=r"counts is empty: name the numbers of types to compare"):
        compare_type_counts(population(n_people=40), [], rng=np.random.default_rng(0))


def test_a_cross_validation_says_how_well_it_predicts():
    found = cross_validate(population(n_people=40), 1, rng=np.random.default_rng(0), n_folds=4)
    learned = f"{abs(found.learned):.3f}"  # one type learns nothing
    assert repr(found) == (
        f"CrossValidation: 40 people in 4 folds, log likelihood {found.by_person.sum():.2f} out of sample, "
        f"{found.by_person.mean():.3f} per person; first halves add {learned} nats to the prediction of second ones"
    )


def test_progress_is_told(capsys):
    compare_type_counts(population(n_people=40), [1], rng=np.random.default_rng(0), n_folds=2, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["1 types", "1 types, fold 1 of 2", "1 types, fold 2 of 2"]
