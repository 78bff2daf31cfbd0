// <gradient-explorer>: how the norm of a gradient changes on its way back, and what clipping does.

import { Widget, fill, html, load, select, svg } from "./base.js";

/** @type {Record<string, string[]>} the choices for a cell, the initial one first */
const VARIANTS = { RNN: ["tanh", "relu", "none"], gates: ["drawn", "open"] };
const HEIGHT = 290;
const [LEFT, TOP, RIGHT, BOTTOM] = [46, 10, 12, 36]; // px around the plot

const raised = (n = 0) => `10${String(n).replace(/./g, (digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)])}`;
/** Write a number, given its decimal logarithm, with two digits. */
const power = (log = 0) =>
  Math.abs(log) < 3 ? String(Number((10 ** log).toPrecision(2))) : `${(10 ** (log - Math.floor(log))).toFixed(1)} · ${raised(Math.floor(log))}`;

const { radii, lengths, curves, whole } = await load("gradient-explorer", true);
/** The logarithms of a network's norms, one row per radius. The data hold what each adds to the one before. @returns {number[][]} */
const family = (name = "", length = 0) =>
  curves[name].map((steps = [[0]]) => {
    let hundredths = 0;
    return steps[length].map((more) => (hundredths += more) / 100);
  });

class GradientExplorer extends Widget {
  #cell = "RNN";
  #variant = "tanh";
  #radius = radii.indexOf(1);
  #length = lengths.length - 1;
  #limit = 0;
  #second = html("span");
  #plot = html("div", { class: "plot" });
  #result = html("p", { "aria-live": "polite" });
  #resized = new ResizeObserver(() => this.#show());

  build() {
    const texts = this.words.gradients;
    /** @param {(at: number) => string} use takes a position, and returns what it means */
    const slider = (label = "", min = 0, max = 0, start = 0, use) => {
      const shown = html("b");
      const say = () => (shown.textContent = control.ariaValueText = use(Number(control.value)));
      const control = html("input", { type: "range", min, max, value: start, input: () => (say(), this.#show()) });
      say();
      return html("label", {}, label, " ", shown, control);
    };
    this.append(
      html("div", { class: "controls" },
        select(this.words.cell, { RNN: "RNN", LSTM: "LSTM", GRU: "GRU" }, this.#cell, (value) => this.#choose(value)),
        this.#second,
        slider(texts.radius, 0, radii.length - 1, this.#radius, (at) => radii[(this.#radius = at)].toFixed(1)),
        slider(texts.length, 0, lengths.length - 1, this.#length, (at) => lengths[(this.#length = at)]),
        slider(texts.limit, -2, 4, this.#limit, (at) => power((this.#limit = at)))),
      this.#plot, this.#result);
    this.#choose();
  }

  start() {
    this.#resized.observe(this.#plot);
  }

  stop() {
    this.#resized.disconnect();
  }

  /** Take a cell, and offer its variants. */
  #choose(cell = this.#cell) {
    const kind = cell === "RNN" ? cell : "gates";
    const texts = this.words.gradients;
    const named = VARIANTS[kind].map((name) => [name, texts.variants[/** @type {"open"} */ (name)]]);
    this.#cell = cell;
    [this.#variant] = VARIANTS[kind];
    this.#second.replaceChildren(select(texts[kind], Object.fromEntries(named), this.#variant, (value) => ((this.#variant = value), this.#show())));
    this.#show();
  }

  #show() {
    const texts = this.words.gradients;
    const name = `${this.#cell} ${this.#variant}`;
    const all = family(name, this.#length);
    const curve = all[this.#radius];
    const steps = curve.length - 1;
    const norm = whole[name][this.#radius][this.#length] / 100;
    const factor = Math.min(0, this.#limit - norm);
    const says = fill(texts.says, steps, power(curve[steps]), texts.verdicts[curve[steps] < -2 ? 0 : curve[steps] > 2 ? 2 : 1]);
    this.#result.textContent = says + fill(texts.whole, power(norm)) + (factor ? fill(texts.clips, power(factor)) : texts.keeps);

    const width = this.#plot.clientWidth;
    // The decades of all curves of this length, so that the axis stays when another control moves.
    const logs = Object.keys(curves).flatMap((other) => family(other, this.#length).flat());
    const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
    const x = (k = 0) => LEFT + (k / steps) * (width - LEFT - RIGHT);
    const y = (log = 0) => TOP + ((high - log) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const line = (kind = "", logs = curve, shift = 0) =>
      svg("path", { class: kind, d: `M${logs.map((log, k) => `${x(k).toFixed(1)} ${y(Math.max(log + shift, low)).toFixed(1)}`).join("L")}` });
    const text = (words = "", left = 0, top = 0, anchor = "middle") => svg("text", { x: left, y: top, "text-anchor": anchor }, words);
    const every = [1, 2, 5, 10].find((step) => (high - low) / step < 8) ?? 0;
    /** @type {Node[]} */
    const grid = curve.flatMap((_, k) => (k % (steps / 5) ? [] : [text(String(k), x(k), HEIGHT - BOTTOM + 16)]));
    for (let log = Math.ceil(low / every) * every; log <= high; log += every)
      grid.push(line(log ? "grid" : "one", curve.map(() => log)), text(log ? raised(log) : "1", LEFT - 6, y(log) + 4, "end"));
    this.#plot.replaceChildren(
      html("p", {}, texts.y, ...Object.entries(texts.legend).map(([kind, words]) => html("span", { class: kind }, words))),
      svg("svg", { role: "img", "aria-label": says, width, height: HEIGHT }, ...grid, text(texts.x, width - RIGHT, HEIGHT - 4, "end"),
        ...all.map((other) => line("other", other)), line("curve"), ...(factor ? [line("clipped", curve, factor)] : [])));
  }
}

customElements.define("gradient-explorer", GradientExplorer);
