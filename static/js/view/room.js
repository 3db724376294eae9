/** The room. */

import { useEffect, useRef } from "../../vendor/preact-hooks.js";
import { signal } from "../../vendor/signals.js";
import { charts } from "../model/charts.js";
import { count } from "../model/numbers.js";
import { ago, durationParts, exactTime } from "../model/times.js";
import { standingOf } from "../model/words.js";
import { leaveRoom } from "../session/entering.js";
import { drawing, link, now } from "../session/state.js";
import { picture, retryNow } from "../session/watching.js";
import { ChartCard, Toolbar } from "./chart.js";
import { DecisionPanel, Figures } from "./figures.js";
import { Dialog, html, Icon, later, stylesheet, ThemeButton, toggleHelp } from "./parts.js";

/** For runs that tell positions, and for owners: nobody else fetches these. */
const AgentView = later(() => import("./agent.js").then((module) => module.AgentView));
const Panel = later(() => Promise.all([import("./panel.js"), stylesheet("panel")]).then(([module]) => module.Panel));

/** From this width on the owner's panel is open from the start; below it would lie over the room. */
const WIDE = "(min-width: 1280px)";

/** @param {{screen: import("../session/state.js").Watching}} props */
export function Room({ screen }) {
  const staff = useStaff(screen);
  useEffect(() => {
    panelOpen.value = staff && matchMedia(WIDE).matches;
  }, [staff]);
  const open = staff && panelOpen.value;
  return html`<a class="skip-link button" href="#charts" onClick=${toCharts}>To the charts</a>
    <div class=${open ? "with-panel" : ""}>
      <div class="room-page">
        <${StatusLine} staff=${staff} />
        <${Main} />
      </div>
      ${open && html`<${Panel} screen=${screen} />`}
    </div>
    <${Crowd} owner=${screen.owner} />
    <${Spoken} />
    <${Title} />`;
}

/**
 * Whether we are owner or moderator now: it changes while people watch.
 * @param {import("../session/state.js").Watching} screen
 */
function useStaff(screen) {
  void drawing.value;
  return screen.owner || picture.role === "moderator" || picture.role === "owner";
}

/** @param {Event} event */
function toCharts(event) {
  event.preventDefault(); // the fragment of the address is for credentials, which are read at every load
  const charts = document.getElementById("charts");
  charts?.setAttribute("tabindex", "-1");
  charts?.focus();
}

function Main() {
  const list = useCharts();
  const hasDecision = picture.decision !== null;
  const hasAgent = picture.trail.length > 1 || (picture.grid !== null && picture.trail.length > 0);
  const { stale } = standingOf(picture, link.value, now.value);
  // Beside the decision stands the agent; without one the first chart, which is the run's own story.
  const hero = hasDecision && !hasAgent && list.length > 0 ? list[0] : null;
  return html`<main class=${stale ? "room-main is-stale" : "room-main"}>
    <${Facts} phone=${true} />
    <${Notices} />
    ${(hasDecision || hasAgent) && html`<div class=${hasDecision && (hasAgent || hero) ? "stage" : "stage stage-alone"}>
      ${hasAgent ? html`<${AgentView} />` : hero && html`<${ChartCard} key=${hero.id} chart=${hero} tall=${true} />`}
      <${DecisionPanel} /></div>`}
    <${Figures} />
    <${Charts} list=${hero ? list.slice(1) : list} />
    <${Feed} />
  </main>`;
}

/** @typedef {import("../model/charts.js").Chart} Chart */

/**
 * The charts there are now; the same array as long as nothing was added, so that little is drawn again.
 * @returns {Chart[]}
 */
function useCharts() {
  void drawing.value;
  const kept = useRef({ of: "", list: /** @type {Chart[]} */ ([]) });
  const of = `${picture.pictures} ${picture.series.size} ${picture.graphs.length} ${[...picture.series.keys()].join("\n")}`;
  if (kept.current.of !== of) kept.current = { of, list: charts(picture.graphs, picture.series) };
  return kept.current.list;
}

