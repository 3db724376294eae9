/** Copying, and things that are shown once. */

import { useEffect, useRef } from "../../vendor/preact-hooks.js";
import { toast } from "../session/state.js";
import { html, Icon } from "./parts.js";

/**
 * Copies, and says whether it worked.
 * @param {string} text
 * @param {string} said what is said then, for example "Link copied"
 */
export async function copy(text, said) {
  if (await copied(text)) toast(said);
  else toast("The browser does not allow copying: mark the text and copy it", "bad");
}

/**
 * The clipboard's new way works on https and loopback only; over a plain network address the old one does.
 * @param {string} text
 */
async function copied(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // refused by the browser: the old way may still do
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  // Inside a dialog only the dialog can hold the focus, and so the selection.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

/** @param {{text: string, said: string, label?: string, main?: boolean}} props */
export function CopyButton({ text, said, label = "Copy", main = false }) {
  return html`<button class=${main ? "button button-main" : "button"} type="button" onClick=${() => void copy(text, said)}><${Icon} name="copy" />${label}</button>`;
}

/**
 * Something that the server tells once: it stays until it is put away.
 * @param {{title: string, text: string, said: string, done: () => void}} props
 */
export function Once({ title, text, said, done }) {
  /** @type {{current: HTMLDivElement | null}} */
  const box = useRef(null);
  useEffect(() => {
    box.current?.scrollIntoView({ block: "nearest" });
    box.current?.querySelector("button")?.focus();
  }, [text]);
  return html`<div ref=${box} class="once" role="group" aria-label=${title}>
    <p class="small"><b>${title}</b> <span class="quiet">It is shown only now.</span></p>
    <p class="once-text mono">${text}</p>
    <p class="actions-row fill"><${CopyButton} text=${text} said=${said} main=${true} /><button class="button" type="button" onClick=${done}>Done</button></p>
  </div>`;
}
