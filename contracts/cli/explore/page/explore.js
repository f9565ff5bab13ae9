// The page: controls, questions to the server of this machine, and what it answers. Every text is set as text.
import {node, plot} from "./plot.js";

const $ = (name) => document.getElementById(name);
const made = (name, properties = {}, ...children) => { const one = Object.assign(document.createElement(name), properties); one.append(...children); return one; };
const page = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
const PATIENCE = 1000; // milliseconds
const moved = {}; // of each tab and file, where its controls stand
let tab = "menu", opened = null, edits = null, palette = [], drawing = null, asked = 0, busy = false, again = false, since = 0, sent = 0, waiting = 0, hovering = 0;

if (location.search) history.replaceState(null, "", "/"); // the token is in a cookie by now

// ---- questions ----

async function ask(path, question) {
  let answer;
  try {
    answer = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(question)});
  } catch {
    throw new Error("The server gave no answer: look at the terminal that it runs in, and start contracts explore again if it ended.");
  }
  const found = await answer.json();
  if (found.error) throw new Error(found.error);
  return found;
}

const place = () => `${tab} ${opened?.id ?? ""}`;
const state = () => ({tab, values: moved[place()] ?? {}, edits: tab === "menu" ? edits : null});
const question = () => ({state: state(), opened: opened?.id ?? null});

// One question at a time, and after it the newest: those between are never asked. What takes longer than PATIENCE is
// given up for the newest, and the server stops solving it; what takes less is shown, so that pictures follow a drag.
async function redraw() {
  const now = performance.now();
  since ||= now;
  clearTimeout(waiting);
  if (busy && now - sent < PATIENCE) { again = true; waiting = setTimeout(redraw, PATIENCE - (now - sent)); return; }
  busy = true;
  again = false;
  sent = now;
  const began = since, number = ++asked, where = place(), isWanted = () => number === asked && where === place(); // not after a newer one, nor on another tab
  since = 0;
  try {
    const found = await ask("/draw", {...question(), page, number});
    if (!found.superseded && isWanted()) show(found, began);
  } catch (error) {
    if (isWanted()) fail(error.message);
  }
  if (number !== asked) return;
  busy = false;
  if (again) redraw();
}

function fail(message) {
  $("error").textContent = message;
  $("error").hidden = false;
  $("verdict").classList.add("stale"); // what is drawn is the last menu that there was
  document.body.dataset.failed = asked;
}

// ---- what is shown ----

function show(found, began) {
  drawing = found;
  $("error").hidden = true;
  delete document.body.dataset.failed;
  $("headline").textContent = found.headline;
  $("proof").textContent = `${found.proof.holds ? "✓ Proven. " : "✗ The certificate fails. "}${found.proof.lines.join("\n")}`;
  $("verdict").className = found.proof.holds ? "" : "fails";
  $("notes").replaceChildren(...found.notes.map((note) => made("li", {textContent: note})));
  showControls(found);
  showTypes(found);
  showPanels();
  showTable(found.table);
  $("opened").hidden = !found.opened;
  $("opened").textContent = found.opened ? `Opened: ${found.opened}` : "";
  if (!$("code").hidden) showCode();
  requestAnimationFrame(() => {
    const taken = performance.now() - began;
    $("time").textContent = `Solved and proven in ${found.milliseconds.toFixed(0)} ms, shown ${taken.toFixed(0)} ms after the change.`;
    Object.assign(document.body.dataset, {shown: found.number, milliseconds: taken.toFixed(1), solved: found.milliseconds.toFixed(1)});
  });
}

function theme(light = false) {
  const dark = !light && matchMedia("(prefers-color-scheme: dark)").matches;
  return dark ? {palette, ink: "#e7e9ea", soft: "#a7b0b8", grey: "#6d767d", card: "#1c2125", edge: "#353d43"}
    : {palette, ink: "#1d2327", soft: "#5a6570", grey: "#b8b8b8", card: "#ffffff", edge: "#e4e2dc"};
}

