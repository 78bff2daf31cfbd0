// <letter-writer weights="characters.json">: type a beginning, and see a network write on.

import { fill, html, load, select, set } from "./base.js";
import { gruStep, linear, row, softmax } from "./cells.js";
import { Demo } from "./demo.js";

const SHOWN = 10; // characters in the table
const STRETCH = 50; // characters at once
const LONGEST = 1000; // characters that are written
const SIGNS = new Map([[" ", "␣"], ["\n", "⏎"]]);

/** What the network knows after a text. @typedef {{ state: Float32Array, scores: Float32Array }} Known */
/** @typedef {import("./weights.js").Weights} Weights */

/** The characters that the network knows. @param {Weights} trained */
export const vocabulary = (trained) => [...trained.symbols.data].map((code) => String.fromCharCode(code));

/** Write a text as the lab prepares it. */
export const plain = (text = "") => text.toLowerCase().replaceAll("’", "'").replaceAll("æ", "ae");

/** Read a character, given its place in the vocabulary. @param {Weights} trained @param {Known} [known] @returns {Known} */
export function read(place = 0, trained, known) {
  const before = known?.state ?? new Float32Array(trained.weight_hh_l0.shape[1]);
  const state = gruStep(row(trained["embedding.weight"], place), before, trained);
  return { state, scores: linear(state, trained["head.weight"], trained["head.bias"]) };
}

/** Turn scores into the probabilities that are drawn with; `rule` is "k", "p" or none. @param {ArrayLike<number>} scores */
export function chances(scores, temperature = 1, rule = "", limit = 0) {
  const scaled = Array.from(scores, (score) => score / temperature);
  const order = [...scaled.keys()].sort((a, b) => scaled[b] - scaled[a]);
  if (rule === "k") return softmax(scaled.map((score) => (score < scaled[order[limit - 1]] ? -Infinity : score)));
  const all = softmax(scaled);
  if (rule !== "p" || limit >= 1) return all;
  let before = 0;
  for (const place of order) {
    if (before >= limit) scaled[place] = -Infinity;
    before += all[place];
  }
  return softmax(scaled);
}

/** Choose by a number from 0 to 1, as if the probabilities lay end to end. @param {Float32Array} probabilities */
export function chosen(probabilities, number = 0) {
  let rest = number * probabilities.reduce((a, b) => a + b, 0);
  let last = 0; // rounding may leave a little at the end
  for (const [place, probability] of probabilities.entries()) {
    if (probability > 0) last = place;
    if ((rest -= probability) < 0) break;
  }
  return last;
}

/** Random numbers from 0 to 1, the same ones for the same seed: mulberry32. */
export function random(seed = 0) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

await load("letter-writer");

class LetterWriter extends Demo {
  #rule = "";
  #limits = { k: 5, p: 0.9 };
  #written = "";
  /** @type {Known?} after all that is written; null if the beginning cannot be read */
  #known = null;
  #next = random();
  #beginning = html("input", { type: "text", maxlength: 200, value: "and it came to pass", autocomplete: "off", autocapitalize: "off", spellcheck: false, input: () => this.#use() });
  #seed = html("input", { type: "number", min: 0, max: 9999, value: 0, input: () => this.#use() });
  #temperature = html("input", { type: "range", min: 0.1, max: 2, step: 0.1, value: 0.7, input: () => this.#show() });
  #limit = html("input", { type: "range", input: () => this.#show() });
  #says = html("p", { role: "status" });
  #text = html("p", { class: "text", tabindex: 0 });
  #rows = Array.from({ length: SHOWN }, () => html("tr", {}, html("th", { scope: "row" }), html("td", {}, html("i")), html("td")));
  #named = { temperature: html("b"), limit: html("b"), rule: html("span") };

