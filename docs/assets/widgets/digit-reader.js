// <digit-reader weights="digit-rows.json">: draw a row of digits, and see it read column by column.

import { fill, html, load, set, svg } from "./base.js";
import { line, missing } from "./bitmaps.js";
import { gruStep, linear, row, softmax } from "./cells.js";
import { Demo, percent } from "./demo.js";
import { DrawingPad } from "./drawing-pad.js";

const COLUMNS = 32; // of the pad
const ROWS = 8;
const DIGITS = 10;
const FEATURES = 64; // of the state, in each direction
const BLANK = 0; // symbol k + 1 is the digit k
const BEAT = 250; // ms per column

/** @typedef {number[][]} Pixels */
/** @typedef {import("./weights.js").Weights} Weights */

/** What a drawn line is in pixels: as wide as the pad, and without ink in its first and last column. @param {import("./bitmaps.js").Stroke[]} strokes @returns {Pixels} */
const drawn = (strokes) => line(strokes, COLUMNS - 2).map((pixels) => [0, ...pixels, 0]);

/** The columns with ink, and an empty one at either end, as the lab's rows have them; where they begin. @param {Pixels} pixels @returns {{ first: number, columns: number[][] }} */
export function cut(pixels) {
  const all = Array.from({ length: COLUMNS }, (_, t) => pixels.map((row) => row[t]));
  const inked = [...all.keys()].filter((t) => all[t].some((pixel) => pixel > 0));
  const first = inked.length ? inked[0] - 1 : 0;
  return { first, columns: inked.length ? all.slice(first, inked[inked.length - 1] + 2) : [] };
}

/** The states of one direction, in the order of reading. @param {number[][]} inputs @param {Weights} trained @returns {Float32Array[]} */
function states(inputs, trained, suffix = "") {
  /** @type {Float32Array} */
  let state = new Float32Array(FEATURES);
  return inputs.map((input) => (state = gruStep(input, state, trained, suffix)));
}

/** Read columns of pixels from 0 to 16 as the lab's network does: probabilities of the symbols, per column. @param {number[][]} columns @param {Weights} trained */
export function read(columns, trained) {
  const [mean, deviation] = [trained.mean.data[0], trained.deviation.data[0]];
  const inputs = columns.map((pixels) => pixels.map((pixel) => (pixel / 16 - mean) / deviation));
  const forward = states(inputs, trained, "_l0");
  const reverse = states([...inputs].reverse(), trained, "_l0_reverse").reverse();
  return forward.map((state, t) => softmax(linear([...state, ...reverse[t]], trained["head.weight"], trained["head.bias"])));
}

/** Merge repeated symbols, and drop the blanks. */
export const collapse = (path = [BLANK]) => path.filter((symbol, t) => symbol !== BLANK && symbol !== path[t - 1]);

/** The most probable symbol. @param {Float32Array} chances */
const best = (chances) => chances.indexOf(Math.max(...chances));
const names = (labels = [BLANK]) => labels.map((label) => label - 1).join(" ");

/** A drawing of `rows` × COLUMNS numbers; each is a rectangle. */
const grid = (kind = "", rows = 0) =>
  svg("svg", { class: kind, role: "img", viewBox: `0 0 ${COLUMNS} ${rows}`, preserveAspectRatio: "none" },
    ...Array.from({ length: rows * COLUMNS }, (_, k) => svg("rect", { x: k % COLUMNS, y: Math.floor(k / COLUMNS), width: 1, height: 1 })));
/** Let each rectangle be as dark as its number, and give the drawing a name. @param {SVGElement} drawing @param {(row: number, column: number) => number} value */
const paint = (drawing, value, name = "") => {
  set(drawing, { "aria-label": name });
  [...drawing.children].forEach((rect, k) => set(rect, { "fill-opacity": value(Math.floor(k / COLUMNS), k % COLUMNS) }));
};

await load("digit-reader");

class DigitReader extends Demo {
  /** Which of the samples that come with the weights is shown. */
  #sample = -1;
  /** @type {Pixels} */
  #pixels = [];
  /** Probabilities per column, from the first one that is read. @type {Float32Array[]} */
  #chances = [];
  #first = 0;
  #timer = 0;
  /** @type {DrawingPad?} */
  #pad = null;
  #play = html("button", { type: "button", click: () => this.#run(!this.#timer) });
  #count = html("b");
  #range = html("input", { type: "range", min: 1, max: 1, value: 1, input: () => this.#go(this.#range.valueAsNumber) });
  #seen = grid("pixels", ROWS);
  #map = grid("chances", DIGITS);
  #path = Array.from({ length: COLUMNS }, () => html("i"));
  #says = html("p", { "aria-live": "polite" });

