"""Proofs that hold and forgeries of them, and what a checker says of each: for its tests, and for mutants of it."""

import copy
import functools
import json
import math
from collections.abc import Iterator
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

import contracts as c
from contracts.proof import checker as original

NEAR = 1e-9  # of the sizes that a value sums: far above rounding, far below anything that a bound means


class Forgery(NamedTuple):
    """A proof with one thing changed, and what must be found."""

    name: str
    document: Any
    code: int | None  # any but 0
    reason: str


def written(certificate: c.Certificate) -> Any:
    """The document as a file says it."""
    assert certificate.evidence is not None
    return json.loads(json.dumps(certificate.evidence.to_dict(certificate.to_dict())))


def problems() -> Iterator[tuple[str, c.ScreeningProblem]]:
    """One of every kind that the checker knows."""
    rng = np.random.default_rng(0)
    line, plane = np.array([1.0, 2.0, 3.0]), rng.uniform(1, 3, (6, 2))
    thirds = [0.5, 0.3, 0.2]
    yield "line", c.ScreeningProblem(line, thirds, cost=c.Quadratic())
    yield "several goods", c.ScreeningProblem(plane, cost=c.Quadratic([1.0, 2.0]), principal_values=[0.1, -0.2])
    yield "power", c.ScreeningProblem(line, thirds, cost=c.Power(1.7, 0.5), domain=c.Box(0.5, 20.0))
    yield "benefit", c.ScreeningProblem(-line, thirds, cost=c.Power(0.5, -4.0))
    yield "box", c.ScreeningProblem(plane - 1, cost=c.Linear([0.3, 0.1]), domain=c.Box())
    yield "both signs", c.ScreeningProblem(plane - 2, cost=c.Quadratic(), domain=c.Box(-np.inf, np.inf))
    yield "unit demand", c.ScreeningProblem(plane - 1, domain=c.Simplex(free_disposal=True))
    shares = [[1.0, 0.0, 0.3], [0.0, 1.0, 0.2], [0.4, 0.4, 0.7]]
    policies = {"domain": c.Simplex(), "transfers": "none", "outside_option": [0.2, 0.3, 0.5]}
    entropy = c.Entropy([0.2, 0.3, 0.5], 0.5)
    yield "policies", c.ScreeningProblem(shares, cost=entropy, principal_values=[-0.1, -0.3, 0.4], **policies)
    yield "curved lotteries", c.ScreeningProblem(shares, cost=c.Quadratic(0.5), domain=c.Simplex())
    triangle = c.Polyhedron([[1, 1], [-1, 0], [0, -1.0], [1, 2]], [1, 0, 0, 1.5])
    yield "polyhedron", c.ScreeningProblem(plane - 1, cost=c.Linear(0.2), domain=triangle)
    yield "curved polyhedron", c.ScreeningProblem(plane - 1, cost=c.Quadratic(0.5), domain=triangle)
    yield "limited transfers", c.ScreeningProblem(line, thirds, cost=c.Quadratic(), transfers=(0.0, 3.0))
    yield "limits by type", c.ScreeningProblem(line, thirds, cost=c.Quadratic(), transfers=(0.0, [3.0, 2.0, 4.0]))
    yield "highest transfer", c.ScreeningProblem(line, thirds, cost=c.Quadratic(), transfers=(-np.inf, 3.0))
    reserved = rng.uniform(0, 0.5, 6)
    yield "reservation", c.ScreeningProblem(plane, cost=c.Quadratic(), reservation_utility=reserved)
    yield (
        "compulsory",
        c.ScreeningProblem(plane, cost=c.Quadratic(), reservation_utility=reserved, participation="compulsory"),
    )
    yield "serving cost", c.ScreeningProblem(plane, cost=c.Quadratic(), serving_cost=1.2)
    yield (
        "served by chance",
        c.ScreeningProblem(
            plane,
            cost=c.Quadratic(),
            serving_cost=0.3,
            reservation_utility=reserved,
            constraints=[c.Coverage(0.8, of="serving")],
        ),
    )
    yield (
        "kept or served",
        c.ScreeningProblem(
            shares, domain=c.Simplex(), outside_option=[0.1, 0.3, 0.6], serving_cost=0.05, transfers=(-1.0, 1.0)
        ),
    )
    yield "welfare", c.ScreeningProblem(plane, cost=c.Quadratic(), objective=c.Welfare([0.1, 0.9, 0.3, 0.4, 0.5, 0.2]))
    yield (
        "worst off",
        c.ScreeningProblem(line, thirds, cost=c.Quadratic(), objective=c.Welfare(0.5, function=c.WorstOff())),
    )
    yield (
        "least profit",
        c.ScreeningProblem(
            line, thirds, cost=c.Quadratic(), objective=c.Welfare(1.5, profit_weight=1.0, minimum_profit=0.8)
        ),
    )
    harm = c.WeightedSum(profit_weight=1.0, allocation_values=[-0.5, 0.1], utility_weights=0.2)
    poorest = {"cost": c.Quadratic(), "reservation_utility": 0.1}
    for aversion in (0.5, 1.0, 3.0):
        equal = c.Welfare([1.0, 0.5, 0.2], function=c.Isoelastic(aversion), minimum_profit=0.1)
        yield f"aversion {aversion}", c.ScreeningProblem(line, thirds, objective=equal, **poorest)
    some = c.Welfare([1.0, 0.0, 0.0], function=c.Isoelastic(), profit_weight=1.0)
    yield "some count", c.ScreeningProblem(line, thirds, objective=some, transfers=(-1.0, 3.0), **poorest)
    for name, domain in (("endless", c.NonNegative()), ("box", c.Box(0.0, 1.0)), ("simplex", c.Simplex())):
        both = c.Quadratic([[1.0, -0.5], [-0.5, 1.0]] if name == "box" else [[1.0, 0.5], [0.5, 1.0]])
        yield f"matrix, {name}", c.ScreeningProblem(plane, cost=both, domain=domain)
    yield "weighted sum", c.ScreeningProblem(plane, cost=c.Quadratic(), objective=harm)
    yield "capacity", c.ScreeningProblem(line, thirds, cost=c.Quadratic(), constraints=[c.Capacity(0.7)])
    yield (
        "budget",
        c.ScreeningProblem(
            line, thirds, cost=c.Quadratic(), objective=c.Welfare(1.0, profit_weight=0.1), constraints=[c.Budget(0.5)]
        ),
    )
    rents = c.RentInequality(0.25, [[0], [1, 2]])
    yield "rents", c.ScreeningProblem(line, thirds, cost=c.Quadratic(), constraints=[rents])
    yield (
        "no participation",
        c.ScreeningProblem(
            line, thirds, cost=c.Quadratic(), reservation_utility=-np.inf, objective=c.Welfare(), transfers="free"
        ),
    )
    yield "evidence", c.ScreeningProblem(line[::-1], thirds, cost=c.Quadratic(), mimics=line[:, None] >= line)
    yield (
        "costs by type",
        c.ScreeningProblem(plane, cost=[c.Quadratic(1.0 + k / 4) for k in range(3)] * 2, domain=c.Box(0.0, 2.0)),
    )
    yield "cost by good", c.ScreeningProblem(plane, cost=c.Separable([c.Power(3.0), c.Quadratic(2.0)]))


