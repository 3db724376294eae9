/** The card before a room: its name, who you are, and the password if it asks for one. */

import { useEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { spoken } from "../model/codes.js";
import { PASSWORD_CODES, sentence } from "../model/problems.js";
import { personName } from "../net/storage.js";
import { anotherCode, join } from "../session/entering.js";
import { Entry } from "./entry.js";
import { html } from "./html.js";

/** @param {{screen: import("../session/state.js").Join}} props */
export function JoinCard({ screen }) {
  const { room, problem, busy } = screen;
  const [name, setName] = useState(personName);
  const [password, setPassword] = useState("");
  const asks = Boolean(room.has_password ?? room.access_level === "password");
  const wrong = problem && PASSWORD_CODES.has(problem.code) && (password !== "" || problem.code === "wrong_password");
  const told = problem && !wrong && !(PASSWORD_CODES.has(problem.code) && asks) ? sentence(problem) : "";
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!busy) void join(name.trim() || "Guest", password);
  };
  return html`<${Entry}>
    <form class="entry-card card" onSubmit=${submit} novalidate>
      <${RoomTitle} room=${room} code=${screen.code} />
      <div class="field">
        <label for="name">Your name</label>
        <input class="input" id="name" name="name" value=${name} autocomplete="nickname" maxlength="40" aria-describedby="name-hint"
          placeholder="Guest" onInput=${(/** @type {any} */ event) => setName(event.currentTarget.value)} />
        <p class="hint" id="name-hint">The owner and the others in the room see it.</p>
      </div>
      ${asks && html`<${PasswordField} value=${password} change=${setPassword} wrong=${wrong ? sentence(problem) : ""} attempt=${problem} />`}
      <p class="hint hint-bad" role="alert" hidden=${!told}>${told}</p>
      <button class="button button-main button-large" type="submit" aria-busy=${busy}>${busy ? "Joining" : room.require_approval ? "Ask to join" : "Join"}</button>
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
  const live = room.run?.status === "active";
  const taken = room.current_spectators;
  return html`<header class="room-title">
    <p class="small quiet mono">${spoken(code)}</p>
    <h1>${room.name}</h1>
    <p class="badges small">
      ${live && html`<span class="ok"><i class="dot" aria-hidden="true"></i>Live</span>`}
      ${Number.isFinite(taken) && Number.isFinite(room.max_spectators) && html`<span>${taken} of ${room.max_spectators} seats taken</span>`}
      ${LEVELS[room.access_level] && html`<span>${LEVELS[room.access_level]}</span>`}
      ${room.require_approval && html`<span>The owner lets people in</span>`}
    </p>
  </header>`;
}
