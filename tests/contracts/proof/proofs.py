"""Proofs that hold and forgeries of them, and what a checker says of each: for its tests, and for mutants of it."""

import copy
import functools
import json
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

import contracts as c
from contracts.proof import checker as original

NEAR = 1e-9  # of the sizes that a value sums: far above rounding, far below anything that a bound means


class Forgery(NamedTuple):
    """A proof with one thing changed, and what must be found."""

    name: str
    document: Any
    code: int
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
    proof = original.Proof(document)
    proof.read_terms()
    _, _, sizes = proof.worth()
    bound, step = proof.bound(), NEAR * float(sizes)
    assert bound is not None
    refuted, undecided = original.REFUTED, original.UNDECIDED

    def changed(what: str, code: int, reason: str, change: Callable[[Any], Any]) -> Forgery:
        forged = copy.deepcopy(document)
        change(forged)
        return Forgery(f"{name}: {what}", forged, code, reason)

    def put(forged: Any, *path: Any, value: Any) -> None:
        for key in path[:-1]:
            forged = forged[key]
        forged[path[-1]] = value

    value, upper, gap = (document["claims"][key] for key in ("value", "upper_bound", "gap"))
    by = refuted if document["claims"]["rigorous"] else undecided
    lower = float(bound) - step
    yield changed(
        "value up", refuted, "worth", lambda d: d["claims"].update(value=value + step, gap=upper - value - step)
    )
    yield changed(
        "value down", refuted, "worth", lambda d: d["claims"].update(value=value - step, gap=upper - value + step)
    )
    yield changed("bound down", by, "prove", lambda d: d["claims"].update(upper_bound=lower, gap=lower - value))
    yield changed("gap down", refuted, "gap", lambda d: d["claims"].update(gap=gap - step))
    yield changed("gap up", refuted, "gap", lambda d: d["claims"].update(gap=gap + step))
    yield changed("no gap", refuted, "gap", lambda d: d["claims"].update(gap=None))
    yield changed("unknown", undecided, "not known", lambda d: d["problem"].update(beyond=["dragons"]))
    yield changed("other schema", undecided, "no proof", lambda d: d.update(schema="else"))
    yield changed("not a number", undecided, "read", lambda d: d["claims"].update(value=math.nan))
    yield changed("infinite", undecided, "read", lambda d: put(d, "menu", "transfers", 0, value=math.inf))
    yield changed("truth", undecided, "read", lambda d: put(d, "menu", "transfers", 0, value=True))
    for key in document["problem"].keys() - {"labels", "goods"}:
        yield changed(f"without {key}", undecided, "read", lambda d, key=key: d["problem"].pop(key))
    n_types, shares = len(proof.own), document["problem"]["weights"]
    yield changed("weight", refuted, "weights", lambda d: put(d, "problem", "weights", 0, value=shares[0] + 1e-4))
    yield changed("no weight", refuted, "weights", lambda d: put(d, "problem", "weights", 0, value=0.0))
    yield changed("short", undecided, "read", lambda d: d["problem"]["weights"].pop())
    yield changed("cost", undecided, "convex", lambda d: d["problem"]["costs"][0][0].update(kind="cubic"))
    yield changed("pays for serving", refuted, "negative", lambda d: d["problem"].update(serving_cost=-1.0))
    for part in ("profit", "worst_off"):
        yield changed(
            f"objective {part}", refuted, "negative", lambda d, p=part: d["problem"]["objective"].update({p: -1.0})
        )
    for key, wrong in (("curvature", 0.0), ("exponent", 1.0), ("scale", 0.0), ("temperature", 0.0), ("reference", 0.0)):
        if key in document["problem"]["costs"][0][0]:
            yield changed(
                f"cost {key}", undecided, "convex", lambda d, k=key, w=wrong: d["problem"]["costs"][0][0].update({k: w})
            )
    yield from _broken_promises(proof, document, changed, put)
    yield from _broken_multipliers(proof, document, changed, put)
    assert n_types == len(shares)


