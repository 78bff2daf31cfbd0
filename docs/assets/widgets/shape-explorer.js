// <shape-explorer cell="LSTM" num-layers="2">: a configuration, and every shape that follows. Its
// HTML is made of whole numbers and of names in shapes.js, never of what was typed.

import { Widget, fill, load } from "./base.js";
import * as shapes from "./shapes.js";

/** @type {Record<string, import("./base.js").Axis>} the axis whose colour a number has */
const AXIS = { N: "n", T: "t", E: "e", H: "h", num_layers: "ld", proj_size: "h" };
/** @type {Record<string, number>} how an axis is drawn: to the right, down, or to the back */
const EDGE = { t: 0, ld: 0, e: 1, h: 1, n: 2 };
const FORESHORTENED = [1, 1, 0.5];
const LONGEST = [140, 132, 55]; // px
const SHORTEST = 14;
const UNIT = 13; // px at most

await load("shape-explorer");

class ShapeExplorer extends Widget {
  #state = shapes.DEFAULTS;
  #timer = 0;
  /** @type {HTMLAnchorElement?} to the page of a single configuration; null there */
  #page = null;

  build() {
    this.#state = shapes.read((name) => this.getAttribute(name.replace("_", "-")));
    this.addEventListener("input", this.#read);
    this.addEventListener("click", this.#copy);
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

  /** Build the controls and the frame of the answer; on its own page, as the address says. */
  #restore = () => {
    const own = !this.#page;
    /** @type {Record<string, any>} */
    const texts = { ...this.words, ...this.words.shapes };
    const address = new URLSearchParams(own ? location.search : "");
    if (address.has("cell")) this.#state = shapes.read((name) => address.get(name));
    const state = this.#state;
    const fields = (name = "", labels = [""]) =>
      `<fieldset class="${name}"><legend>${texts[name]}</legend><label>${labels.join("</label><label>")}</label></fieldset>`;
    const box = (name = "", value = "", checked = false, type = "checkbox") =>
      `<input type="${type}" name="${name}" value="${value}"${checked ? " checked" : ""}> ${value === "unbatched" ? texts[value] : value}`;
    const fold = (name = "", content = "") =>
      `<details${own ? " open" : ""}><summary>${texts[name]}</summary>${content}</details>`;
    const pre = (name = "") => `<pre><code tabindex="0" class="${name}"></code></pre>`;
    const button = (name = "") => `<button type="button" name="${name}">${texts[name]}</button>`;
    const head = ["name", "shape", "numbers"].map((name) => `<th scope="col">${texts[name]}</th>`);
    this.innerHTML = `<form>${[
      fields("cell", shapes.CELLS.map((cell) => box("cell", cell, cell === state.cell, "radio"))),
      fields("options", shapes.SWITCHES.map((name) => box(name, name, state[name]))),
      fields("sizes", shapes.NUMBERS.map((name) => `<span><b class="axis-${AXIS[name]}">${name}</b> ${texts[name] ?? texts.axes[AXIS[name]]}</span><input type="number" name="${name}" min="0" max="${shapes.LIMITS[name]}" value="${state[name]}">`)),
      `</form><p class="message" aria-live="polite"></p><div class="answer"><div class="tensors"></div><p class="note scale"></p>`,
      `<p class="head">${texts.last}</p><p class="note">${texts.shaded}</p>`,
      pre("lines"),
      `<div class="columns">`,
      fold("parameters", `<div tabindex="0" role="region" aria-label="${texts.parameters}"><table class="parameters"><thead><tr>${head.join("")}</tr></thead><tbody></tbody></table></div>`),
      fold("code", pre("program") + button("copy")),
      `</div><p>${own ? button("link") : `<a>${texts.page}</a>`} <span role="status"></span></p></div>`,
    ].join("")}`;
    this.#show("");
  };

  /** Take over the controls' values, if they are valid. */
  #read = () => {
    const data = new FormData(/** @type {HTMLFormElement} */ (this.#part("form")));
    const get = (name = "") => /** @type {string?} */ (data.get(name));
    let wrong = "";
    for (const name of shapes.NUMBERS) {
      const bad = data.has(name) && !shapes.valid(name, get(name));
      this.#part(`[name=${name}]`).ariaInvalid = `${bad}`;
      if (bad) wrong ||= fill(this.words.shapes.whole, name, shapes.LIMITS[name]);
    }
    // A box that is not ticked is missing, and so is a number that is disabled.
    if (!wrong) this.#state = shapes.read((name) => get(name) ?? (name in AXIS ? null : "0"), this.#state);
    this.#show(wrong);
    clearTimeout(this.#timer); // Safari allows a hundred changes of the address in 30 s
    if (!this.#page) this.#timer = setTimeout(this.#remember, 150);
  };

  /** Put the configuration into the address. */
  #remember = () => history.replaceState(history.state, "", this.#address(location.href));

  /** Show the tensors, or what is wrong. */
  #show(wrong = "") {
    const state = this.#state;
    const texts = this.words.shapes;
    const put = (part = "", content = "") => (this.#part(part).innerHTML = content);
    const number = new Intl.NumberFormat("en").format; // in Chinese, too
    const [kind, error] = wrong ? ["", wrong] : shapes.complaint(state);
    this.#part("[name=N]").toggleAttribute("disabled", state.unbatched);
    this.#part(".answer").toggleAttribute("inert", !!error);
    this.#part(".message").classList.toggle("wrong", !!error);
    put("[role=status]");
    put(".message", `${error}<br>${texts.refused[/** @type {"zero"} */ (kind)] ?? ""}`);
    if (error) return;

    const { tensors, parameters, count, products, last, same } = shapes.answer(state);
    const named = Object.entries(tensors);
    const lengths = Object.values(tensors).flat().map(([axis, , size]) => size * FORESHORTENED[EDGE[axis]] / LONGEST[EDGE[axis]]);
    const unit = Math.min(UNIT, 1 / Math.max(...lengths));
    put(".message", fill(texts.summary, named.map(([name, shape]) => `${name} ${shapes.sizes(shape)}`).join(texts.comma), number(count), number(products)));
    const drawings = named.map(([name, shape]) => drawing(shape, name, unit, state.bidirectional ? 2 : 1, this.words));
    // In two pairs, what runs along time and what is left at its end: four in a row, or two and two.
    put(".tensors", [0, 2].map((at) => `<div>${drawings.slice(at, at + 2).join("")}</div>`).join(""));
    put(".scale", fill(texts.scale, unit.toPrecision(2)) + (this.querySelector("[stroke-dasharray]") ? fill(texts.longer, SHORTEST) : ""));
    put(".lines", `${last}\n${same}`);
    put("tbody", parameters.map(([name, shape]) => `<tr><th scope="row"><code>${name}</code></th><td>${shapes.tuple(shape)}</td><td>${number(shapes.size(shape))}</td></tr>`).join(""));
    put(".program", this.#program());
    if (this.#page) this.#part(".answer > p > a").setAttribute("href", this.#address(this.#page.href));
  }

  #program() {
    return shapes.program(this.#state, this.words.shapes.comment);
  }

  #part(selector = "") {
    return /** @type {Element} */ (this.querySelector(selector));
  }

  /** A page with this configuration in its address. */
  #address(page = "") {
    const url = new URL(page);
    url.hash = "";
    for (const name in shapes.DEFAULTS) url.searchParams.delete(name);
    for (const [name, value] of shapes.write(this.#state)) url.searchParams.set(name, `${value}`);
    return url.href;
  }

  #copy = async (/** @type {any} */ { target }) => {
    const texts = { copy: this.#program(), link: this.#address(location.href) };
    if (!(target.name in texts)) return;
    await navigator.clipboard.writeText(texts[/** @type {"copy"} */ (target.name)]);
    const status = this.#part("[role=status]");
    target.after(status);
    status.textContent = this.words.shapes.copied;
  };
}

/** A tensor as a box to scale, the last step of the top layer shaded. @param {import("./shapes.js").Shape} shape @param {import("./base.js").Words} words */
function drawing(shape, name = "", unit = 1, directions = 1, words) {
  const { axes, shapes: texts } = words;
  const px = [0, 0, 0];
  let [x, steps] = [0, 1];
  for (const [axis, symbol, size] of shape) {
    const edge = EDGE[axis];
    px[edge] = Math.max(SHORTEST, size * FORESHORTENED[edge] * unit);
    if (edge === 1) x = 14 + 8 * `${symbol} ${size}`.length; // room for the label
    if (edge === 0) steps = size;
  }
  const [width, height] = px;
  const back = px[2] * Math.SQRT1_2; // to the right, and up
  const y = 6 + back;

  /** The visible faces of a part of the box. */
  const part = (kind = "", left = 0, top = 0, right = width, bottom = height) => {
    const [x0, y0, x1, y1] = [x + left, y + top, x + right, y + bottom];
    const above = top ? "" : `M${x0} ${y0}l${back} ${-back}H${x1 + back}L${x1} ${y0}Z`;
    const beside = right < width ? "" : `M${x1} ${y0}l${back} ${-back}V${y1 - back}L${x1} ${y1}Z`;
    return `<path class="${kind}" d="M${x0} ${y0}H${x1}V${y1}H${x0}Z${above}${beside}"/>`;
  };
  let grid = "";
  for (let at = unit; unit > 5 && at < width - 1; at += unit) grid += `M${x + at} ${y}v${height}`;
  for (let at = unit; unit > 5 && at < height - 1; at += unit) grid += `M${x} ${y + at}h${width}`;
  let parts = `${part("box")}<path class="grid" d="${grid}"/>`;
  const step = Math.max(3, width / steps);
  const half = height / directions;
  if (name === "h_n") parts += part("last", Math.max(0, width - step * directions));
  if (name === "output") {
    parts += part("last", width - step, 0, width, half);
    if (directions > 1) parts += `${part("last", 0, half, step)}<path class="half" d="M${x} ${y + half}h${width}l${back} ${-back}"/>`;
  }
  const edges = [
    [`M${x} ${y + height}h${width}`, "middle", x + width / 2, y + height + 17],
    [`M${x} ${y}v${height}`, "end", x - 7, y + height / 2 + 4],
    [`M${x + width} ${y + height}l${back} ${-back}`, "start", x + width + back / 2 + 6, y + height - back / 2 + 10],
  ];
  for (const [axis, symbol, size] of shape) {
    const [path, anchor, left, top] = edges[EDGE[axis]];
    const dash = size * FORESHORTENED[EDGE[axis]] * unit < SHORTEST ? ' stroke-dasharray="3"' : "";
    parts += `<g style="color: var(--axis-${axis})"><path class="edge" d="${path}"${dash}/><text x="${left}" y="${top}" text-anchor="${anchor}">${symbol} ${size}</text></g>`;
  }
  const label = fill(texts.named, name, shape.map(([axis, symbol, size]) => fill(texts.axis, `${symbol} ${size}`, axes[axis])).join(texts.comma));
  const captions = shape.map(([axis]) => `<span style="color: var(--axis-${axis})">${axes[axis]}</span>`);
  return `<figure><svg role="img" aria-label="${label}" width="${x + width + back + 44}" height="${y + height + 24}">${parts}</svg>
    <figcaption style="margin-left: ${x}px"><b><code>${name}</code> ${shapes.sizes(shape)}</b> ${captions.join(texts.comma)}</figcaption></figure>`;
}

customElements.define("shape-explorer", ShapeExplorer);
