// Renders the formulas that pymdownx.arithmatex (generic) leaves as \( … \) and \[ … \], with the
// vendored KaTeX: now (this script stands behind the content), and again for each page that
// navigation.instant brings. From file:// Material's document$ never emits.
(() => {
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
    }
  };

  render();
  if (typeof document$ !== "undefined") document$.subscribe(render);
})();
