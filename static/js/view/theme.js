/** Light or dark: the system's choice until the person makes one. */

import { signal } from "../../vendor/signals.js";
import { keepTheme } from "../net/storage.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

const system = matchMedia("(prefers-color-scheme: dark)");

/** Counts changes of theme: canvases read their colours again. */
export const themed = signal(0);

system.addEventListener("change", () => {
  themed.value += 1;
});

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  if (!chosen) return system.matches;
  return chosen === "dark" || chosen === "cyberpunk";
}

/** Changes to the other one, and keeps it. */
export function toggleTheme() {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  keepTheme(next);
  themed.value += 1;
}

export function ThemeButton() {
  return html`<button class="button button-bare button-icon" type="button" aria-label="Light or dark" title="Light or dark" onClick=${toggleTheme}><${Icon} name="theme" /></button>`;
}
