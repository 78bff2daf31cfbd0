// Renders the formulas that pymdownx.arithmatex (generic) leaves as \( … \) and \[ … \], with the
// vendored KaTeX. Runs after each page, also one that navigation.instant brought, and from file://.
(() => {
  const render = (root) => {
    for (const element of root.querySelectorAll(".arithmatex:not([data-rendered])")) {
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

  if (typeof document$ !== "undefined") document$.subscribe(() => render(document));
  else if (document.readyState === "loading")
    document.addEventListener("DOMContentLoaded", () => render(document));
  else render(document);
})();
