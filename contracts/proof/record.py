"""A proof as a file: every number of a menu, its program and its multipliers, for a checker that knows no library.

What is written is the program of `contracts.proof.checker`, whose docstring says what it means: one more entry for the
outside option in every row over goods, all defaults and names spelled out, limits as rows where they are rows.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices, finite, number
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import given_names
from contracts.problem.costs import Entropy, Linear, Power, Quadratic, Separable, parts_of
from contracts.problem.domains import Polyhedron, Simplex, ends_of, extent_of
from contracts.problem.objectives import Isoelastic, WeightedSum
from contracts.problem.records import from_record, kind_of
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound, upper_bound
from contracts.proof.checker import demand
from contracts.proof.multipliers import Multipliers

SCHEMA = "menuwright/proof/1"
SAME = 1e-12  # of the sizes of what is summed: rounding
WIDER = 1e-9  # of a polyhedron's range in every good, which linear programs know
GOODS = (Linear, Quadratic, Power, Entropy)  # costs that the checker knows, good by good


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a certificate is about: contracts in the goods of `problem.program`, who takes which, and the bound."""

    problem: ScreeningProblem
    allocations: Array  # (n_options, n_goods), or one more good
    transfers: Array  # (n_options,)
    option_of_type: Indices  # (n_types,), -1 for the outside option
    bound: Bound

    def to_dict(self, claims: dict[str, Any]) -> dict[str, Any]:
        """Plain JSON, with what is claimed of the menu."""
        return proof_record(self, self.bound.multipliers, claims)


def proof_record(evidence: Evidence, multipliers: Multipliers, claims: dict[str, Any]) -> dict[str, Any]:
    """The document that the checker reads; `claims` are those of a `Certificate.to_dict`."""
    problem, bound = evidence.problem, evidence.bound
    among = {"among": claims["among"]} if "among" in claims else {}
    rigorous = bool(claims["rigorous"]) and not among
    return {
        "schema": SCHEMA,
        "problem": problem_record(problem),
        "menu": _menu_record(evidence),
        "multipliers": {
            **multipliers_record(multipliers, rows="rows"),
            **_conjugates(problem, bound),
        },
        "claims": {name: claims[name] for name in ("value", "upper_bound", "gap")} | among | {"rigorous": rigorous},
    }


def multipliers_record(multipliers: Multipliers, *, rows: str = "side") -> dict[str, Any]:
    """Multipliers as plain JSON; the IC part as triplets."""
    pairs = multipliers.ic.tocoo()
    return {
        "ic": {"tempted": pairs.row.tolist(), "tempter": pairs.col.tolist(), "price": pairs.data.tolist()},
        "ir": multipliers.ir.tolist(),
        "transfer": multipliers.transfer.tolist(),
        rows: multipliers.side.tolist(),
        "profit": multipliers.profit,
        "worst_off": multipliers.worst_off.tolist(),
        "weights": multipliers.weights.tolist(),
        **({"directions": multipliers.directions.tolist()} if multipliers.directions.size else {}),
    }


# ---- menus that were saved ----


def evidence_of_menu(record: dict[str, Any]) -> Evidence:
    """What the certificate of a menu file is about: the file's own contracts and multipliers.

    Raises
    ------
    ProblemError
        If the file is no menu of its problem.
    """
    problem = from_record(ScreeningProblem, record["problem"])
    bound = upper_bound(problem.program, multipliers_from_record(problem, record["multipliers"]))
    return Evidence(problem, *options_from_record(problem, record), bound)


def proof_of_menu(record: dict[str, Any], evidence: Evidence) -> dict[str, Any]:
    """The proof that a menu file holds: its own contracts, multipliers and claims, its problem spelled out.

    Raises
    ------
    ProofError
        If the file says of types what its options do not say: one of the two is false.
    """
    problem = evidence.problem
    own = multipliers_from_record(problem, record["multipliers"])  # as the file has them, before any rounding is closed
    found = proof_record(evidence, own, record["certificate"])
    named = [str(label) for label in record["labels"]] == [str(label) for label in problem.labels]
    demand(named, "labels are not those of the problem in the file")
    menu = found["menu"]
    amounts = np.array(menu["amounts"])[menu["contract_of_type"]]
    transfer = np.array(menu["transfers"])[menu["contract_of_type"]]
    allocation = amounts[:, :-1] + amounts[:, -1:] * problem.outside.allocation
    worth = problem.outside.utility + problem.valuations @ problem.outside.allocation
    alone = np.where(amounts[:, -1] > 0, worth * amounts[:, -1], 0.0)
    utility = np.einsum("ij,ij->i", problem.valuations, amounts[:, :-1]) + alone - transfer
    size = np.einsum("ij,ij->i", np.abs(problem.valuations), np.abs(allocation)) + np.abs(transfer) + np.abs(alone)
    for name, expected, near in (
        ("allocation", allocation, SAME * (np.abs(amounts[:, :-1]) + np.abs(problem.outside.allocation))),
        ("transfer", transfer, 0.0),
        ("utility", utility, SAME * size),
    ):
        same = np.all(np.abs(finite(name, record[name]) - expected) <= near)
        demand(same, f"{name} is not what options and option_of_type say, so the file was edited")
    return found


