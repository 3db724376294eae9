/** What ends something for somebody, each after a question: a new code, password or key for all, a new owner. */

import { useState } from "../../vendor/preact-hooks.js";
import { rotate, transfer } from "../session/powers.js";
import { toast } from "../session/state.js";
import { picture } from "../session/watching.js";
import { useSaving, Wrong } from "./fields.js";
import { Once } from "./once.js";
import { Dialog, html } from "./parts.js";

/** @typedef {import("../session/powers.js").Outcome} Outcome */

/**
 * A question before something that cannot be taken back.
 * @param {{title: string, keep?: string, go: string, danger?: boolean, done: () => void, act: () => Promise<Outcome>, after?: (outcome: Outcome) => boolean, children: any}} props
 *   `after`: what follows; true keeps the question open
 */
export function Confirm({ title, keep = "Cancel", go, danger = false, done, act, after, children }) {
  const saving = useSaving();
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (saving.busy) return;
    const outcome = await saving.save(act());
    if (!outcome.problem && !after?.(outcome)) done();
  };
  return html`<${Dialog} title=${title} close=${done}>
    <form class="confirm" onSubmit=${submit} novalidate>${children}
      <${Wrong} error=${saving.error} />
      <p class="actions-row end"><button class="button" type="button" onClick=${done}>${keep}</button>
        <button class=${danger ? "button button-danger" : "button button-main"} type="submit" aria-busy=${saving.busy}>${go}</button></p>
    </form>
  <//>`;
}

/** @typedef {"code" | "password" | "key" | "owner"} Question */

/** @type {[Question, string, string][]} */
const DOINGS = [
  ["code", "New code for everybody", "All spectators leave, and come in again with a new code."],
  ["password", "New password for everybody", "All spectators leave, and come in again with a new password."],
  ["key", "New owner key", "The key of this room ends everywhere but here."],
  ["owner", "Give the room away", "Somebody else becomes the owner."],
];

/** @param {{roomId: string}} props */
export function StartOver({ roomId }) {
  const [open, setOpen] = useState(false);
  const [question, ask] = useState(/** @type {Question | null} */ (null));
  const done = () => ask(null);
  return html`<div class="start-over">
    <button class="button button-bare" type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>Start over or give away</button>
    ${open && html`<ul>${DOINGS.map(([what, title, text]) => html`<li key=${what}>
      <button class="doing" type="button" onClick=${() => ask(what)}><span>${title}</span><span class="small quiet">${text}</span></button></li>`)}</ul>`}
    ${question === "owner" && html`<${GiveAway} roomId=${roomId} done=${done} />`}
    ${question && question !== "owner" && html`<${Rotate} key=${question} roomId=${roomId} what=${question} done=${done} />`}
  </div>`;
}

/** @type {Record<"code" | "password" | "key", {title: string, text: string, go: string}>} */
const ROTATIONS = {
  code: { title: "A new code for everybody?", go: "Ask everybody in again", text: "All spectators leave at once, and only the new code lets them in again. Moderators stay, and who waits goes on waiting." },
  password: { title: "A new password for everybody?", go: "Ask everybody in again", text: "All spectators leave at once, and need the new password to come in again. It is made up for you and shown once. Moderators stay." },
  key: { title: "A new owner key?", go: "New owner key", text: "The old key stops working everywhere at once: in other browsers, in scripts that hold it, in links that were not opened yet. This page goes on with the new one." },
};

/** @param {{roomId: string, what: "code" | "password" | "key", done: () => void}} props */
function Rotate({ roomId, what, done }) {
  const [password, setPassword] = useState("");
  const { title, text, go } = ROTATIONS[what];
  const after = (/** @type {Outcome} */ outcome) => {
    if (outcome.password) setPassword(outcome.password);
    else toast(what === "code" ? `The new code is ${picture.room?.code}` : "This page has the new key");
    return Boolean(outcome.password);
  };
  if (password) return html`<${Dialog} title="Everybody is asked to come in again" close=${done}><${Once} title="The new password." text=${password} said="Password copied" done=${done} /><//>`;
  return html`<${Confirm} title=${title} go=${go} danger=${what !== "key"} done=${done} act=${() => rotate(roomId, what)} after=${after}><p>${text}</p><//>`;
}

/** @param {{roomId: string, done: () => void}} props */
function GiveAway({ roomId, done }) {
  const [user, setUser] = useState("");
  return html`<${Confirm} title="Give the room away?" go="Give it away" danger=${true} done=${done} act=${() => transfer(roomId, user.trim())}>
    <p>The new owner gets in with their own identity. Your key ends at once: you can come back as a spectator only.</p>
    <div class="field"><label for="new-owner">User id of the new owner</label>
      <input class="input" id="new-owner" data-first value=${user} maxlength="64" autocomplete="off" spellcheck=${false} aria-describedby="new-owner-hint" onInput=${(/** @type {any} */ event) => setUser(event.currentTarget.value)} />
      <p class="hint" id="new-owner-hint">As your own system names the person.</p></div><//>`;
}