@functools.cache
def proofs() -> dict[str, Any]:
    """Documents of the best menus, and of one that somebody typed."""
    found = {name: written(c.solve_menu(problem).certificate) for name, problem in problems()}
    typed = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic())
    found["typed"] = written(c.verify(typed, [0.5, 2.0], [0.5, 3.5]))
    return found


def forgeries(name: str, document: Any) -> Iterator[Forgery]:
    """Everything that can be falsified in a proof, one at a time."""
    for what, code, reason, value, *path in _falsehoods(document):
        forged = copy.deepcopy(document)
        place = forged
        for key in path[:-1]:
            place = place[key]
        if value is GONE:
            place.pop(path[-1])
        elif isinstance(value, dict):
            place[path[-1]].update(value)
        else:
            place[path[-1]] = value
        yield Forgery(f"{name}: {what}", forged, code, reason)


Falsehood = tuple[Any, ...]  # what it is, exit code, reason, new value (or an update, or GONE), path of keys
GONE = object()
REFUTED, UNDECIDED = original.REFUTED, original.UNDECIDED


def _falsehoods(document: Any) -> Iterator[Falsehood]:
    proof = original.Proof(document)
    yield from _claims(proof, document)
    yield from _numbers(document)
    yield from _dearer(proof, document)
    yield from _narrower(proof, document)
    yield from _multipliers(document)


