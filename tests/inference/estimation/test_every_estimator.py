"""What holds of every estimator alike: units change nothing but units, culprits are named, summaries and files."""

import numpy as np
import pytest

import contracts
import inference
from contracts.errors import ProblemError, SolverError
from inference import ChoiceData, Comparisons, fit_strengths

NAMES = ["price", "quality", "bus", "car"]
OPTIONS = ["walk", "bus", "car"]
CLOSE = 1e-3  # standard errors between two climbs of the same hill, which end when a step promises 1e-8


def rng():
    return np.random.default_rng(3)


def mixed(random, **how):
    return lambda data: inference.fit_mixed_logit(data, random, n_draws=32, n_starts=1, rng=rng(), **how)


MAXIMISERS = {
    "multinomial": inference.fit_multinomial_logit,
    "nested": lambda data: inference.fit_nested_logit(data, {"motor": ["bus", "car"]}, rng=rng()),
    "fixed": mixed("fixed"),
    "normal": mixed({"quality": "normal"}),
    "lognormal": mixed({"price": "negative"}),
    "triangular": mixed({"price": "triangular", "quality": "uniform"}),
    "truncated": mixed({"price": "truncated negative"}),
    "correlated": mixed({"price": "normal", "quality": "normal"}, correlated=["price", "quality"]),
    "worth in money": mixed({"quality": "normal"}, wtp="price"),
    "component": mixed({"quality": "component"}),
    "classes": lambda data: inference.fit_latent_classes(data, 2, shared=["bus", "car"], n_starts=3, rng=rng()),
    "types": lambda data: inference.fit_latent_types(data, 2, n_starts=4, rng=rng()),
}
ESTIMATORS = MAXIMISERS | {
    "hierarchical": lambda data: inference.fit_hierarchical_logit(
        data, {"quality": "normal"}, n_draws=20, n_warmup=20, n_chains=2, rng=rng()
    )
}
every_estimator = pytest.mark.parametrize("fit", ESTIMATORS.values(), ids=ESTIMATORS)
every_maximiser = pytest.mark.parametrize("name", MAXIMISERS)


def trips(n_people=120, n_each=6):
    """Prices, qualities and constants of three ways to travel, and what people of two kinds took."""
    draws = np.random.default_rng(11)
    n = n_people * n_each
    price, quality = draws.uniform(1, 10, (n, 3)), draws.normal(size=(n, 3))
    who = np.repeat(np.arange(n_people), n_each)
    minds = np.where(draws.random(n_people) < 0.5, -0.8, -0.2)[who, np.newaxis]
    likes = draws.normal(0.8, 0.6, n_people)[who, np.newaxis]
    utility = minds * price + likes * quality + [0.0, 0.5, -0.3] + draws.gumbel(size=(n, 3))
    constants = np.broadcast_to(np.eye(3)[:, 1:], (n, 3, 2))
    return np.concatenate([price[..., np.newaxis], quality[..., np.newaxis], constants], axis=2), utility.argmax(1), who


ATTRIBUTES, CHOICE, WHO = trips()


def made(attributes=ATTRIBUTES, choice=CHOICE, *more):
    return ChoiceData(attributes, choice, WHO, names=[*NAMES, *more], options=OPTIONS)


def with_column(column):
    return np.concatenate([ATTRIBUTES, np.broadcast_to(column, (*ATTRIBUTES.shape[:2], 1))], axis=2)


def ratios(model):
    """Estimates over their errors, which have no units."""
    table = model.summary().to_frame()
    return (table["estimate"] / table["standard_error"]).to_numpy()


# ---- units ----


@every_estimator
def test_units_change_nothing_but_units(fit):
    one = fit(made())
    for factor in (1e-6, 1e4, 1e9):
        other = fit(made(ATTRIBUTES * np.array([factor, 1.0, 1.0, 1.0])))
        np.testing.assert_allclose(ratios(other), ratios(one), rtol=CLOSE, atol=CLOSE)
        np.testing.assert_allclose(other.log_likelihood, one.log_likelihood, atol=1e-7)


# ---- culprits ----


@every_estimator
@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e9])
def test_duplicated_columns_are_named(fit, factor):
    data = made(with_column(factor * ATTRIBUTES[..., :1]), CHOICE, "cents")
    with pytest.raises(ProblemError, match=r"attributes 'price', 'cents' are collinear.*Leave one of them out"):
        fit(data)


@every_estimator
def test_a_full_set_of_constants_is_named(fit):
    data = made(with_column(np.eye(3)[:, :1]), CHOICE, "walk")
    with pytest.raises(ProblemError, match=r"attributes 'bus', 'car', 'walk' are collinear.*Leave one of them out"):
        fit(data)


@every_estimator
def test_what_is_the_same_for_all_options_is_named(fit):
    data = made(with_column(rng().normal(size=(len(CHOICE), 1, 1))), CHOICE, "income")
    with pytest.raises(ProblemError, match="attribute 'income' is the same for all options of every choice"):
        fit(data)


