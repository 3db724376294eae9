/** The field for a room's code: one real input over boxes, so that paste, autofill and screen readers work as usual. */

import { useEffect, useRef } from "../../vendor/preact-hooks.js";
import { boxes, readCode } from "../model/codes.js";
import { html } from "./html.js";

/**
 * @param {{code: string, hint: string, bad: boolean, focus: boolean, id: string, change: (typed: import("../model/codes.js").Typed, pasted: boolean) => void}} props
 */
export function CodeField({ code, hint, bad, focus, id, change }) {
  /** @type {{current: HTMLInputElement | null}} */
  const input = useRef(null);
  useEffect(() => {
    if (focus) input.current?.focus();
  }, [focus]);
  const size = boxes(code);
  const typed = (/** @type {InputEvent & {currentTarget: HTMLInputElement}} */ event) => {
    const field = event.currentTarget;
    const read = readCode(field.value);
    field.value = read.code; // also when the code did not change and nothing is drawn again
    change(read, event.inputType === "insertFromPaste" || event.inputType === "insertFromDrop");
  };
  return html`<div class="field">
    <label for=${id}>Room code</label>
    <div class=${`code${size > 6 ? " code-long" : ""}`}>
      ${Array.from({ length: size }, (_, i) => html`<span key=${i} class=${boxClass(code, i, size)} aria-hidden="true">${code[i] ?? ""}</span>`)}
      <input ref=${input} class="code-input" id=${id} name="code" value=${code} onInput=${typed} autocomplete="off" autocapitalize="characters"
        autocorrect="off" spellcheck=${false} inputmode="text" enterkeyhint="go" aria-describedby=${`${id}-hint`} aria-invalid=${bad ? "true" : undefined} />
    </div>
    <p class=${bad ? "hint hint-bad" : "hint"} id=${`${id}-hint`} role="status">${hint || "6 letters and digits. Pasting a link works too."}</p>
  </div>`;
}

/**
 * @param {string} code
 * @param {number} i
 * @param {number} size
 */
function boxClass(code, i, size) {
  const next = i === code.length || (code.length === size && i === size - 1);
  return `code-box${next ? " is-next" : ""}${i < code.length ? " is-filled" : ""}`;
}
