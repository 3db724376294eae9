/** Help: what the page can do, and its keys. */

import { signal } from "../../vendor/signals.js";
import { Dialog, html } from "./parts.js";

const shown = signal(false);

/** @param {boolean} open */
export function help(open) {
  shown.value = open;
}

export function toggleHelp() {
  shown.value = !shown.value;
}

export function Help() {
  if (!shown.value) return null;
  return html`<${Dialog} title="Help" close=${() => help(false)}>
    <p>A room shows a training run as it happens. Its code comes from the person who runs the training; some rooms ask for a password, or the owner lets you in.</p>
    <p>Point at a chart to read all charts at that moment. Smoothing shows the trend; the faint line behind it is what was logged.</p>
    <dl class="keys">
      <dt><kbd>/</kbd></dt><dd>Type a room code</dd>
      <dt><kbd>?</kbd></dt><dd>This help</dd>
      <dt><kbd>Esc</kbd></dt><dd>Close what is open</dd>
    </dl>
  <//>`;
}
