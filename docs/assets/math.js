// Renders the formulas that pymdownx.arithmatex (generic) leaves as \( … \) and \[ … \], with the
// vendored KaTeX: now (this script stands behind the content), and again for each page that
// navigation.instant brings. From file:// Material's document$ never emits.
(() => {
  // A comma stays on the line of its formula: browsers may break behind KaTeX's boxes.
  const keepWith = (formula, behind) => {
    const close = behind instanceof Text ? behind.data.match(/^[,.;:!?)]*/)[0] : "";
    const last = [...formula.querySelectorAll(".katex-html > .katex-base")].pop();
    if (!close || !last) return;
    behind.data = behind.data.slice(close.length);
    last.append(Object.assign(document.createElement("span"), { className: "behind", textContent: close }));
  };

  const render = () => {
    for (const element of document.querySelectorAll(".arithmatex:not([data-rendered])")) {
      const source = element.textContent.trim();
      const displayMode = source.startsWith("\\[");
      const tex = source.replace(/^\\[([]/, "").replace(/\\[)\]]$/, "").trim();
      element.dataset.rendered = "";
      try {
        katex.render(tex, element, { displayMode, throwOnError: true });
      } catch (error) {
        console.error(`Formula: ${tex}\n${error.message}`);
        katex.render(tex, element, { displayMode, throwOnError: false }); // shown in red
      }
      if (!displayMode) keepWith(element, element.nextSibling);
    }
  };

  render();
  if (typeof document$ !== "undefined") document$.subscribe(render);
})();