def multipliers_from_record(problem: ScreeningProblem, prices: dict[str, Any]) -> Multipliers:
    """The inverse of `multipliers_record`; multipliers that a file leaves out are those of the problem."""
    from scipy.sparse import csr_array

    n_types, program = problem.n_types, problem.program
    price = finite("multipliers.ic.price", prices["ic"]["price"])
    return Multipliers(
        ic=csr_array((price, (prices["ic"]["tempted"], prices["ic"]["tempter"])), shape=(n_types, n_types)),
        ir=_sized("multipliers.ir", prices["ir"], n_types),
        transfer=_sized("multipliers.transfer", prices["transfer"], n_types),
        side=_sized("multipliers.side", prices["side"], len(program.side_rows.limit)),
        profit=number("multipliers.profit", prices["profit"]),
        worst_off=_sized("multipliers.worst_off", prices["worst_off"], n_types),
        weights=_sized("multipliers.weights", prices.get("weights", problem.weights), n_types),
        directions=_directions(program, prices.get("directions", [])),
    )


def options_from_record(problem: ScreeningProblem, record: dict[str, Any]) -> tuple[Array, Array, Indices]:
    """Allocations and transfers of the options of a saved menu, in the goods of the program, and who takes which."""
    allocations = finite("options.allocations", record["options"]["allocations"])
    allocations = allocations.reshape(-1, problem.program.n_goods)
    transfers = _sized("options.transfers", record["options"]["transfers"], len(allocations))
    own = np.array(record["option_of_type"])
    whole = own.shape == (problem.n_types,) and own.dtype.kind == "i"
    if not whole or own.min() < -1 or own.max() >= len(transfers):
        raise ProblemError("option_of_type does not fit the options and types: save the menu again")
    return allocations, transfers, own.astype(np.intp)


def _sized(name: str, values: Any, count: int) -> Array:
    array = finite(name, values)
    if array.shape != (count,):
        raise ProblemError(f"{name} has shape {array.shape}; expected {(count,)}: save the menu again")
    return array


def _directions(problem: ScreeningProblem, values: Any) -> Array:
    array = finite("multipliers.directions", values)
    if not array.size:
        return np.zeros((0, 0, problem.n_goods))
    if array.shape != (problem.n_types, problem.n_types + 1, problem.n_goods):
        raise ProblemError(f"multipliers.directions has shape {array.shape}: save the menu again")
    return array


# ---- the program ----


def problem_record(problem: ScreeningProblem) -> dict[str, Any]:
    """The program of a problem, everybody's outside option as the last good."""
    program, outside, terms = problem.program, problem.outside, problem.terms
    known = [] if problem.outside_option is None else [problem.outside_option]
    earned: Any = np.zeros(problem.n_types)
    for option in known:
        earned = problem.principal_values @ option - problem.costs_of(option[np.newaxis])[:, 0]
    limits = [end if math.isfinite(end) else None for end in program.transfer_limits]
    costs, index = _costs(problem)
    return {
        "labels": given_names(problem.labels) and list(problem.labels),
        "goods": given_names(problem.goods) and list(problem.goods),
        "beyond": _beyond(problem),
        "weights": problem.weights.tolist(),
        "valuations": [[*row, last] for row, last in zip(problem.valuations.tolist(), _worth(problem), strict=True)],
        "principal_values": np.column_stack([problem.principal_values, earned]).tolist(),
        "costs": costs,
        "cost_of_type": index,
        "serving_cost": problem.serving_cost,
        "domain": _domain(problem),
        "reserves": problem.has_participation_constraint,
        "may_leave": problem.has_participation_constraint and problem.participation == "voluntary",
        "transfer_limits": limits,
        "mimics": None if problem.mimics is None else problem.mimics.astype(int).tolist(),
        "objective": {
            "profit": terms.profit_weight,
            "amounts": np.column_stack(
                [terms.allocation_values, terms.allocation_values @ outside.allocation]
            ).tolist(),
            "utility": terms.utility_weights.tolist(),
            "welfare": (np.zeros(problem.n_types) if _loss(terms) is None else terms.welfare_weights).tolist(),
            "loss": _loss(terms),
            "worst_off": terms.worst_off_weight,
            "minimum_profit": terms.minimum_profit,
        },
        "rows": _rows(problem),
    }