  build() {
    const texts = this.words.reader;
    const pad = (this.#pad = new DrawingPad({ ...this.words.pad, ...texts.pad }, () => this.#look(), () => this.#next(), COLUMNS));
    const scale = html("div", { class: "digits", "aria-hidden": "true" }, ...Array.from({ length: DIGITS }, (_, k) => html("i", {}, `${k}`)));
    this.append(pad.element,
      html("div", { class: "controls" }, this.#play, html("label", {}, html("span", {}, texts.read, " ", this.#count), this.#range)),
      html("div", { class: "reading" },
        html("span", { class: "axis-e" }, texts.pixels), this.#seen,
        html("span", {}, texts.path), html("div", { class: "path", "aria-hidden": "true" }, ...this.#path),
        scale, this.#map,
        html("span"), html("span", { class: "axis-t" }, texts.columns)),
      this.#says);
    this.#run(false);
    this.#go(1);
  }

  stop() {
    this.#run(false);
  }

  ready() {
    this.#look();
  }

  /** Show the next of the test rows that come with the weights. */
  async #next() {
    const trained = await this.loaded(() => this.#go(this.#range.valueAsNumber));
    if (!trained) return;
    const { samples, labels } = trained;
    const image = row(samples, ++this.#sample % labels.shape[0]);
    this.#pad?.show(Array.from({ length: ROWS }, (_, y) => [...image.subarray(COLUMNS * y, COLUMNS * (y + 1))]));
  }

  /** Read what is on the pad, if it may be a row of digits. */
  #look() {
    const { strokes, pixels } = /** @type {DrawingPad} */ (this.#pad);
    this.#pixels = pixels ?? (missing(strokes) ? [] : drawn(strokes));
    const { first, columns } = cut(this.#pixels);
    if (columns.length) this.open();
    this.#chances = this.trained ? read(columns, this.trained) : [];
    this.#first = first;
    this.#play.disabled = this.#range.disabled = !this.#chances.length;
    set(this.#range, { max: Math.max(this.#chances.length, 1) });
    this.#go(this.#chances.length);
  }

  #run(on = false) {
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#go(this.#range.valueAsNumber + 1), BEAT) : 0;
    this.#play.textContent = this.words.reader[on ? "pause" : "play"];
    set(this.#says, { "aria-live": on ? "off" : "polite" });
    if (on && this.#range.value === this.#range.max) this.#go(1);
  }

  /** Show what is read after a number of columns. */
  #go(count = 1) {
    const texts = this.words.reader;
    if (this.#timer && count >= this.#chances.length) this.#run(false);
    this.#range.valueAsNumber = count;
    const shown = this.#chances.slice(0, count);
    const path = shown.map(best);
    this.#count.textContent = this.#chances.length ? fill(texts.of, count, this.#chances.length) : "–";
    paint(this.#seen, (y, t) => (this.#pixels[y]?.[t] ?? 0) / 16, texts.seen);
    paint(this.#map, (digit, t) => shown[t - this.#first]?.[digit + 1] ?? 0, texts.map);
    this.#path.forEach((symbol, t) => {
      const found = path[t - this.#first];
      symbol.textContent = found === undefined ? "" : found === BLANK ? "·" : `${found - 1}`;
      symbol.classList.toggle("now", t - this.#first === count - 1 && count < this.#chances.length);
    });
    this.#says.textContent = this.#sentence(path);
  }

  /** Say what has been read, or what is wrong with the drawing. */
  #sentence(path = [BLANK]) {
    const texts = this.words.reader;
    const { strokes, pixels } = /** @type {DrawingPad} */ (this.#pad);
    if (this.loading) return texts.loading;
    if (!path.length) return strokes.length ? texts.small : texts.nothing;
    const labels = collapse(path);
    const whole = path.length === this.#chances.length;
    const last = this.#chances[path.length - 1][path[path.length - 1]];
    const now = path[path.length - 1] === BLANK ? texts.blank : `${path[path.length - 1] - 1}`;
    const said = whole ? texts.whole : fill(texts.partly, path.length, now, percent(last));
    return said + (labels.length ? fill(texts.labels, names(labels)) : texts.none) + (whole && pixels ? fill(texts.truth, this.#truth()) : "");
  }

  /** The digits of the sample that is shown. */
  #truth() {
    const { labels } = /** @type {Weights} */ (this.trained);
    return names([...row(labels, this.#sample % labels.shape[0])].filter((label) => label !== BLANK));
  }
}

customElements.define("digit-reader", DigitReader);
