// What the widgets share: names and colours of the axes, elements, languages, and their base class.

/** @typedef {"n" | "t" | "e" | "h" | "ld"} Axis as in site.css: `--axis-n` and `.axis-n` */
/** @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Value */

/** @type {Record<string, Record<Axis, [letter: string, name: string]>>} by language */
export const AXES = {
  en: {
    n: ["N", "batch"],
    t: ["T", "time"],
    e: ["E", "input features"],
    h: ["H", "hidden features"],
    ld: ["L·D", "layers × directions"],
  },
};

/** @param {Axis} axis */
export const color = (axis) => `var(--axis-${axis})`;

/**
 * Set attributes. `true` is an empty one, `false` and `null` remove it, a function listens to the
 * event of that name.
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, Value>} attributes
 */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === false || value == null) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, Value>} [attributes]
 * @param {(Node | string)[]} children
 */
export function html(tag, attributes = {}, ...children) {
  const element = set(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, Value>} [attributes]
 * @param {(Node | string)[]} children
 */
export function svg(tag, attributes = {}, ...children) {
  const element = set(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes);
  element.append(...children);
  return element;
}

/** With a real minus sign. @param {number} value @param {number} digits */
export const fixed = (value, digits) => value.toFixed(digits).replace("-", "−");

/**
 * Choose from a table by the language of an element; English where it has no other.
 * @template T
 * @param {Element} element
 * @param {Record<string, T>} table
 */
export function localized(element, table) {
  const lang = element.closest("[lang]")?.getAttribute("lang") ?? "en";
  return table[lang] ?? table[lang.split("-")[0]] ?? table.en;
}

/**
 * Apply a style sheet beside the modules. Not as a `<link>`: Material's instant navigation removes
 * what the head of the next page lacks.
 * @param {string} name
 */
export async function style(name) {
  const sheet = new CSSStyleSheet();
  await sheet.replace(await (await fetch(new URL(name, import.meta.url))).text());
  document.adoptedStyleSheets.push(sheet);
}

/** Stands in `<div class="widget">`; while it is connected, site.css hides what is beside it. */
export class Widget extends HTMLElement {
  #built = false;
  /** @type {Element | null} */
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
