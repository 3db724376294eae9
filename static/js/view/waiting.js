/** Waiting for the owner's answer. */

import { ago, exactTime, duration } from "../model/times.js";
import { withdraw } from "../session/entering.js";
import { now } from "../session/painter.js";
import { link } from "../session/state.js";
import { Entry } from "./entry.js";
import { html } from "./html.js";

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
