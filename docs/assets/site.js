// The link to the page in the other language leads to the section that the address names: headings
// have the same ids in all languages.
for (const link of document.querySelectorAll("a[hreflang]")) {
  const follow = () => { link.hash = location.hash; };
  link.addEventListener("click", follow);
  link.addEventListener("auxclick", follow);
}

// Material puts each copy button into a <nav>. Dozens of unnamed landmarks are in the way of readers who
// move by landmark: they become plain boxes as they appear. Their buttons keep a name when
// Material turns the title into a bubble.
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      if (node.className !== "md-code__nav") continue;
      node.role = "none";
      for (const button of node.querySelectorAll("button")) button.ariaLabel = button.title;
    }
  }
}).observe(document.body, { childList: true, subtree: true });
