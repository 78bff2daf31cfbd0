// <word-speller weights="pronunciation.json">: type a word, see its phonemes, and which letters each looks at.

import { fill, html, load } from "./base.js";
import { gruStep, linear, row, softmax } from "./cells.js";
import { Demo, percent } from "./demo.js";
import { under } from "./weights.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const PHONEMES = "· AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split(" ");
const BORDER = 0; // starts and ends a word
const STEPS = 16; // at most, the border included
const LONGEST = 12; // letters
const TRAINED = 6; // letters of the longest word in training

/** A phoneme, its probability, and the weight of each letter of the word. @typedef {{ phoneme: string, chance: number, weights: number[] }} Written */

/** @param {Float32Array} x */
const tanh = (x) => x.map(Math.tanh);

/** Write the phonemes of a word of letters from a to z, as the lab's network does, the border last. @param {import("./weights.js").Weights} trained @returns {Written[]} */
export function spell(word = "", trained) {
  const [encoder, decoder] = [under(trained, "encoder."), under(trained, "decoder.")];
  const [toQuery, toKey, toScore] = [0, 1, 2].map((k) => trained[`scoring.${k}`]);
  /** @type {Float32Array} */
  let h = new Float32Array(trained["bridge.bias"].data.length);
  const keys = [...word].reverse().map((letter) => (h = gruStep(row(trained["letters.weight"], 1 + LETTERS.indexOf(letter)), h, encoder)));
  const scored = keys.map((key) => linear(key, toKey));
  h = tanh(linear(h, trained["bridge.weight"], trained["bridge.bias"]));
  /** @type {Written[]} */
  const written = [];
  for (let last = BORDER; written.length < STEPS; ) {
    h = gruStep(row(trained["phonemes.weight"], last), h, decoder);
    const query = linear(h, toQuery);
    const shares = softmax(Float32Array.from(scored, (key) => key.reduce((sum, k, j) => sum + toScore.data[j] * Math.tanh(query[j] + k), 0)));
    const context = h.map((_, j) => keys.reduce((sum, key, t) => sum + shares[t] * key[j], 0));
    const mixed = tanh(linear([...h, ...context], trained["mix.weight"], trained["mix.bias"]));
    const chances = softmax(linear(mixed, trained["head.weight"], trained["head.bias"]));
    last = chances.indexOf(Math.max(...chances));
    written.push({ phoneme: PHONEMES[last], chance: chances[last], weights: [...shares].reverse() });
    if (last === BORDER) break;
  }
  return written;
}

await load("word-speller");

class WordSpeller extends Demo {
  /** Which of the words of the test part is shown, if one is. */
  #sample = -1;
  #shown = "";
  #input = html("input", { type: "text", value: "", autocomplete: "off", autocapitalize: "off", spellcheck: "false", input: () => this.#type() });
  #next = html("button", { type: "button", click: () => this.#take() });
  #says = html("p", { "aria-live": "polite" });
  #map = html("table", { class: "weights" }); // a table of the site's has none

  build() {
    const texts = this.words.speller;
    this.#next.textContent = texts.sample;
    this.#map.setAttribute("aria-label", texts.map);
    this.append(
      html("div", { class: "controls" }, html("label", {}, texts.word, this.#input), this.#next),
      this.#says,
      html("div", { class: "map" }, this.#map));
    this.#show();
  }

  ready() {
    this.#show();
  }

  #type() {
    this.open();
    this.#show();
  }

  /** Take the next word of the test part that comes with the weights. */
  async #take() {
    const trained = await this.loaded(() => this.#show());
    if (!trained) return;
    const { samples } = trained;
    this.#sample = (this.#sample + 1) % samples.shape[0];
    this.#shown = [...row(samples, this.#sample)].filter(Boolean).map((code) => LETTERS[code - 1]).reverse().join("");
    this.#input.value = this.#shown;
    this.#show();
  }

  #show() {
    const word = this.#input.value.trim().toLowerCase();
    const wrong = this.#wrong(word);
    const written = wrong || !this.trained ? [] : spell(word, this.trained);
    this.#input.setAttribute("aria-invalid", `${!!wrong && !!word}`);
    this.#says.textContent = this.loading ? this.words.speller.loading : wrong || this.#sentence(word, written);
    this.#draw(word, written);
  }

  /** Say why a word cannot be read, if it cannot. */
  #wrong(word = "") {
    const texts = this.words.speller;
    const others = [...new Set(word)].filter((letter) => !LETTERS.includes(letter));
    if (!word) return texts.empty;
    if (others.length) return fill(texts.other, others.map((other) => `“${other}”`).join(" "));
    return word.length > LONGEST ? fill(texts.long, LONGEST, word.length) : "";
  }

  /** @param {Written[]} written */
  #sentence(word = "", written) {
    const texts = this.words.speller;
    const phonemes = written.map(({ phoneme }) => phoneme).filter((phoneme) => phoneme !== PHONEMES[BORDER]);
    const says = fill(texts.says, word, phonemes.join(" ") || texts.nothing);
    if (this.trained && word === this.#shown) {
      const truth = [...row(this.trained.truths, this.#sample)].filter(Boolean).map((code) => PHONEMES[code]);
      return says + fill(texts.truth, truth.join(" "));
    }
    return says + (word.length > TRAINED ? fill(texts.longer, TRAINED) : "");
  }

  /** Draw the weights: a row per phoneme, a column per letter. @param {Written[]} written */
  #draw(word = "", written) {
    const texts = this.words.speller;
    const head = [...(written.length ? word : "")].map((letter) => html("th", { scope: "col" }, letter));
    const rows = written.map(({ phoneme, chance, weights }) =>
      html("tr", {}, html("th", { scope: "row" }, phoneme === PHONEMES[BORDER] ? texts.end : phoneme),
        ...weights.map((weight) => html("td", { style: `--weight: ${weight.toFixed(3)}` }, html("span", {}, percent(weight)))),
        html("td", { class: "chance" }, percent(chance))));
    this.#map.replaceChildren(...(rows.length ? [html("tr", {}, html("td"), ...head, html("th", { scope: "col", class: "chance" }, texts.chance)), ...rows] : []));
  }
}

customElements.define("word-speller", WordSpeller);