def _claims(proof: Any, document: Any) -> Iterator[Falsehood]:
    value, upper, gap = (document["claims"][key] for key in ("value", "upper_bound", "gap"))
    step, bound = NEAR * float(proof.worth()[2]), float(proof.bound())
    doubt = REFUTED if document["claims"]["rigorous"] else UNDECIDED
    for what, moved in (("up", step), ("down", -step)):
        yield f"value {what}", REFUTED, "worth", {"value": value + moved, "gap": upper - value - moved}, "claims"
        yield f"gap {what}", REFUTED, "gap", gap + moved, "claims", "gap"
    yield "bound", doubt, "prove", {"upper_bound": bound - step, "gap": bound - step - value}, "claims"
    yield "no gap", REFUTED, "gap", None, "claims", "gap"


def _numbers(document: Any) -> Iterator[Falsehood]:
    yield "other schema", UNDECIDED, "no proof", "else", "schema"
    yield "unknown", UNDECIDED, "not known", ["dragons"], "problem", "beyond"
    yield "not a number", UNDECIDED, "read", math.nan, "claims", "value"
    for what in (math.inf, True, None, [1.0], "two"):
        yield f"transfer {what}", UNDECIDED, "read", what, "menu", "transfers", 0
    for key in sorted(document["problem"].keys() - {"labels", "goods"}):
        yield f"without {key}", UNDECIDED, "read", GONE, "problem", key
    shares = document["problem"]["weights"]
    yield "weight", REFUTED, "weights", shares[0] + 1e-4, "problem", "weights", 0
    yield "no weight", REFUTED, "weights", 0.0, "problem", "weights", 0
    yield "short", UNDECIDED, "read", GONE, "problem", "weights", -1
    yield "earns by serving", REFUTED, "negative", -1.0, "problem", "serving_cost"
    for part in ("profit", "worst_off"):
        yield f"objective {part}", REFUTED, "negative", -1.0, "problem", "objective", part
    cost = document["problem"]["costs"][0]
    if isinstance(cost, dict):  # a matrix that is no longer definite, and one that is not symmetric
        for what, wrong in (("definite", [[0.0, 1.0], [1.0, 0.0]]), ("symmetric", [[2.0, 1.0], [0.0, 2.0]])):
            yield f"cost not {what}", None, "", wrong, "problem", "costs", 0, "curvature"
    else:
        cost = cost[0]
        yield "cost", UNDECIDED, "convex", "cubic", "problem", "costs", 0, 0, "kind"
    for key, wrong in (("curvature", 0.0), ("exponent", 1.0), ("scale", 0.0), ("temperature", 0.0), ("reference", 0.0)):
        if isinstance(cost.get(key), float):
            yield f"cost {key}", UNDECIDED, "convex", wrong, "problem", "costs", 0, 0, key
    if document["problem"]["objective"]["loss"]:
        yield "social weight", REFUTED, "negative", -1.0, "problem", "objective", "welfare", 1
        for key in document["problem"]["objective"]["loss"].keys() - {"kind"}:
            yield f"welfare {key}", UNDECIDED, "convex", 0.0, "problem", "objective", "loss", key


