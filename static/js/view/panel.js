/** The owner's panel: who asks, who is in, how to invite, how long the room stays. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { count } from "../model/numbers.js";
import { ago, duration, exactTime, toMs } from "../model/times.js";
import { answerRequest, closeRoom, extend, letAllIn, people, refreshRequests, refreshRoom } from "../session/owner.js";
import { drawing, now } from "../session/painter.js";
import { link } from "../session/state.js";
import { picture } from "../session/watching.js";
import { Dialog } from "./dialog.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { Invite } from "./invite.js";
import { panelOpen } from "./status.js";

/** Milliseconds between two looks at who is in, and at what no message tells. */
const LOOK_MS = 4000;

/** @param {{screen: import("../session/state.js").Watching}} props */
export function Panel({ screen }) {
  const { roomId } = screen;
  const close = () => (panelOpen.value = false);
  return html`<aside class="panel" id="panel" aria-label="Your room">
    <header class="panel-head"><h2>Your room</h2><span class="badge">Only you see this</span>
      <div class="end"><button class="button button-bare button-icon" type="button" aria-label="Close the panel" onClick=${close}><${Icon} name="close" /></button></div></header>
    <${Requests} roomId=${roomId} />
    <${People} roomId=${roomId} />
    <${Invite} code=${screen.code} />
    <${Settings} roomId=${roomId} />
  </aside>`;
}

/** @param {{roomId: string}} props */
function Requests({ roomId }) {
  void drawing.value;
  const [busy, setBusy] = useState(/** @type {string[]} */ ([]));
  const { list, turnedAway } = picture.requests;
  const answer = async (/** @type {import("../model/room.js").Request} */ request, /** @type {boolean} */ letIn) => {
    setBusy((before) => [...before, request.id]);
    await answerRequest(roomId, request, letIn);
    setBusy((before) => before.filter((id) => id !== request.id));
  };
  const all = list.length === 2 ? "Let both in" : "Let all in";
  return html`<section aria-labelledby="p-requests">
    <header><h3 id="p-requests">Requests</h3>${list.length > 0 && html`<span class="count">${list.length}</span>`}
      ${list.length > 1 && html`<button class="button button-bare end" type="button" onClick=${() => void letAllIn(roomId)}>${all}</button>`}</header>
    ${list.length === 0 && html`<p class="small quiet">${picture.room?.require_approval ? "Nobody is waiting." : "Nobody has to ask in this room."}</p>`}
    <ul class="requests">${list.map((request) => html`<li key=${request.id} class="request">
      <div><b>${request.name}</b><${Asked} request=${request} /></div>
      <button class="button button-bare" type="button" disabled=${busy.includes(request.id)} aria-label=${`Deny ${request.name}`} onClick=${() => void answer(request, false)}>Deny</button>
      <button class="button button-main" type="button" disabled=${busy.includes(request.id)} aria-label=${`Let ${request.name} in`} onClick=${() => void answer(request, true)}>Let in</button>
    </li>`)}</ul>
    ${turnedAway > 0 && html`<p class="small warn turned-away"><${Icon} name="people" />${count(turnedAway)} ${turnedAway === 1 ? "person" : "people"} found the room full</p>`}
  </section>`;
}

/** @param {{request: import("../model/room.js").Request}} props */
function Asked({ request }) {
  const at = toMs(request.requested_at);
  const who = request.user_id ? `signed in as ${request.user_id}` : "guest, asked";
  return html`<span class="small quiet">${who}${at === null ? "" : html`${request.user_id ? ", " : " "}<time title=${exactTime(at)}>${ago(at, now.value)}</time>`}</span>`;
}

/** @param {{roomId: string}} props */
function People({ roomId }) {
  const [list, setList] = useState(/** @type {Awaited<ReturnType<typeof people>>} */ (null));
  useEffect(() => {
    let over = false;
    const look = async () => {
      if (document.hidden) return;
      const found = await people(roomId);
      if (!over && found) setList(found);
      void refreshRoom(roomId);
      if (link.value?.streaming) void refreshRequests(roomId);
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [roomId]);
  const seats = picture.room?.max_spectators;
  return html`<section aria-labelledby="p-people">
    <header><h3 id="p-people">People</h3><span class="quiet">${list ? `${count(list.length)}${seats ? ` of ${count(seats)} seats` : ""}` : ""}</span></header>
    ${list && list.length === 0 && html`<p class="small quiet">Nobody else is here yet.</p>`}
    ${list && list.length > 0 && html`<table class="table people">
      <thead><tr><th scope="col"><span class="unseen">Name</span></th><th scope="col"><span class="unseen">Role</span></th><th scope="col"><span class="unseen">Behind</span></th></tr></thead>
      <tbody>${list.map((person) => html`<tr key=${person.id}><td title=${person.name}>${person.name}</td>
        <td class="role">${person.role === "spectator" ? "" : person.role}</td><td class=${`lag number${(person.lag_ms ?? 0) > 1000 ? " warn" : ""}`}>${lag(person.lag_ms)}</td></tr>`)}</tbody>
    </table>`}
  </section>`;
}

/** @param {number | null | undefined} ms */
function lag(ms) {
  if (ms === null || ms === undefined) return "";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** @type {Record<string, string>} */
const LEVELS = { public: "Anybody with the code", password: "With the password", invite_only: "Invited people", private: "Nobody but who you name" };

/** @param {{roomId: string}} props */
function Settings({ roomId }) {
  void drawing.value;
  const [asking, setAsking] = useState(false);
  const room = picture.room ?? {};
  const ends = toMs(room.expires_at);
  return html`<section aria-labelledby="p-settings">
    <header><h3 id="p-settings">Settings</h3></header>
    <dl class="settings">
      <div class="setting"><dt>Who gets in</dt><dd>${LEVELS[room.access_level] ?? "–"}</dd></div>
      <div class="setting"><dt>Ask me before anybody enters</dt><dd>${room.require_approval ? "Yes" : "No"}</dd></div>
      <div class="setting"><dt>Seats</dt><dd>${count(room.max_spectators)}</dd></div>
      <div class="setting"><dt>Ends ${ends !== null && html`<span class="quiet" title=${exactTime(ends)}>in ${duration(Math.max(0, (ends - now.value) / 1000))}</span>`}</dt>
        <dd class="actions-row"><button class="button" type="button" title="24 hours longer" onClick=${() => void extend(roomId, 24)}>Extend</button>
          <button class="button button-bad" type="button" onClick=${() => setAsking(true)}>Close room</button></dd></div>
    </dl>
    ${asking && html`<${ConfirmClose} roomId=${roomId} done=${() => setAsking(false)} />`}
  </section>`;
}

/** @param {{roomId: string, done: () => void}} props */
function ConfirmClose({ roomId, done }) {
  const watching = picture.crowd.watching ?? 0;
  const close = () => {
    done();
    void closeRoom(roomId);
  };
  return html`<${Dialog} title="Close the room?" close=${done}>
    <p>It ends for everybody${watching > 1 ? `, ${count(watching)} people are watching` : ""}. The code stops working; what was recorded is kept for seven days.</p>
    <p class="actions-row end"><button class="button" type="button" onClick=${done}>Keep it open</button>
      <button class="button button-danger" type="button" onClick=${close}>Close for everybody</button></p>
  <//>`;
}
