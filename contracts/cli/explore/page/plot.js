// A panel as SVG: axes, curves, points, bars and arrows, from the plain data that the server sends.
const SVG = "http://www.w3.org/2000/svg", LEFT = 52, TOP = 10, RIGHT = 14, LETTER = 6.1, SIZE = 11;
const SCALE = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"];
const DASH = "6 4";
let numbered = 0;

export function node(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const numbers = (list) => list.filter((value) => value !== null && Number.isFinite(value));
const fixed = (value) => value.toFixed(1);

// Round steps, and the numbers on them.
export function ticks(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((unit) => unit * power >= rough * 0.999) ?? 10), found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step)) + (/^2\.5/.test(String(step / power)) ? 1 : 0));
  const large = Math.max(Math.abs(low), Math.abs(high)) >= 1e5 || digits > 5;
  return found.map((value) => [value, large ? value.toPrecision(3) : value.toFixed(Math.min(digits, 6))]);
}

function ends(panel, side) {
  let all = [];
  for (const mark of panel.marks) {
    all = all.concat(numbers(mark[side]), numbers(mark[`${side}2`] ?? []));
    if (mark.kind === "bars" && side === "x") all = all.concat(numbers(mark.x).flatMap((v) => [v - mark.width / 2, v + mark.width / 2]));
    if (mark.kind === "bars" && side === "y") all.push(0, ...mark.y.map((v, k) => (v ?? 0) + (mark.base?.[k] ?? 0)));
  }
  if (side === "y" && panel.zero) all.push(0);
  if (side === "x" && panel.names) all.push(-0.5, panel.names.length - 0.5);
  if (!all.length) all = [0, 1];
  let low = Math.min(...all), high = Math.max(...all);
  if (high - low <= 1e-12 * Math.max(Math.abs(high), 1)) [low, high] = [low - 0.5, high + 0.5];
  const room = side === "x" && panel.names ? 0 : 0.05 * (high - low);
  return [low === 0 && panel.zero ? low : low - room, high + room];
}

const colourOf = (mark, theme) => (mark.colour === -1 ? theme.ink : mark.colour === -2 ? theme.grey : theme.palette[mark.colour]);
function shade(part) {
  const place = Math.min(Math.max(part, 0), 1) * (SCALE.length - 1), k = Math.min(Math.floor(place), SCALE.length - 2);
  const mix = (from) => Math.round(parseInt(SCALE[k].slice(from, from + 2), 16) * (k + 1 - place) + parseInt(SCALE[k + 1].slice(from, from + 2), 16) * (place - k));
  return `rgb(${mix(1)},${mix(3)},${mix(5)})`;
}

const cut = (text, room) => (text.length * LETTER > room ? `${text.slice(0, Math.max(Math.floor(room / LETTER) - 1, 1))}…` : text);

// The panel drawn into an svg element, as wide as it is given.
export function plot(svg, panel, theme, width) {
  const legend = panel.marks.filter((mark) => mark.label && mark.x.length), rows = [[]];
  let used = 0;
  for (const mark of legend) {
    const takes = Math.min(mark.label.length * LETTER + 34, width - 8);
    if (used + takes > width - 8 && rows.at(-1).length) { rows.push([]); used = 0; }
    rows.at(-1).push([mark, used]);
    used += takes;
  }
  const slanted = panel.names && panel.names.some((name) => name.length * LETTER > (width - LEFT - RIGHT) / panel.names.length);
  const below = slanted ? 98 : 40, bottom = TOP + Math.round(Math.min(Math.max(width * 0.56, 190), 300));
  const height = bottom + below + (legend.length ? rows.length * 17 + 4 : 0);
  const [x0, x1] = ends(panel, "x"), [y0, y1] = ends(panel, "y");
  const X = (v) => LEFT + (width - LEFT - RIGHT) * (v - x0) / (x1 - x0), Y = (v) => bottom - (bottom - TOP) * (v - y0) / (y1 - y0);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("font-family", "system-ui, 'Segoe UI', Roboto, Arial, sans-serif");
  svg.setAttribute("font-size", SIZE);
  svg.setAttribute("fill", theme.ink);
  const head = `head${++numbered}`;
  const parts = [node("rect", {width, height, fill: theme.card}), node("defs", {},
    node("marker", {id: head, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 5.5, markerHeight: 5.5, orient: "auto"},
      node("path", {d: "M0 0L8 4L0 8z", fill: theme.ink})))];
  const word = (text, x, y, more = {}) => node("text", {x: fixed(x), y: fixed(y), ...more}, text);
  for (const [value, text] of ticks(y0, y1, 5)) {
    parts.push(node("line", {x1: LEFT, x2: width - RIGHT, y1: fixed(Y(value)), y2: fixed(Y(value)), stroke: theme.edge, "stroke-width": Math.abs(value) < 1e-12 ? 1.6 : 0.8}),
      word(text, LEFT - 6, Y(value) + 4, {"text-anchor": "end", fill: theme.soft}));
  }
  if (panel.names) {
    const every = Math.ceil(panel.names.length * 13 / (width - LEFT - RIGHT));
    panel.names.forEach((name, k) => {
      if (k % every) return;
      const at = X(k), y = bottom + 15;
      parts.push(word(cut(name, slanted ? 88 : 400), at, y, slanted ? {"text-anchor": "end", transform: `rotate(-38 ${fixed(at)} ${y})`, fill: theme.soft} : {"text-anchor": "middle", fill: theme.soft}));
    });
  } else for (const [value, text] of ticks(x0, x1, width < 380 ? 4 : 6)) parts.push(word(text, X(value), bottom + 16, {"text-anchor": "middle", fill: theme.soft}));
  parts.push(node("path", {d: `M${LEFT} ${TOP}V${bottom}H${width - RIGHT}`, fill: "none", stroke: theme.soft}),
    word(cut(panel.across, width - LEFT - RIGHT), (LEFT + width - RIGHT) / 2, bottom + below - 7, {"text-anchor": "middle"}),
    word(cut(panel.up, bottom - TOP), 0, 0, {"text-anchor": "middle", transform: `translate(12 ${(bottom + TOP) / 2}) rotate(-90)`}));
  for (const mark of panel.marks) parts.push(DRAWN[mark.kind](mark, X, Y, theme, head));
  rows.forEach((row, k) => row.forEach(([mark, at]) => {
    const y = bottom + below + 12 + 17 * k;
    parts.push(sample(mark, at + 6, y - 4, theme, head), word(cut(mark.label, width - at - 34), at + 28, y));
  }));
  svg.replaceChildren(...parts);
  svg.dataset.height = height;
}

