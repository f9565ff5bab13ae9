"""A menu is proven or refuted, exactly and alone: `python checker.py FILE` needs Python's standard library only.

Type i of n (share f_i > 0) gets amounts y_i of the goods, has its outside option with chance z_i (0 unless types may
leave) and pays t_i. With x_i = (y_i, z_i), what the outside option is worth to each being the last entry of its row,
    u_i = a_i.x_i - t_i        p_i = b_i.x_i - (1 - z_i) [c_i(y_i / (1 - z_i)) + K] + t_i
are its utility and what it earns the principal; the menu is worth, with W concave and no weight but w_i negative,
    V = sum f_i (k p_i + B_i.x_i + w_i u_i + o_i W(u_i)) + h min u_i.
THEOREM. If this program exits with 0, then of the numbers in FILE, each of them the rational that its float is:
 1. No type gains by a contract that it can take, nor by leaving (IC; IR: u_i >= r_i, the last entry of a_i), and
    transfers keep their limits: exactly. Amounts y / (1 - z) are in X = {lower <= y <= upper, faces.y <= ends}: exactly
    within lower and upper, faces up to 5 d 2^-52 of their terms for lotteries, 1e-11 for other polyhedra. Rows over all
    types, G.x + H.u <= g, and a least profit, hold up to 1e-12 of their terms, equations up to 1e-9.
 2. The menu is worth what FILE says, up to 1e-12 of the sizes of what is summed. The exact value is printed.
 3. No menu that keeps the constraints is worth more than the upper bound in FILE, nor is the difference of the two more
    than its gap, up to the same, or 5e-10 if FILE says that the bound is not rigorous. What is proven is printed.
PROOF of 3. Price IC by l_ij >= 0 (i tempted by j), IR by m_i >= 0, transfers by s_i (the lowest if s_i > 0, else the
highest), rows by q >= 0, the least profit by R >= 0; let F_i = (k + R) f_i. No menu is worth more than its Lagrangian.
Utilities drop out of that if for every i, exactly, with shares >= 0 of the worst off that sum to 1,
    F_i - f_i w_i - h share_i + s_i + (q.H)_i + sum_j l_ji = m_i + sum_j l_ij.
Where o_i > 0 the left side may be more, by P_i, which adds max over u of f_i o_i W(u) - P_i u to the sum below. What is
left is linear in x, with coefficients N_j = F_j (a_j + b_j) + f_j B_j + s_j a_j - sum_i l_ij (a_i - a_j) - (q.G)_j,
less costs. With N_j = (N_j', n_j) and the conjugate c*(v) = max over y in X of v.y - c(y), no menu is worth more than
    sum_j max{F_j [c_j*(N_j' / F_j) - K], n_j} - m.r - max(s, 0).lowest + max(-s, 0).highest + q.g - R least.
FILE's multipliers balance up to rounding (1e-9). The rest is closed here, exactly: by s_i where both limits are finite,
else by m_i, and where that would be negative by l_ji from a type j that has more: any multipliers of the right signs
prove a bound. So do any slopes v' and prices e >= 0 of faces, by Fenchel: c*(v) <= c0*(v') + e.ends + max of
(v - v' - e.faces).y over lower <= y <= upper, c0 being the cost wherever it is finite. FILE proposes them, to no harm.
Logarithms and exponentials are correctly rounded, by the specification of `decimal`, and then widened. What else there
is, other costs, other W, uncertain weights or valuations, is undecided (2), with the reason.
"""

import json
import math
import sys
from decimal import Context, Decimal
from fractions import Fraction as Q
from functools import partial
from operator import call, mul
from pathlib import Path
from typing import Any

PROVEN, REFUTED, UNDECIDED = 0, 1, 2
ULP, FACES, ROWS, BALANCE, CLAIMS = Q(1, 2**52), Q(1, 10**11), (Q(1, 10**12), Q(1, 10**9)), Q(1, 10**9), Q(1, 10**12)
DIGITS, WIDER, FINE, INF = Context(prec=60, Emin=-(10**5), Emax=10**5), Q(1, 10**50), 2**1100, math.inf


class ProofError(Exception):
    """What was found, and why."""


def demand(holds: Any, why: str, otherwise: int = REFUTED) -> None:
    """What must hold."""
    if not holds:
        raise ProofError(otherwise, why)


