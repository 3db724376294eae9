/** The line over the room: is it alive, how far is it, who watches, how good is the connection. */

import { signal } from "../../vendor/signals.js";
import { count } from "../model/numbers.js";
import { durationParts } from "../model/times.js";
import { drawing, now } from "../session/painter.js";
import { link } from "../session/state.js";
import { picture } from "../session/watching.js";
import { standingOf } from "../model/standing.js";
import { toggleHelp } from "./help.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { ThemeButton } from "./theme.js";

/** Whether the owner's panel is open, and whether the list of who watches is. */
export const panelOpen = signal(false);
export const crowdOpen = signal(false);

/** @param {{owner: boolean}} props */
export function StatusLine({ owner }) {
  void drawing.value;
  const state = standingOf(picture, link.value, now.value);
  return html`<header class="status-line">
    <span class=${`badge${state.tone ? ` badge-${state.tone}` : ""}`}><i class=${`dot ${state.dot}`} aria-hidden="true"></i>${state.badge}</span>
    <h1 title=${picture.room?.name}>${picture.room?.name ?? ""}</h1>
    <${Facts} phone=${false} />
    <div class="end">
      <button class="button button-bare watchers" type="button" aria-expanded=${crowdOpen.value} onClick=${() => (crowdOpen.value = !crowdOpen.value)}>
        <${Icon} name="eye" /><span><b>${count(picture.crowd.watching ?? 0)}</b><span class="wide"> watching</span></span></button>
      <${Quality} />
      <span class="wide"><${ThemeButton} /></span>
      <button class="button button-bare button-icon wide" type="button" aria-label="Help" title="Help (?)" onClick=${toggleHelp}><${Icon} name="help" /></button>
      ${owner && html`<${Handle} />`}
    </div>
  </header>`;
}

function Handle() {
  void drawing.value;
  const { waiting } = picture.requests;
  return html`<button class="button" type="button" aria-pressed=${panelOpen.value} aria-expanded=${panelOpen.value} aria-controls="panel"
    onClick=${() => (panelOpen.value = !panelOpen.value)}>Room${waiting > 0 && html` <span class="count" title="People who wait to be let in">${waiting}</span>`}</button>`;
}

/** @param {{phone: boolean}} props */
export function Facts({ phone }) {
  void drawing.value;
  const { episode, episodes, step, run } = picture;
  const started = run.startedAt;
  const until = run.endedAt ?? (run.status === "active" || run.status === null ? now.value : picture.lastEventAt ?? now.value);
  return html`<dl class=${phone ? "facts facts-phone" : "facts"}>
    ${episode !== null && html`<div><dt>episode</dt><dd>${count(episode)}${episodes ? html`<span class="unit"> of ${count(episodes)}</span>` : ""}</dd></div>`}
    ${step !== null && html`<div><dt>step</dt><dd>${count(step)}</dd></div>`}
    ${started !== null && html`<div><dt>${run.endedAt ? "ran" : "running"}</dt><dd>${durationParts((until - started) / 1000).map(([value, unit]) => html`${value} <span class="unit">${unit}</span> `)}</dd></div>`}
  </dl>`;
}

/** Bars for the time to the server and back; over the event stream there is none to measure. */
function Quality() {
  const at = link.value;
  const latency = at?.phase === "open" ? at.latency : null;
  const streaming = at?.phase === "open" && at.streaming;
  const bars = streaming ? 2 : latency === null ? 0 : latency < 150 ? 3 : latency < 500 ? 2 : 1;
  const tone = bars === 3 ? "ok" : bars === 0 ? "quiet" : "warn";
  const text = streaming ? "stream" : latency === null ? "–" : `${latency} ms`;
  const title = streaming ? "WebSockets are blocked here, so the room comes as an event stream" : "Round trip to the server";
  return html`<span class="link" title=${title}>
    <span class=${`bars ${streaming ? "ok" : tone}`} aria-hidden="true">${[1, 2, 3].map((i) => html`<i class=${i > bars ? "off" : ""}></i>`)}</span>
    <span class="small wide">${text}</span><span class="unseen">to the server and back</span></span>`;
}
