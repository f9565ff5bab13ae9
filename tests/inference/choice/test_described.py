"""Constants, coefficients by option, interactions and weights, from long and wide tables and from files."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from contracts.errors import ProblemError
from inference import ChoiceData

LONG = {
    "who": ["a", "a", "b", "b", "b", "c", "c", "c"],
    "mode": ["bus", "car", "bus", "car", "air", "air", "bus", "car"],
    "price": [2.0, 3.0, 2.5, 3.5, 9.0, 8.0, 2.0, 1.0],
    "income": [30.0, 30.0, 50.0, 50.0, 50.0, 20.0, 20.0, 20.0],
    "took": [1, 0, 0, 0, 1, 0, 0, 1],
    "weight": [1.0, 1.0, 2.0, 2.0, 2.0, 0.5, 0.5, 0.5],
}
WIDE = {
    "who": ["a", "b", "c"],
    "price_bus": [2.0, 2.5, 2.0],
    "price_car": [3.0, 3.5, 1.0],
    "price_air": [np.nan, 9.0, 8.0],
    "income": [30.0, 50.0, 20.0],
    "has_air": [0, 1, 1],
    "always": [1, 1, 1],
    "took": ["bus", "air", "car"],
    "weight": [1.0, 2.0, 0.5],
}
OPTIONS = ["air", "bus", "car"]


def long(frame=None):
    return ChoiceData.from_frame(
        LONG if frame is None else frame, person="who", occasion=None, option="mode", chosen="took", weights="weight"
    )


def wide(frame=None):
    return ChoiceData.from_wide_frame(
        WIDE if frame is None else frame,
        attributes={"price": ["price_air", "price_bus", "price_car"], "income": "income"},
        choice="took",
        person="who",
        options=OPTIONS,
        available=["has_air", "always", "always"],
        weights="weight",
    )


def same(one, other):
    reach = one.available
    np.testing.assert_array_equal(reach, other.available)
    np.testing.assert_array_equal(one.attributes[reach], other.attributes[reach])
    np.testing.assert_array_equal(one.choice, other.choice)
    np.testing.assert_array_equal(one.weights, other.weights)
    assert (one.names, one.options) == (other.names, other.options)


def test_long_and_wide_tables_say_the_same():
    same(long(), wide())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_say_what_frames_say(kind, tmp_path):
    for read, table in ((long, LONG), (wide, WIDE)):
        path = tmp_path / f"table.{kind}"
        frame = pd.DataFrame(table)
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
        same(read(path), read())
        same(read(str(path)), read())


def test_what_is_described_is_what_one_computes_by_hand():
    data = long().described(constants="bus", by_option=["income", "price"], interactions=[("price", "income")])
    air, bus, car = np.eye(3)
    price, income = long().attributes[:, :, 0], long().attributes[:, :, 1]
    expected = {
        "constant[air]": np.tile(air, (3, 1)),
        "constant[car]": np.tile(car, (3, 1)),
        "income[air]": income * air,
        "income[car]": income * car,
        "price[air]": price * air,
        "price[bus]": price * bus,
        "price[car]": price * car,
        "price*income": price * income,
    }
    assert data.names == tuple(expected)
    np.testing.assert_array_equal(data.attributes, np.stack(list(expected.values()), axis=2))


def test_attributes_that_differ_between_options_are_described_by_themselves():
    assert long().described().names == ("price",)
    assert long().described(["income", "price"]).names == ("income", "price")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"constants": "boat"}, "constants is 'boat', which is no option: the options are 'air', 'bus', 'car'"),
        ({"by_option": ["speed"]}, "attribute is 'speed'"),
        ({"attributes": ["price", "price"]}, "'price' is asked for twice"),
        ({"interactions": [("price", "income", "price")]}, "interactions[0] has 3 entries; expected 2"),
        ({"attributes": []}, "nothing is described"),
    ],
)
def test_descriptions_of_nothing_are_refused(asked, words):
    with pytest.raises(ProblemError, match=re.escape(words)):
        long().described(**asked)


def test_weights_follow_their_choices():
    data = long()
    np.testing.assert_array_equal(data.of_people([2, 1]).weights, [2.0, 0.5])
    np.testing.assert_array_equal(ChoiceData.joined(data, data.of_people([0])).weights, [1, 2, 0.5, 1])
    np.testing.assert_array_equal(data.described(constants="air").weights, data.weights)


@pytest.mark.parametrize(
    ("weights", "words"),
    [([1.0, 0.0, 1.0], r"weights\[1\] is 0"), ([1.0, 1.0], "weights has shape"), ([1.0, np.nan, 1.0], "weights")],
)
def test_weights_that_weigh_nothing_are_refused(weights, words):
    with pytest.raises(ProblemError, match=words):
        ChoiceData([[[0.0], [1.0]]] * 3, [0, 1, 0], weights=weights)


def test_a_choice_has_one_weight():
    with pytest.raises(ProblemError, match="who a has different weights in column 'weight'"):
        long(LONG | {"weight": [1.0, 2.0, *LONG["weight"][2:]]})


def test_people_weigh_what_their_choices_do_on_average():
    data = ChoiceData([[[0.0], [1.0]]] * 3, [0, 1, 0], ["a", "a", "b"], weights=[1.0, 2.0, 3.0])
    np.testing.assert_array_equal(data.person_weight, [1.5, 3.0])
    np.testing.assert_allclose(data.within_person, [2 / 3, 4 / 3, 1.0])
    assert replace(data, weights=[0.1, 0.1, 0.3]).within_person is None


def test_choices_among_some_options_are_those_without_the_others():
    data = long().described(["price"], constants="air", by_option=["income"])
    part = data.among(["car", "bus"])
    assert part.options == ("bus", "car")
    assert part.n_obs == 2
    assert part.names == ("price", "constant[bus]", "constant[car]", "income[bus]", "income[car]")
    assert long().among(["car", "bus"]).names == ("price", "income")
    with pytest.raises(ProblemError, match="no option 'boat'"):
        data.among(["boat", "bus"])
