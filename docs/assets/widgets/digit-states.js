// <digit-states weights="digits.json">: draw a digit, and see the state of a network row by row.

import { fill, html, load, set, svg } from "./base.js";
import { digit, missing } from "./bitmaps.js";
import { linear, rnnStep, row, softmax } from "./cells.js";
import { Demo, percent } from "./demo.js";
import { DrawingPad } from "./drawing-pad.js";

const ROWS = 8;
const DIGITS = 10;
const FEATURES = 128; // of the state
const ACROSS = 32; // of them on a line of the drawing
const BEAT = 700; // ms per row

/** What is known after a row: its pixels, the state, and the head's scores as probabilities. @typedef {{ pixels: number[], state: Float32Array, chances: Float32Array }} Step */

/** The drawings of a row. @typedef {Record<"pixels" | "state" | "chances", SVGElement> & { answer: Element }} Row */

/** Read an image as the lab's network does. @param {number[][]} image @param {import("./weights.js").Weights} trained @returns {Step[]} */
export function read(image, trained) {
  const [mean, deviation] = [trained.mean.data[0], trained.deviation.data[0]];
  /** @type {Float32Array} */
  let state = new Float32Array(FEATURES);
  return image.map((pixels) => {
    state = rnnStep(pixels.map((pixel) => (pixel - mean) / deviation), state, trained);
    return { pixels, state, chances: softmax(linear(state, trained["head.weight"], trained["head.bias"])) };
  });
}

/** A drawing of `count` numbers, `across` on a line; each is a rectangle. */
const strip = (kind = "", count = 0, across = count) =>
  svg("svg", { class: kind, role: "img", viewBox: `0 0 ${across} ${count / across}`, preserveAspectRatio: "none" },
    ...Array.from({ length: count }, (_, k) => svg("rect", { x: k % across, y: Math.floor(k / across), width: 1, height: 1 })));
/** Give each rectangle the look of its number, and the drawing a name. @param {SVGElement} drawing @param {ArrayLike<number>} values @param {(value: number) => import("./base.js").Attributes} look */
const paint = (drawing, values = [], look, name = "") => {
  set(drawing, { "aria-label": name });
  [...drawing.children].forEach((rect, k) => set(rect, look(values[k] ?? 0)));
};
const rounded = (value = 0) => value.toFixed(2).replace("-", "−");
/** The digits, the most probable first. @param {Float32Array} chances */
const ranked = (chances) => [...chances.keys()].sort((a, b) => chances[b] - chances[a]);

await load("digit-states");

class DigitStates extends Demo {
  /** Which of the samples that come with the weights is shown. */
  #sample = -1;
  /** @type {Step[]} */
  #steps = [];
  #timer = 0;
  /** @type {DrawingPad?} */
  #pad = null;
  #play = html("button", { type: "button", click: () => this.#run(!this.#timer) });
  #count = html("b");
  #range = html("input", { type: "range", min: 1, max: ROWS, value: ROWS, input: () => this.#go(this.#range.valueAsNumber) });
  #rows = Array.from({ length: ROWS }, () => ({ pixels: strip("pixels", 8), state: strip("state", FEATURES, ACROSS), chances: strip("chances", DIGITS), answer: html("td") }));
  #says = html("p", { "aria-live": "polite" });