  build() {
    const texts = this.words.letters;
    const button = (text = "", count = 0) => html("button", { type: "button", click: () => this.#write(count) }, text);
    const again = html("button", { type: "button", click: () => this.#use() }, texts.again);
    set(this.#text, { "aria-label": texts.text });
    this.append(
      html("label", { class: "beginning" }, texts.beginning, this.#beginning),
      html("div", { class: "controls" },
        html("label", {}, html("span", {}, texts.temperature, " ", this.#named.temperature), this.#temperature),
        select(texts.rule, texts.rules, this.#rule, (value) => this.#choose(value)),
        html("label", {}, html("span", {}, this.#named.rule, " ", this.#named.limit), this.#limit),
        html("label", {}, texts.seed, this.#seed)),
      html("div", { class: "buttons" }, button(texts.one, 1), button(fill(texts.many, STRETCH), STRETCH), again),
      this.#says, this.#text,
      html("table", { class: "next", "aria-label": texts.label },
        html("tr", {}, html("th", { scope: "col" }, texts.character), html("th", { scope: "colgroup", colspan: 2 }, texts.probability)), ...this.#rows));
    this.#choose(this.#rule);
  }

  ready() {
    this.#restart();
  }

  /** Begin anew, and load the weights for it. */
  #use() {
    this.open();
    this.#restart();
  }

  /** Take a rule, and set its slider. */
  #choose(rule = "") {
    this.#rule = rule;
    const [min, max, step] = rule === "k" ? [1, 20, 1] : [0.1, 1, 0.05];
    set(this.#limit, { min, max, step });
    this.#limit.value = `${this.#limits[rule === "k" ? "k" : "p"]}`;
    this.#limit.disabled = !rule;
    this.#show();
  }

  /** Name what is wrong with the beginning or the seed. */
  #fault() {
    const texts = this.words.letters;
    const seed = this.#seed.valueAsNumber;
    if (!(Number.isInteger(seed) && seed >= 0 && seed <= 9999)) return texts.badSeed;
    const text = plain(this.#beginning.value);
    if (!text) return texts.empty;
    const known = vocabulary(/** @type {Weights} */ (this.trained));
    const unknown = [...new Set(text)].filter((character) => !known.includes(character));
    return unknown.length ? fill(texts.unknown, unknown.join(" "), known.slice(2).join(" ")) : "";
  }

  /** Forget what is written, and read the beginning. */
  #restart() {
    this.#written = "";
    this.#known = null;
    this.#next = random(this.#seed.valueAsNumber);
    if (this.trained && !this.#fault()) for (const character of plain(this.#beginning.value)) this.#read(character);
    this.#show();
  }

  #read(character = "") {
    const trained = /** @type {Weights} */ (this.trained);
    this.#known = read(vocabulary(trained).indexOf(character), trained, this.#known ?? undefined);
  }

  /** Draw characters, and read each of them. */
  async #write(count = 1) {
    if (!this.trained) await this.loaded(() => this.#show());
    for (let k = 0; k < count && this.#known && this.#written.length < LONGEST; k++) {
      const character = vocabulary(/** @type {Weights} */ (this.trained))[chosen(this.#chances(), this.#next())];
      this.#written += character;
      this.#read(character);
    }
    this.#show();
  }

  #chances() {
    return chances(/** @type {Known} */ (this.#known).scores, this.#temperature.valueAsNumber, this.#rule, this.#limit.valueAsNumber);
  }

  #show() {
    const texts = this.words.letters;
    const limit = this.#limit.valueAsNumber;
    if (this.#rule) this.#limits[this.#rule === "k" ? "k" : "p"] = limit;
    this.#named.temperature.textContent = this.#temperature.valueAsNumber.toFixed(1);
    this.#named.rule.textContent = this.#rule === "k" ? "k" : "p";
    this.#named.limit.textContent = !this.#rule ? "–" : this.#rule === "k" ? `${limit}` : limit.toFixed(2);
    this.#text.replaceChildren(html("span", {}, this.#known ? plain(this.#beginning.value) : ""), this.#written);
    this.#text.scrollTop = this.#text.scrollHeight;
    this.#says.textContent = this.loading ? texts.loading : !this.trained ? texts.start
      : this.#fault() || (this.#written.length < LONGEST ? texts.next : fill(texts.full, LONGEST));
    const probabilities = this.#known ? this.#chances() : new Float32Array();
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
    this.#rows.forEach(({ children: [sign, bar, share] }, k) => {
      const place = order[k];
      const probability = probabilities[place] ?? 0;
      const character = this.trained && place !== undefined ? vocabulary(this.trained)[place] : "";
      sign.textContent = SIGNS.get(character) ?? character;
      set(/** @type {HTMLElement} */ (bar.firstElementChild), { style: `width: ${100 * probability}%` });
      share.textContent = character ? `${(100 * probability).toFixed(1)}%` : "";
    });
  }
}

customElements.define("letter-writer", LetterWriter);
