"""Estimates that are no maximum over choices come back from files to the bit as well, with their summaries."""

import dataclasses
import json

import numpy as np
import pytest

import inference
from contracts.errors import ProblemError
from inference.game.beliefs import share_norms


def rng():
    return np.random.default_rng(0)


def responders(n_types, offers):
    offer, who = np.tile(offers, 40), np.repeat(np.arange(40), len(offers))
    accepted = rng().random(len(offer)) < 1 / (1 + np.exp(-(offer - 0.25) / 0.1))
    return inference.fit_responders(inference.answers_of(who, offer, accepted), n_types, rng=rng())


def split_types(space=None):
    played = inference.play(inference.Game(["fair", "selfish"], n_epochs=2), rng=rng())
    return inference.fit_split_types(played.to_frame(), space)


def of_preferences():
    tastes = inference.FehrSchmidt(np.array([[0.0], [0.5]]), 0.2)
    policy = inference.PreferencePolicy(tastes, 0.1)
    return split_types(
        dataclasses.replace(share_norms(), policy=policy, share=np.array([0.1, 0.5]), slip_weights=np.ones(1))
    )


def strengths():
    answers = inference.Rankings(["all"] * 3, [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]])
    return inference.fit_strengths(answers)


def of_attributes():
    answers = inference.Comparisons(["all"] * 6, list("abcbac"), list("bcaabb"), at_home=list("abaabc"))
    return inference.fit_strengths(answers, attributes=[[0.0], [1.0], [0.5]], policies=["a", "b", "c"])


def hierarchical():
    offers, who = rng().normal(size=(120, 3, 1)), np.repeat([f"person {k}" for k in range(30)], 4)
    data = inference.ChoiceData(offers, rng().integers(3, size=120), who, ["speed"])
    return inference.fit_hierarchical_logit(data, rng=rng(), n_draws=30, n_warmup=30, n_chains=2)


ESTIMATES = {
    "two kinds": lambda: responders(2, [0.1, 0.2, 0.3, 0.4, 0.5, 0.7]),
    "no guilt": lambda: responders(1, [0.1, 0.2, 0.3, 0.4, 0.5]),
    "splits": split_types,
    "preferences": of_preferences,
    "strengths": strengths,
    "attributes": of_attributes,
    "hierarchical": hierarchical,
}


@pytest.mark.parametrize("name", ESTIMATES)
def test_files_come_back_to_the_bit_and_damaged_ones_are_refused(name, tmp_path):
    model = ESTIMATES[name]()
    path = model.save(tmp_path / "model.json")
    again = inference.load_estimates(path)
    assert type(again) is type(model)
    assert str(again) == str(model)
    assert str(again.summary(level=0.9)) == str(model.summary(level=0.9))
    assert again.to_dict() == model.to_dict()
    record = json.loads(path.read_text())
    for key in set(record) - {"schema"}:
        path.write_text(json.dumps({other: value for other, value in record.items() if other != key}))
        with pytest.raises(ProblemError, match="incomplete or damaged"):
            inference.load_estimates(path)
    lists = [key for key, value in record.items() if isinstance(value, list) and value and isinstance(value[0], list)]
    for key in lists:
        path.write_text(json.dumps(record | {key: record[key][:-1]}))
        with pytest.raises(ProblemError, match=r"shape|incomplete"):
            inference.load_estimates(path)


class Own:
    """A policy of somebody's own."""

    def log_offers(self, amount):
        return share_norms().policy.log_offers(amount)


def test_other_files_are_refused_and_other_classes_not_written(tmp_path):
    path = tmp_path / "menu.json"
    path.write_text('{"schema": "menuwright/menu/1"}')
    with pytest.raises(ProblemError, match="schema 'menuwright/menu/1'; models have one of"):
        inference.load_estimates(path)
    types = split_types()
    with pytest.raises(ProblemError, match="Own is no number, no text and no record"):
        dataclasses.replace(types, space=dataclasses.replace(types.space, policy=Own())).save(path)


def test_summaries_of_strengths_are_those_of_a_logit():
    """The same answers as choices between two options, by another estimator."""
    draws = rng()
    first, second = draws.integers(4, size=300), draws.integers(1, 4, size=300)
    second = (first + second) % 4
    wins = draws.random(300) < 1 / (1 + np.exp(0.4 * (first - second)))
    ones = np.eye(4)[:, 1:]
    data = inference.ChoiceData(np.stack([ones[first], ones[second]], axis=1), np.where(wins, 0, 1))
    logit = inference.fit_multinomial_logit(data).summary(errors="classical")
    labels = np.array(list("abcd"))
    answers = inference.Comparisons(
        ["all"] * 300, labels[np.where(wins, first, second)], labels[np.where(wins, second, first)]
    )
    found = inference.fit_strengths(answers)
    told = found.summary()
    np.testing.assert_allclose(told.values[1:] - told.values[0], logit.values, atol=1e-6)
    np.testing.assert_allclose(found.difference("c", "a")[1], logit.standard_errors[1], rtol=1e-6)
    for criterion in ("aic", "bic", "pseudo_r2", "null_log_likelihood"):
        assert getattr(told, criterion) == pytest.approx(getattr(logit, criterion))


def test_errors_of_responders_cover_what_is_true():
    """Log envy of mean -0.7 and sd 0.8, and a temperature of 0.06: within three errors of the right size."""
    draws = np.random.default_rng(1)
    envy = np.exp(-0.7 + 0.8 * draws.normal(size=300))
    who, offer = np.repeat(np.arange(300), 10), np.tile(np.linspace(0.05, 0.5, 10), 300)
    accepted = draws.random(3000) < 1 / (1 + np.exp(-(offer - envy[who] * (1 - 2 * offer)) / 0.06))
    table = inference.fit_responders(inference.answers_of(who, offer, accepted)).summary().to_frame()
    for name, truth in (("mean log envy", -0.7), ("sd log envy", 0.8), ("mean log temperature", np.log(0.06))):
        row = table.loc[name]
        assert abs(row["estimate"] - truth) < 3 * row["standard_error"]
        assert 0.02 < row["standard_error"] < 0.15
