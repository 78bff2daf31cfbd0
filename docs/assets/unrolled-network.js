// The front page's scene: a slider that moves through the steps of the figure beside it.
//
// The figure's SVG, drawn by docs/_build/figures/unrolled.py, marks each part with the class
// `step-t`; nothing is computed here. Without scripts the whole figure is there.

import { html, localized, Widget } from "./widgets/axes.js";

const LAST = 5; // 0 is h_0, 1 to 4 are steps, 5 is h_n
const BEAT = 800; // ms; the whole play stays below the five seconds from which a pause is due

const LINES = {
  en: [
    "t = 0: the state h₀ starts at zero.",
    "t = 1: the cell reads x₁ and h₀, and hands on h₁.",
    "t = 2: the same cell reads x₂ and h₁, and hands on h₂.",
    "t = 3: the same cell reads x₃ and h₂, and hands on h₃.",
    "t = 4: the same cell reads x₄ and h₃, and hands on h₄.",
    "hₙ is h₄: all that is kept of x₁ to x₄.",
    "Time step",
  ],
};

customElements.define(
  "unrolled-network",
  class extends Widget {
    #clock = 0;
    #range = html("input", { type: "range", max: LAST, value: LAST });
    #line = html("output", { "aria-live": "off" });
    #arrival = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#play());

    build() {
      const scrub = () => (this.stop(), this.#show());
      this.#range.addEventListener("input", scrub);
      this.#range.ariaLabel = localized(this, LINES)[LAST + 1];
      this.append(this.#range, this.#line);
    }

    start() {
      this.#show();
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.#arrival.observe(this);
    }

    stop() {
      this.#arrival.disconnect();
      clearInterval(this.#clock);
    }

    #play() {
      this.stop(); // once on arrival
      this.#range.value = "0";
      this.#show();
      this.#clock = setInterval(() => {
        this.#range.stepUp();
        this.#show();
        if (this.#range.value === this.#range.max) this.stop();
      }, BEAT);
    }

    #show() {
      const now = this.#range.valueAsNumber;
      this.#range.ariaValueText = this.#line.value = localized(this, LINES)[now];
      for (const part of this.closest(".scene")?.querySelectorAll("[class^=step-]") ?? []) {
        const step = +part.classList[0].slice(5);
        part.classList.toggle("now", step === now);
        part.classList.toggle("later", step > now);
      }
    }
  },
);