function showPanels() {
  const names = drawing.panels.map((panel) => panel.name).join();
  if ($("panels").dataset.names !== names) {
    $("panels").dataset.names = names;
    $("panels").replaceChildren(...drawing.panels.map((panel, k) => {
      const save = (kind) => made("button", {type: "button", textContent: kind.toUpperCase(), ariaLabel: `${panel.title} as ${kind.toUpperCase()}`, onclick: () => keepFigure(k, kind)});
      const figure = made("figure", {}, made("div", {}, made("h2", {textContent: panel.title}), made("span", {}, save("svg"), save("png"))), node("svg", {role: "img"}));
      figure.dataset.name = panel.name;
      return figure;
    }));
  }
  [...$("panels").children].forEach((figure, k) => {
    const panel = drawing.panels[k], svg = figure.querySelector("svg");
    svg.setAttribute("aria-label", `${panel.title}: ${panel.up} against ${panel.across}; ${panel.marks.map((mark) => mark.label).filter(Boolean).join(", ")}. The numbers are in the table below.`);
    plot(svg, panel, theme(), Math.max(Math.floor(figure.clientWidth - 26), 240));
  });
}

function showTable(table) {
  const words = new Set(["type", "outcome", "option", "binding"]);
  const row = (cells, kind) => made("tr", {}, ...cells.map((cell, k) => made(kind, {textContent: cell, className: words.has(table.header[k]) ? "text" : "", ...(kind === "th" ? {scope: "col"} : {})})));
  const more = table.hidden ? [made("caption", {textContent: `The first ${table.rows.length} rows; downloads hold ${table.hidden} more.`})] : [];
  $("table").replaceChildren(...more, made("thead", {}, row(table.header, "th")), made("tbody", {}, ...table.rows.map((cells) => row(cells, "td"))));
}

// ---- controls ----

const tidy = (value) => Number(value.toPrecision(4));

function pair(label, control, value, change) {
  const range = made("input", {type: "range", min: control.low, max: control.high, step: "any", value, ariaLabel: label}); // steps below, so that a file's own value is kept
  range.step = control.step;
  const box = made("input", {type: "number", min: control.low, max: control.high, step: "any", value: tidy(value), ariaLabel: `${label}, number`});
  const says = made("span", {className: "says"}), name = made("label", {textContent: label});
  const id = `c${Math.random().toString(36).slice(2)}`;
  range.id = id; name.htmlFor = id;
  const tell = (now) => { says.textContent = control.off !== null && now === control.off ? control.without : ""; };
  const take = (now, from) => {
    if (from !== range) range.value = now;
    if (from !== box) box.value = tidy(now);
    tell(now);
    change(now);
  };
  range.addEventListener("input", () => take(Number(range.value), range));
  box.addEventListener("input", () => { if (box.value !== "" && Number.isFinite(box.valueAsNumber)) take(box.valueAsNumber, box); });
  tell(value);
  return made("div", {className: "control"}, name, says, range, box);
}

function showControls(found) {
  const key = JSON.stringify([place(), found.controls.map(({name, low, high, step}) => [name, low, high, step])]);
  if ($("controls").dataset.key === key) return;
  $("controls").dataset.key = key;
  const values = (moved[place()] ??= {...found.values}), groups = new Map();
  for (const control of found.controls) {
    if (!groups.has(control.group)) groups.set(control.group, made("fieldset", {}, made("legend", {textContent: control.group})));
    const one = pair(control.label, control, values[control.name], (now) => {
      values[control.name] = now;
      if (control.group === "Types") edits = null; // other types: what was given by hand is of those before
      redraw();
    });
    one.dataset.name = control.name;
    groups.get(control.group).append(one);
  }
  $("controls").replaceChildren(...groups.values());
}

function showTypes(found) {
  $("hand").hidden = !found.types;
  if (!found.types) { $("types").dataset.key = ""; return; }
  const {labels, goods, weights, valuations} = found.types, key = JSON.stringify([place(), labels, goods, found.edited ? "hand" : [weights, valuations]]);
  if ($("types").dataset.key === key || ($("types").dataset.held === place() && found.edited && $("types").contains(document.activeElement))) return;
  Object.assign($("types").dataset, {key, held: place()});
  const held = {weights: [...weights], valuations: valuations.map((row) => [...row])};
  const change = () => { edits = {weights: [...held.weights], valuations: held.valuations.map((row) => [...row])}; redraw(); };
  const all = valuations.flat(), low = Math.min(...all), high = Math.max(...all), room = Math.max((high - low) / 2, 0.1 * Math.abs(high), 0.1);
  const reach = {low: tidy(low - room), high: tidy(high + room), step: tidy((high - low + 2 * room) / 200), off: null};
  $("types").replaceChildren(...labels.map((label, k) => made("div", {className: "one"}, made("b", {textContent: label}),
    pair(`share of ${label}`, {low: 0, high: 1, step: 0.005, off: null}, weights[k], (now) => { held.weights[k] = now; change(); }),
    ...goods.map((good, j) => pair(goods.length > 1 ? `valuation of ${good}` : "valuation", reach, valuations[k][j], (now) => { held.valuations[k][j] = now; change(); })))));
}