def once(pairs: Any) -> Any:
    """A record in which no name stands twice: a reader might see the one, and this program the other."""
    demand(len(dict(pairs)) == len(pairs), "the file says something twice, under one name", UNDECIDED)
    return dict(pairs)


def numbers(given: Any, *shape: int) -> Any:
    """The rationals that floats are (or fractions as text, no exponents), in lists; None where one is infinite."""
    if shape:
        return [numbers(one, *shape[1:]) for one, _ in zip(given, range(shape[0]), strict=True)]
    if type(given) not in (int, float, str, type(None)) or (isinstance(given, str) and given.strip("-./0123456789")):
        raise ValueError(f"{given!r} is no number")
    return given if given is None else Q(given) if isinstance(given, str) else Q(float(given))


def dot(one: Any, other: Any, of: Any = None) -> Q:
    """Sum of products, or of something of each, as of their sizes."""
    return sum(map(of, map(mul, one, other)) if of else map(mul, one, other), Q(0))


def around(function: Any, x: Q) -> tuple[Q, Q]:
    """About log x or exp x: rounding x, and the result, to 60 digits changes it by less than what it is widened by."""
    found = Q(function(DIGITS.divide(Decimal(x.numerator), Decimal(x.denominator))))
    return found - WIDER * (1 + abs(found)), found + WIDER * (1 + abs(found))


ln, exp = partial(around, DIGITS.ln), partial(around, DIGITS.exp)


def power(x: Q, exponent: Q) -> tuple[Q, Q]:
    """About x^exponent, x >= 0."""
    low, high = sorted(exponent * end for end in ln(x)) if x or exponent < 0 else (Q(0), Q(0))
    return (exp(low)[0], exp(high)[1]) if x else (low, high)


def good_of(record: Any) -> tuple[Any, Any]:
    """Of a good: about c(x), and what rounds; at least max g x - c(x) over all x where c is finite."""
    kind, own = record["kind"], {name: numbers(given) for name, given in record.items() if name != "kind"}
    p, s, h, r = (own.get(name, Q(0)) for name in ("exponent", "scale", "temperature", "reference"))
    if kind == "linear":
        return lambda x: (own["price"] * x,) * 2, lambda g: Q(0) if g == own["price"] else INF
    if kind == "quadratic":
        return lambda x: (own["curvature"] * x * x / 2,) * 2, lambda g: squares([[own["curvature"]]], [g])
    if kind == "power" and p * (p - 1) * s > 0:
        return (
            lambda x: sorted(s * end for end in power(x, p)),
            lambda g: max((p - 1) * s * y for y in power(g / s / p, p / (p - 1))) if g * s * p > 0 else (INF, 0)[p > 1],
        )
    if kind == "logarithm" and s > 0:  # -s log x
        return lambda x: [-s * y for y in ln(x)[::-1]], lambda g: -s * (1 + ln(-g / s)[0]) if g < 0 else INF
    if kind == "entropy" and min(h, r) > 0:
        return lambda x: [h * x * y for y in (*ln(x / r), 1)] if x else (Q(0),) * 2, lambda g: h * r * exp(g / h - 1)[1]
    raise ProofError(UNDECIDED, f"a cost is of kind {kind!r}, or not convex")


def squares(matrix: Any, g: Any) -> Q:
    """max g.y - y.(matrix y) / 2 over all y, square by square; the matrix is found to be symmetric and definite."""
    total, rows, g = Q(0), list(matrix), list(g)
    for k, row in enumerate(rows):
        demand(row[k] > 0 and matrix[k] == [other[k] for other in matrix], "a cost is not convex", UNDECIDED)
        total += g[k] * g[k] / row[k] / 2
        for m in range(k + 1, len(rows)):
            share = rows[m][k] / row[k]
            g[m], rows[m] = g[m] - share * g[k], [a - share * b for a, b in zip(rows[m], row, strict=True)]
    return total


def cost_of(record: Any, d: int) -> tuple[Any, Any]:
    """The same of all goods, with costs one by one, or y.(rows y) / 2."""
    if isinstance(record, dict):
        rows = numbers(record["curvature"], d, d)
        return lambda y: [(dot(y, [dot(row, y) for row in rows]) / 2,) * 2], lambda g: squares(rows, g)
    abouts, mosts = zip(*(good_of(part) for part, _ in zip(record, range(d), strict=True)), strict=True)
    return lambda y: list(map(call, abouts, y)), lambda g: sum(map(call, mosts, g))


