// What the demos of the labs share: their words, and weights that are loaded on first use.

import { Widget, fill, html } from "./base.js";
import { weights } from "./weights.js";

/** @typedef {typeof import("./demos-en.js").default} DemoWords */

/** A probability in words: a whole number of percent. */
export const percent = (share = 0) => `${Math.round(100 * share)}%`;

/**
 * A widget with an attribute `weights`, the address of a file that its lab's run has written.
 * @extends {Widget<DemoWords>}
 */
export class Demo extends Widget {
  wording = "demos";
  /** @type {import("./weights.js").Weights?} null until they are there */
  trained = null;
  /** @type {Promise<void>?} */
  #loading = null;

  /** Whether the weights have been asked for and are not there yet. */
  get loading() {
    return !!this.#loading && !this.trained;
  }

  /** Load the weights, once; then let `ready` use them. */
  open() {
    return (this.#loading ??= weights(this.getAttribute("weights") ?? "").then(
      (trained) => {
        this.trained = trained;
        this.ready();
      },
      (error) => this.#giveUp(error)));
  }

  /** Load the weights, and return them, or null if they cannot be had; `show` says meanwhile that they are loading. */
  async loaded(show = () => {}) {
    const opened = this.open();
    show();
    await opened;
    return this.trained;
  }

  /** The weights have come. */
  ready() {}

  /** Say what went wrong, and leave the place to what stands there without scripts. @param {Error} error */
  #giveUp({ message }) {
    this.replaceChildren(html("p", { role: "alert" }, fill(this.words.lost, message)));
    this.closest(".widget")?.classList.remove("widget--running");
  }
}
