"""A front to look into on a web page: points that say which menu they are, on axes to choose, without a network."""

from __future__ import annotations

import numpy as np

from contracts.display.pages import rendered
from contracts.display.palette import INK, PALETTE, PAPER
from contracts.front.text import ShownFront
from contracts.readable import readable

WIDTH, HEIGHT, LEFT, BOTTOM, ROOM = 640, 400, 78, 48, 16
TICKS = 5


def front_html(front: ShownFront) -> str:
    """A <figure> with the points of a front as SVG, a script that answers the mouse, and the menu pointed at."""
    said = [str(front.point(k)) for k in range(len(front))]
    bottom, right = HEIGHT - BOTTOM, WIDTH - ROOM
    data = {
        "points": front.points.tolist(),
        "said": said,
        "knee": front.knee().index,
        "fill": [PALETTE[0], PALETTE[3]],
        "frame": [WIDTH, HEIGHT, LEFT, BOTTOM, ROOM],
    }
    across, up = _place(front.points[:, 0], LEFT, right), _place(front.points[:, 1], bottom, ROOM)
    return rendered(
        "front.html",
        data=data,
        names=[f"{readable(name)} ({sense})" for name, sense in zip(front.names, front.senses, strict=True)],
        words=f"Pareto front of {len(front)} menus between {' and '.join(map(readable, front.names))}",
        dots=[(f"{x:.2f}", f"{y:.2f}", one.splitlines()[0]) for x, y, one in zip(across, up, said, strict=True)],
        ticks=_ticks(front, bottom, right),
        **{"width": WIDTH, "height": HEIGHT, "left": LEFT, "room": ROOM, "bottom": bottom, "right": right},
        **{"ink": INK, "paper": PAPER},
    )


def _place(values: np.ndarray, low: float, high: float) -> np.ndarray:
    size = float(np.ptp(values)) or 1.0
    return np.asarray(low + (high - low) * (values - values.min()) / size)


def _ticks(front: ShownFront, bottom: int, right: int) -> list[tuple[str, str, str, str, str]]:
    """Axis, place, side and number of every mark."""
    (low_x, low_y), (high_x, high_y) = front.points[:, :2].min(axis=0), front.points[:, :2].max(axis=0)
    ticks = []
    for share in np.linspace(0, 1, TICKS):
        x, y = LEFT + share * (right - LEFT), bottom + share * (ROOM - bottom)
        across, up = low_x + share * (high_x - low_x), low_y + share * (high_y - low_y)
        ticks.append(("x", f"{x:.1f}", str(bottom + 18), "end" if share == 1 else "middle", f"{across:.4g}"))
        ticks.append(("y", str(LEFT - 8), f"{y + 4:.1f}", "end", f"{up:.4g}"))
    return ticks
