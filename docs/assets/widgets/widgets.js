// Loads a widget where its element is on the page: now, and on each page that navigation.instant
// brings. An element that is defined already comes to life by itself.
//
// A plain script, which is all that a browser accepts from a folder: there no module loads, and the
// reader keeps what stands in the widget's place without scripts.
{
  const NAMES = ["shape-explorer", "step-player", "gradient-explorer", "../unrolled-network"];
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;

  const load = () => {
    for (const name of NAMES) {
      const tag = name.replace("../", "");
      const wanted = document.querySelector(tag) && !customElements.get(tag);
      if (wanted && location.protocol !== "file:") import(new URL(`${name}.js`, here).href);
    }
  };

  load();
  // Material's stream of pages; from file:// it never emits.
  if ("document$" in window) /** @type {any} */ (window).document$.subscribe(load);
}