def _dearer(proof: Any, document: Any) -> Iterator[Falsehood]:
    """An ulp more than a type bears to pay, or can have outside; limits an ulp within what is paid."""
    own, reserves = proof.own, document["problem"]["reserves"]
    for i, k in enumerate(own):
        instead = [
            original.dot(proof.values[i], proof.x[j]) - proof.t[j]
            for j in range(len(own))
            if proof.can[i][j] and own[j] != k
        ]
        leaving = [proof.values[i][-1]] if reserves else []
        if instead or leaving:
            bears = proof.t[i] + proof.u[i] - max([*instead, *leaving])
            yield f"type {i} pays an ulp more", REFUTED, "gains", above(bears), "menu", "transfers", k
        exact = isinstance(document["problem"]["valuations"][i][-1], str)
        if reserves and proof.x[i][-1] == 0 and not exact:
            least = above(proof.u[i])
            yield f"type {i} has an ulp more", REFUTED, "gains", least, "problem", "valuations", i, -1
    yield "lowest", REFUTED, "limits", above(min(proof.t)), "problem", "transfer_limits", 0
    yield "highest", REFUTED, "limits", below(max(proof.t)), "problem", "transfer_limits", 1


def _narrower(proof: Any, document: Any) -> Iterator[Falsehood]:
    """A domain, rows and a least profit that the menu does not keep."""
    problem, own = document["problem"], proof.own
    each = [[y / (1 - x[-1]) for y in x[:-1]] for x in proof.x if x[-1] == 0]
    for k, amounts in enumerate(zip(*each, strict=True)):
        yield f"lower {k}", REFUTED, "domain", above(min(amounts)), "problem", "domain", "lower", k
        yield f"upper {k}", REFUTED, "domain", below(max(amounts)), "problem", "domain", "upper", k
    slip = 1e-13 if problem["domain"]["kind"] == "simplex" else 1e-10
    for k, (face, end) in enumerate(zip(proof.faces, proof.ends, strict=True)):
        most = max(original.dot(face, x) for x in each)
        if most > end - Fraction(1, 10**13):
            yield f"face {k}", REFUTED, "domain", float(most) - slip, "problem", "domain", "ends", k
    leaves = [k for k, x in zip(own, proof.x, strict=True) if x[-1]]
    if leaves:
        yield "nobody may leave", REFUTED, "domain", False, "problem", "may_leave"
        yield "never served", REFUTED, "", 1.5, "menu", "amounts", leaves[0], -1
    for k, row in enumerate(problem["rows"]):
        total = sum(map(original.dot, proof.on[k], proof.x), original.dot(proof.utility[k], proof.u))
        size = sum(map(original.dot, proof.on[k], proof.x, [abs] * proof.n), abs(Fraction(row["limit"])))
        yield f"row {k}", REFUTED, "row", float(total - size / 10**7), "problem", "rows", k, "limit"
    earned = zip(proof.shares, proof.earns, proof.x, proof.t, strict=True)
    profit = sum(f * (original.dot(b, x) + t - proof.spent(i)[1]) for i, (f, b, x, t) in enumerate(earned))
    least = float(profit) + 1e-6 * (1 + abs(float(profit)))
    yield "least profit", REFUTED, "profit", least, "problem", "objective", "minimum_profit"


