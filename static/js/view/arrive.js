/** The first screen: a field for the code, and the public rooms that are listed. */

import { useEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { boxes, isLetterHint, isWhole, readCode } from "../model/codes.js";
import { count } from "../model/numbers.js";
import { sentence } from "../model/words.js";
import { call, roomUrl } from "../net/api.js";
import { open } from "../session/entering.js";
import { find } from "../session/steps.js";
import { help, html, Icon, toggleTheme } from "./parts.js";

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
      <input ref=${input} class="code-input" id=${id} name="code" value=${code} onInput=${typed} data-first autocomplete="off" autocapitalize="characters"
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

/** Milliseconds between two looks at the listed rooms. */
const LOOK_MS = 10_000;

/** @param {{screen: import("../session/state.js").Arrive}} props */
export function Arrive({ screen }) {
  return html`<${Entry}>
    <header class="entry-title"><h1>spectator</h1><p class="quiet">Watch training as it happens</p></header>
    ${screen.note && html`<p class="note-line card" role="status">${screen.note}</p>`}
    <${CodeForm} screen=${screen} id="code" />
    <${Lobby} />
  <//>`;
}

/** @param {{screen: import("../session/state.js").Arrive, id: string, done?: () => void}} props */
export function CodeForm({ screen, id, done }) {
  const [code, setCode] = useState(screen.code);
  const [hint, setHint] = useState("");
  const [touched, setTouched] = useState(false);
  useEffect(() => {
    setCode(screen.code);
    setHint(screen.problem ? sentence(screen.problem) : "");
    setTouched(false);
  }, [screen.code, screen.problem]);
  const go = (/** @type {string} */ value, fragment = "") => {
    done?.();
    if (fragment || done) return void open(value, true, fragment);
    return void find(value, true);
  };
  const change = (/** @type {import("../model/codes.js").Typed} */ typed, /** @type {boolean} */ pasted) => {
    setCode(typed.code);
    // What was left out of a code is missing in it: the hint stays until the code is whole, or begun anew.
    setHint((before) => typed.hint || (typed.code && !isWhole(typed.code) && isLetterHint(before) ? before : ""));
    setTouched(true);
    if (pasted && isWhole(typed.code) && !typed.hint) go(typed.code, typed.fragment);
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isWhole(code)) return go(code);
    setTouched(true);
    setHint(code ? "A code has at least 6 letters and digits." : "Type the code of the room.");
  };
  const bad = Boolean(hint) && (touched || Boolean(screen.problem));
  return html`<form class="entry-card card" onSubmit=${submit} novalidate>
    <${CodeField} id=${id} code=${code} hint=${hint} bad=${bad} focus=${!matchMedia("(pointer: coarse)").matches} change=${change} />
    <button class="button button-main button-large" type="submit" aria-busy=${screen.busy}>${screen.busy ? "Looking" : "Continue"}</button>
  </form>`;
}

function Lobby() {
  const [rooms, setRooms] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    const stop = new AbortController();
    const look = async () => {
      if (document.hidden) return;
      const answer = await call("GET", "lobby", { signal: stop.signal });
      if (answer.ok && !stop.signal.aborted) setRooms(answer.body.rooms ?? []);
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, []);
  if (!rooms.length) return null;
  return html`<section class="lobby" aria-labelledby="lobby-title">
    <h2 id="lobby-title">Public rooms</h2>
    <ul>${rooms.map((room) => html`<li key=${room.code}><${Listed} room=${room} /></li>`)}</ul>
  </section>`;
}

/** @type {Record<string, [string, string]>} */
const RUNS = {
  active: ["ok", "live"],
  stalled: ["warn", "no news from the training"],
  crashed: ["warn", "no news from the training"],
  failed: ["bad", "failed"],
  finished: ["quiet", "finished"],
};

/** @param {{room: any}} props */
function Listed({ room }) {
  const [tone, words] = RUNS[room.run?.status] ?? ["quiet", "open"];
  const enter = (/** @type {MouseEvent} */ event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab or window, as with any link
    event.preventDefault();
    void open(room.code, true);
  };
  const watching = room.current_spectators;
  return html`<a href=${roomUrl(room.code)} onClick=${enter}>
    <i class=${`dot ${tone}`} aria-hidden="true"></i>
    <span class="listed"><span class="name">${room.name}</span><span class="small quiet">${words}</span></span>
    <span class="seen" aria-label=${`${watching} watching`}><${Icon} name="eye" />${count(watching)}</span>
  </a>`;
}
