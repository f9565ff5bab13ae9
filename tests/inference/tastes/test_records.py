"""Mixed logit comes back from files to the bit, and damaged files are refused."""

import json

import numpy as np
import pytest

from contracts.errors import ProblemError
from inference import fit_mixed_logit, load_mixed_logit
from tests.inference.tastes.test_units import DATA

KINDS = {"price": "negative", "quality": "triangular", "speed": "fixed"}
NORMALS = np.random.default_rng(0).normal(size=(60, 8, 3))


@pytest.mark.parametrize(
    ("random", "others"),
    [
        ("fixed", {}),
        (KINDS, {}),
        (KINDS, {"correlated": True, "wtp": "price", "n_draws": NORMALS}),
    ],
    ids=["multinomial", "mixed", "in money, draws of one's own"],
)
def test_a_model_comes_back_to_the_bit(random, others, tmp_path):
    model = fit_mixed_logit(DATA, random, **{"n_draws": 8, "n_starts": 1, **others})
    again = load_mixed_logit(model.save(tmp_path / "model.json"))
    assert repr(again) == repr(model)
    assert repr(again.summary(errors="classical")) == repr(model.summary(errors="classical"))
    for part in ("parameters", "covariance", "information", "individual_means", "standard_errors"):
        np.testing.assert_array_equal(getattr(again, part), getattr(model, part))
    np.testing.assert_array_equal(again.predict(model.data), model.predict(model.data))


def test_damaged_files_are_refused(tmp_path):
    record = fit_mixed_logit(DATA, KINDS, n_draws=4, n_starts=1).to_dict()
    path = tmp_path / "model.json"
    for part, damaged in {
        "parameters": record["parameters"][:-1],
        "kinds": ["normal", "cauchy", "fixed"],
        "rows": [0, 2],
        "normals": record["normals"][:-1],
        "price": 1,
    }.items():
        path.write_text(json.dumps({**record, part: damaged}))
        with pytest.raises(ProblemError):
            load_mixed_logit(path)