  build() {
    const texts = this.words.digits;
    const pad = (this.#pad = new DrawingPad(this.words.pad, () => this.#look(), () => this.#next()));
    const head = (/** @type {Node | string} */ name, kind = "") => html("th", { scope: "col", class: kind }, name);
    const digits = html("span", {}, ...[...Array(DIGITS).keys()].map((k) => html("i", {}, `${k}`)));
    const rows = this.#rows.map(({ pixels, state, chances, answer }, t) =>
      html("tr", {}, html("th", { scope: "row" }, `${t + 1}`), ...[pixels, state, chances].map((drawing) => html("td", {}, drawing)), answer));
    this.append(html("div", { class: "layout" }, pad.element,
      html("div", { class: "side" },
        html("div", { class: "controls" }, this.#play, html("label", {}, html("span", {}, texts.read, " ", this.#count), this.#range)),
        this.#says),
      html("div", { class: "reading" },
        html("table", { class: "rows", "aria-label": texts.label },
          html("tr", {}, head("t", "axis-t"), head(texts.pixels, "axis-e"), head(texts.state, "axis-h"), head(digits), head(texts.says)),
          ...rows),
        html("p", { class: "scale" }, html("span", {}, texts.scale, " −1", html("i"), "1"), html("span", {}, texts.scores)))));
    this.#run(false);
    this.#go();
  }

  stop() {
    this.#run(false);
  }

  ready() {
    this.#look();
  }

  /** Show the next of the test images that come with the weights. */
  async #next() {
    const trained = await this.loaded(() => this.#go(this.#range.valueAsNumber));
    if (!trained) return;
    const { samples, labels } = trained;
    const image = row(samples, ++this.#sample % labels.data.length);
    this.#pad?.show(Array.from({ length: ROWS }, (_, t) => [...image.subarray(8 * t, 8 * t + 8)]));
  }

  /** Read what is on the pad, if it may be a digit. */
  #look() {
    const { strokes, pixels } = /** @type {DrawingPad} */ (this.#pad);
    const image = pixels ?? (missing(strokes) ? [] : digit(strokes));
    if (image.length) this.open();
    this.#steps = this.trained ? read(image, this.trained) : [];
    this.#play.disabled = this.#range.disabled = !this.#steps.length;
    this.#go(this.#range.valueAsNumber);
  }

  #run(on = false) {
    clearInterval(this.#timer);
    this.#timer = on ? setInterval(() => this.#go(this.#range.valueAsNumber + 1), BEAT) : 0;
    this.#play.textContent = this.words.digits[on ? "pause" : "play"];
    set(this.#says, { "aria-live": on ? "off" : "polite" });
    if (on && this.#range.value === this.#range.max) this.#go(1);
  }

  /** Show what is known after a number of rows. */
  #go(count = ROWS) {
    if (this.#timer && count >= ROWS) this.#run(false);
    this.#range.valueAsNumber = count;
    this.#count.textContent = this.#steps.length ? fill(this.words.digits.of, count, ROWS) : "";
    this.#rows.forEach((parts, t) => this.#fill(parts, this.#steps[t], t < count));
    this.#says.textContent = this.#sentence(count);
  }

  /** Draw a row: its pixels, and the rest if it has been read. @param {Row} parts @param {Step | undefined} step */
  #fill({ pixels, state, chances, answer }, step, known = false) {
    const texts = this.words.digits;
    const shown = known ? step : undefined;
    paint(pixels, step?.pixels, (value) => ({ "fill-opacity": value / 16 }), step?.pixels.join(" ") ?? texts.none);
    paint(state, shown?.state, (value) => ({ "fill-opacity": Math.abs(value), class: value < 0 ? "negative" : "positive" }),
      shown ? fill(texts.features, FEATURES, rounded(Math.min(...shown.state)), rounded(Math.max(...shown.state))) : texts.none);
    paint(chances, shown?.chances, (value) => ({ y: 1 - value, height: value }), shown ? this.#ranked(shown).slice(0, 3).join(texts.comma) : texts.none);
    const [best] = shown ? ranked(shown.chances) : [];
    answer.replaceChildren(...(shown ? [html("b", {}, `${best}`), ` ${percent(shown.chances[best])}`] : []));
  }

  /** Name the digits and their probabilities. @param {Step} step */
  #ranked({ chances }) {
    return ranked(chances).map((k) => fill(this.words.digits.said, k, percent(chances[k])));
  }

  /** Say what the head says after a number of rows, or what is wrong with the drawing. */
  #sentence(count = ROWS) {
    const texts = this.words.digits;
    const { strokes, pixels } = /** @type {DrawingPad} */ (this.#pad);
    const step = this.#steps[count - 1];
    if (this.loading) return texts.loading;
    if (!step) return strokes.length ? texts.small : texts.nothing;
    const [first, second] = this.#ranked(step);
    const labels = this.trained?.labels.data ?? [];
    return fill(count < ROWS ? texts.partly : texts.whole, count, first, second) + (pixels ? fill(texts.truth, labels[this.#sample % labels.length]) : "");
  }
}

customElements.define("digit-states", DigitStates);
