/** Settings that are changed in place: a switch, a choice, a number, a text. Each tells beside itself what went wrong. */

import { useEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { told } from "../model/settings.js";
import { html } from "./parts.js";

/** @typedef {import("../session/powers.js").Outcome} Outcome */

/**
 * A change on its way, and why it failed.
 * @returns {{busy: boolean, error: string, save: (doing: Promise<Outcome>) => Promise<Outcome>, clear: () => void}}
 */
export function useSaving() {
  const [state, set] = useState({ busy: false, error: "" });
  const save = async (/** @type {Promise<Outcome>} */ doing) => {
    set({ busy: true, error: "" });
    const outcome = await doing;
    set({ busy: false, error: outcome.problem ? told(outcome.problem) : "" });
    return outcome;
  };
  return { ...state, save, clear: () => set({ busy: false, error: "" }) };
}

/** @param {{error: string, id?: string}} props */
export function Wrong({ error, id }) {
  return html`<p class="hint hint-bad" role="alert" id=${id} hidden=${!error}>${error}</p>`;
}

/** @param {{label: string, on: boolean, hint?: string, save: (on: boolean) => Promise<Outcome>}} props */
export function Switch({ label, on, hint = "", save }) {
  const saving = useSaving();
  const [wanted, want] = useState(/** @type {boolean | null} */ (null));
  const change = async (/** @type {any} */ event) => {
    const box = event.currentTarget;
    want(box.checked);
    const outcome = await saving.save(save(box.checked));
    want(null);
    if (outcome.problem) box.checked = on;
  };
  return html`<div class="setting-box">
    <label class="setting"><span>${label}${hint && html`<span class="hint">${hint}</span>`}</span>
      <input class="switch" type="checkbox" role="switch" checked=${wanted ?? on} disabled=${saving.busy} onChange=${change} /></label>
    <${Wrong} error=${saving.error} />
  </div>`;
}

/**
 * @param {{name: string, label: string, value: string, options: [string, string, string][], save: (value: string) => Promise<Outcome>}} props
 */
export function Choice({ name, label, value, options, save }) {
  const saving = useSaving();
  const [wanted, want] = useState(/** @type {string | null} */ (null));
  const picks = useRef(0);
  const pick = async (/** @type {string} */ next) => {
    const pick = ++picks.current;
    want(next);
    await saving.save(save(next));
    if (pick === picks.current) want(null); // else something newer is wanted by now
  };
  const chosen = wanted ?? value;
  return html`<div class="setting-box" role="radiogroup" aria-labelledby=${`${name}-is`} aria-describedby=${`${name}-means`}>
    <div class="setting"><span id=${`${name}-is`}>${label}</span>
      <span class="segmented" aria-busy=${saving.busy}>${options.map(([option, word]) => html`<label key=${option}>
        <input type="radio" name=${name} value=${option} checked=${option === chosen} onChange=${() => void pick(option)} /><span>${word}</span></label>`)}</span></div>
    <p class="hint" id=${`${name}-means`}>${options.find(([option]) => option === chosen)?.[2] ?? ""}</p>
    <${Wrong} error=${saving.error} />
  </div>`;
}

/** Milliseconds after the last press until a number is saved. */
const PRESSES_MS = 600;

/** @param {{label: string, field: string, value: number, least: number, most: number, save: (value: number) => Promise<Outcome>}} props */
export function Stepper({ label, field, value, least, most, save }) {
  const saving = useSaving();
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  /** @type {{current: ReturnType<typeof setTimeout> | undefined}} */
  const timer = useRef(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const keep = async (/** @type {string} */ text) => {
    clearTimeout(timer.current);
    if (text.trim() === "" || Number(text) === value) {
      saving.clear();
      return setDraft(null);
    }
    // What is typed stays until the server has taken it: nothing is lost by a save that fails.
    const number = Number(text);
    const doing = Number.isInteger(number) ? save(number) : Promise.resolve({ problem: { code: "invalid_request", status: 0, field } });
    if (!(await saving.save(doing)).problem) setDraft(null);
  };
  const press = (/** @type {number} */ by) => {
    const next = String(Math.min(most, Math.max(least, (Number(draft ?? value) || least) + by)));
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void keep(next), PRESSES_MS);
  };
  return html`<div class="setting-box">
    <div class="setting"><label for=${`set-${label}`}>${label}</label>
      <span class="stepper">
        <button class="button button-icon" type="button" aria-label=${`Fewer ${label.toLowerCase()}`} onClick=${() => press(-1)}>−</button>
        <input id=${`set-${label}`} class="input number" inputmode="numeric" value=${draft ?? String(value)} aria-invalid=${saving.error ? "true" : undefined}
          onInput=${(/** @type {any} */ event) => setDraft(event.currentTarget.value)} onChange=${(/** @type {any} */ event) => void keep(event.currentTarget.value)} />
        <button class="button button-icon" type="button" aria-label=${`More ${label.toLowerCase()}`} onClick=${() => press(1)}>+</button>
      </span></div>
    <${Wrong} error=${saving.error} />
  </div>`;
}

/**
 * A text that is shown, and becomes a field when it is to be changed.
 * @param {{label: string, shown: any, start: string, hint?: string, mono?: boolean, most?: number, made?: () => string, button?: string,
 *   save: (text: string) => Promise<Outcome>}} props `made`: one of chance, put into the field
 */
export function TextSetting({ label, shown, start, hint = "", mono = false, most = 64, made, button = "Change", save }) {
  const saving = useSaving();
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  /** @type {{current: HTMLInputElement | null}} */
  const field = useRef(null);
  /** @type {{current: HTMLButtonElement | null}} */
  const opener = useRef(null);
  const opened = draft !== null;
  const before = useRef(opened);
  useEffect(() => {
    if (opened) field.current?.select();
    else if (before.current) opener.current?.focus();
    before.current = opened;
  }, [opened]);
  const close = () => {
    saving.clear();
    setDraft(null);
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (saving.busy || draft === null) return;
    if (!(await saving.save(save(draft))).problem) setDraft(null);
  };
  const id = `set-${label}`;
  if (!opened) {
    return html`<div class="setting"><span>${label}</span><span class="setting-value"><span class=${mono ? "mono" : "name"}>${shown}</span>
      <button ref=${opener} class="button" type="button" aria-label=${`${button} ${label.toLowerCase()}`} onClick=${() => setDraft(start)}>${button}</button></span></div>`;
  }
  return html`<form class="setting-form" onSubmit=${submit} onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Escape") close(); }} novalidate>
    <label for=${id}>${label}</label>
    <input ref=${field} id=${id} class=${mono ? "input mono" : "input"} value=${draft} maxlength=${most} autocomplete="off" spellcheck=${false}
      aria-describedby=${`${id}-hint`} aria-invalid=${saving.error ? "true" : undefined} onInput=${(/** @type {any} */ event) => setDraft(event.currentTarget.value)} />
    <p class=${saving.error ? "hint hint-bad" : "hint"} id=${`${id}-hint`} role="status">${saving.error || hint}</p>
    <p class="actions-row"><button class="button button-main" type="submit" aria-busy=${saving.busy}>Save</button>
      ${made && html`<button class="button" type="button" onClick=${() => setDraft(made())}>Make one up</button>`}
      <button class="button button-bare" type="button" onClick=${close}>Cancel</button></p>
  </form>`;
}
