"""Advice can be followed here as well: a call that fails, and one for every remedy that its message names."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import contracts
import inference
from contracts import Quadratic, solve_menu
from inference import BestResponse, ChoiceData, Logit, Tremble, infer_types
from tests.inference.latent.test_fit import fitted, population

MENU = solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
ODD = [[0, -1], [1, -1]]  # nobody without mistakes takes its contract once and leaves it once


def separated():
    """One kind of people, who always take what is best for other tastes: no noise at all."""
    data = population(n_people=60).data
    return ChoiceData(data.attributes, (data.attributes @ [-1.0, -2.0]).argmax(axis=1), data.person, names=data.names)


def noisier():
    """The same people with more choices, in which they err now and then."""
    data = separated()
    choice = data.choice.copy()
    choice[::7] = (choice[::7] + 1) % data.attributes.shape[1]
    return ChoiceData(data.attributes, choice, data.person, names=data.names)


def of_one_kind():
    return population(n_people=100, per_person=10, tastes=np.array([[1.0, -1.0]]), shares=np.array([1.0])).data


class Advice(NamedTuple):
    says: str
    fails: Any
    follow: tuple[Any, ...]


ADVICE = [
    Advice("Allow for mistakes: choice_model=Tremble\\(rate\\) or Logit\\(temperature\\)",
           lambda: infer_types(MENU, ODD),
           (lambda: infer_types(MENU, ODD, choice_model=Tremble(0.1)),
            lambda: infer_types(MENU, ODD, choice_model=Logit(0.5)))),
    Advice("temperature is 0.0: use BestResponse\\(\\), the limit of logit without noise",
           lambda: Logit(0.0), (lambda: infer_types(MENU, [[0, 0]], choice_model=BestResponse()),)),
    Advice("users are 'ann', ... so far and 0, ... now: name all of them, or number all of them",
           lambda: infer_types(MENU, [[0]], users=["ann"]).update([[0]], users=[0]),
           (lambda: infer_types(MENU, [[0]], users=["ann"]).update([[0]], users=["bob"]),
            lambda: infer_types(MENU, [[0]], users=[1]).update([[0]], users=[0]))),
    Advice("choices has 1 rows for 2 users: give every user a row, masked where there is no choice, or users=...",
           lambda: infer_types(MENU, [[0], [1]]).update([[0]]),
           (lambda: infer_types(MENU, [[0], [1]]).update(np.ma.masked_equal([[0], [9]], 9)),
            lambda: infer_types(MENU, [[0], [1]], users=["a", "b"]).update([[0]], users=["a"]))),
    Advice("all choices are of one person.*Leave `person` out if choices are independent",
           lambda: fitted(ChoiceData(separated().attributes, noisier().choice, np.zeros(len(noisier().choice))), 1),
           (lambda: fitted(ChoiceData(separated().attributes, noisier().choice), 1),)),
    Advice("no maximum. To go on, bring more choices, or pass a small ridge, such as ridge=0.1",
           lambda: fitted(separated(), 1),
           (lambda: fitted(noisier(), 1), lambda: fitted(separated(), 1, ridge=0.1))),
    Advice("types 0 and 1 want the same: fit_latent_types\\(data, 2, rng=rng\\) says the same with less",
           lambda: fitted(of_one_kind(), 3), (lambda: fitted(of_one_kind(), 2),)),
    Advice("name an attribute for it, outside='outside'",
           lambda: ChoiceData.from_menu(solve_menu([1.0, 2.0], cost=Quadratic(), reservation_utility=0.1), [0, -1]),
           (lambda: ChoiceData.from_menu(solve_menu([1.0, 2.0], cost=Quadratic(), reservation_utility=0.1), [0, -1],
                                         outside="outside"),)),
    Advice("a menu has its own contracts: pass menu.problem to offer others",
           lambda: inference.choice_set(MENU, [[1.0]], [0.5]),
           (lambda: inference.choice_set(MENU.problem, [[1.0]], [0.5]),)),
    Advice("a problem alone offers nothing: pass a menu, or its contracts in allocations and transfers",
           lambda: inference.choice_set(MENU.problem),
           (lambda: inference.choice_set(MENU), lambda: inference.choice_set(MENU.problem, [[1.0]], [0.5]))),
    Advice("temperature is 0.*; solve_menu is for agents without errors",
           lambda: inference.asking_menu(MENU.problem, temperature=0.0), (lambda: solve_menu(MENU.problem),)),
]  # fmt: skip


@pytest.mark.parametrize("advice", ADVICE, ids=lambda advice: advice.says.replace("\\", "")[:60])
def test_every_remedy_that_an_error_names_works(advice):
    with pytest.raises(contracts.ContractError, match="(?s)" + advice.says):
        advice.fails()
    for follow in advice.follow:
        assert follow() is not None
