/** What an owner can change while people watch. Each change acts at once, and says beside itself what went wrong. */

import { useState } from "../../vendor/preact-hooks.js";
import { USUAL_LENGTH } from "../model/codes.js";
import { hoursUntil, LEVELS, localMinute, madeCode, madePassword, PRESENCE } from "../model/settings.js";
import { duration, exactTime, moment, toMs } from "../model/times.js";
import { ASKABLE } from "../model/words.js";
import { change, closeRoom, extend } from "../session/powers.js";
import { room as roomNow } from "../session/owner.js";
import { now, toast } from "../session/state.js";
import { picture } from "../session/watching.js";
import { Choice, Stepper, Switch, TextSetting, useSaving, Wrong } from "./fields.js";
import { Confirm, StartOver } from "./handover.js";
import { Once } from "./once.js";
import { html } from "./parts.js";

/** @typedef {import("../session/powers.js").Outcome} Outcome */

/** @param {{roomId: string}} props */
export function Settings({ roomId }) {
  const [password, setPassword] = useState("");
  const room = roomNow.value;
  const set = async (/** @type {Record<string, unknown>} */ fields) => {
    const outcome = await change(roomId, fields);
    if (outcome.password) setPassword(outcome.password);
    return outcome;
  };
  const askable = ASKABLE.has(room.access_level);
  return html`<section aria-labelledby="p-settings">
    <header><h3 id="p-settings">Settings</h3></header>
    <div class="settings">
      <${TextSetting} label="Name" shown=${room.name} start=${room.name ?? ""} save=${(/** @type {string} */ name) => set({ name })} />
      <${Choice} name="level" label="Who gets in" value=${room.access_level} options=${LEVELS} save=${(/** @type {string} */ level) => set({ access_level: level })} />
      ${room.access_level === "password" && html`<${TextSetting} key="password" label="Password" shown="••••••••" start="" mono=${true} most=${200} made=${chancePassword}
        hint="For who comes from now on. Who is in stays in." save=${(/** @type {string} */ text) => set({ password: text })} />`}
      ${password && room.access_level === "password" && html`<${Once} title="The new password." text=${password} said="Password copied" done=${() => setPassword("")} />`}
      <${Switch} label="Ask me before anybody enters" on=${Boolean(room.require_approval)} hint=${askable ? "" : "Here an invitation is the answer."} save=${(/** @type {boolean} */ on) => set({ require_approval: on })} />
      <${Stepper} label="Seats" field="max_spectators" value=${room.max_spectators ?? 0} least=${1} most=${10_000} save=${(/** @type {number} */ seats) => set({ max_spectators: seats })} />
      <${TextSetting} label="Code" shown=${room.code} start=${room.code ?? ""} mono=${true} most=${24} made=${chanceCode}
        hint="6 to 12 letters and digits. Who is in stays in; the old code opens nothing." save=${(/** @type {string} */ code) => set({ custom_code: code })} />
      <${Choice} name="presence" label="Others see" value=${room.presence ?? "count"} options=${PRESENCE} save=${(/** @type {string} */ presence) => set({ presence })} />
      ${room.access_level === "public" && html`<${Switch} label="Show on the first page" on=${Boolean(room.listed)} save=${(/** @type {boolean} */ listed) => set({ listed })} />`}
      <${Ends} roomId=${roomId} />
    </div>
    <${StartOver} roomId=${roomId} />
  </section>`;
}

function chanceCode() {
  return madeCode(crypto.getRandomValues(new Uint8Array(USUAL_LENGTH)));
}

function chancePassword() {
  return madePassword(crypto.getRandomValues(new Uint16Array(16)));
}

/** @param {{roomId: string}} props */
function Ends({ roomId }) {
  const [open, setOpen] = useState(false);
  const [asking, setAsking] = useState(false);
  const ends = toMs(roomNow.value.expires_at);
  const left = ends === null ? null : Math.max(0, (ends - now.value) / 1000);
  return html`<div class="setting-box">
    <div class="setting"><span>Ends ${ends !== null && left !== null && html`<span class="quiet" title=${exactTime(ends)}>in ${duration(left)}</span>`}</span>
      <span class="actions-row"><button class="button" type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>Extend</button>
        <button class="button button-bad" type="button" onClick=${() => setAsking(true)}>Close room</button></span></div>
    ${open && html`<${Longer} roomId=${roomId} ends=${ends} done=${() => setOpen(false)} />`}
    ${asking && html`<${ConfirmClose} roomId=${roomId} done=${() => setAsking(false)} />`}
  </div>`;
}

/** Hours by which a room is usually extended, and their words. */
/** @type {[number, string][]} */
const STEPS = [[1, "1 h"], [5, "5 h"], [24, "1 day"], [168, "7 days"]];

/** @param {{roomId: string, ends: number | null, done: () => void}} props */
function Longer({ roomId, ends, done }) {
  const saving = useSaving();
  const [at, setAt] = useState(() => localMinute(ends ?? Date.now()));
  const finish = async (/** @type {Promise<Outcome>} */ doing) => {
    if ((await saving.save(doing)).problem) return;
    const until = toMs(picture.room?.expires_at);
    toast(until === null ? "The end was changed" : `The room now ends at ${moment(until, Date.now())}`);
    done();
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const hours = hoursUntil(at, Date.now());
    const asked = Number.isFinite(hours) ? change(roomId, { session_duration_hours: hours }) : Promise.resolve(NO_TIME);
    void finish(asked);
  };
  return html`<form class="setting-form" onSubmit=${submit} novalidate>
    <div class="actions-row wrap" role="group" aria-label="Longer by">${STEPS.map(([hours, words]) => html`<button key=${hours} class="button" type="button" aria-label=${`Longer by ${words}`}
      onClick=${() => void finish(extend(roomId, hours))}>+ ${words}</button>`)}</div>
    <label for="set-ends">Or ends at</label>
    <div class="actions-row"><input id="set-ends" class="input" type="datetime-local" value=${at} aria-invalid=${saving.error ? "true" : undefined}
      onInput=${(/** @type {any} */ event) => setAt(event.currentTarget.value)} /><button class="button button-main" type="submit" aria-busy=${saving.busy}>Set</button></div>
    <${Wrong} error=${saving.error} />
  </form>`;
}

/** @type {Outcome} */
const NO_TIME = { problem: { code: "invalid_request", status: 0, field: "session_duration_hours" } };

/** @param {{roomId: string, done: () => void}} props */
function ConfirmClose({ roomId, done }) {
  const watching = picture.crowd.watching ?? 0;
  const who = watching > 1 ? `, ${watching} people are watching` : "";
  return html`<${Confirm} title="Close the room?" keep="Keep it open" go="Close for everybody" danger=${true} done=${done} act=${() => closeRoom(roomId)}>
    <p>It ends for everybody${who}. The code stops working; what was recorded is kept for seven days.</p><//>`;
}
