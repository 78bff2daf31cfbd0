// <shape-explorer cell="LSTM" num-layers="2">: a configuration, and every shape that follows. What
// goes into the HTML below is whole numbers and names from shapes.js, nothing that was typed.

import { AXES, Widget, localized, style } from "./axes.js";
import * as shapes from "./shapes.js";

/** @type {Record<string, Record<string, string>>} */
const TEXTS = {
  en: {
    cell: "Cell",
    sizes: "Sizes",
    options: "Options",
    whole: "$1 is a whole number from 0 to $2.",
    summary: "$1 parameters, $2 multiply-adds per step and sequence.",
    scale: "One unit is $1 px wide or high, and half of that deep.",
    longer: "A dashed edge is drawn longer, at $1 px.",
    last: "The last step of the top layer",
    shaded: "Shaded above. Both lines give the same tensor.",
    parameters: "Parameters",
    name: "Name",
    shape: "Shape",
    numbers: "Numbers",
    sum: "Sum",
    code: "Code for this configuration",
    copy: "Copy code",
    link: "Copy link to this configuration",
    copied: "Copied.",
    page: "Open this configuration on its own page",
    num_layers: "layers",
    proj_size: "projection",
  },
};

/** @type {Record<string, import("./axes.js").Axis>} the axis whose colour a control has */
const AXIS = { N: "n", T: "t", E: "e", H: "h", num_layers: "ld", proj_size: "h" };
/** @type {Record<string, 0 | 1 | 2>} how an axis is drawn: to the right, down, or to the back */
const EDGE = { t: 0, ld: 0, e: 1, h: 1, n: 2 };
const LONGEST = [150, 132, 110]; // px, of these three
const SHORTEST = 10;
const LARGEST = 13; // px a unit

await style("shape-explorer.css");

class ShapeExplorer extends Widget {
  #texts = TEXTS.en;
  #state = shapes.DEFAULTS;
  #timer = 0;
  /** @type {HTMLAnchorElement?} the page that shows one configuration; null there */
  #page = null;

