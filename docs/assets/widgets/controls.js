// What the step player and the gradient explorer share: a labelled choice, and numbers from torch.

import { html, style } from "./axes.js";

/** @param {string} label @param {Record<string, string>} texts by value @param {string} chosen @param {(value: any) => void} use */
export const select = (label, texts, chosen, use) =>
  html("label", {}, label, html("select", { change: ({ target }) => use(target.value) },
    ...Object.entries(texts).map(([value, text]) => html("option", { value, selected: value === chosen }, text))));

/** Fetch a widget's numbers, and apply its style. */
export async function load(name = "") {
  const [data] = await Promise.all([fetch(new URL(`${name}.json`, import.meta.url)), style(`${name}.css`)]);
  return data.json();
}
