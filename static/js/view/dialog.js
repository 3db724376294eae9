/** A dialog over the page: Escape and a press beside it close it, and the focus goes back where it was. */

import { useEffect, useRef } from "../../vendor/preact-hooks.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

/** @param {{title: string, close: () => void, children: any, wide?: boolean}} props */
export function Dialog({ title, close, children, wide = false }) {
  /** @type {{current: HTMLDialogElement | null}} */
  const box = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const pressed = (/** @type {MouseEvent} */ event) => {
    if (event.target === box.current) close();
  };
  return html`<dialog ref=${box} class=${wide ? "dialog dialog-wide" : "dialog"} aria-label=${title} onClose=${close} onClick=${pressed}>
    <div class="dialog-body">
      <header class="dialog-head"><h2>${title}</h2>
        <button class="button button-bare button-icon" type="button" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>
      ${children}
    </div>
  </dialog>`;
}
