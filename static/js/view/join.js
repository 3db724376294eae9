/** Between the code and the room: the card that asks who you are, waiting for the owner, and being refused. */

import { useEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { spoken } from "../model/codes.js";
import { ago, duration, exactTime } from "../model/times.js";
import { asksFirst, PASSWORD_CODES, sentence, waitWords, wordsFor } from "../model/words.js";
import { identity, keepIdentity, personName } from "../net/storage.js";
import { anotherCode, join, withdraw } from "../session/entering.js";
import { link, now } from "../session/state.js";
import { Entry } from "./arrive.js";
import { html, Icon, ThemeButton } from "./parts.js";

/** @param {{screen: import("../session/state.js").Join}} props */
export function JoinCard({ screen }) {
  const { problem, busy, note } = screen;
  const room = screen.room ?? {};
  const [name, setName] = useState(personName);
  const [guest, setGuest] = useState(() => !identity());
  const [password, setPassword] = useState("");
  const asks = Boolean(room.has_password ?? room.access_level === "password");
  const wrong = problem && PASSWORD_CODES.has(problem.code) && (password !== "" || problem.code === "wrong_password");
  const told = problem && !wrong && !(PASSWORD_CODES.has(problem.code) && asks) ? sentence(problem) : "";
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!busy) void join(name.trim() || "Guest", password);
  };
  const asGuest = () => {
    keepIdentity("");
    setGuest(true);
  };
  return html`<${Entry}>
    <form class="entry-card card" onSubmit=${submit} novalidate>
      ${note && html`<p class="note-line" role="status">${note}</p>`}
      <${RoomTitle} room=${screen.room} code=${screen.code} />
      ${guest ? html`<div class="field">
        <label for="name">Your name</label>
        <input class="input" id="name" name="name" value=${name} autocomplete="nickname" maxlength="40" aria-describedby="name-hint"
          placeholder="Guest" onInput=${(/** @type {any} */ event) => setName(event.currentTarget.value)} />
        <p class="hint" id="name-hint">The owner sees it, and the others where the room shows names.</p>
      </div>` : html`<p>You are signed in by your link: the owner sees the name it carries.
        <button class="link-button accent" type="button" onClick=${asGuest}>Come as a guest instead</button></p>`}
      ${asks && html`<${PasswordField} value=${password} change=${setPassword} wrong=${wrong ? sentence(problem) : ""} attempt=${problem} />`}
      <p class="hint hint-bad" role="alert" hidden=${!told}>${told}</p>
      <button class="button button-main button-large" type="submit" aria-busy=${busy}>${busy ? "Joining" : asksFirst(room) ? "Ask to join" : "Join"}</button>
      <p class="center"><button class="link-button small accent" type="button" onClick=${anotherCode}>Another code</button></p>
    </form>
  <//>`;
}

/** @param {{value: string, change: (value: string) => void, wrong: string, attempt: unknown}} props */
function PasswordField({ value, change, wrong, attempt }) {
  const [shown, setShown] = useState(false);
  /** @type {{current: HTMLInputElement | null}} */
  const input = useRef(null);
  useEffect(() => {
    if (wrong) input.current?.select();
  }, [attempt]);
  return html`<div class="field">
    <label for="password">Password</label>
    <div class="input-row">
      <input ref=${input} class="input" id="password" name="password" type=${shown ? "text" : "password"} value=${value} autocomplete="off" maxlength="200"
        aria-describedby="password-hint" aria-invalid=${wrong ? "true" : undefined} onInput=${(/** @type {any} */ event) => change(event.currentTarget.value)} />
      <button class="button button-bare button-small" type="button" aria-pressed=${shown} aria-controls="password" onClick=${() => setShown(!shown)}>${shown ? "Hide" : "Show"}</button>
    </div>
    <p class=${wrong ? "hint hint-bad" : "hint"} id="password-hint" role="status">${wrong || "From the person who gave you the code."}</p>
  </div>`;
}

/** @type {Record<string, string>} */
const LEVELS = { password: "Needs a password", invite_only: "For invited people", private: "Private" };