def _broken_promises(proof: Any, document: Any, changed: Any, put: Any) -> Iterator[Forgery]:
    refuted = original.REFUTED
    transfers, own, can = document["menu"]["transfers"], proof.own, proof.can
    for i in range(len(own)):
        paid = Fraction(transfers[own[i]])
        best = [
            paid + proof.u[i] - (original.dot(proof.values[i], proof.x[j]) - proof.t[j])
            for j in range(len(own))
            if can[i][j] and own[j] != own[i]
        ]
        leaving = paid + proof.u[i] - proof.values[i][-1]
        reserves = document["problem"]["reserves"]
        most = min([*best, *([leaving] if reserves else [])], default=None)
        if most is not None:
            yield changed(
                f"type {i} pays an ulp more",
                refuted,
                "",
                lambda d, i=i, t=most: put(d, "menu", "transfers", own[i], value=above(t)),
            )
        if reserves and leaving == most and proof.x[i][-1] == 0:
            u = above(proof.u[i])
            if isinstance(document["problem"]["valuations"][i][-1], float):
                yield changed(
                    f"type {i} has an ulp more",
                    refuted,
                    "gains",
                    lambda d, i=i, u=u: put(d, "problem", "valuations", i, -1, value=u),
                )
    low, high = min(proof.t), max(proof.t)
    yield changed("lowest", refuted, "limits", lambda d: put(d, "problem", "transfer_limits", 0, value=above(low)))
    yield changed("highest", refuted, "limits", lambda d: put(d, "problem", "transfer_limits", 1, value=-above(-high)))
    each = [[y / (1 - x[-1]) for y in x[:-1]] for x in proof.x if x[-1] == 0]
    for k, amounts in enumerate(zip(*each, strict=True)):
        yield changed(
            f"lower {k}",
            refuted,
            "domain",
            lambda d, k=k, y=min(amounts): put(d, "problem", "domain", "lower", k, value=above(y)),
        )
        yield changed(
            f"upper {k}",
            refuted,
            "domain",
            lambda d, k=k, y=max(amounts): put(d, "problem", "domain", "upper", k, value=-above(-y)),
        )
    for k, (face, end) in enumerate(zip(proof.faces, proof.ends, strict=True)):
        most = max(original.dot(face, x) for x in each)
        loose = 1e-13 if document["problem"]["domain"]["kind"] == "simplex" else 1e-10
        if most > end - Fraction(1, 10**13):
            yield changed(
                f"face {k}",
                refuted,
                "domain",
                lambda d, k=k, e=float(most) - loose: put(d, "problem", "domain", "ends", k, value=e),
            )
    if any(x[-1] for x in proof.x):
        yield changed("nobody may leave", refuted, "domain", lambda d: d["problem"].update(may_leave=False))
        k = own[next(i for i, x in enumerate(proof.x) if x[-1])]
        yield changed("never served", refuted, "", lambda d: put(d, "menu", "amounts", k, -1, value=1.5))
    for k, row in enumerate(document["problem"]["rows"]):
        total = sum(map(original.dot, proof.on[k], proof.x), original.dot(proof.utility[k], proof.u))
        size = sum(map(original.size, proof.on[k], proof.x)) + abs(Fraction(row["limit"]))
        limit = float(total - Fraction(1, 10**7) * size)
        yield changed(
            f"row {k}", refuted, "row", lambda d, k=k, v=limit: put(d, "problem", "rows", k, "limit", value=v)
        )
    profit = sum(
        f * (original.dot(b, x) + t) for f, b, x, t in zip(proof.shares, proof.earns, proof.x, proof.t, strict=True)
    )
    profit -= sum(f * proof.spent(i)[1] for i, f in enumerate(proof.shares))
    least = float(profit) + 1e-6 * (1 + abs(float(profit)))
    yield changed("least profit", refuted, "profit", lambda d: d["problem"]["objective"].update(minimum_profit=least))


