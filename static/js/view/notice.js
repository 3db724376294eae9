/** One sentence over the room when something is not as usual, and the next thing to do. */

import { signal } from "../../vendor/signals.js";
import { standingOf } from "../model/standing.js";
import { ago } from "../model/times.js";
import { drawing, now } from "../session/painter.js";
import { link } from "../session/state.js";
import { picture, retryNow } from "../session/watching.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

/** Alerts up to this event were put away. */
const seen = signal(0);

/** Milliseconds for which an alert stands over the room. */
const FRESH = 5 * 60_000;

export function Notices() {
  void drawing.value;
  const { notice } = standingOf(picture, link.value, now.value);
  return html`<div class="notices">
    ${notice && html`<div class=${`notice${notice.tone ? ` notice-${notice.tone}` : ""}`}>
      <${Icon} name=${notice.icon} /><span><b>${notice.title}</b>${notice.text}</span>
      ${notice.retry && html`<button class="button" type="button" onClick=${retryNow}>Try now</button>`}
    </div>`}
    <${Alert} />
  </div>`;
}

function Alert() {
  const alert = picture.lines.findLast((line) => line.kind === "alert" && line.tone !== "plain");
  if (!alert || alert.seq <= seen.value || (alert.at !== null && now.value - alert.at > FRESH)) return null;
  return html`<div class=${`notice notice-${alert.tone}`}>
    <${Icon} name="warn" /><span><b>${alert.text}</b>${[alert.about, alert.at === null ? "" : ago(alert.at, now.value)].filter(Boolean).join(", ")}</span>
    <button class="button button-bare" type="button" onClick=${() => (seen.value = alert.seq)}>Hide</button>
  </div>`;
}

/** Says changes of state to a screen reader; values never speak. */
export function Spoken() {
  void drawing.value;
  const { badge, notice } = standingOf(picture, link.value, now.value);
  // Seconds that pass are not news, so of the notice only the words are spoken.
  const words = (notice?.title ?? "").replace(/( for)? [\d.,]+ (s|min|h|days)( [\d]+ (min|h))?/g, "");
  return html`<p class="unseen" role="status">${badge.replace(/^\d+ s behind$/, "Behind")}${words ? `. ${words}` : ""}</p>`;
}
