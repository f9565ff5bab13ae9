"""A front to look into on a web page: points that say which menu they are, on axes to choose, without a network."""

from __future__ import annotations

import html
import json

import numpy as np

from contracts.display.palette import INK, PALETTE
from contracts.front.text import ShownFront
from contracts.readable import readable

WIDTH, HEIGHT, LEFT, BOTTOM, ROOM = 640, 400, 78, 48, 16
TICKS = 5
SCRIPT = """
(function (box) {
  const data = JSON.parse(box.querySelector("script[type='application/json']").textContent);
  const svg = box.querySelector("svg"), said = box.querySelector("pre");
  const axes = Array.from(box.querySelectorAll("select"));
  const spot = (column, low, high) => {
    const values = data.points.map(point => point[column]);
    const least = Math.min(...values), size = Math.max(...values) - least || 1;
    return value => low + (high - low) * (value - least) / size;
  };
  const dots = () => Array.from(svg.querySelectorAll("circle"));
  function show(k) {
    dots().forEach((dot, j) => {
      dot.setAttribute("r", j === k ? 7 : 4); dot.setAttribute("fill", data.fill[+(j === k)]);
    });
    said.textContent = data.said[k];
  }
  function draw() {
    const [x, y] = axes.map(axis => +axis.value), [w, h, l, b, r] = data.frame;
    const across = spot(x, l, w - r), up = spot(y, h - b, r);
    dots().forEach((dot, k) => {
      dot.setAttribute("cx", across(data.points[k][x])); dot.setAttribute("cy", up(data.points[k][y]));
    });
    [["x", x], ["y", y]].forEach(([axis, column]) => {
      const values = data.points.map(point => point[column]);
      const least = Math.min(...values), most = Math.max(...values);
      svg.querySelectorAll("text." + axis).forEach((tick, k, all) => {
        tick.textContent = (least + (most - least) * k / (all.length - 1)).toPrecision(4);
      });
    });
  }
  dots().forEach((dot, k) => {
    for (const event of ["mouseenter", "focus", "click"]) dot.addEventListener(event, () => show(k));
  });
  axes.forEach(axis => axis.addEventListener("change", draw));
  show(data.knee);
})(document.currentScript.parentElement);
"""


def front_html(front: ShownFront) -> str:
    """A <figure> with the points of a front as SVG, a script that answers the mouse, and the menu pointed at."""
    data = {
        "points": front.points.tolist(),
        "said": [str(front.point(k)) for k in range(len(front))],
        "knee": front.knee().index,
        "fill": [PALETTE[0], PALETTE[3]],
        "frame": [WIDTH, HEIGHT, LEFT, BOTTOM, ROOM],
    }
    choices = [
        "".join(
            f'<option value="{k}"{" selected" if k == chosen else ""}>{html.escape(readable(name))} ({sense})</option>'
            for k, (name, sense) in enumerate(zip(front.names, front.senses, strict=True))
        )
        for chosen in (0, 1)
    ]
    words = html.escape(f"Pareto front of {len(front)} menus between {' and '.join(map(readable, front.names))}")
    inside = json.dumps(data, allow_nan=False).replace("<", "\\u003c")  # no text ends the script
    return (
        f'<figure class="front"><div><label>across <select>{choices[0]}</select></label> '
        f"<label>up <select>{choices[1]}</select></label></div>"
        f'<svg role="img" aria-label="{words}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f"{_frame(front)}{_dots(front)}</svg>"
        f"<figcaption>{words}. Point at a menu to read it.</figcaption>"
        f"<pre>{html.escape(str(front.knee()))}</pre>"
        f'<script type="application/json">{inside}</script><script>{SCRIPT}</script></figure>'
    )


def _place(values: np.ndarray, low: float, high: float) -> np.ndarray:
    size = float(np.ptp(values)) or 1.0
    return np.asarray(low + (high - low) * (values - values.min()) / size)


def _dots(front: ShownFront) -> str:
    across = _place(front.points[:, 0], LEFT, WIDTH - ROOM)
    up = _place(front.points[:, 1], HEIGHT - BOTTOM, ROOM)
    return "".join(
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="4" fill="{PALETTE[0]}" tabindex="0">'
        f"<title>{html.escape(str(front.point(k)).splitlines()[0])}</title></circle>"
        for k, (x, y) in enumerate(zip(across, up, strict=True))
    )


def _frame(front: ShownFront) -> str:
    bottom, right = HEIGHT - BOTTOM, WIDTH - ROOM
    lines = f'<path d="M{LEFT} {ROOM}V{bottom}H{right}" fill="none" stroke="{INK}"/>'
    ticks = []
    for k, share in enumerate(np.linspace(0, 1, TICKS)):
        (low_x, low_y), (high_x, high_y) = front.points[:, :2].min(axis=0), front.points[:, :2].max(axis=0)
        x, y = LEFT + share * (right - LEFT), bottom + share * (ROOM - bottom)
        anchor = "end" if k == TICKS - 1 else "middle"
        across, up = low_x + share * (high_x - low_x), low_y + share * (high_y - low_y)
        style = 'font-size="11" font-family="sans-serif"'
        ticks.append(
            f'<text class="x" x="{x:.1f}" y="{bottom + 18}" text-anchor="{anchor}" {style}>{across:.4g}</text>'
        )
        ticks.append(f'<text class="y" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" {style}>{up:.4g}</text>')
    return lines + "".join(ticks)
