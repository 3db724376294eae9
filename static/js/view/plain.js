/** A page that says one thing: a refusal, or an end, and what to do next. */

import { spoken } from "../model/codes.js";
import { wordsFor } from "../model/problems.js";
import { anotherCode } from "../session/entering.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { ThemeButton } from "./theme.js";

/** @param {{screen: import("../session/state.js").Refused}} props */
export function Refused({ screen }) {
  const { room, code, problem, again } = screen;
  const words = wordsFor(problem);
  const tone = words.tone === "plain" ? "" : ` badge-${words.tone}`;
  const seats = problem.code === "room_full" && room?.max_spectators ? `All ${room.max_spectators} seats are taken. ` : "";
  const mayAgain = words.again && again;
  return html`<div class="room-page">
    <header class="status-line"><span class=${`badge${tone}`}><i class="dot" aria-hidden="true"></i>${words.badge}</span><h1>${room?.name ?? spoken(code)}</h1>
      <div class="end"><${ThemeButton} /></div></header>
    <main class="plain" role="status">
      <span class="mark-round"><${Icon} name=${words.icon} /></span>
      <b>${words.title}</b>
      <p class="quiet">${seats}${words.text}</p>
      <p class="actions-row">
        ${mayAgain && html`<button class="button button-main" type="button" onClick=${again}>Try again</button>`}
        <button class=${mayAgain ? "button" : "button button-main"} type="button" onClick=${anotherCode}>Another code</button>
      </p>
    </main>
  </div>`;
}

/** While the room is asked for; words only, and only when it takes long. */
export function Finding() {
  return html`<div class="room-page"><main class="plain finding" role="status"><p class="quiet">Opening the room</p></main></div>`;
}
