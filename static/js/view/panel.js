/** The panel of owner and moderators: who asks, who is in; for the owner how to invite and what can be set. Fetched by them only. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { count } from "../model/numbers.js";
import { ago, exactTime, toMs } from "../model/times.js";
import { asksFirst } from "../model/words.js";
import { answerRequest, crowd, forgetPeople, letAllIn, lookAround, refreshRequests, refreshRoom, requests, room } from "../session/owner.js";
import { link, now } from "../session/state.js";
import { Invite } from "./invite.js";
import { html, Icon } from "./parts.js";
import { People } from "./people.js";
import { panelOpen } from "./room.js";
import { Settings } from "./settings.js";

/** Milliseconds between two looks at who is in, and at what no message tells. */
const LOOK_MS = 4000;

/** Up to so many people the list follows each who comes or goes; a crowd's is long, and looked at now and then. */
const FEW = 100;

/** @param {{screen: import("../session/state.js").Watching}} props */
export function Panel({ screen }) {
  const { roomId, owner } = screen;
  useLooks(roomId);
  const close = () => {
    panelOpen.value = false;
    document.getElementById("handle")?.focus();
  };
  return html`<aside class="panel" id="panel" aria-label="Your room" onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Escape" && event.target === event.currentTarget) close(); }}>
    <header class="panel-head"><h2>${owner ? "Your room" : "The room"}</h2><span class="badge">${owner ? "Only you see this" : "Moderators see this"}</span>
      <div class="end"><button class="button button-bare button-icon" type="button" aria-label="Close the panel" onClick=${close}><${Icon} name="close" /></button></div></header>
    <${Requests} roomId=${roomId} />
    <${People} screen=${screen} />
    ${owner && html`<${Invite} screen=${screen} /><${Settings} roomId=${roomId} />`}
  </aside>`;
}

/**
 * Keeps the lists of the panel true: a look each few seconds, and one as soon as somebody came or went.
 * @param {string} roomId
 */
function useLooks(roomId) {
  useEffect(() => {
    forgetPeople();
    const look = () => {
      if (document.hidden) return;
      void lookAround(roomId);
      void refreshRoom(roomId);
      if (link.value?.streaming) void refreshRequests(roomId);
    };
    const timer = setInterval(look, LOOK_MS);
    look();
    return () => clearInterval(timer);
  }, [roomId]);
  const here = crowd.value;
  const few = !(Number.parseInt(here, 10) > FEW);
  useEffect(() => {
    if (few) void lookAround(roomId);
  }, [roomId, few ? here : ""]);
}

/** @param {{roomId: string}} props */
function Requests({ roomId }) {
  const [busy, setBusy] = useState(/** @type {string[]} */ ([]));
  const { list, turnedAway } = requests.value;
  const answer = async (/** @type {import("../model/room.js").Request} */ request, /** @type {boolean} */ letIn) => {
    setBusy((before) => [...before, request.id]);
    await answerRequest(roomId, request, letIn);
    setBusy((before) => before.filter((id) => id !== request.id));
  };
  const all = list.length === 2 ? "Let both in" : "Let all in";
  return html`<section aria-labelledby="p-requests">
    <header><h3 id="p-requests">Requests</h3>${list.length > 0 && html`<span class="count">${list.length}</span>`}
      ${list.length > 1 && html`<button class="button button-bare end" type="button" onClick=${() => void letAllIn(roomId)}>${all}</button>`}</header>
    ${list.length === 0 && html`<p class="small quiet">${asksFirst(room.value) ? "Nobody is waiting." : "Nobody has to ask in this room."}</p>`}
    <ul class="requests">${list.map((request) => html`<li key=${request.id} class="request">
      <div><b title=${request.name}>${request.name}</b><${Asked} request=${request} /></div>
      <button class="button button-bare" type="button" disabled=${busy.includes(request.id)} onClick=${() => void answer(request, false)}>Deny<span class="unseen"> ${request.name}</span></button>
      <button class="button button-main" type="button" disabled=${busy.includes(request.id)} onClick=${() => void answer(request, true)}><span>Let<span class="unseen"> ${request.name}</span> in</span></button>
    </li>`)}</ul>
    <p class="unseen" role="status">${waitingWords(list.length)}</p>
    ${turnedAway > 0 && html`<p class="small warn turned-away"><${Icon} name="people" />${count(turnedAway)} ${turnedAway === 1 ? "person" : "people"} found the room full</p>`}
  </section>`;
}

/** @param {number} waiting */
function waitingWords(waiting) {
  if (!waiting) return "";
  return waiting === 1 ? "One person waits to be let in" : `${waiting} people wait to be let in`;
}

/** @param {{request: import("../model/room.js").Request}} props */
function Asked({ request }) {
  const at = toMs(request.requested_at);
  const who = request.user_id ? `signed in as ${request.user_id}` : "guest, asked";
  return html`<span class="small quiet">${who}${at === null ? "" : html`${request.user_id ? ", " : " "}<time title=${exactTime(at)}>${ago(at, now.value)}</time>`}</span>`;
}