class Proof:
    """What FILE says."""

    def __init__(self, record: Any, *, of_menu: bool = True) -> None:
        problem, menu, self.prices = record["problem"], record["menu"], record["multipliers"]
        self.problem, goal, domain = problem, problem["objective"], problem["domain"]
        n, d, m = len(problem["weights"]), len(problem["valuations"][0]) - 1, len(menu["transfers"])
        self.n, self.d, self.types = n, d, range(n)
        self.values, self.limits = numbers(problem["valuations"], n, d + 1), numbers(problem["transfer_limits"], 2)
        self.can = numbers(problem["mimics"], n, n) if problem["mimics"] else [[1] * n] * n
        self.amounts, self.transfers = numbers(menu["amounts"], m, d + 1), numbers(menu["transfers"], m)
        self.own = [range(m).index(k) for k, _ in zip(menu["contract_of_type"], self.types, strict=True)]
        self.x, self.t = [self.amounts[k] for k in self.own], [self.transfers[k] for k in self.own]
        self.u = [dot(a, x) - t for a, x, t in zip(self.values, self.x, self.t, strict=True)]
        whole = self.values, self.amounts, [self.transfers]  # made integers, for the sake of speed
        units = [math.lcm(*(q.denominator for row in rows for q in row)) for rows in whole]
        values = [[int(q * units[0] * units[2]) for q in row] for row in self.values]
        amounts = [[int(q * units[1]) for q in row] for row in self.amounts]
        prices, (lowest, highest) = [int(q * math.prod(units)) for q in self.transfers], self.limits
        for i in self.types if of_menu else ():
            worth = [sum(map(mul, values[i], x)) - t for x, t in zip(amounts, prices, strict=True)]
            tempting = [worth[k] for j, k in enumerate(self.own) if self.can[i][j]] if self.problem["mimics"] else worth
            demand(max(tempting) <= worth[self.own[i]], f"type {i} gains by taking another contract")
            demand(not self.problem["reserves"] or self.u[i] >= self.values[i][-1], f"type {i} gains by leaving")
            within = (lowest is None or self.t[i] >= lowest) and (highest is None or self.t[i] <= highest)
            demand(within, f"the transfer of type {i} is beyond its limits")
        demand(not problem["beyond"], f"not known to this program: {', '.join(problem['beyond'])}", UNDECIDED)
        self.shares, self.fee = numbers(problem["weights"], n), numbers(problem["serving_cost"])
        demand(min(self.shares) > 0 and abs(sum(self.shares) - 1) < Q(1, 10**5), "weights are no shares that sum to 1")
        self.lower, self.upper = numbers(domain["lower"], d), numbers(domain["upper"], d)
        self.faces = numbers(domain["faces"], m := len(domain["ends"]), d)
        self.ends = numbers(domain["ends"], m)
        self.loose = {"box": Q(0), "simplex": 5 * d * ULP, "polyhedron": FACES}[domain["kind"]]
        costs = [cost_of(parts, d) for parts in problem["costs"]]
        self.costs = [costs[k] for k, _ in zip(problem["cost_of_type"], self.types, strict=True)]
        self.earns, self.more = numbers(problem["principal_values"], n, d + 1), numbers(goal["amounts"], n, d + 1)
        self.k, self.h, self.w = numbers(goal["profit"]), numbers(goal["worst_off"]), numbers(goal["utility"], n)
        self.least, self.rows, self.o = numbers(goal["minimum_profit"]), problem["rows"], numbers(goal["welfare"], n)
        self.loss: Any = good_of(goal["loss"]) if any(self.o) else None  # -W, which is convex
        demand(min(self.k, self.h, self.fee, *self.o) >= 0, "a weight, or the cost of serving, is negative")
        parts = ("amounts", n, d + 1), ("utility", n), ("limit",)
        self.on, self.utility, self.most = ([numbers(row[of], *size) for row in self.rows] for of, *size in parts)

    def spent(self, i: int) -> list[Q]:
        """About what serving type i costs, and the sizes of what is summed; its amounts are in the domain."""
        (*y, z), wrong = self.x[i], f"the allocation of type {i} is outside of the domain"
        demand(0 <= z <= (self.problem["may_leave"] is True) and (z < 1 or not any(y)), wrong)
        slack, there = 6 * ULP * max(map(abs, y)) if z else Q(0), 1 - z
        for v, low, high in zip(y, self.lower, self.upper, strict=True):
            demand((low is None or v >= there * low - slack) and (high is None or v <= there * high + slack), wrong)
        for face, end in zip(self.faces, self.ends, strict=True):
            demand(dot(face, y) - there * end <= slack + self.loose * (dot(face, y, abs) + there * abs(end)), wrong)
        costs = self.costs[i][0]([v / (there or 1) for v in y])
        ends = [sum(cost[end] for cost in costs) for end in (0, 1)] + [sum(max(map(abs, cost)) for cost in costs)]
        return [there * (self.fee + end) for end in ends]

    def worth(self) -> tuple[Q, Q, Q]:
        """About what the menu is worth, and the sizes of what is summed; rows are kept."""
        low, high, sizes, profit, paid = Q(0), Q(0), Q(0), Q(0), Q(0)
        gross = [dot(a, x, abs) + abs(t) for a, x, t in zip(self.values, self.x, self.t, strict=True)]
        for i, f in enumerate(self.shares):
            x, t, o, (least, most, spent) = self.x[i], self.t[i], f * self.o[i], self.spent(i)
            good, bad = (o * end for end in self.loss[0](self.u[i])) if o else (Q(0), Q(0))
            gain, rest = f * (dot(self.earns[i], x) + t), f * (dot(self.more[i], x) + self.w[i] * self.u[i])
            low, high = low + rest - bad + self.k * (gain - f * most), high + rest - good + self.k * (gain - f * least)
            profit, paid = profit + gain - f * most, paid + f * (dot(self.earns[i], x, abs) + spent + abs(t))
            sizes += f * (dot(self.more[i], x, abs) + abs(self.w[i]) * gross[i]) + self.h * gross[i] + abs(bad)
        for row, on, utility, most in zip(self.rows, self.on, self.utility, self.most, strict=True):
            total = sum(map(dot, on, self.x), dot(utility, self.u) - most)
            terms = sum(map(dot, on, self.x, [abs] * self.n), dot(utility, gross, abs) + abs(most))
            demand(total <= ROWS[row["is_equation"] is True] * terms, "a row over all types is broken")
        demand(
            (self.least or profit) - profit <= ROWS[0] * (paid + abs(self.least or 0)), "profit is less than it must be"
        )
        return low + self.h * min(self.u), high + self.h * min(self.u), sizes + self.k * paid

    def bound(self) -> Any:
        """What no menu is worth more than; infinite if the multipliers prove nothing."""
        n, a, prices, (lowest, highest), types = self.n, self.values, self.prices, self.limits, self.types
        s, m, shares = (numbers(prices[name], n) for name in ("transfer", "ir", "worst_off"))
        q, rho, ic = numbers(prices["rows"], len(self.rows)), numbers(prices["profit"]), prices["ic"]
        ic = list(zip(ic["tempted"], ic["tempter"], numbers(ic["price"], len(ic["price"])), strict=True))
        demand(min([rho, *m, *q, *shares, *(price for _, _, price in ic)]) >= 0, "a multiplier is negative")
        real = all(i in types and j in types and i != j and self.can[i][j] for i, j, _ in ic)
        demand(real and (rho == 0 or self.least is not None), "a multiplier is of a constraint that is none")
        f, weight = self.shares, [(self.k + rho) * share for share in self.shares]
        total: list[Any] = [dot(q, self.most) - rho * (self.least or 0)]
        each = self.h / sum(shares) if self.h else Q(0)
        terms = [[weight[i], -f[i] * self.w[i], -each * shares[i], s[i]] for i in types]
        for i, j, price in ic:
            terms[i].append(-price)
            terms[j].append(price)
        for row, price in zip(self.utility, q, strict=True):
            terms = [[*each, price * own] for each, own in zip(terms, row, strict=True)]
        left = [sum(each) for each in terms]
        for i in types:
            missed = left[i] - m[i]
            if missed >= 0 and self.o[i] > 0:
                total.append(f[i] * self.o[i] * self.loss[1](-missed / (f[i] * self.o[i])))
                left[i], missed = m[i], Q(0)
            demand(abs(missed) <= BALANCE * sum(map(abs, terms[i])), f"multipliers do not balance at type {i}")
            if missed and None not in self.limits:
                s[i], left[i] = s[i] - missed, m[i]
        for i, j in [(i, j) for i in types if left[i] < 0 for j in types if self.can[j][i]]:
            if (move := min(left[j], -left[i])) > 0:
                ic.append((j, i, move))
                left[i], left[j] = left[i] + move, left[j] - move
        demand(min(left) >= 0 and (self.problem["reserves"] or not any(left)), "multipliers do not balance", UNDECIDED)
        terms = [list(zip(a[i], self.earns[i], self.more[i], strict=True)) for i in types]
        net = [[weight[i] * (x + b) + f[i] * own + s[i] * x for x, b, own in terms[i]] for i in types]
        for i, j, price in ic:
            net[j] = [v - price * (x - y) for v, x, y in zip(net[j], a[i], a[j], strict=True)]
        for on, price in zip(self.on, q, strict=True):
            net = [[v - price * x for v, x in zip(row, each, strict=True)] for row, each in zip(net, on, strict=True)]
        for i in types:
            end = lowest if s[i] > 0 else highest
            demand(s[i] == 0 or end is not None, f"type {i} pays for a limit that is none")
            slopes, faces = numbers(prices["slopes"][i], self.d), numbers(prices["faces"][i], len(self.ends))
            demand(min(faces, default=0) >= 0, "a multiplier is negative")
            served: Any = dot(faces, self.ends)  # to at least the conjugate
            for k, (low, high) in enumerate(zip(self.lower, self.upper, strict=True)):
                v = net[i][k] / (weight[i] or 1) - dot(faces, (face[k] for face in self.faces))
                g = (max(slopes[k], v) if high is None else slopes[k]) if weight[i] else Q(0)
                slopes[k] = g = min(g, v) if low is None and weight[i] else g
                side = high if v > g else low
                served += 0 if v == g else INF if side is None else (v - g) * side
            served = (weight[i] or 1) * (served + (self.costs[i][1](slopes) - self.fee if weight[i] else 0))
            total.append(max(served, net[i][-1]) if self.problem["may_leave"] is True else served)
            total.append(-left[i] * a[i][-1] - (s[i] and s[i] * end))
        return sum(part if part == INF else Q(math.ceil(part * FINE), FINE) for part in total)