SEPARATED = {
    "'leak'": (
        with_column((np.eye(3)[CHOICE] * rng().uniform(1, 2, (len(CHOICE), 1)))[..., np.newaxis]),
        CHOICE,
        "leak",
    ),
    "'price'": (ATTRIBUTES, ATTRIBUTES[..., 0].argmin(axis=1)),
    "'car'": (ATTRIBUTES, np.where(CHOICE == 2, 0, CHOICE)),  # which nobody took
}


@every_maximiser
@pytest.mark.parametrize("culprit", SEPARATED)
def test_what_decides_every_choice_is_named(name, culprit):
    with pytest.raises((ProblemError, SolverError), match=f"predicted (perfectly )?by {culprit}"):
        MAXIMISERS[name](made(*SEPARATED[culprit]))


@pytest.mark.parametrize("culprit", SEPARATED)
def test_a_posterior_says_what_its_prior_alone_bounds(culprit):
    posterior = ESTIMATORS["hierarchical"](made(*SEPARATED[culprit]))
    assert f"every choice is predicted by {culprit}: the prior alone" in str(posterior)


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e9])
def test_culprits_among_covariates_of_classes_differ_between_people(factor):
    income = rng().normal(size=120)[WHO, np.newaxis, np.newaxis]
    attributes = np.concatenate([with_column(income), with_column(factor * income)[..., -1:]], axis=2)
    data = made(attributes, CHOICE, "income", "cents")
    with pytest.raises(ProblemError, match="'income', 'cents' are collinear: differences between people in one follow"):
        inference.fit_latent_classes(data, 2, membership=["income", "cents"], n_starts=2)


def test_strengths_have_units_and_culprits_too():
    draws = np.random.default_rng(1)
    price, teams = draws.normal(size=6), [f"team {k}" for k in range(6)]
    one = draws.integers(6, size=120)
    two = (one + draws.integers(1, 6, 120)) % 6
    wins = draws.random(120) < 1 / (1 + np.exp(0.7 * (price[two] - price[one])))
    answers = Comparisons(
        ["all"] * 120, np.take(teams, np.where(wins, one, two)), np.take(teams, np.where(wins, two, one))
    )

    def fitted(*columns, names):
        return fit_strengths(answers, attributes=np.column_stack(columns), attribute_names=names, policies=teams)

    ratio = [
        float((m.coefficients / m.errors)[0]) for f in (1.0, 1e-6, 1e9) for m in [fitted(f * price, names=["price"])]
    ]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
    with pytest.raises(ProblemError, match="answers do not tell 'price', 'cents' apart"):
        fitted(price, 100 * price, names=["price", "cents"])


# ---- people without a name ----


def of_menu(users):
    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic())
    return inference.infer_types(menu, [[0], [-1], [0]], users=users, choice_model=inference.Logit(0.5))


PEOPLE = {
    "choices": lambda who: ChoiceData(rng().normal(size=(3, 2, 1)), [0, 1, 0], person=who),
    "types": of_menu,
    "comparisons": lambda who: Comparisons(["all"] * 3, list("aba"), list("bab"), member=who),
    "rankings": lambda who: inference.Rankings(["all"] * 3, [["a", "b"]] * 3, member=who),
    "ratings": lambda who: inference.Ratings(["all"] * 3, who, list("aba"), [1.0, 2.0, 3.0]),
    "acceptances": lambda who: inference.Acceptances(["all"] * 3, list("aba"), [1, 0, 1], member=who),
    "splits": lambda who: inference.answers_of(who, [0.1, 0.2, 0.3], [0, 1, 1]),
}


@pytest.mark.parametrize("nobody", ["NULL", " NA ", "\\N", "nan", "", "  ", None, float("nan")])
@pytest.mark.parametrize("made_of", PEOPLE.values(), ids=PEOPLE)
def test_people_without_a_name_are_refused(made_of, nobody):
    """All of them would be one person."""
    with pytest.raises(ProblemError, match=r"\[1\] is (missing|.* names nobody)"):
        made_of(["ann", nobody, nobody])


def test_frames_of_choices_name_everybody():
    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic())
    with pytest.raises(ProblemError, match="column 'user' is 'NULL' in row 1, which names nobody"):
        inference.infer_types(menu, {"user": ["ann", "NULL"], "option": [0, -1]}, choice_model=inference.Logit(0.5))


# ---- what every model hands on ----


@every_maximiser
def test_summaries_have_all_forms_and_files_come_back_to_the_bit(name, tmp_path):
    model = MAXIMISERS[name](made())
    summary = model.summary()
    assert r"\begin{tabular}" in summary.to_latex()
    assert summary.to_markdown().count("\n") > len(summary.names)
    assert "<table" in summary.to_html()
    again = inference.load_estimates(model.save(tmp_path / "model.json"))
    assert str(again.summary()) == str(summary)
    np.testing.assert_array_equal(ratios(again), ratios(model))