/** @param {{list: Chart[]}} props */
function Charts({ list }) {
  return html`<section aria-labelledby="charts-title" id="charts">
    <${Toolbar} />
    <div class="chart-grid">${list.map((chart) => html`<${ChartCard} key=${chart.id} chart=${chart} />`)}</div>
  </section>`;
}

/** The name in the tab, with a mark when somebody waits to be let in. */
function Title() {
  void drawing.value;
  const name = picture.room?.name;
  const { waiting } = picture.requests;
  useEffect(() => {
    if (name) document.title = waiting ? `(${waiting}) ${name}` : name;
  }, [name, waiting]);
  return null;
}

/** Whether the owner's panel is open, and whether the list of who watches is. */
export const panelOpen = signal(false);
export const crowdOpen = signal(false);

/** @param {{staff: boolean}} props */
export function StatusLine({ staff }) {
  void drawing.value;
  const state = standingOf(picture, link.value, now.value);
  return html`<header class="status-line">
    <span class=${`badge${state.tone ? ` badge-${state.tone}` : ""}`}><i class=${`dot ${state.dot}`} aria-hidden="true"></i>${state.badge}</span>
    <h1 title=${picture.room?.name}>${picture.room?.name ?? ""}</h1>
    <${Facts} phone=${false} />
    <div class="end">
      <${Watchers} />
      <${Quality} />
      <span class="wide"><${ThemeButton} /></span>
      <button class="button button-bare button-icon wide" type="button" aria-label="Help" title="Help (?)" onClick=${toggleHelp}><${Icon} name="help" /></button>
      ${staff && html`<${Handle} />`}
    </div>
  </header>`;
}

/** How many watch, where the room tells; the way to who they are, and out. */
function Watchers() {
  void drawing.value;
  const { watching } = picture.crowd;
  const words = watching === null ? html`<span class="wide">In the room</span>` : html`<b>${count(watching)}</b><span class="wide"> watching</span>`;
  return html`<button class="button button-bare watchers" type="button" aria-haspopup="dialog" aria-expanded=${crowdOpen.value} aria-label=${watching === null ? "In the room" : undefined}
    onClick=${() => (crowdOpen.value = !crowdOpen.value)}><${Icon} name="eye" /><span>${words}</span></button>`;
}

function Handle() {
  void drawing.value;
  const { waiting } = picture.requests;
  return html`<button class="button" id="handle" type="button" aria-pressed=${panelOpen.value} aria-expanded=${panelOpen.value} aria-controls="panel"
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

const SHOWN = 8;

/** @type {Record<import("../model/events.js").Line["kind"], import("./parts.js").IconName>} */
const ICONS = { alert: "warn", note: "note", life: "flag" };

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

/** @param {{owner: boolean}} props */
export function Crowd({ owner }) {
  void drawing.value;
  if (!crowdOpen.value) return null;
  const { watching, names } = picture.crowd;
  const close = () => (crowdOpen.value = false);
  const seats = picture.room?.max_spectators;
  const shown = names ?? [];
  const others = (watching ?? 0) - shown.length;
  return html`<${Dialog} title="Who is watching" close=${close}>
    <p class="quiet">${watching === null ? "The owner does not show who is here." : `${count(watching)} watching${seats ? `, ${count(seats)} seats` : ""}`}</p>
    ${watching !== null && !names && html`<p class="quiet">Only the owner and moderators see the names.</p>`}
    ${shown.length > 0 && html`<ul class="crowd">${shown.map((name, i) => html`<li key=${i}>${name}</li>`)}${others > 0 && html`<li class="quiet">and ${count(others)} more</li>`}</ul>`}
    ${!owner && html`<button class="button" type="button" onClick=${() => { close(); void leaveRoom(); }}><${Icon} name="leave" />Leave the room</button>`}
  <//>`;
}
