// <step-player cell="LSTM" network="stacked">: a small network, a step at a time, each number explained.

import { Widget, fill, html, load, select, set } from "./base.js";
import { GATES, NETWORKS, origins, run } from "./steps.js";

/** The last lines of a cell: what comes before a number, and its name. @type {Record<string, string>} */
const MIX = { RNN: "", LSTM: "/f,· /c,+ /i,· /g,= /c',/tanh,· /o,= /h'", GRU: "/(1 − z),· /n,+ /z,· /h,= /h'" };

/** Round, with a real minus, and none before a zero. */
const rounded = (value = 0, digits = 4) => String(Number(value.toFixed(digits)) || 0).replace("-", "−");
const indexed = (name = "", size = 0) => [...Array(size).keys()].map((k) => `${name}${k}]`);
/** The name of a column, which the step completes. */
const head = (name = "", colspan = 1, kind = "") => html("th", { scope: "col", "data-head": name, colspan, class: kind });

const data = await load("step-player", true);

class StepPlayer extends Widget {
  #cell = "RNN";
  #network = "single";
  #ticks = run(data, this.#cell, this.#network);
  #at = 0;
  #selected = "h'[0]";
  #timer = 0;
  #drawn = "";
  #play = html("button", { type: "button", click: () => this.#run(!this.#timer) });
  #scrub = html("input", { type: "range", min: 1, input: () => this.#go(Number(this.#scrub.value) - 1) });
  #where = html("p");
  #tables = html("div", { class: "tables" });
  #readout = html("output");