def _loss(terms: WeightedSum) -> dict[str, Any] | None:
    """The concave welfare function, turned round, as the cost of a good; None if it is not known as one."""
    if not isinstance(terms.function, Isoelastic):
        return None
    power = 1 - Fraction(terms.function.aversion)
    if power == 0:
        return {"kind": "logarithm", "scale": 1.0}
    return {"kind": "power", "exponent": str(power), "scale": str(-1 / power)}


def _worth(problem: ScreeningProblem) -> list[Any]:
    """What the outside option is worth to each type: a float, or text where no float says it exactly."""
    option = problem.outside_option
    if option is None:
        return np.where(np.isfinite(problem.reservation_utility), problem.reservation_utility, 0.0).tolist()
    found = []
    for row in problem.valuations.tolist():
        exact = sum((Fraction(a) * Fraction(o) for a, o in zip(row, option.tolist(), strict=True)), Fraction())
        found.append(float(exact) if Fraction(float(exact)) == exact else str(exact))
    return found


def _rows(problem: ScreeningProblem) -> list[dict[str, Any]]:
    """The side rows of the program; what they count of the chance of being left out is their last entry."""
    rows, program = problem.program.side_rows, problem.program
    if program.excludes:
        amounts = rows.allocation * np.append(np.ones(problem.n_goods), program.domain.total)  # type: ignore[attr-defined]
    else:
        amounts = np.concatenate([rows.allocation, rows.allocation @ problem.outside.allocation[:, np.newaxis]], axis=2)
    every = zip(rows.names, amounts, rows.utility, rows.limit, rows.is_equation, strict=True)
    return [
        {
            "name": name,
            "amounts": on.tolist(),
            "utility": utility.tolist(),
            "limit": float(limit),
            "is_equation": bool(equation),
        }
        for name, on, utility, limit, equation in every
    ]


def _served(problem: ScreeningProblem) -> tuple[Any, Any]:
    """The domain and the cost of what is served."""
    program = problem.program
    return (program.domain.inner if program.excludes else program.domain), problem.cost  # type: ignore[attr-defined]


def _domain(problem: ScreeningProblem) -> dict[str, Any]:
    """A range of every good, and the faces of a polyhedron that lies within."""
    domain, _ = _served(problem)
    ends, faces, limits = ends_of(domain, problem.n_goods), np.zeros((0, problem.n_goods)), np.zeros(0)
    kind = "box" if ends is not None else kind_of(type(domain))
    if isinstance(domain, Simplex):
        ends = np.zeros(problem.n_goods), np.full(problem.n_goods, np.inf)
        faces, limits = (part[problem.n_goods :] for part in domain.faces(problem.n_goods))
        ends = np.zeros(problem.n_goods), np.ones(problem.n_goods)
    elif ends is None:
        low, high = extent_of(domain, problem.n_goods)
        room = WIDER * float(np.max(np.maximum(np.abs(low), np.abs(high))))
        ends = low - room, high + room
        if isinstance(domain, Polyhedron):
            faces, limits = domain.faces(problem.n_goods)
    lower, upper = ([end if math.isfinite(end) else None for end in each.tolist()] for each in ends)
    return {"kind": kind, "lower": lower, "upper": upper, "faces": faces.tolist(), "ends": limits.tolist()}


def _costs(problem: ScreeningProblem) -> tuple[list[Any], list[int]]:
    """The distinct costs, each a list of what goods cost one by one, and which of them each type has."""
    parts, index = parts_of(problem.cost), np.zeros(problem.n_types, dtype=np.intp)
    for k, (_, types) in enumerate(parts):
        index[types] = k
    return [
        {"kind": "quadratic", "curvature": cost.curvature.tolist()}
        if isinstance(cost, Quadratic) and cost.curvature.ndim == 2
        else [_cost_of_good(cost, good, problem.n_goods) for good in range(problem.n_goods)]
        for cost, _ in parts
    ], index.tolist()


