// The front page's scene: a slider through the steps of the figure next to it, whose parts have the
// class `step-t` (tools/figures/unrolled.py). Nothing is computed here.

import { html, Widget } from "./base.js";

const LAST = 5; // h_0, four steps, h_n
const BEAT = 800; // ms; a play of five seconds would need a pause

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
      this.#range.ariaLabel = this.words.scene[LAST + 1];
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
      this.#range.ariaValueText = this.#line.value = this.words.scene[now];
      for (const part of this.closest(".scene")?.querySelectorAll("[class^=step-]") ?? []) {
        const step = +part.classList[0].slice(5);
        part.classList.toggle("now", step === now);
        part.classList.toggle("later", step > now);
      }
    }
  },
);
