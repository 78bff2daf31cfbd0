// Loads a widget when its element comes near the screen: now, and on each page that
// navigation.instant brings. An element that is defined already comes to life by itself.
//
// A plain script, which is all that a browser accepts from a folder: there no module loads, and the
// reader keeps what stands in the widget's place without scripts.
{
  const NAMES = "shape-explorer,step-player,gradient-explorer,unrolled-network";
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      const name = (target.querySelector(NAMES) ?? target).localName;
      import(new URL(`${name}.js`, here).href);
    }
  }, { rootMargin: "100%" });

  // The frame, which has a size: a widget that is still to come has none.
  const watch = () => {
    for (const element of document.querySelectorAll(NAMES)) near.observe(element.closest(".widget") ?? element);
  };

  if (location.protocol !== "file:") watch();
  // Material's stream of pages; from file:// it never emits.
  if ("document$" in window) /** @type {any} */ (window).document$.subscribe(watch);
}
