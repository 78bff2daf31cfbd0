// A pad to draw on, by mouse, pen, finger or keys; a demo puts it next to what it makes of the strokes.

import { fill, html, load, set, svg } from "./base.js";

/** @typedef {import("./bitmaps.js").Stroke} Stroke */
/** Rows of numbers from 0 to 16. @typedef {number[][]} Pixels */

const HEIGHT = 32; // in the drawing's unit; a pixel of a sample is 4 high and wide
const STEP = 2; // of the keys
const NEAR = 0.4; // to the last point: not worth another one
/** @type {Record<string, [number, number]>} */
const KEYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

await load("drawing-pad");

export class DrawingPad {
  /** @type {Stroke[]} */
  strokes = [];
  /** A sample, in place of strokes. @type {Pixels?} */
  pixels = null;
  #width;
  #texts;
  #changed;
  #ink = svg("g");
  #cursor = svg("circle", { class: "cursor", r: 1.6 });
  #hint = svg("text", { x: "50%", y: "50%", "text-anchor": "middle" });
  #sheet = svg("svg", { role: "application", tabindex: 0 });
  #said = html("span", { class: "said", role: "status" });
  #frame = 0;
  /** Whether it is on the sheet. */
  #pen = false;
  /** Where the keys are. @type {[number, number]} */
  #at;

  /**
   * @param {import("./demo.js").DemoWords["pad"]} texts
   * @param {() => void} changed called when the drawing has changed, once per frame
   * @param {() => void} sample called when a sample is wanted: `show` it
   * @param {number} columns the width of the sheet in pixels, of which it has 8 rows
   */
  constructor(texts, changed, sample, columns = 8) {
    this.#texts = texts;
    this.#changed = changed;
    this.#width = (HEIGHT / 8) * columns;
    this.#at = [this.#width / 2, HEIGHT / 2];
    this.#hint.textContent = texts.hint;
    set(this.#sheet, {
      viewBox: `0 0 ${this.#width} ${HEIGHT}`, "aria-label": texts.label, "aria-description": texts.keys,
      pointerdown: (event) => this.#press(event), pointermove: (event) => this.#drag(event),
      pointerup: () => (this.#pen = false), pointercancel: () => (this.#pen = false),
      keydown: (event) => this.#key(event), blur: () => (this.#pen = false),
    });
    this.#sheet.append(this.#hint, this.#ink, this.#cursor);
    const button = (label = "", click = () => {}) => html("button", { type: "button", click }, label);
    this.element = html("div", { class: "drawing-pad" }, html("p", { class: "label", "aria-hidden": "true" }, texts.label), this.#sheet,
      html("p", {}, button(texts.clear, () => this.clear()), button(texts.sample, sample)),
      html("p", { class: "keys" }, texts.keys), this.#said);
    this.#draw();
  }

  clear() {
    [this.strokes, this.pixels, this.#pen] = [[], null, false];
    this.#say(this.#texts.cleared);
    this.#draw();
  }

  /** Show a sample. @param {Pixels} pixels */
  show(pixels) {
    [this.strokes, this.pixels, this.#pen] = [[], pixels, false];
    this.#draw();
  }

  /** Put the pen on the sheet. @param {[number, number]} point */
  #begin(point) {
    this.pixels = null;
    this.#pen = true;
    this.strokes.push([point]);
    this.#draw();
  }

  /** Draw a line to a point. @param {[number, number]} point */
  #extend(point) {
    const stroke = this.strokes[this.strokes.length - 1];
    const [x, y] = stroke[stroke.length - 1];
    if (Math.hypot(point[0] - x, point[1] - y) < NEAR) return;
    stroke.push(point);
    this.#draw();
  }

  /** Where a pointer is, on the sheet. @param {PointerEvent} event @returns {[number, number]} */
  #place({ clientX, clientY }) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.#sheet.getScreenCTM()?.inverse());
    return [Math.min(Math.max(x, 0), this.#width), Math.min(Math.max(y, 0), HEIGHT)];
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button || !event.isPrimary) return; // one finger draws
    this.#sheet.setPointerCapture(event.pointerId);
    this.#begin(this.#place(event));
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (!this.#pen || !event.buttons || !event.isPrimary) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) this.#extend(this.#place(part));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== " " && !(event.key in KEYS)) return;
    event.preventDefault();
    if (event.key === " ") {
      if (this.#pen) this.#pen = false;
      else this.#begin([...this.#at]);
    } else {
      const [x, y] = [0, 1].map((axis) => this.#at[axis] + KEYS[event.key][axis]);
      this.#at = [Math.min(Math.max(x, STEP), this.#width - STEP), Math.min(Math.max(y, STEP), HEIGHT - STEP)];
      if (this.#pen) this.#extend([...this.#at]);
    }
    this.#say(fill(this.#texts[this.#pen ? "down" : "up"], ...this.#at.map((place) => place / STEP)));
    this.#draw();
  }

  #say(text = "") {
    this.#said.textContent = text;
  }

  /** Draw in the next frame, however many points there are until then. */
  #draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const size = HEIGHT / 8;
      const path = (/** @type {Stroke} */ stroke) => `M${stroke.map((point) => point.map((place) => place.toFixed(1)).join(" ")).join("L")}`;
      this.#ink.replaceChildren(...this.strokes.map((stroke) => svg("path", { d: `${path(stroke)}h0` })),
        ...(this.pixels ?? []).flatMap((row, y) => row.map((value, x) =>
          svg("rect", { x: x * size, y: y * size, width: size, height: size, "fill-opacity": value / 16 }))));
      set(this.#cursor, { cx: this.#at[0], cy: this.#at[1] });
      this.#cursor.classList.toggle("down", this.#pen);
      this.#hint.style.display = this.strokes.length || this.pixels ? "none" : "";
      this.#changed();
    });
  }
}