  build() {
    this.#cell = this.getAttribute("cell") ?? this.#cell;
    this.#network = this.getAttribute("network") ?? this.#network;
    const { network, networks, back, next, step, framed } = this.words.steps;
    const button = (label = "", by = 0) => html("button", { type: "button", click: () => this.#go(this.#at + by) }, label);
    set(this.#tables, {
      focusin: ({ target }) => this.#choose(target),
      click: ({ target }) => target.focus(),
      keydown: (event) => this.#move(event),
      mouseover: ({ target }) => this.#explain(target.dataset.name ?? this.#selected),
      mouseleave: () => this.#explain(this.#selected),
    });
    this.append(
      html("div", { class: "controls" },
        select(this.words.cell, { RNN: "RNN", LSTM: "LSTM", GRU: "GRU" }, this.#cell, (value) => ((this.#cell = value), this.#load())),
        select(network, networks, this.#network, (value) => ((this.#network = value), this.#load())),
        html("span", {}, button(back, -1), this.#play, button(next, 1)),
        html("label", {}, step, this.#scrub)),
      this.#where, this.#tables, this.#readout,
      html("p", { class: "scale" }, html("span", {}, "−2", html("i"), "2"), framed));
    this.#load();
  }

  stop() {
    this.#run(false);
  }

  #run(on = false) {
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#go(this.#at + 1), 1000) : 0;
    this.#play.textContent = this.words.steps[on ? "pause" : "play"];
    set(this.#readout, { "aria-live": on ? "off" : "polite" });
    if (on && this.#at === this.#ticks.length - 1) this.#go(0);
  }

  #load() {
    this.stop();
    this.#ticks = run(data, this.#cell, this.#network);
    this.#scrub.max = String(this.#ticks.length);
    this.#selected = "h'[0]";
    this.#drawn = "";
    this.#go(0);
  }

  /** Draw all steps; each row of a layer's weights, below what it multiplies; what the gates do, one column per number. */
  #draw(row = "") {
    const texts = this.words.steps;
    const { weights } = data.cells[this.#cell];
    const [E, H] = ["ih", "hh"].map((kind) => weights[`weight_${kind}_${row}`][0].length);
    /** A string is the name of a number, or "". @param {"strip" | "products" | "mix"} kind @param {(Node | string)[][]} rows */
    const grid = (kind, rows) =>
      html("table", { role: "grid", class: kind, "aria-label": texts[kind] }, ...rows.map((row) =>
        html("tr", {}, ...row.map((item) => (item instanceof Node ? item : html("td", item ? { "data-name": item, tabindex: -1 } : {}))))));
    /** Name the numbers at the side. @param {(Node | string)[][]} rows */
    const named = (name = "", note = "", kind = "", rows) => {
      rows[0].unshift(html("th", { scope: "rowgroup", rowspan: rows.length, class: kind }, name[0], html("small", {}, note)));
      return rows;
    };
    const steps = (row = "", name = "", size = 0) => indexed(`${name}[`, size).map((number) =>
      [...data.word].map((_, t) => `${number}@${this.#ticks.findIndex((tick) => tick.row === row && tick.t === t)}`));
    const states = NETWORKS[this.#network].flatMap((row) => (this.#cell === "LSTM" ? ["c'", "h'"] : ["h'"]).flatMap((name) =>
      named(name, this.#network === "single" ? "" : this.#who(row), "axis-h", steps(row, name, H))));
    const products = GATES[this.#cell].flatMap((gate, g) => named(gate, "", "", indexed(`${gate}[`, H).map((name, j) => {
      const r = g * H + j;
      return [...indexed(`weight_ih[${r}, `, E), `bias_ih[${r}]`, `read[${r}]`,
        ...indexed(`weight_hh[${r}, `, H), `bias_hh[${r}]`, `kept[${r}]`, `sum[${r}]`, name];
    })));
    const columns = MIX[this.#cell].split(",").map((column) => column.split("/"));
    const focused = this.#find("td:focus")?.dataset.name;
    this.#tables.replaceChildren(
      grid("strip", [
        ["", ...[...data.word].map((letter) => head(letter, 1, "axis-t"))],
        ...named("x", "", "axis-e", steps("l0", "x", data.letters.length)), ...states]),
      grid("products", [
        ["", head("x", E, row === "l1" ? "axis-h" : "axis-e"), "", "", head("h", H, "axis-h"), "", "", "", ""],
        ["", ...indexed("x[", E), "", "", ...indexed("h[", H), "", "", "", ""],
        ["", head("weight_ih", E), head("b"), head("read"), head("weight_hh", H), head("b"), head("kept"), head("sum"),
          head(columns[1] ? texts.gate : "tanh")],
        ...products]),
      ...(columns[1] ? [grid("mix", [
        columns.map(([sign, name]) => head(sign + name)),
        ...indexed("[", H).map((index) => columns.map(([, name]) => name + index))])] : []));
    for (const table of this.#tables.children) set(/** @type {Element} */ (table.querySelector("[data-name]")), { tabindex: 0 });
    if (focused) this.#find(`[data-name="${focused}"]`)?.focus();
    this.#drawn = row;
  }

  /** @returns {HTMLElement | null} */
  #find(selector = "") {
    return this.querySelector(selector);
  }

  #who(row = "") {
    const texts = this.words.steps;
    return row === "l0" ? texts.l0[/** @type {"single"} */ (this.#network)] : texts[/** @type {"l1"} */ (row)];
  }

  /** Go to a tick: fill in the numbers known by then. */
  #go(tick = 0) {
    const last = this.#ticks.length - 1;
    this.#at = Math.min(Math.max(tick, 0), last);
    if (this.#timer && this.#at === last) this.stop();
    const { row, t } = this.#ticks[this.#at];
    if (this.#drawn !== row) this.#draw(row);
    this.#scrub.value = String(this.#at + 1);
    this.#scrub.ariaValueText = this.#where.textContent = fill(this.words.steps.where, this.#who(row), t + 1, data.word[t]);
    for (const td of this.#cells()) {
      const [name, own] = this.#split(td.dataset.name);
      const known = own <= this.#at || name[0] === "x";
      const value = known ? this.#value(name, own) : 0;
      td.textContent = known ? rounded(value, 1).replace(/^−?\d+$/, "$&.0") : "";
      td.style.setProperty("--size", String(Math.min(Math.abs(value) / 2, 1)));
      td.classList.toggle("negative", value < 0);
    }
    for (const th of this.#cells("head")) th.textContent = this.#label(th.dataset.head);
    this.#explain(this.#selected);
  }

  /** @returns {NodeListOf<HTMLElement>} */
  #cells(kind = "name") {
    return this.#tables.querySelectorAll(`[data-${kind}]`);
  }

  #value(name = "", tick = this.#at) {
    return this.#ticks[tick].nodes.get(name)?.value ?? NaN;
  }

  /** A number's name, and its tick: "h'[0]@2", or none for the current one. @returns {[string, number]} */
  #split(place = "") {
    const [name, tick = this.#at] = place.split("@");
    return [name, Number(tick)];
  }

  /** Select what has the focus; a number of another step leads there. @param {HTMLElement} td */
  #choose(td) {
    set(/** @type {Element} */ (td.closest("table")?.querySelector("[tabindex='0']")), { tabindex: -1 });
    td.tabIndex = 0;
    const [name, tick] = this.#split(td.dataset.name);
    this.#selected = name;
    if (tick === this.#at) this.#explain(name);
    else this.#go(tick);
  }

  /** Move the focus with the arrow keys. @param {any} event */
  #move(event) {
    const { key, target } = event;
    const by = /Left|Up/.test(key) ? -1 : 1;
    if (!/^Arrow/.test(key)) return;
    event.preventDefault();
    const same = (td = target) => /Up|Down/.test(key) ? td.offsetLeft === target.offsetLeft : td.parentNode === target.parentNode;
    const line = [...target.closest("table").querySelectorAll("[data-name]")].filter(same);
    line[line.indexOf(target) + by]?.focus();
  }

  /** A number's name, with the step's number for a dash. */
  #label(name = "") {
    const { t, row } = this.#ticks[this.#at];
    return name
      .replace(/read|kept|sum/, (word) => this.words.steps[/** @type {"sum"} */ (word)])
      .replace(/x(?=\[|$)|([hc])'/, (found, state = row === "l1" ? "h⁰" : "x") => state + "₀₁₂₃₄₅₆₇"[t + 1])
      .replace(/\b[hc](?=\[|$)/, (found) => found + "₀₁₂₃₄₅₆₇"[t + (row === "l0_reverse" ? 2 : 0)]);
  }

  /** Show how a number was computed, and mark what from. */
  #explain(place = "") {
    const [name, tick] = this.#split(place);
    const node = this.#ticks[tick].nodes.get(name);
    if (!node || tick > this.#at) return;
    /** @param {(factor: string) => string} write */
    const sum = (write) => {
      const text = node.terms.map((term) => term.map(write).join(" · ")).join(" + ");
      return node.fn ? `${node.fn}(${text})` : text;
    };
    const made = node.terms[0] ? [sum((factor) => this.#label(factor)), sum((factor) => rounded(this.#value(factor, tick)))] : [];
    this.#readout.textContent = [this.#label(name), ...made, rounded(node.value, 6)].join(" = ");

    const [direct, all] = [node.terms.flat(), origins(this.#ticks[tick].nodes, name)].map((names) => names.map((factor) => this.#source(factor)));
    for (const td of this.#cells()) {
      const own = this.#source(td.dataset.name);
      td.dataset.mark = own === this.#source(place) ? "selected" : direct.includes(own) ? "direct" : all.includes(own) ? "origin" : "";
    }
  }

  /** Where a number of the current tick was computed. */
  #source(name = "") {
    if (name.includes("@")) return name;
    const { row, t } = this.#ticks[this.#at];
    const before = this.#at - 1;
    if (/^[hc]\[/.test(name) && this.#ticks[before]?.row === row) return `${name.replace("[", "'[")}@${before}`;
    const tick = name[0] === "x" ? this.#ticks.findIndex((other) => other.row === "l0" && other.t === t) : this.#at;
    return `${name[0] === "x" && row === "l1" ? name.replace("x", "h'") : name}@${tick}`;
  }
}

customElements.define("step-player", StepPlayer);
