// Loads a widget when its element comes near the screen.
//
// A plain script, because browsers load no modules from a folder: there the reader keeps the table
// or text that the widget would replace.
if (location.protocol !== "file:") {
  const NAMES = "shape-explorer,step-player,gradient-explorer,digit-states,digit-reader,letter-writer,unrolled-network";
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      const { localName } = target.querySelector(NAMES) ?? target;
      import(new URL(`${localName}.js`, here).href);
    }
  }, { rootMargin: "100%" });

  for (const element of document.querySelectorAll(NAMES)) near.observe(element.closest(".widget") ?? element);
}