/** @param {{room: any, code: string}} props */
function RoomTitle({ room, code }) {
  if (!room) return html`<header class="room-title"><p class="small quiet mono">${spoken(code)}</p><h1>You are invited</h1><p class="small quiet">The room opens when you join.</p></header>`;
  const live = room.run?.status === "active";
  const taken = room.current_spectators;
  return html`<header class="room-title">
    <p class="small quiet mono">${spoken(code)}</p>
    <h1>${room.name}</h1>
    <p class="badges small">
      ${live && html`<span class="ok"><i class="dot" aria-hidden="true"></i>Live</span>`}
      ${Number.isFinite(taken) && Number.isFinite(room.max_spectators) && html`<span>${taken} of ${room.max_spectators} seats taken</span>`}
      ${LEVELS[room.access_level] && html`<span>${LEVELS[room.access_level]}</span>`}
      ${asksFirst(room) && html`<span>The owner lets people in</span>`}
    </p>
  </header>`;
}

/** @param {{screen: import("../session/state.js").Waiting}} props */
export function WaitingCard({ screen }) {
  const { askedAt, endsAt } = screen;
  const time = Math.max(now.value, askedAt);
  const broken = link.value?.phase === "broken" && !link.value.streaming;
  return html`<${Entry}>
    <section class="entry-card card" aria-labelledby="wait-title">
      <div class="wait-pulse" aria-hidden="true"><i></i><i></i><i></i></div>
      <header class="room-title center">
        <h1 id="wait-title">${screen.room?.name ?? screen.code}</h1>
        <p class="quiet" role="status">${broken ? "The connection is gone. Your request still stands; we keep trying." : "The owner has been told. You will be let in here."}</p>
      </header>
      <dl class="pairs pairs-ruled">
        <dt>You asked as</dt><dd>${screen.askedAs}</dd>
        <dt>Asked</dt><dd><time title=${exactTime(askedAt)}>${ago(askedAt, time)}</time></dd>
        ${endsAt !== null && html`<dt>The request ends</dt><dd><time title=${exactTime(endsAt)}>${endsAt > time ? `in ${duration((endsAt - time) / 1000)}` : "now"}</time></dd>`}
      </dl>
      <button class="button button-large" type="button" onClick=${() => void withdraw()}>Withdraw the request</button>
      <p class="hint center">Keep this page open. No answer means no.</p>
    </section>
  <//>`;
}

/** @param {{screen: import("../session/state.js").Refused}} props */
export function Refused({ screen }) {
  const { room, code, problem, again, until } = screen;
  const words = wordsFor(problem);
  const tone = words.tone === "plain" ? "" : ` badge-${words.tone}`;
  void now.value; // each second, which began up to a second ago
  const left = until === null ? 0 : until - Date.now();
  const seats = problem.code === "room_full" ? takenWords(room?.max_spectators) : "";
  return html`<div class="room-page">
    <header class="status-line"><span class=${`badge${tone}`}><i class="dot" aria-hidden="true"></i>${words.badge}</span><h1>${room?.name ?? spoken(code)}</h1>
      <div class="end"><${ThemeButton} /></div></header>
    <main class="plain"><div>
      <span class="mark-round"><${Icon} name=${words.icon} /></span>
      <div role="status"><b>${words.title}</b>
        ${(seats || words.text) && html`<p class="quiet">${seats}${words.text}</p>`}
        <span class="unseen">${until !== null && left <= 0 ? waitWords(words, 0) : ""}</span></div>
      ${until !== null && html`<p class="quiet" role="timer">${waitWords(words, left)}</p>`}
      <p class="actions-row">
        ${words.again && html`<button class="button button-main" type="button" disabled=${left > 0} onClick=${again}>${words.again}</button>`}
        <button class=${words.again ? "button" : "button button-main"} type="button" onClick=${anotherCode}>Another code</button>
      </p>
    </div></main>
  </div>`;
}

/** @param {number | undefined} seats */
function takenWords(seats) {
  if (!seats) return "";
  return seats === 1 ? "The only seat is taken. " : `All ${seats} seats are taken. `;
}

/** While the room is asked for; words only, and only when it takes long. */
export function Finding() {
  return html`<div class="room-page"><main class="plain finding"><p class="quiet" role="status">Opening the room</p></main></div>`;
}