def _broken_multipliers(proof: Any, document: Any, changed: Any, put: Any) -> Iterator[Forgery]:
    refuted, prices = original.REFUTED, document["multipliers"]
    for key in ("ir", "rows", "worst_off"):
        if prices[key]:
            yield changed(
                f"negative {key}", refuted, "negative", lambda d, key=key: put(d, "multipliers", key, 0, value=-1e-3)
            )
    yield changed("negative profit", refuted, "negative", lambda d: d["multipliers"].update(profit=-1e-3))
    if prices["ic"]["price"]:
        yield changed(
            "negative ic", refuted, "negative", lambda d: put(d, "multipliers", "ic", "price", 0, value=-1e-3)
        )
        yield changed(
            "ic of oneself",
            refuted,
            "none",
            lambda d: put(d, "multipliers", "ic", "tempter", 0, value=prices["ic"]["tempted"][0]),
        )
        yield changed("ic of nobody", refuted, "none", lambda d: put(d, "multipliers", "ic", "tempter", 0, value=-1))
        price = prices["ic"]["price"][0]
        yield changed("flow", refuted, "balance", lambda d: put(d, "multipliers", "ic", "price", 0, value=price + 1e-4))
    if prices["faces"][0]:
        yield changed("negative face", refuted, "negative", lambda d: put(d, "multipliers", "faces", 0, 0, value=-1e-3))
    yield changed("balance", refuted, "balance", lambda d: put(d, "multipliers", "ir", 0, value=prices["ir"][0] + 1e-4))
    if document["problem"]["objective"]["minimum_profit"] is None:
        yield changed("profit of none", refuted, "none", lambda d: d["multipliers"].update(profit=1e-3))
    if document["problem"]["transfer_limits"] == [None, None] and document["problem"]["reserves"]:
        gone = document["problem"]["weights"][0] * 1e-12
        yield changed("limit of none", refuted, "none", lambda d: put(d, "multipliers", "transfer", 0, value=gone))
    if document["problem"]["mimics"]:
        cannot = [(i, j) for i, row in enumerate(document["problem"]["mimics"]) for j, can in enumerate(row) if not can]
        yield changed(
            "cannot mimic",
            refuted,
            "none",
            lambda d: d["multipliers"]["ic"].update(tempted=[cannot[0][0]], tempter=[cannot[0][1]], price=[0.1]),
        )


def above(number: Fraction) -> float:
    """The least float above a rational."""
    near = float(number)
    return near if near > number else math.nextafter(near, math.inf)


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
        if code != checker.PROVEN:
            yield f"{name}: {says}"
            continue
        proof = checker.Proof(document)
        proof.read_terms()
        (low, high, sizes), most = proof.worth(), proof.bound()
        claims, off = document["claims"], float(sizes) * 1e-9
        if not (low <= high and abs(float(low) - claims["value"]) <= off / 1e3 and high - low <= sizes / 10**30):
            yield f"{name}: worth {float(low)}"
        slip = 0.0 if claims["rigorous"] else off / 1e3  # what is rigorous needs no tolerance at all
        if not claims["upper_bound"] - off <= most <= claims["upper_bound"] + slip or most < low:
            yield f"{name}: bound {float(most)}"
        for share in (0.9, 1.1):  # whatever slopes are proposed, the bound holds of the menu
            worse = copy.deepcopy(document)
            worse["multipliers"]["slopes"] = (np.array(document["multipliers"]["slopes"]) * share).tolist()
            looser = checker.Proof(worse)
            looser.read_terms()
            found = looser.bound()
            if found is not None and found < low:
                yield f"{name}: bound {float(found)} below the value at other slopes"
    for forgery in forged:
        code, says = verdict(checker, forgery.document)
        if code != forgery.code or forgery.reason not in says:
            yield f"{forgery.name}: {code}, {says}"