def _multipliers(document: Any) -> Iterator[Falsehood]:
    problem, prices = document["problem"], document["multipliers"]
    unbalanced = "" if document["problem"]["objective"]["loss"] else "balance"  # who counts is always balanced
    signed = [(key, 0) for key in ("ir", "rows", "worst_off") if prices[key]] + [("profit",)]
    signed += [("ic", "price", 0)] if prices["ic"]["price"] else []
    signed += [("faces", 0, 0)] if prices["faces"][0] else []
    for path in signed:
        yield f"negative {path[0]}", REFUTED, "negative", -1e-3, "multipliers", *path
    if prices["ic"]["price"]:
        own, price = prices["ic"]["tempted"][0], prices["ic"]["price"][0]
        for what, who in (("oneself", own), ("nobody", -1)):
            yield f"ic of {what}", REFUTED, "none", who, "multipliers", "ic", "tempter", 0
        yield "flow", REFUTED, unbalanced, price + 1e-4, "multipliers", "ic", "price", 0
    yield "balance", REFUTED, unbalanced, prices["ir"][0] + 1e-4, "multipliers", "ir", 0
    if problem["objective"]["minimum_profit"] is None:
        yield "profit of none", REFUTED, "none", 1e-3, "multipliers", "profit"
    if problem["transfer_limits"] == [None, None] and problem["reserves"]:
        yield "limit of none", REFUTED, "none", problem["weights"][0] * 1e-12, "multipliers", "transfer", 0
    for i, row in enumerate(problem["mimics"] or []):
        for j in [j for j, can in enumerate(row) if not can][:1]:
            false = {"tempted": [i], "tempter": [j], "price": [0.1]}
            yield f"{i} cannot mimic", REFUTED, "none", false, "multipliers", "ic"


def above(number: Fraction) -> float:
    """The least float above a rational."""
    near = float(number)
    return near if near > number else math.nextafter(near, math.inf)


def below(number: Fraction) -> float:
    """The greatest float below a rational."""
    return -above(-number)


def verdict(checker: Any, document: Any) -> tuple[int, str]:
    """What a checker, given as a module, says of a document."""
    try:
        return checker.PROVEN, checker.prove(document)
    except checker.ProofError as error:
        return error.args
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        return checker.UNDECIDED, f"cannot be read: {error!r}"


def faults(checker: Any, cases: dict[str, Any], forged: list[Forgery]) -> Iterator[str]:
    """What a checker gets wrong: proofs that it does not prove, or to other numbers, and forgeries that it believes."""
    for name, document in cases.items():
        code, says = verdict(checker, document)
        if code != 0:
            yield f"{name}: {says}"
            continue
        proof = checker.Proof(document)
        (low, high, sizes), most = proof.worth(), proof.bound()
        claims, off = document["claims"], float(sizes) * 1e-9
        if not (low <= high and abs(float(low) - claims["value"]) <= off / 1e3 and high - low <= sizes / 10**30):
            yield f"{name}: worth {float(low)}"
        slip = 0.0 if claims["rigorous"] else off  # what is rigorous needs no tolerance at all
        if not claims["upper_bound"] - off <= most <= claims["upper_bound"] + slip or most < low:
            yield f"{name}: bound {float(most)}"
        for share in (0.9, 1.1):  # whatever slopes are proposed, the bound holds of the menu
            worse = copy.deepcopy(document)
            worse["multipliers"]["slopes"] = (np.array(document["multipliers"]["slopes"]) * share).tolist()
            looser = checker.Proof(worse)
            found = looser.bound()
            if found is not None and found < low:
                yield f"{name}: bound {float(found)} below the value at other slopes"
    for forgery in forged:
        code, says = verdict(checker, forgery.document)
        if code == 0 or (forgery.code is not None and code != forgery.code) or forgery.reason not in says:
            yield f"{forgery.name}: {code}, {says}"


NUMBERS = ("1e-300", "0.1", "1", "1.0000000000000002", "2.5", "700", "1e200")


