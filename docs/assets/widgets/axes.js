// What the widgets share: the names of the axes, elements, languages, and their base class.

/** @typedef {"n" | "t" | "e" | "h" | "ld"} Axis as in site.css: `--axis-n` and `.axis-n` */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

/** @type {Record<string, Record<Axis, string>>} by language */
export const AXES = {
  en: { n: "batch", t: "time", e: "input features", h: "hidden features", ld: "layers × directions" },
};

/**
 * Set attributes. `true` is an empty one, `false` and `null` remove it, a function listens to the
 * event of that name.
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === false || value == null) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : `${value}`);
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

/** @param {Element} element */
export const language = (element) => element.closest("[lang]")?.getAttribute("lang") ?? "en";

/**
 * Choose from a table by the language of an element; English where it has no other.
 * @template T
 * @param {Element} element
 * @param {Record<string, T>} table
 */
export const localized = (element, table) => table[language(element).split("-")[0]] ?? table.en;

/**
 * Apply a style sheet beside the modules. Not as a `<link>`: Material's instant navigation removes
 * what the head of the next page lacks.
 */
export async function style(name = "") {
  const sheet = new CSSStyleSheet();
  await sheet.replace(await (await fetch(new URL(name, import.meta.url))).text());
  document.adoptedStyleSheets.push(sheet);
}

/** Stands in `<div class="widget">`; while it is connected, site.css hides what is beside it. */
export class Widget extends HTMLElement {
  #built = false;
  /** @type {Element?} */
  #frame = null;

  connectedCallback() {
    if (!this.#built) this.build();
    this.#built = true;
    this.#frame = this.closest(".widget");
    this.#frame?.classList.add("widget--running");
    this.start();
  }

  disconnectedCallback() {
    this.stop();
    this.#frame?.classList.remove("widget--running");
  }

  /** Fill the element, once. */
  build() {}
  /** Begin what must not outlive the element: timers, listeners outside of it. */
  start() {}
  /** End what `start` began. */
  stop() {}
}
