"""How close two contracts of floats can be between which somebody is exactly indifferent.

Amounts are whole multiples of their last digit, 2^-52 of the unit of amounts, and a transfer of its own. With values
a_k = A_k 2^-e of the goods, A_k whole and the largest of D binary digits, a.(x - x') is a transfer only if

    A . X = 0 modulo 2^(D - 1),        X the difference of amounts in last digits; A . X = 0 where there is no money.

These X form a lattice, and what is looked for is one of its points near a given difference. How near there is one is
told by the longest vector of a reduced basis (Lenstra, Lenstra & Lovasz 1982). In general its vectors are all about as
long, the square root of all digits for two goods: there is a pair of floats within 1e-8 of any. But 0.2 and 1.7 are
nearly two and seventeen tenths: ten times a tenth is whole but for last digits, so some vectors have length 100, and
the rest have to be as long as that is short. Then there is a pair only every hundredth of the unit.
"""

from __future__ import annotations

import math
from fractions import Fraction

LARGE = 2**256  # times what must be zero
SWAPS = Fraction(3, 4)  # of Lovasz


def coarseness(values: list[Fraction], *, money: bool) -> float:
    """About how far apart, in last digits of amounts, pairs of contracts are that are worth exactly the same.

    Examples
    --------
    >>> coarseness([Fraction(3, 2)], money=True)
    2.0
    >>> coarseness([Fraction(2.1)], money=True) > 2**48
    True
    """
    common = math.lcm(*(value.denominator for value in values))
    whole = [int(value * common) for value in values]
    twos = math.gcd(*whole, 2**4096)
    whole = [entry // twos for entry in whole]
    n, modulus = len(whole), 2 ** (max(map(abs, whole)).bit_length() - 1)
    rows = [[int(k == j) for j in range(n)] + [LARGE * whole[k]] for k in range(n)]
    if money:
        rows.append([0] * n + [LARGE * modulus])
    kept = [row[:n] for row in reduced(rows) if row[n] == 0]
    return math.sqrt(max((sum(x * x for x in row) for row in kept), default=0))


def reduced(rows: list[list[int]]) -> list[list[int]]:
    """A reduced basis of the lattice that these independent whole vectors span."""
    basis = [list(row) for row in rows]
    k = 1
    while k < len(basis):
        stars, shares = _orthogonal(basis)
        for j in range(k - 1, -1, -1):
            times = round(shares[k][j])
            if times:
                basis[k] = [x - times * y for x, y in zip(basis[k], basis[j], strict=True)]
                stars, shares = _orthogonal(basis)
        if stars[k] >= (SWAPS - shares[k][k - 1] ** 2) * stars[k - 1]:
            k += 1
        else:
            basis[k], basis[k - 1] = basis[k - 1], basis[k]
            k = max(k - 1, 1)
    return basis


def _orthogonal(basis: list[list[int]]) -> tuple[list[Fraction], list[list[Fraction]]]:
    """Squared lengths of the orthogonal basis, and the shares of it in each vector."""
    across: list[list[Fraction]] = []
    lengths: list[Fraction] = []
    shares: list[list[Fraction]] = []
    for row in basis:
        rest, own = [Fraction(x) for x in row], []
        for direction, length in zip(across, lengths, strict=True):
            product = sum((x * y for x, y in zip(row, direction, strict=True)), Fraction(0))
            share = product / length if length else Fraction(0)
            own.append(share)
            rest = [x - share * y for x, y in zip(rest, direction, strict=True)]
        across.append(rest)
        lengths.append(sum((x * x for x in rest), Fraction(0)))
        shares.append(own)
    return lengths, shares