def check_enclosures(checker: Any, x: str) -> None:
    """Logarithms, exponentials and powers lie strictly within what the checker says of them, tightly."""
    fine = Context(prec=120)
    number, exact = Fraction(x), Decimal(x)
    cases = [(checker.around(checker.DIGITS.ln, number), fine.ln(exact))]
    if number < 1000:
        cases += [(checker.around(checker.DIGITS.exp, s * number), fine.exp(s * exact)) for s in (1, -1)]
    if 1e-10 < number < 1000:
        cases.append((checker.power(number, Fraction(3, 2)), fine.power(exact, Decimal("1.5"))))
    for (low, high), between in cases:
        assert low < Fraction(between) < high
        assert high - low < Fraction(1, 10**45) * (1 + abs(Fraction(between)))
    assert checker.power(Fraction(0), Fraction(3, 2)) == (0, 0)
    assert checker.dot([2, 3], [1, -1]) == -1
    assert checker.dot([2, 3], [1, -1], abs) == 5
    assert checker.dot([], [], abs) == checker.dot([], []) == 0


def check_goods(checker: Any) -> None:
    """What goods cost, and their conjugates, are what calculus says."""
    half, two, three = Fraction(1, 2), Fraction(2), Fraction(3)
    about, most = checker.good_of({"kind": "linear", "price": 0.5})
    assert (about(three), most(half), most(two)) == ((1.5, 1.5), 0, math.inf)
    about, most = checker.good_of({"kind": "quadratic", "curvature": 3.0})
    assert (about(two), most(three)) == ((6, 6), 1.5)
    about, most = checker.good_of({"kind": "power", "exponent": 3.0, "scale": 2.0})  # x = sqrt(g / 6)
    assert float(about(two)[0]) == pytest.approx(16.0, rel=1e-15)
    assert float(most(Fraction(24))) == pytest.approx(24 * 2 - 16, rel=1e-15)
    assert most(-two) == most(Fraction(0)) == 0
    about, most = checker.good_of({"kind": "power", "exponent": 0.5, "scale": -4.0})  # x = 4 / g^2
    assert float(about(Fraction(9))[0]) == pytest.approx(-12.0, rel=1e-15)
    assert float(most(-two)) == pytest.approx(-2 + 4, rel=1e-15)
    assert most(Fraction(0)) == most(two) == math.inf
    about, most = checker.good_of({"kind": "power", "exponent": -1.0, "scale": 2.0})  # x = sqrt(-2 / g)
    assert float(about(two)[0]) == pytest.approx(1.0, rel=1e-15)
    assert float(most(-half)) == pytest.approx(-2.0, rel=1e-15)
    assert most(half) == math.inf
    about, most = checker.good_of({"kind": "logarithm", "scale": 2.0})  # x = -2 / g
    assert float(about(three)[0]) == pytest.approx(-2 * np.log(3.0), rel=1e-15)
    assert float(most(-half)) == pytest.approx(-2 + 2 * np.log(4.0), rel=1e-15)
    assert most(Fraction(0)) == most(two) == math.inf
    about, most = checker.cost_of({"kind": "quadratic", "curvature": [[2.0, 1.0], [1.0, 2.0]]}, 2)
    assert about([two, three]) == [(19, 19)]  # g = (7, 8)
    assert most([Fraction(7), Fraction(8)]) == 7 * 2 + 8 * 3 - 19
    for rows in ([[1.0, 2.0], [2.0, 1.0]], [[2.0, 1.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 1.0]]):
        with pytest.raises(checker.ProofError, match="not convex"):
            checker.cost_of({"kind": "quadratic", "curvature": rows}, 2)[1]([two, three])
    about, most = checker.good_of({"kind": "entropy", "reference": 0.25, "temperature": 2.0})
    assert float(about(half)[0]) == pytest.approx(np.log(2.0), rel=1e-15)
    assert float(most(two)) == pytest.approx(0.5, rel=1e-15)
    assert tuple(about(Fraction(0))) == (0, 0)
    for low, high in (
        checker.good_of({"kind": "power", "exponent": p, "scale": s})[0](three) for p, s in ((1.5, 1.0), (0.5, -1.0))
    ):
        assert low < high
