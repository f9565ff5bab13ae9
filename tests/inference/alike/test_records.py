"""Multinomial and nested logit come back from files to the bit, and damaged files are refused."""

import json

import numpy as np
import pytest

from contracts.errors import ProblemError
from inference import (
    ChoiceData,
    fit_multinomial_logit,
    fit_nested_logit,
    load_multinomial_logit,
    load_nested_logit,
)


def drawn(**fields):
    rng = np.random.default_rng(0)
    reach = rng.random((200, 3)) < 0.9
    reach[:, 0] = True
    offers = rng.normal(size=(200, 3, 2))
    choice = np.where(reach, offers @ [1.0, -2.0] + rng.gumbel(size=(200, 3)), -np.inf).argmax(axis=1)
    return ChoiceData(offers, choice, names=["x", "y"], available=reach, options=["a", "b", "c"], **fields)


def nested_of(data):
    return fit_nested_logit(data, {"both": ["b", "c"]}, n_starts=1)


PAIRS = [(fit_multinomial_logit, load_multinomial_logit), (nested_of, load_nested_logit)]


@pytest.mark.parametrize(("fit", "load"), PAIRS)
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"weights": np.linspace(0.1, 2.3, 200)},
        {"person": np.arange(200) // 2},
        {"person": [f"p{k}" for k in range(200)]},
    ],
)
def test_a_model_comes_back_to_the_bit(fit, load, fields, tmp_path):
    model = fit(drawn(**fields))
    again = load(model.save(tmp_path / "model.json"))
    assert str(again.summary(errors="classical")) == str(model.summary(errors="classical"))
    for part in ("parameters", "covariance", "information"):
        np.testing.assert_array_equal(getattr(again, part), getattr(model, part))
    np.testing.assert_array_equal(again.data.people, model.data.people)
    np.testing.assert_array_equal(again.predict(model.data), model.predict(model.data))


@pytest.mark.parametrize(("fit", "load"), PAIRS)
@pytest.mark.parametrize("part", ["coefficients", "covariance", "data"])
def test_damaged_files_are_refused(fit, load, part, tmp_path):
    record = fit(drawn()).to_dict()
    path = tmp_path / "model.json"
    for damaged in ({**record, part: record[part][:-1]} if part != "data" else {**record, part: {}},
                    {name: value for name, value in record.items() if name != part}):  # fmt: skip
        path.write_text(json.dumps(damaged))
        with pytest.raises(ProblemError, match="save the model again"):
            load(path)


def test_one_model_is_not_the_other(tmp_path):
    path = fit_multinomial_logit(drawn()).save(tmp_path / "model.json")
    with pytest.raises(ProblemError, match=r"written by NestedLogit\.save"):
        load_nested_logit(path)
