// The front page's scene: a slider that moves through the steps of the figure beside it.
//
// The figure's SVG, drawn by docs/_build/figures/unrolled.py, marks each part with the class
// `step-t`; nothing is computed here. Without scripts the whole figure is there.

import { html, localized, Widget } from "./axes.js";

const LAST = 5; // 0 is h_0, 1 to 4 are steps, 5 is h_n
const BEAT = 800; // ms; the whole play stays below the five seconds from which a pause is due

const STRINGS = {
  en: {
    label: "Time step",
    lines: [
      "t = 0: the state h₀ starts at zero.",
      "t = 1: the cell reads x₁ and h₀, and hands on h₁.",
      "t = 2: the same cell reads x₂ and h₁, and hands on h₂.",
      "t = 3: the same cell reads x₃ and h₂, and hands on h₃.",
      "t = 4: the same cell reads x₄ and h₃, and hands on h₄.",
      "hₙ is h₄: all that is kept of x₁ to x₄.",
    ],
  },
};

class UnrolledNetwork extends Widget {
  /** @type {number | undefined} */
  #clock;
  /** @type {IntersectionObserver | undefined} */
  #arrival;
  #range = html("input", { type: "range", min: 0, max: LAST, value: LAST });
  #line = html("output", { "aria-live": "off" });

  build() {
    const scrubbed = () => {
      this.stop();
      this.#show();
    };
    this.#range.addEventListener("input", scrubbed);
    this.#range.setAttribute("aria-label", localized(this, STRINGS).label);
    this.append(this.#range, this.#line);
  }

  start() {
    this.#show();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.#arrival = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.#play();
    });
    this.#arrival.observe(this);
  }

  stop() {
    this.#arrival?.disconnect();
    clearInterval(this.#clock);
  }

  #play() {
    this.stop(); // once on arrival
    this.#range.value = "0";
    this.#show();
    this.#clock = setInterval(() => {
      this.#range.stepUp();
      this.#show();
      if (this.#range.valueAsNumber === LAST) this.stop();
    }, BEAT);
  }

  #show() {
    const now = this.#range.valueAsNumber;
    const line = localized(this, STRINGS).lines[now];
    this.#line.value = line;
    this.#range.setAttribute("aria-valuetext", line);
    for (const part of this.parentElement?.querySelectorAll("[class^=step-]") ?? []) {
      const step = parseInt(part.classList[0].slice(5));
      part.classList.toggle("now", step === now);
      part.classList.toggle("later", step > now);
    }
  }
}

customElements.define("unrolled-network", UnrolledNetwork);
