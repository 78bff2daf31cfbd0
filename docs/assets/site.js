// Material puts each copy button into a <nav>. Dozens of unnamed landmarks help nobody who goes from
// landmark to landmark: they become plain boxes as they appear.
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      if (node.className === "md-code__nav") node.role = "none";
    }
  }
}).observe(document.body, { childList: true, subtree: true });