const DRAWN = {
  line(mark, X, Y, theme) {
    let d = "", broken = true, last = 0;
    mark.x.forEach((x, k) => {
      if (x === null || mark.y[k] === null) { broken = true; return; }
      d += broken ? `M${fixed(X(x))} ${fixed(Y(mark.y[k]))}` : mark.steps ? `H${fixed(X(x))}V${fixed(Y(mark.y[k]))}` : `L${fixed(X(x))} ${fixed(Y(mark.y[k]))}`;
      broken = false; last = k;
    });
    return node("path", {d, fill: "none", stroke: colourOf(mark, theme), "stroke-width": mark.dashed || mark.colour === -2 ? 1.6 : 2.4, "stroke-dasharray": mark.dashed ? DASH : undefined, "stroke-linejoin": "round", class: "line"});
  },
  dots(mark, X, Y, theme) {
    const group = node("g", {class: "dots"}), colour = colourOf(mark, theme);
    mark.x.forEach((x, k) => {
      if (x === null || mark.y[k] === null) return;
      const radius = Array.isArray(mark.size) ? mark.size[k] : mark.size ?? 4, fill = mark.shade ? shade(mark.shade[k]) : colour;
      group.append(node("circle", {cx: fixed(X(x)), cy: fixed(Y(mark.y[k])), r: fixed(radius), fill: mark.hollow ? "none" : fill, "fill-opacity": mark.shade ? 1 : 0.75,
        stroke: mark.hollow ? colour : theme.ink, "stroke-width": mark.hollow ? 1.5 : mark.shade ? 0.6 : 0}));
      if (mark.names) group.append(node("text", {x: fixed(X(x) + 6), y: fixed(Y(mark.y[k]) - 6), "font-size": 10, fill: theme.soft}, mark.names[k]));
    });
    return group;
  },
  bars(mark, X, Y, theme) {
    const group = node("g", {class: "bars"}), wide = Math.max(X(mark.width) - X(0), 1);
    mark.x.forEach((x, k) => {
      if (mark.y[k] === null) return;
      const base = mark.base?.[k] ?? 0, from = Y(base), to = Y(base + mark.y[k]);
      group.append(node("rect", {x: fixed(X(x) - wide / 2), y: fixed(Math.min(from, to)), width: fixed(wide), height: fixed(Math.abs(from - to)),
        fill: colourOf(mark, theme), stroke: theme.card, "stroke-width": mark.base ? 0.8 : 0},
      node("title", {}, `${mark.label}: ${Number(mark.y[k].toPrecision(3))}`)));
    });
    return group;
  },
  arrows(mark, X, Y, theme, head) {
    const group = node("g", {class: "arrows", opacity: mark.x.length > 25 ? 0.55 : 0.85});
    mark.x.forEach((x, k) => {
      const [a, b, c, d] = [X(x), Y(mark.y[k]), X(mark.x2[k]), Y(mark.y2[k])], long = Math.hypot(c - a, d - b);
      if (!(long > 1)) return;
      const bend = mark.arched ? Math.min(0.3 * long, 22) : 0, mx = (a + c) / 2 + bend * (d - b) / long, my = (b + d) / 2 - bend * (c - a) / long;
      group.append(node("path", {d: `M${fixed(a)} ${fixed(b)}Q${fixed(mx)} ${fixed(my)} ${fixed(c)} ${fixed(d)}`, fill: "none", stroke: colourOf(mark, theme), "stroke-width": 1.1, "marker-end": `url(#${head})`}));
    });
    return group;
  },
};

function sample(mark, x, y, theme, head) {
  if (mark.kind === "line") return node("line", {x1: x, x2: x + 18, y1: y, y2: y, stroke: colourOf(mark, theme), "stroke-width": 2.2, "stroke-dasharray": mark.dashed ? DASH : undefined});
  if (mark.kind === "bars") return node("rect", {x: x + 3, y: y - 5, width: 12, height: 10, fill: colourOf(mark, theme)});
  if (mark.kind === "arrows") return node("path", {d: `M${x} ${y}H${x + 17}`, stroke: colourOf(mark, theme), "marker-end": `url(#${head})`});
  return node("circle", {cx: x + 9, cy: y, r: 4.5, fill: mark.hollow ? "none" : mark.shade ? SCALE[3] : colourOf(mark, theme), stroke: mark.hollow ? colourOf(mark, theme) : "none", "stroke-width": 1.5});
}