// ---- tabs ----

function showTabs(tabs) {
  const choose = (name, focus) => {
    tab = name;
    for (const one of $("tabs").children) {
      const chosen = one.dataset.name === name;
      one.setAttribute("aria-selected", chosen);
      one.tabIndex = chosen ? 0 : -1;
      if (chosen) { if (focus) one.focus(); $("page").setAttribute("aria-labelledby", one.id); one.scrollIntoView?.({block: "nearest", inline: "nearest"}); }
    }
    redraw();
  };
  $("tabs").replaceChildren(...tabs.map(({name, title}) => {
    const one = made("button", {type: "button", textContent: title, id: `tab-${name}`, onclick: () => choose(name)});
    one.setAttribute("role", "tab");
    one.setAttribute("aria-controls", "page");
    one.dataset.name = name;
    return one;
  }));
  $("tabs").addEventListener("keydown", (event) => {
    const steps = {ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity}, step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = tabs.findIndex(({name}) => name === tab), to = Number.isFinite(step) ? (at + step + tabs.length) % tabs.length : step > 0 ? tabs.length - 1 : 0;
    choose(tabs[to].name, true);
  });
  return choose;
}

// ---- files ----

function keep(name, content, kind) {
  const link = made("a", {download: name, href: URL.createObjectURL(new Blob([content], {type: kind}))});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function keepFigure(k, kind) {
  const panel = drawing.panels[k], svg = node("svg", {xmlns: "http://www.w3.org/2000/svg"}), width = 640;
  plot(svg, panel, theme(true), width);
  const height = Number(svg.dataset.height);
  svg.removeAttribute("data-height");
  svg.setAttribute("width", width);
  svg.setAttribute("height", height);
  const name = `${tab}-${panel.name}.${kind}`, text = new XMLSerializer().serializeToString(svg);
  if (kind === "svg") return keep(name, text, "image/svg+xml");
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = made("canvas", {width: 2 * width, height: 2 * height});
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => keep(name, blob, "image/png"));
}

async function showCode() {
  try {
    const found = await ask("/download", {...question(), form: "py"});
    $("code").querySelector("pre").textContent = found.text;
    $("code").dataset.name = found.name;
  } catch (error) { fail(error.message); }
}

for (const button of document.querySelectorAll("[data-form]")) button.addEventListener("click", async () => {
  if (button.dataset.form === "py") {
    $("code").hidden = !$("code").hidden;
    button.setAttribute("aria-expanded", !$("code").hidden);
    if (!$("code").hidden) showCode();
    return;
  }
  try {
    const found = await ask("/download", {...question(), form: button.dataset.form});
    keep(found.name, found.text, button.dataset.form === "csv" ? "text/csv" : "application/json");
  } catch (error) { fail(error.message); }
});
$("keep").addEventListener("click", () => keep($("code").dataset.name, $("code").querySelector("pre").textContent, "text/x-python"));
$("copy").addEventListener("click", () => navigator.clipboard?.writeText($("code").querySelector("pre").textContent));

async function start() {
  const found = await ask("/start", {});
  palette = found.palette;
  opened = found.opened;
  const choose = showTabs(found.tabs);
  $("open").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => { if ($("file").files.length) take($("file").files[0]); });
  $("reset").addEventListener("click", () => { delete moved[place()]; edits = null; opened = null; delete moved[place()]; $("controls").dataset.key = ""; redraw(); });
  async function take(file) {
    $("file").value = "";
    try {
      if (file.size > 4e6) throw new Error(`${file.name} is larger than 4 MB, the most that can be opened here.`);
      const told = await ask("/open", {name: file.name, text: await file.text()});
      opened = told;
      edits = null;
      choose(told.tab);
    } catch (error) { fail(error.message); }
  }
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => { event.preventDefault(); if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]); });
  for (const form of ["controls", "types"]) $(form).addEventListener("submit", (event) => event.preventDefault());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawing && showPanels());
  addEventListener("resize", () => { cancelAnimationFrame(hovering); hovering = requestAnimationFrame(() => drawing && showPanels()); });
  choose(opened?.tab ?? tab);
}

start().catch((error) => fail(error.message));
