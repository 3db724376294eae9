/** The owner's panel: who asks, who is in, how to invite, how long the room stays. Fetched by owners only. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { spoken } from "../model/codes.js";
import { count } from "../model/numbers.js";
import { ago, duration, exactTime, toMs } from "../model/times.js";
import { roomUrl } from "../net/api.js";
import { answerRequest, closeRoom, extend, letAllIn, people, refreshRequests, refreshRoom } from "../session/owner.js";
import { drawing, link, now, toast } from "../session/state.js";
import { picture } from "../session/watching.js";
import { Dialog, html, Icon } from "./parts.js";
import { panelOpen } from "./room.js";

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
    <${Invite} screen=${screen} />
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
      <button class="button button-bare" type="button" disabled=${busy.includes(request.id)} onClick=${() => void answer(request, false)}>Deny<span class="unseen"> ${request.name}</span></button>
      <button class="button button-main" type="button" disabled=${busy.includes(request.id)} onClick=${() => void answer(request, true)}><span>Let<span class="unseen"> ${request.name}</span> in</span></button>
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

/** @param {{screen: import("../session/state.js").Watching}} props */
export function Invite({ screen }) {
  void drawing.value;
  const [large, setLarge] = useState(false);
  const code = picture.room?.code ?? screen.code;
  const url = screen.link ?? picture.room?.join_url ?? roomUrl(code);
  const copy = async () => {
    if (await copied(url)) toast("Link copied");
    else toast("The browser does not allow copying: mark the link and copy it", "bad");
  };
  return html`<section aria-labelledby="p-invite">
    <header><h3 id="p-invite">Invite</h3></header>
    <div class="invite"><${Qr} text=${url} /><div>
      <p class="code-text">${code}</p>
      <p class="small quiet link-text">${url.replace(/^https?:\/\//, "")}</p>
      <p class="actions-row fill invite-do"><button class="button" type="button" onClick=${() => void copy()}><${Icon} name="copy" />Copy link</button>
        <button class="button" type="button" onClick=${() => setLarge(true)}>Enlarge</button></p>
    </div></div>
    ${large && html`<${Dialog} title=${spoken(code)} wide=${true} close=${() => setLarge(false)}><${Qr} text=${url} /><p class="center mono">${url}</p><//>`}
  </section>`;
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
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

/** @param {{text: string}} props */
function Qr({ text }) {
  const [code, setCode] = useState(/** @type {{size: number, path: string} | null} */ (null));
  useEffect(() => {
    let over = false;
    void import("../../vendor/uqr.js").then(({ encode }) => {
      if (over) return;
      const { data, size } = encode(text, { ecc: "M", border: 0 });
      setCode({ size, path: data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x},${y}h1v1h-1z` : ""))).join("") });
    });
    return () => {
      over = true;
    };
  }, [text]);
  const size = code?.size ?? 25;
  return html`<svg class="qr" viewBox=${`-4 -4 ${size + 8} ${size + 8}`} role="img" aria-label="QR code that opens this room" shape-rendering="crispEdges"><path d=${code?.path ?? ""} /></svg>`;
}
