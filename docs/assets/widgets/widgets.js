// Loads a widget where its element is on the page: now, and on each page that navigation.instant
// brings. An element that is defined already comes to life by itself.
//
// A plain script, which is all that a browser accepts from a folder: there no module loads, and the
// reader keeps what stands in the widget's place without scripts.
{
  const NAMES = ["shape-explorer", "step-player", "gradient-explorer"];
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;

  const load = () => {
    for (const name of NAMES) {
      const wanted = document.querySelector(name) && !customElements.get(name);
      if (wanted && location.protocol !== "file:") import(new URL(`${name}.js`, here).href);
    }
  };

  load();
  // Material's stream of pages; from file:// it never emits.
  if ("document$" in window) /** @type {any} */ (window).document$.subscribe(load);
}
