"""The domain in coordinates of its affine hull, where it has an interior: steps cross no face of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import finite_faces
from contracts.problem.domains import faces_of, is_lottery
from contracts.problem.participation import WithOutside
from contracts.problem.screening import ScreeningProblem


@dataclass(frozen=True, eq=False)
class Chart:
    """Coordinates z of the domain's affine hull, x = origin + z basis, and its faces normals . z <= limits."""

    origin: Array  # (n_goods,)
    basis: Array  # (d, n_goods), orthonormal rows
    normals: Array  # (n_faces, d)
    limits: Array  # (n_faces,)


def chart_of(problem: ScreeningProblem, unit: float) -> Chart | None:
    """The domain, in units, as faces over its affine hull; None for a domain of the user's own.

    Where the cost is finite on a part of it only, the edge of that part is a face, too: steps must not cross it.
    """
    chart = _chart(problem.domain.scaled(unit), problem.n_goods)
    normals, limits = finite_faces(problem.cost, problem.n_goods)
    if chart is None or not limits.size:
        return chart
    return replace(
        chart,
        normals=np.vstack([chart.normals, normals @ chart.basis.T]),
        limits=np.append(chart.limits, limits / unit - normals @ chart.origin),
    )


def _chart(domain: Any, goods: int) -> Chart | None:
    """The chart of a domain of so many goods."""
    if isinstance(domain, WithOutside):
        return _with_outside(_chart(domain.inner, goods - 1), domain.total)
    if is_lottery(domain) and goods > 1:
        centre = np.full(goods, 1.0 / goods)
        basis = np.linalg.svd(np.ones((1, goods)))[2][1:]
        return Chart(centre, basis, -basis.T, centre)
    faces = faces_of(domain, goods)
    if faces is None or is_lottery(domain) or domain.interior(goods)[1] <= 0:
        return None
    return Chart(np.zeros(goods), np.eye(goods), *faces)


def _with_outside(inner: Chart | None, total: float) -> Chart | None:
    """Whoever is served with probability z = 1 - w / total has y in z X: in the chart of X, y = z origin + zeta basis.

    So the faces of X move with w, and two more keep 0 <= w <= total. Origins are orthogonal to their bases, or zero.
    """
    if inner is None:
        return None
    alone = np.append(-inner.origin / total, 1.0)
    length = float(np.linalg.norm(alone))
    basis = np.vstack([np.column_stack([inner.basis, np.zeros(len(inner.basis))]), alone / length])
    faces = np.column_stack([inner.normals, inner.limits / (total * length)])
    ends = np.zeros((2, len(basis)))
    ends[:, -1] = -1.0, 1.0
    return Chart(
        np.append(inner.origin, 0.0), basis, np.vstack([faces, ends]), np.append(inner.limits, [0.0, total * length])
    )
