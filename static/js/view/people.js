/** Who is in, what can be done about each of them, and who is blocked. For owner and moderators. */

import { useEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { told } from "../model/settings.js";
import { count } from "../model/numbers.js";
import { people, room, use } from "../session/owner.js";
import { link } from "../session/state.js";
import { html, Icon } from "./parts.js";

/** @typedef {import("../session/owner.js").Somebody} Somebody */
/** @typedef {import("../session/owner.js").Power} Power */

/** From so many people on one looks for a name; so many are shown at first. */
const SEEKING = 12;
const MANY = 60;

/** @param {{screen: import("../session/state.js").Watching}} props */
export function People({ screen }) {
  const { roomId, owner, person } = screen;
  const [open, setOpen] = useState("");
  /** @type {{current: HTMLHeadingElement | null}} */
  const title = useRef(null);
  const { here, blocked } = people.value;
  const [sought, seek] = useState("");
  const [all, showAll] = useState(false);
  const seats = room.value.max_spectators;
  const seated = here?.filter((one) => one.role === "spectator").length ?? 0;
  const gone = () => {
    setOpen("");
    title.current?.focus();
  };
  const found = (here ?? []).filter((one) => one.name.toLowerCase().includes(sought.trim().toLowerCase()));
  const rows = (all ? found : found.slice(0, MANY)).map((one) => html`<${Row} key=${one.id} roomId=${roomId} one=${one} owner=${owner} self=${one.id === person}
    open=${open === one.id} toggle=${() => setOpen(open === one.id ? "" : one.id)} gone=${gone} />`);
  return html`<section aria-labelledby="p-people">
    <header><h3 id="p-people" ref=${title} tabindex="-1">People</h3><span class="quiet">${here ? `${count(seated)}${seats ? ` of ${count(seats)} seats` : ""}` : ""}</span></header>
    ${(here?.length ?? 0) > SEEKING && html`<input class="input seek" type="search" placeholder="Find a person" aria-label="Find a person" value=${sought} onInput=${(/** @type {any} */ event) => seek(event.currentTarget.value)} />`}
    <table class="table people">
      <thead><tr><th scope="col"><span class="unseen">Name</span></th><th scope="col"><span class="unseen">Role</span></th><th scope="col"><span class="unseen">Behind</span></th><th scope="col"><span class="unseen">Options</span></th></tr></thead>
      <tbody>${owner && html`<tr><td>You</td><td class="role">owner</td><td class="lag number">${lag(link.value?.latency)}</td><td class="do"></td></tr>`}${rows}</tbody>
    </table>
    ${!all && found.length > MANY && html`<button class="button button-bare" type="button" onClick=${() => showAll(true)}>Show all ${count(found.length)}</button>`}
    ${here && here.length === 0 && html`<p class="small quiet">Nobody else is here yet.</p>`}
    ${blocked.length > 0 && html`<${Blocked} roomId=${roomId} blocked=${blocked} />`}
  </section>`;
}

/** @param {{roomId: string, one: Somebody, owner: boolean, self: boolean, open: boolean, toggle: () => void, gone: () => void}} props */
function Row({ roomId, one, owner, self, open, toggle, gone }) {
  // A moderator looks after spectators; only the owner after moderators.
  const mine = !self && (owner || one.role === "spectator");
  /** @type {{current: HTMLButtonElement | null}} */
  const opener = useRef(null);
  const close = () => {
    toggle();
    opener.current?.focus();
  };
  return html`<tr class=${open ? "is-open" : ""}><td title=${one.name}>${one.name}${self && html` <span class="quiet">(you)</span>`}</td>
      <td class="role">${one.role === "spectator" ? "" : one.role}</td><td class=${`lag number${(one.lag_ms ?? 0) > 1000 ? " warn" : ""}`}>${lag(one.lag_ms)}</td>
      <td class="do">${mine && html`<button ref=${opener} class="button button-bare button-icon" type="button" aria-label=${`Options for ${one.name}`} aria-expanded=${open} onClick=${toggle}><${Icon} name="more" /></button>`}</td></tr>
    ${open && mine && html`<tr class="doings-row"><td colspan="4"><${Doings} roomId=${roomId} one=${one} owner=${owner} close=${close} gone=${gone} /></td></tr>`}`;
}

/** What is asked before somebody has to go, and what the button says. */
/** @type {Partial<Record<Power, {ask: string, go: string}>>} */
const QUESTIONS = {
  kick: { ask: "leaves the room at once, and can ask again after a minute.", go: "Remove" },
  block: { ask: "leaves the room at once, and cannot come back until you unblock them.", go: "Block" },
};

/** @param {{roomId: string, one: Somebody, owner: boolean, close: () => void, gone: () => void}} props */
function Doings({ roomId, one, owner, close, gone }) {
  const [power, ask] = useState(/** @type {"kick" | "block" | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  /** @type {{current: HTMLDivElement | null}} */
  const box = useRef(null);
  useEffect(() => {
    box.current?.querySelector("button")?.focus();
  }, [power]);
  const act = async (/** @type {Power} */ which) => {
    setBusy(true);
    setError("");
    const problem = await use(roomId, which, one);
    setBusy(false);
    if (problem) return setError(told(problem));
    if (which === "kick" || which === "block") gone();
    else close();
  };
  const leaves = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") close();
  };
  const question = power && QUESTIONS[power];
  return html`<div ref=${box} class="doings" role="group" aria-label=${`Options for ${one.name}`} onKeyDown=${leaves}>
    ${question ? html`<p class="small"><b>${one.name}</b> ${question.ask}${power === "block" && !one.user_id && " For an hour, nobody new on their network comes in without an invitation."}</p>
      <p class="actions-row"><button class="button" type="button" onClick=${() => ask(null)}>Cancel</button>
        <button class="button button-danger" type="button" disabled=${busy} onClick=${() => power && void act(power)}>${question.go}<span class="unseen"> ${one.name}</span></button></p>`
      : html`<p class="actions-row wrap"><button class="button" type="button" onClick=${() => ask("kick")}>Remove</button>
        <button class="button" type="button" onClick=${() => ask("block")}>Block</button>
        ${owner && html`<button class="button" type="button" disabled=${busy} onClick=${() => void act(one.role === "moderator" ? "demote" : "promote")}>${one.role === "moderator" ? "Make spectator" : "Make moderator"}</button>`}</p>`}
    <p class="hint hint-bad" role="alert" hidden=${!error}>${error}</p>
  </div>`;
}

/** @param {{roomId: string, blocked: import("../session/owner.js").Shut[]}} props */
function Blocked({ roomId, blocked }) {
  const [busy, setBusy] = useState("");
  const [error, setError] = useState("");
  const free = async (/** @type {import("../session/owner.js").Shut} */ one) => {
    setBusy(one.id);
    const problem = await use(roomId, "unblock", one);
    setBusy("");
    setError(problem ? told(problem) : "");
  };
  return html`<div class="blocked"><h4 class="small quiet">Blocked</h4>
    <ul>${blocked.map((one) => html`<li key=${one.id}><span class="name" title=${one.name}>${one.name || one.user_id}</span>
      <button class="button button-bare" type="button" disabled=${busy === one.id} onClick=${() => void free(one)}>Unblock<span class="unseen"> ${one.name}</span></button></li>`)}</ul>
    <p class="hint hint-bad" role="alert" hidden=${!error}>${error}</p></div>`;
}

/** @param {number | null | undefined} ms */
function lag(ms) {
  if (ms === null || ms === undefined) return "";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
