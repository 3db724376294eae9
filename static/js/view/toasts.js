/** Short messages that float for four seconds, and stay while the pointer is on them. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { dismiss, toasts } from "../session/state.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

const STAYS_MS = 4000;

export function Toasts() {
  return html`<div class="toasts" role="status">${toasts.value.map((toast) => html`<${Toast} key=${toast.id} toast=${toast} />`)}</div>`;
}

/** @param {{toast: import("../session/state.js").Toast}} props */
function Toast({ toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(() => dismiss(toast.id), STAYS_MS);
    return () => clearTimeout(timer);
  }, [held]);
  return html`<p class="toast" onMouseEnter=${() => setHeld(true)} onMouseLeave=${() => setHeld(false)}>
    <span class=${toast.tone}><${Icon} name=${toast.tone === "ok" ? "check" : "warn"} /></span><span>${toast.text}</span>
    <button class="button button-bare button-icon" type="button" aria-label="Dismiss" onClick=${() => dismiss(toast.id)}><${Icon} name="close" /></button>
  </p>`;
}
