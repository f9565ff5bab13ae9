"""What a model gives coefficients to: constants, attributes by option, products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Mask
from contracts.inputs.kinds import one_of
from contracts.inputs.names import listed


class Offers(NamedTuple):
    """What options offer, as in ChoiceData."""

    attributes: Array  # (n_obs, n_options, n_attributes)
    names: tuple[str, ...]
    options: tuple[str, ...]
    differs: Mask  # (n_attributes,), whether each differs between the options within reach of some choice

    def column(self, name: str) -> Array:
        """One attribute of all options, (n_obs, n_options)."""
        return np.asarray(self.attributes[:, :, one_of("attribute", name, self.names, "attributes")])


def described(
    offers: Offers,
    attributes: Sequence[str] | None,
    constants: str | None,
    by_option: Sequence[str],
    interactions: Sequence[tuple[str, str]],
    components: Mapping[str, Sequence[str]],
) -> tuple[Array, tuple[str, ...]]:
    """One column per coefficient, (n_obs, n_options, n_new), and their names; see `ChoiceData.described`."""
    options = offers.options
    if constants is not None and constants not in options:
        raise ProblemError(f"constants is {constants!r}, which is no option: the options are {listed(options)}")
    base = options[0] if constants is None else constants
    columns: dict[str, Array] = {}
    varies = dict(zip(offers.names, offers.differs, strict=True))
    if attributes is None:
        attributes = [name for name in offers.names if varies[name] and name not in by_option]
    for name in attributes:
        _add(columns, name, offers.column(name))
    others = [option for option in options if option != base]
    if constants is not None:
        for option in others:
            _add(columns, f"constant[{option}]", np.ones((len(offers.attributes), 1)) * _only(options, option))
    for name in by_option:
        values = offers.column(name)
        for option in options if varies[name] else others:
            _add(columns, f"{name}[{option}]", values * _only(options, option))
    for pair in interactions:
        _add(columns, "*".join(pair), offers.column(pair[0]) * offers.column(pair[1]))
    for name, members in components.items():
        if isinstance(members, str):
            raise ProblemError(f"components[{name!r}] is {members!r}: give a list of options, [{members!r}]")
        if strangers := [option for option in members if option not in options]:
            raise ProblemError(
                f"components[{name!r}] names {strangers[0]!r}, which is no option: the options are {listed(options)}"
            )
        _add(columns, f"component[{name}]", np.ones((len(offers.attributes), 1)) * np.isin(options, list(members)))
    if not columns:
        raise ProblemError("nothing is described: name attributes that differ between options, or constants=")
    return np.stack(list(columns.values()), axis=2), tuple(columns)


def _only(options: tuple[str, ...], option: str) -> Array:
    return np.array([float(one == option) for one in options])


def _add(columns: dict[str, Array], name: str, values: Array) -> None:
    if name in columns:
        raise ProblemError(f"{name!r} is asked for twice: name every attribute and product once")
    columns[name] = values
