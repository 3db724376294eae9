/** The frame of the screens before the room. */

import { html } from "./html.js";
import { help } from "./help.js";
import { toggleTheme } from "./theme.js";

/** @param {{children: any}} props */
export function Entry({ children }) {
  return html`<div class="entry">
    <main class="entry-main">${children}</main>
    <footer class="entry-foot">
      <span>Your own room: <code class="mono">pip install "spectator-rooms[local]"</code></span>
      <button class="link-button" type="button" onClick=${() => help(true)}>Help</button>
      <button class="link-button" type="button" onClick=${toggleTheme}>Theme</button>
    </footer>
  </div>`;
}
