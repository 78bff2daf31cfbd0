// Loads a widget where its element is on the page: now, and on each page that navigation.instant
// brings. An element that is defined already comes to life by itself.

const NAMES = ["shape-explorer", "step-player", "gradient-explorer", "../unrolled-network"];

const load = () => {
  for (const name of NAMES) {
    const tag = name.replace("../", "");
    if (document.querySelector(tag) && !customElements.get(tag)) import(`./${name}.js`);
  }
};

load();
// Material's stream of pages; from file:// it never emits.
if ("document$" in window) /** @type {any} */ (window).document$.subscribe(load);
