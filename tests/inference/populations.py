"""Types who choose, for tests: menus on a coarse grid, and people of known types."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from contracts import ScreeningProblem
from inference import ChoiceSet, choice_set

LABELS = ("low", "middle", "high")


def goods_for(n_types):
    """A problem with one good and types 1, 2, ..."""
    return ScreeningProblem(np.arange(1.0, n_types + 1), labels=LABELS[:n_types] if n_types <= 3 else None)


def revealing_offer(n_types):
    """Every type likes another option best: 0, 1, ..., and all prefer staying in."""
    amounts = np.arange(1.0, n_types + 1)
    return choice_set(goods_for(n_types), amounts, amounts**2 / 2 - 0.25)


@st.composite
def offers(draw, n_types):
    """A choice set with utilities on a grid of quarters, so that ties are common."""
    n_options = draw(st.integers(1, 3))
    steps = st.integers(-6, 6).map(lambda k: k / 4)
    utility = [[draw(steps) for _ in range(n_options + 1)] for _ in range(n_types)]
    payoff = [[draw(steps) for _ in range(n_options + 1)] for _ in range(n_types)]
    return ChoiceSet(np.array(utility), np.array(payoff), [f"type {k}" for k in range(n_types)])


@st.composite
def choice_tables(draw, offer, n_users, max_rounds=6):
    """Options taken by every user, some missing."""
    n_rounds = draw(st.integers(0, max_rounds))
    cells = st.integers(-1, offer.n_options - 1)
    table = np.array([[draw(cells) for _ in range(n_rounds)] for _ in range(n_users)]).reshape(n_users, n_rounds)
    missing = np.array([[draw(st.booleans()) and draw(st.booleans()) for _ in range(n_rounds)] for _ in range(n_users)])
    return np.ma.masked_array(table, missing.reshape(n_users, n_rounds))


def simulated(offer, model, types, n_rounds, rng):
    """Choices of users of these types, (n_users, n_rounds), -1 for the outside option."""
    utility = np.repeat(offer.utility[types][:, np.newaxis], n_rounds, axis=1)
    drawn = model.simulate(utility, rng=rng)
    return np.where(drawn == offer.n_options, -1, drawn)
