"""The picture of the README: a tariff, and who is tempted by whose bundle.

Run with `python examples/readme_figure.py`; writes docs/images/menu.png.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import contracts

TARGET = Path(__file__).resolve().parents[1] / "docs" / "images" / "menu.png"

# Quality for five types of taste (Mussa & Rosen 1978): the lowest is excluded, the highest gets the efficient quality.
quality = contracts.solve_menu(
    [1.0, 1.5, 2.0, 2.5, 3.0],
    [0.15, 0.25, 0.25, 0.2, 0.15],
    cost=contracts.Quadratic(),
    labels=("frugal", "modest", "middle", "keen", "devoted"),
    goods=("quality",),
)

# Two goods, tastes on a grid (Rochet & Chone 1998): those who want little of both are excluded.
taste = np.linspace(0.3, 1.3, 6)
bundles = contracts.solve_menu(
    np.array([(data, voice) for data in taste for voice in taste]), cost=contracts.Quadratic(), goods=("data", "voice")
)


def draw(path: Path = TARGET) -> Path:
    """Both menus side by side."""
    figure = Figure(figsize=(11.0, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    quality.plot(left, kind="menu").set_title("What is on offer")
    bundles.plot(right, kind="types").set_title("Who takes what, and what tempts them")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, metadata={"Software": None})
    return path


if __name__ == "__main__":
    print(draw())
