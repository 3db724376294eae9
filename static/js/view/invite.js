/** How people get in: the code, the link and its QR code, and invitations that are good for so many, so long. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { spoken } from "../model/codes.js";
import { invitationLine, invitationTitle, told } from "../model/settings.js";
import { roomUrl } from "../net/api.js";
import { invitations, invite, lookAtInvitations, withdrawInvitation } from "../session/powers.js";
import { crowd, room } from "../session/owner.js";
import { now } from "../session/state.js";
import { Wrong } from "./fields.js";
import { CopyButton, Once } from "./once.js";
import { Dialog, html } from "./parts.js";

/** @typedef {import("../model/settings.js").Invitation} Invitation */

/** @param {{screen: import("../session/state.js").Watching}} props */
export function Invite({ screen }) {
  const [large, setLarge] = useState(false);
  const [writing, write] = useState(false);
  const code = room.value.code ?? screen.code;
  const url = room.value.join_url ?? (screen.link?.endsWith(`/${code}`) ? screen.link : roomUrl(code));
  return html`<section aria-labelledby="p-invite">
    <header><h3 id="p-invite">Invite</h3><button class="button button-bare end" type="button" aria-expanded=${writing} onClick=${() => write(!writing)}>New invitation</button></header>
    <div class="invite"><${Qr} text=${url} /><div>
      <p class=${code.length > 8 ? "code-text is-long" : "code-text"}>${code}</p>
      <p class="small quiet link-text">${url.replace(/^https?:\/\//, "")}</p>
      <p class="actions-row fill invite-do"><${CopyButton} text=${url} said="Link copied" label="Copy link" />
        <button class="button" type="button" onClick=${() => setLarge(true)}>Enlarge</button></p>
    </div></div>
    ${writing && html`<${Writing} roomId=${screen.roomId} done=${() => write(false)} />`}
    <${Invitations} roomId=${screen.roomId} />
    ${large && html`<${Dialog} title=${spoken(code)} wide=${true} close=${() => setLarge(false)}><${Qr} text=${url} /><p class="center mono link-text">${url}</p><//>`}
  </section>`;
}

/** How long an invitation is usually good: hours, and the words. */
/** @type {[number, string][]} */
const HOURS = [[1, "1 hour"], [24, "1 day"], [168, "7 days"], [720, "30 days"]];

/** @param {{roomId: string, done: () => void}} props */
function Writing({ roomId, done }) {
  const [wish, setWish] = useState({ uses: "1", hours: "24", user: "", note: "" });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {import("../model/words.js").Problem | null} */ (null));
  const [made, setMade] = useState(/** @type {{url: string, said: string} | null} */ (null));
  const typed = (/** @type {string} */ name) => (/** @type {any} */ event) => setWish({ ...wish, [name]: event.currentTarget.value });
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const { user, note } = wish;
    const uses = Number(wish.uses.trim() || NaN);
    const more = { ...(user.trim() ? { user_id: user.trim() } : {}), ...(note.trim() ? { note: note.trim() } : {}) };
    const outcome = await invite(roomId, { uses: Number.isInteger(uses) ? uses : 0, hours: Number(wish.hours), ...more });
    setBusy(false);
    setProblem(outcome.problem);
    if (outcome.problem === null) setMade({ url: outcome.url, said: `Link copied: ${invitationLine(outcome.invitation, Date.now())}` });
  };
  if (made) return html`<${Once} title="The invitation." text=${made.url} said=${made.said} done=${done} />`;
  const bad = (/** @type {string} */ name) => (problem?.field === name ? "true" : undefined);
  return html`<form class="setting-form" onSubmit=${submit} novalidate>
    <div class="two">
      <div class="field"><label for="inv-uses">For how many people</label>
        <input class="input" id="inv-uses" inputmode="numeric" value=${wish.uses} aria-invalid=${bad("uses")} onInput=${typed("uses")} /></div>
      <div class="field"><label for="inv-hours">Good for</label>
        <select class="input" id="inv-hours" value=${wish.hours} onChange=${typed("hours")}>${HOURS.map(([hours, words]) => html`<option key=${hours} value=${String(hours)} selected=${String(hours) === wish.hours}>${words}</option>`)}</select></div>
    </div>
    <div class="field"><label for="inv-user">Only for this user <span class="quiet">(optional)</span></label>
      <input class="input" id="inv-user" value=${wish.user} maxlength="64" autocomplete="off" spellcheck=${false} placeholder="whoever has the link" aria-invalid=${bad("user_id")} onInput=${typed("user")} /></div>
    <div class="field"><label for="inv-note">Note <span class="quiet">(only you see it)</span></label>
      <input class="input" id="inv-note" value=${wish.note} maxlength="64" autocomplete="off" aria-invalid=${bad("note")} onInput=${typed("note")} /></div>
    <${Wrong} error=${problem ? told(problem) : ""} />
    <p class="actions-row"><button class="button button-main" type="submit" aria-busy=${busy}>Make the link</button>
      <button class="button button-bare" type="button" onClick=${done}>Cancel</button></p>
  </form>`;
}

/** Milliseconds between two looks at what became of the invitations. */
const LOOK_MS = 10_000;

/** @param {{roomId: string}} props */
function Invitations({ roomId }) {
  const [error, setError] = useState("");
  const here = crowd.value;
  useEffect(() => {
    const look = () => {
      if (!document.hidden) void lookAtInvitations(roomId);
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
    // Somebody who came in may have used one.
  }, [roomId, here]);
  const list = invitations.value ?? [];
  if (!list.length) return null;
  const withdraw = async (/** @type {Invitation} */ one) => {
    const problem = await withdrawInvitation(roomId, one.id);
    setError(problem ? told(problem) : "");
  };
  return html`<ul class="invitations" aria-label="Invitations">${list.map((one) => html`<li key=${one.id}>
      <span class="name"><b>${invitationTitle(one)}</b><span class="small quiet">${invitationLine(one, now.value)}</span></span>
      ${one.status === "open" && html`<button class="button button-bare" type="button" onClick=${() => void withdraw(one)}>Withdraw<span class="unseen"> ${invitationTitle(one)}</span></button>`}
    </li>`)}</ul><${Wrong} error=${error} />`;
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
