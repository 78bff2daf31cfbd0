// What the widgets share: elements, their base class with its words, and what they load.

/** @typedef {"n" | "t" | "e" | "h" | "ld"} Axis as in site.css: `--axis-n` and `.axis-n` */
/** @typedef {typeof import("./words-en.js").default} Words */
/** @typedef {Record<string, string | number | boolean | ((event: any) => void)>} Attributes */

/**
 * Set attributes. `true` is an empty one, `false` none, a function listens to the event of that name.
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : `${value}`);
  }
  return element;
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 */
function filled(element, attributes, children) {
  element.append(...children);
  return set(element, attributes);
}

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {Attributes} [attributes] @param {(Node | string)[]} children */
export const html = (tag, attributes = {}, ...children) =>
  filled(document.createElement(tag), attributes, children);

/** @template {keyof SVGElementTagNameMap} K @param {K} tag @param {Attributes} [attributes] @param {(Node | string)[]} children */
export const svg = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** A labelled choice. @param {string} label @param {Record<string, string>} texts by value @param {string} chosen @param {(value: any) => void} use */
export const select = (label, texts, chosen, use) =>
  html("label", {}, label, html("select", { change: ({ target }) => use(target.value) },
    ...Object.entries(texts).map(([value, text]) => html("option", { value, selected: value === chosen }, text))));

/** Replace $1, $2 by values. @param {(string | number)[]} values */
export const fill = (text = "", ...values) => text.replace(/\$(\d)/g, (_, place) => `${values[place - 1]}`);

/**
 * Apply a widget's style sheet. With `json`, fetch its numbers, too.
 */
export async function load(name = "", json = false) {
  const [sheet, data] = await Promise.all([".css", ...(json ? [".json"] : [])]
    .map((ending) => fetch(new URL(name + ending, import.meta.url))));
  document.adoptedStyleSheets.push(await new CSSStyleSheet().replace(await sheet.text()));
  return data?.json();
}

/**
 * An element in `<div class="widget">`; while it is connected, site.css hides what is next to it.
 * @template [W=Words]
 */
export class Widget extends HTMLElement {
  /** @type {Element?} */
  #frame = null;
  /** The module of its words, but for the language. */
  wording = "words";
  /** @type {W} in the language that the document had when the element came */
  words = /** @type {any} */ (null);

  async connectedCallback() {
    this.classList.add("widget__live");
    const { default: words } = await import(`./${this.wording}-${document.documentElement.lang.startsWith("zh") ? "zh" : "en"}.js`);
    if (!this.isConnected) return;
    if (!this.words) this.build((this.words = words));
    this.#frame = this.closest(".widget");
    this.#frame?.classList.add("widget--running");
    this.start();
  }

  disconnectedCallback() {
    this.#frame?.classList.remove("widget--running");
    if (this.words) this.stop();
  }

  /** Fill the element, once. */
  build(words = this.words) {}
  /** Begin what must not outlive the element: timers, listeners outside of it. It may have begun. */
  start() {}
  /** End what `start` began. */
  stop() {}
}