def _cost_of_good(cost: Any, good: int, n_goods: int) -> dict[str, Any]:
    """Kind and parameters of what one good costs, where that does not depend on the others."""
    if isinstance(cost, Separable):
        return _cost_of_good(cost.costs[good], 0, 1)
    if type(cost) not in GOODS or (isinstance(cost, Quadratic) and cost.curvature.ndim == 2):
        return {"kind": f"{type(cost).__name__} (of several goods, or one's own)"}
    names = {Linear: ["price"], Quadratic: ["curvature"], Power: ["exponent", "scale"]}
    return {"kind": kind_of(type(cost))} | {
        name: float(np.broadcast_to(getattr(cost, name), n_goods)[good])
        for name in names.get(type(cost), ["reference", "temperature"])
    }


def _beyond(problem: ScreeningProblem) -> list[str]:
    """What the problem has that the checker does not know."""
    domain, _ = _served(problem)
    known = isinstance(domain, Simplex | Polyhedron) or ends_of(domain, problem.n_goods) is not None
    found = {
        "weights that are uncertain": problem.ambiguity is not None,
        "valuations that are uncertain": problem.valuation_sets is not None,
        "a welfare function that is no power or logarithm": problem.terms.function is not None
        and _loss(problem.terms) is None,
        f"a domain of class {type(domain).__name__}": not known,
    }
    return [what for what, is_there in found.items() if is_there]


# ---- the menu and what proves its bound ----


def _menu_record(evidence: Evidence) -> dict[str, Any]:
    """Contracts as amounts and the chance of being left out, the outside option last where there is one."""
    program, problem = evidence.problem.program, evidence.problem
    if not program.outside.is_contract and evidence.option_of_type.min() < 0:
        raise ProblemError("option_of_type names the outside option, but this problem has no outside contract")
    allocations, transfers = program.outside.beside(evidence.allocations, evidence.transfers)
    if program.excludes:
        amounts = allocations / np.append(np.ones(problem.n_goods), program.domain.total)  # type: ignore[attr-defined]
    else:
        amounts = np.column_stack([allocations, np.zeros(len(allocations))])
    own = np.where(evidence.option_of_type < 0, len(transfers) - 1, evidence.option_of_type)
    return {"amounts": amounts.tolist(), "transfers": transfers.tolist(), "contract_of_type": own.tolist()}


def _conjugates(problem: ScreeningProblem, bound: Bound) -> dict[str, Any]:
    """Slopes of the costs and prices of the domain's faces that bound the conjugates; nobody needs to trust them."""
    domain, cost = _served(problem)
    shape = problem.valuations.shape
    slopes, virtual = np.zeros(shape), bound.virtual_valuation[:, : problem.n_goods]
    weighs = problem.terms.profit_weight + bound.multipliers.profit > 0
    if weighs and not _beyond(problem):
        for part, types in parts_of(cost):
            if hasattr(part, "gradient") and np.isfinite(virtual[types]).all():
                best = part.conjugate(virtual[types], domain)[1]
                slopes[types] = part.gradient(np.where(np.isfinite(best), best, 0.0))
    slopes = np.where(np.isfinite(slopes), slopes, virtual)
    return {"slopes": slopes.tolist(), "faces": _face_prices(domain, virtual - slopes).tolist()}


def _face_prices(domain: Any, rest: Array) -> Array:
    """Row by row, the prices of faces that a linear program over the domain has; (n, n_faces)."""
    if isinstance(domain, Simplex):
        level = rest.max(axis=1)
        both = np.column_stack([np.maximum(level, 0.0), np.maximum(-level, 0.0)])
        return both[:, :1] if domain.free_disposal else both
    if not isinstance(domain, Polyhedron) or ends_of(domain, rest.shape[1]) is not None:
        return np.zeros((len(rest), 0))
    from scipy.optimize import linprog

    found = np.zeros((len(rest), len(domain.bounds)))
    for k, slope in enumerate(rest):
        solved = linprog(-slope, A_ub=domain.matrix, b_ub=domain.bounds, bounds=(None, None), method="highs")
        if solved.status == 0:
            found[k] = np.maximum(-solved.ineqlin.marginals, 0.0)
    return found
