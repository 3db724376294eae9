/** What happened: alerts, notes and the life of the run, the newest first. */

import { ago, exactTime } from "../model/times.js";
import { drawing, now } from "../session/painter.js";
import { picture } from "../session/watching.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

const SHOWN = 12;

/** @type {Record<import("../model/feed.js").Line["kind"], import("./icons.js").IconName>} */
const ICONS = { alert: "warn", note: "dot", life: "flag" };

export function Feed() {
  void drawing.value;
  const lines = picture.lines.slice(-SHOWN).reverse();
  if (!lines.length) return null;
  return html`<section class="card" aria-labelledby="feed-title">
    <header class="card-head"><h2 id="feed-title">What happened</h2></header>
    <ol class="happened">${lines.map((line) => html`<li key=${`${line.seq} ${line.text}`}>
      <span class=${line.tone === "plain" ? "quiet" : line.tone}><${Icon} name=${ICONS[line.kind]} /></span>
      <span class="text">${line.text}${line.about && html` <span class="quiet">${line.about}</span>`}</span>
      ${line.at !== null && html`<time class="small quiet" title=${exactTime(line.at)}>${ago(line.at, now.value)}</time>`}
    </li>`)}</ol>
  </section>`;
}
