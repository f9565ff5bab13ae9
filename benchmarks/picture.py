"""Seconds against types, one panel per case, on logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES
from contracts.inputs.files import replacing

LOOK = {  # colour, marker, line; colours of Okabe & Ito, told apart by everybody and by markers in grey
    "library": ("#0072B2", "o", "-"),
    "cvxpy loop": ("#D55E00", "s", "-"),
    "cvxpy Clarabel": ("#E69F00", "^", "-"),
    "cvxpy HiGHS": ("#CC79A7", "v", "-"),
    "cvxpy local": ("#009E73", "D", "-"),
    "all pairs": ("#666666", "", "--"),
    "stable argsort": ("#666666", "", ":"),
    "sort": ("#AAAAAA", "", ":"),
}
ACROSS = 3  # panels per row


def draw(rows: Sequence[dict[str, Any]], paths: Sequence[Path]) -> None:
    """Save the picture at every path; its suffix says the format."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    cases = [case for case in CASES if any(row["case"] == case.name for row in rows)]
    across = min(ACROSS, len(cases)) or 1
    down = max(1, -(-len(cases) // across))
    with plt.rc_context({"svg.hashsalt": "benchmarks", "font.size": 9}):
        figure, axes = plt.subplots(
            down, across, figsize=(4.2 * across, 3.4 * down + 0.5), squeeze=False, sharey=True, layout="constrained"
        )
        handles: dict[str, Any] = {}
        for panel, case in zip(axes.flat, cases, strict=False):
            for method, (color, marker, line) in LOOK.items():
                points = sorted(
                    (row["n_types"], row["seconds"])
                    for row in rows
                    if row["case"] == case.name and row["method"] == method and row.get("seconds")
                )
                if not points:
                    continue
                width = 2.2 if method == "library" else 1.2
                drawn = panel.plot(
                    *zip(*points, strict=True), color=color, marker=marker, ls=line, lw=width, ms=4, label=method
                )
                handles.setdefault(method, drawn[0])
            panel.set(xscale="log", yscale="log", title=case.title)
            panel.title.set_fontsize(9)
            panel.grid(color="#DDDDDD", lw=0.5)
            panel.set_axisbelow(True)
            panel.spines[["top", "right"]].set_visible(False)
        for panel in axes.flat[len(cases) :]:
            panel.set_visible(False)
        figure.supxlabel("types")
        figure.supylabel("seconds")
        named = [method for method in LOOK if method in handles]
        figure.legend([handles[name] for name in named], named, loc="outside upper center", ncols=4, frameon=False)
        for path in paths:
            with replacing(path) as stream:
                figure.savefig(
                    stream,
                    format=path.suffix[1:],
                    dpi=150,
                    metadata={"Date": None} if path.suffix == ".svg" else None,
                )
        plt.close(figure)