  build() {
    this.#texts = localized(this, TEXTS);
    this.#state = shapes.read((name) => this.getAttribute(name.replace("_", "-")));
    this.addEventListener("input", () => this.#read());
    this.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      if (button) this.#copy(button);
    });
  }

  start() {
    this.#page = this.closest(".widget")?.querySelector("a[href*=shape-explorer]") ?? null;
    if (!this.#page) addEventListener("popstate", this.#restore);
    this.#restore();
  }

  stop() {
    clearTimeout(this.#timer);
    removeEventListener("popstate", this.#restore);
  }

  /** Show everything; on the own page, what the address says. */
  #restore = () => {
    const address = new URLSearchParams(this.#page ? "" : location.search);
    this.#state = shapes.read((name) => address.get(name), this.#state);
    const { state, texts, axes } = { state: this.#state, texts: this.#texts, axes: localized(this, AXES) };
    const radio = (/** @type {string} */ cell) =>
      `<label><input type="radio" name="cell" value="${cell}"${cell === state.cell ? " checked" : ""}> ${cell}</label>`;
    const number = (/** @type {keyof typeof shapes.LIMITS} */ name) =>
      `<label><span><b class="axis-${AXIS[name]}">${name}</b> ${texts[name] ?? axes[AXIS[name]][1]}</span><input type="number" name="${name}" min="0" max="${shapes.LIMITS[name]}" value="${state[name]}"></label>`;
    const box = (/** @type {typeof shapes.SWITCHES[number]} */ name) =>
      `<label><input type="checkbox" name="${name}"${state[name] ? " checked" : ""}> ${name}</label>`;
    const set = (/** @type {string} */ name, /** @type {string[]} */ controls) =>
      `<fieldset class="${name}"><legend>${texts[name]}</legend>${controls.join("")}</fieldset>`;
    this.innerHTML = `<form>${set("cell", shapes.CELLS.map(radio))}${set("options", shapes.SWITCHES.map(box))}${set("sizes", shapes.NUMBERS.map(number))}</form>
      <p class="message" aria-live="polite"></p><div class="result"></div>`;
    this.#show("");
  };

  /** Take over what the controls say, if it is valid. */
  #read() {
    const data = new FormData(this.querySelector("form") ?? undefined);
    const get = (/** @type {string} */ name) => /** @type {string?} */ (data.get(name));
    let wrong = "";
    for (const name of shapes.NUMBERS) {
      const bad = data.has(name) && !shapes.valid(name, get(name));
      this.querySelector(`[name=${name}]`)?.setAttribute("aria-invalid", `${bad}`);
      if (bad) wrong ||= fill(this.#texts.whole, name, shapes.LIMITS[name]);
    }
    const ticked = (/** @type {string} */ name) => (name in shapes.LIMITS || name === "cell" ? get(name) : `${data.has(name)}`);
    if (!wrong) this.#state = shapes.read(ticked, this.#state);
    this.#show(wrong);
    clearTimeout(this.#timer); // Safari allows a hundred changes of the address in 30 s
    if (!this.#page) this.#timer = setTimeout(() => history.replaceState(history.state, "", this.#address(location.href)), 150);
  }

  /** Show the tensors, or what is wrong. @param {string} wrong */
  #show(wrong) {
    const { state, texts } = { state: this.#state, texts: this.#texts };
    const message = /** @type {Element} */ (this.querySelector(".message"));
    const result = /** @type {HTMLElement} */ (this.querySelector(".result"));
    /** @type {HTMLInputElement} */ (this.querySelector("[name=N]")).disabled = state.unbatched;
    const error = wrong || shapes.complaint(state);
    result.hidden = error !== "";
    message.classList.toggle("wrong", result.hidden);
    message.textContent = error;
    if (error) return;

    const { tensors, parameters, count, products, state: first, step } = shapes.answer(state);
    const lang = this.closest("[lang]")?.getAttribute("lang") ?? "en";
    const grouped = (/** @type {number} */ value) => value.toLocaleString(lang);
    message.textContent = `${Object.entries(tensors).map(([name, shape]) => `${name} ${shapes.sizes(shape)}`).join(", ")}. ${fill(texts.summary, grouped(count), grouped(products))}`;

    const all = Object.values(tensors).flat();
    const unit = Math.min(LARGEST, ...all.map(([axis, , size]) => LONGEST[EDGE[axis]] / size));
    const short = all.some(([, , size]) => size * unit < SHORTEST);
    const rows = parameters.map(([name, shape]) =>
      `<tr><th scope="row"><code>${name}</code></th><td>${shapes.tuple(shape)}</td><td>${grouped(shapes.size(shape))}</td></tr>`);
    result.innerHTML = `
      <div class="tensors">${Object.entries(tensors).map(([name, shape]) => drawn(name, shape, unit, state.bidirectional ? 2 : 1, localized(this, AXES))).join("")}</div>
      <p class="note">${fill(texts.scale, unit.toPrecision(2))} ${short ? fill(texts.longer, SHORTEST) : ""}</p>
      <p class="head">${texts.last}</p><p class="note">${texts.shaded}</p>
      <pre tabindex="0"><code>${first}\n${step}</code></pre>
      <div class="columns"><div><p class="head">${texts.parameters}</p>
      <div class="list" tabindex="0" role="region" aria-label="${texts.parameters}"><table class="parameters">
        <thead><tr><th scope="col">${texts.name}</th><th scope="col">${texts.shape}</th><th scope="col">${texts.numbers}</th></tr></thead>
        <tbody>${rows.join("")}</tbody>
        <tfoot><tr><th scope="row">${texts.sum}</th><td></td><td>${grouped(count)}</td></tr></tfoot></table></div></div>
      <div><p class="head">${texts.code} <button type="button" name="copy">${texts.copy}</button></p>
      <pre tabindex="0" class="program"><code>${shapes.program(state)}</code></pre></div></div>
      <p class="foot">${this.#page ? `<a href="${this.#address(this.#page.href)}">${texts.page}</a>` : `<button type="button" name="link">${texts.link}</button>`}
      <span class="copied" aria-live="polite"></span></p>`;
  }

  /** A page with this configuration in its address. @param {string} page */
  #address(page) {
    const url = new URL(page);
    for (const name of Object.keys(shapes.DEFAULTS)) url.searchParams.delete(name);
    for (const [name, value] of shapes.write(this.#state)) url.searchParams.set(`${name}`, `${value}`);
    return url.href;
  }

  /** @param {HTMLButtonElement} button */
  async #copy(button) {
    await navigator.clipboard.writeText(button.name === "copy" ? shapes.program(this.#state) : this.#address(location.href));
    /** @type {Element} */ (this.querySelector(".copied")).textContent = this.#texts.copied;
  }
}

/** Put values in the places of $1, $2. @param {string} text @param {(string | number)[]} values */
const fill = (text, ...values) => text.replace(/\$(\d)/g, (_, place) => `${values[place - 1]}`);

/**
 * Draw a tensor as a box to scale, the last step of the top layer shaded.
 * @param {string} name
 * @param {import("./shapes.js").Shape} shape
 * @param {number} unit
 * @param {number} directions
 * @param {Record<string, [string, string]>} names
 */
function drawn(name, shape, unit, directions, names) {
  const px = [0, 0, 0];
  for (const [axis, , size] of shape) px[EDGE[axis]] = Math.max(SHORTEST, size * unit);
  const [width, height] = px;
  const back = px[2] / 2.8; // to the right and up: half as long as the others
  const x = 14 + 8 * Math.max(...shape.map(([axis, symbol, size]) => (EDGE[axis] === 1 ? `${symbol} ${size}`.length : 0)));
  const y = 6 + back;

  /** The visible faces of a part: from, to in fractions of width and height. */
  const part = (/** @type {string} */ kind, /** @type {number[]} */ [left, top, right, bottom]) => {
    const [x0, y0, x1, y1] = [x + left, y + top, x + right, y + bottom];
    const above = top ? "" : `M${x0} ${y0}l${back} ${-back}H${x1 + back}L${x1} ${y0}Z`;
    const beside = right < width ? "" : `M${x1} ${y0}l${back} ${-back}V${y1 - back}L${x1} ${y1}Z`;
    return `<path class="${kind}" d="M${x0} ${y0}H${x1}V${y1}H${x0}Z${above}${beside}"/>`;
  };
  const step = Math.max(3, width / (shape.find(([axis]) => EDGE[axis] === 0)?.[2] ?? 1));
  const half = height / directions;
  let parts = part("box", [0, 0, width, height]);
  if (unit > 5) {
    for (let at = unit; at < width - 1; at += unit) parts += `<path class="unit" d="M${x + at} ${y}v${height}"/>`;
    for (let at = unit; at < height - 1; at += unit) parts += `<path class="unit" d="M${x} ${y + at}h${width}"/>`;
  }
  if (name === "output") parts += part("last", [width - step, 0, width, half]);
  if (name === "output" && directions > 1) parts += part("last", [0, half, step, height]) + part("box", [0, 0, width, half]);
  if (name === "h_n") parts += part("last", [Math.max(0, width - step * directions), 0, width, height]);

  const edges = shape.map(([axis, symbol, size]) => {
    const [path, anchor, left, top] = [
      [`M${x} ${y + height}h${width}`, "middle", x + width / 2, y + height + 17],
      [`M${x} ${y}v${height}`, "end", x - 7, y + height / 2 + 4],
      [`M${x + width} ${y + height}l${back} ${-back}`, "start", x + width + back / 2 + 6, y + height - back / 2 + 10],
    ][EDGE[axis]];
    const dash = size * unit < SHORTEST ? ' stroke-dasharray="3"' : "";
    return `<g style="color: var(--axis-${axis})"><path class="edge" d="${path}"${dash}/><text x="${left}" y="${top}" text-anchor="${anchor}">${symbol} ${size}</text></g>`;
  });
  const words = shape.map(([axis, symbol, size]) => `${symbol} ${size} (${names[axis][1]})`);
  const named = shape.map(([axis]) => `<span style="color: var(--axis-${axis})">${names[axis][1]}</span>`);
  return `<figure><svg role="img" aria-label="${name}: ${words.join(", ")}" width="${x + width + back + 44}" height="${y + height + 24}">${parts}${edges.join("")}</svg>
    <figcaption style="margin-left: ${x}px"><code>${name}</code> ${shapes.sizes(shape)}<br>${named.join(", ")}</figcaption></figure>`;
}

customElements.define("shape-explorer", ShapeExplorer);
