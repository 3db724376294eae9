// The address of the page changes as people come in; the icon's must not change with it.
for (const icon of document.querySelectorAll("link[rel=icon]")) icon.setAttribute("href", /** @type {HTMLLinkElement} */ (icon).href);

// Runs before the first paint, so that a chosen theme does not flash in the other one.
try {
  const chosen = JSON.parse(localStorage.getItem("spectator.theme") ?? "null");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is forbidden or holds something else: the system's theme it is.
}
