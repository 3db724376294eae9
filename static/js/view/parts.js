/** Small parts of every screen: icons, sparks, dialogs, toasts, the theme, help. All text goes in as text, never as markup. */

import htm from "../../vendor/htm.js";
import { useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { h } from "../../vendor/preact.js";
import { signal } from "../../vendor/signals.js";
import { sparkPath } from "../model/charts.js";
import { root } from "../net/api.js";
import { keepTheme } from "../net/storage.js";
import { dismiss, toast as say, toasts } from "../session/state.js";

/** @typedef {import("../../vendor/preact.js").VNode<any>} Node */

/** @type {(strings: TemplateStringsArray, ...values: any[]) => Node} */
export const html = /** @type {any} */ (htm).bind(h);

const PATHS = {
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM10 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z",
  up: "M8 13V3M3.5 7.5 8 3l4.5 4.5",
  down: "M8 3v10M3.5 8.5 8 13l4.5-4.5",
  left: "M13 8H3M7.5 3.5 3 8l4.5 4.5",
  right: "M3 8h10M8.5 3.5 13 8l-4.5 4.5",
  theme: "M13.5 8a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0Z",
  help: "M5.8 6a2.2 2.2 0 1 1 3.3 1.9c-.7.4-1.1.9-1.1 1.6M8 12.2h.01",
  close: "m4 4 8 8M12 4l-8 8",
  check: "m3 8.5 3.5 3.5L13 4.5",
  copy: "M7 5.5h5A1.5 1.5 0 0 1 13.5 7v5a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 12V7A1.5 1.5 0 0 1 7 5.5ZM10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5",
  warn: "M8 2.5 14 13H2ZM8 6.5v3M8 11.3h.01",
  clock: "M13.5 8a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0ZM8 5v3l2 1.5",
  plug: "m2.5 2.5 11 11M5 9.8a4 4 0 0 1 2.2-1.3M11 9.8l-.5-.4M2.8 7.2a8 8 0 0 1 2.4-1.6M13.2 7.2A8 8 0 0 0 7.6 5M8 12.2h.01",
  people: "M8.5 5.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM1.5 13c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3.3a2.5 2.5 0 0 1 0 4.4M12.5 9.6c1.3.6 2 1.8 2 3.4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  leave: "M6.5 2.5h-3a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3M10 5l3 3-3 3M13 8H6",
  lock: "M4.5 7V5.5a3.5 3.5 0 0 1 7 0V7M4 7h8a1 1 0 0 1 1 1v4.5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1Z",
  search: "M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0ZM10.3 10.3l3.2 3.2",
  flag: "M4 14V2.5M4 3h8l-2 2.5L12 8H4",
  note: "M3.5 4.5h9M3.5 8h9M3.5 11.5h5.5",
};

/** Parts of icons that are filled. */
/** @type {Partial<Record<keyof typeof PATHS, string>>} */
const FILLED = { theme: "M8 2.5v11a5.5 5.5 0 0 0 0-11Z" };

/** @typedef {keyof typeof PATHS} IconName */

/** @param {{name: IconName}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} />${FILLED[name] && html`<path d=${FILLED[name]} fill="currentColor" />`}</svg>`;
}

/** @param {{values: number[], colour: number}} props */
export function Spark({ values, colour }) {
  if (!values.length) return html`<span class="spark"></span>`;
  const { line, area, y } = sparkPath(values);
  return html`<span class="spark" style=${{ "--c": `var(--series-${colour})` }} aria-hidden="true">
    <svg viewBox="0 0 1000 100" preserveAspectRatio="none"><path class="area" d=${area} /><path class="line" d=${line} /></svg>
    <i class="last" style=${{ "--y": `${y}%` }}></i></span>`;
}

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

/** @param {{title: string, close: () => void, children: any, wide?: boolean}} props */
export function Dialog({ title, close, children, wide = false }) {
  /** @type {{current: HTMLDialogElement | null}} */
  const box = useRef(null);
  // Modal in the turn in which it is drawn: a key pressed right after it was asked for is the dialog's.
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    const first = box.current?.querySelector("[data-first]");
    if (first instanceof HTMLElement) first.focus();
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

/**
 * A part that is fetched when it is first shown.
 * @param {() => Promise<(props: any) => Node | null>} load
 * @returns {(props: any) => Node | null}
 */
export function later(load) {
  /** @type {((props: any) => Node | null) | null} */
  let part = null;
  return function Later(props) {
    const [, shown] = useState(0);
    useEffect(() => {
      if (part) return;
      load().then((loaded) => {
        part = loaded;
        shown(1);
      }, () => say("A part of the page could not be fetched. Load the page again.", "bad"));
    }, []);
    return part ? html`<${part} ...${props} />` : null;
  };
}

/**
 * Rules that only some people need; fetched once.
 * @param {string} name of a file below css/
 * @returns {Promise<void>}
 */
export function stylesheet(name) {
  const href = new URL(`static/css/${name}.css`, root).href;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((done, failed) => {
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    sheet.onload = () => done();
    sheet.onerror = () => failed(new Error(`no ${name}.css`));
    document.head.append(sheet);
  });
}

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