def prove(record: Any) -> str:
    """What is proven of a file's record; a ProofError otherwise."""
    spelled_out = isinstance(record, dict) and record.get("schema") == "menuwright/proof/1"
    demand(spelled_out, "no proof: save menu.certificate, or give menus to python -m contracts.proof", UNDECIDED)
    proof = Proof(record)
    (low, high, sizes), most = proof.worth(), proof.bound()
    value, upper, gap = (numbers(record["claims"][name]) for name in ("value", "upper_bound", "gap"))
    off, doubt = CLAIMS * sizes, REFUTED if record["claims"]["rigorous"] is True else UNDECIDED
    kept = "IC and IR hold" if proof.problem["reserves"] else "IC holds"
    demand(low - off <= value <= high + off, f"the menu is worth {float(low)}, and the file says {float(value)}")
    says = f"{kept} exactly for {proof.n} types; the menu is worth {math.nextafter(float(low), -math.inf)} or more"
    if upper is None:
        return f"{says}; no bound is claimed"
    says_too = f"the multipliers prove no better bound than {float(most)}, and the file says {float(upper)}"
    demand(most <= upper + (off if doubt == REFUTED else 500 * off), says_too, doubt)
    demand(gap is not None and abs(gap - (upper - value)) <= off, "the gap is not the bound less the value")
    return f"{says}, no menu more than {math.nextafter(float(most), math.inf)}: a gap of {float(most - low):.3g}"


def main(arguments: list[str], spelled_out: Any = lambda record: record) -> int:
    """Say what was found about a file."""
    try:
        demand(len(arguments) == 1, "give one FILE, and nothing else", UNDECIDED)
        text = Path(arguments[0]).read_text(encoding="utf-8-sig")
        code, says = PROVEN, prove(spelled_out(json.loads(text, object_pairs_hook=once)))
    except ProofError as verdict:
        code, says = verdict.args
    except (OSError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        code, says = UNDECIDED, f"the file cannot be read as a proof: {error!r}"
    sys.stdout.write(f"{('proven', 'refuted', 'undecided')[code]}: {says}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
