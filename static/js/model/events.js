/** One event of the log applied to what the page knows. Pure: the same events give the same picture. */

import { MOVES, position, readDecision, VALUES } from "./agent.js";
import { isPlace } from "./charts.js";
import { isNumber } from "./numbers.js";
import { append, emptySeries } from "./series.js";
import { toMs } from "./times.js";

/** @typedef {import("./room.js").Picture} Picture */
/** @typedef {Record<string, any>} Event */

/** Steps of the present episode kept for the agent's trail. */
const TRAIL = 400;

/**
 * @param {Picture} picture changed in place
 * @param {Event} event
 * @param {number} seq
 */
export function apply(picture, event, seq) {
  const at = toMs(event.timestamp);
  if (at !== null) picture.lastEventAt = at;
  if (event.type === "training_event") life(picture, event, seq, at);
  // Nobody announced this run: its first event begins it.
  if (picture.run.id === null) picture.run = { id: `run-${seq}`, status: "active", startedAt: at, endedAt: null };
  picture.latest[event.type] = event;
  place(picture, event);
  measure(picture, event, at);
  if (event.type === "bot_decision") decide(picture, event);
  if (event.type.startsWith("episode_")) episode(picture, event);
  if (event.type === "graph_config" && Array.isArray(event.graphs)) picture.graphs = event.graphs;
  const line = readLine(event, seq);
  if (line) addLine(picture.lines, line);
}

/**
 * The life of the run: a new one starts with an empty picture.
 * @param {Picture} picture
 * @param {Event} event
 * @param {number} seq
 * @param {number | null} at
 */
function life(picture, event, seq, at) {
  if (event.event === "training_started") {
    picture.series.clear();
    picture.latest = {};
    picture.decision = null;
    picture.moves = [];
    picture.values = [];
    picture.trail = [];
    picture.grid = null;
    picture.worth.clear();
    picture.run = { id: event.data?.run_id || `run-${seq}`, status: "active", startedAt: at, endedAt: null };
  } else if (event.event === "training_finished" || event.event === "training_failed") {
    picture.run = { ...picture.run, status: event.event === "training_failed" ? "failed" : "finished", endedAt: at };
  }
}

/**
 * Where the run is: the newest step and episode.
 * @param {Picture} picture
 * @param {Event} event
 */
function place(picture, event) {
  const numbers = measured(event);
  const step = event.step ?? numbers.step;
  const at = event.episode ?? numbers.episode;
  if (isNumber(step)) picture.step = step;
  if (isNumber(at)) picture.episode = at;
  if (isNumber(numbers.total_episodes)) picture.episodes = numbers.total_episodes;
}

/**
 * Every finite number becomes a point of its curve, and so does what the server worked out from it.
 * @param {Picture} picture
 * @param {Event} event
 * @param {number | null} at
 */
function measure(picture, event, at) {
  const numbers = measured(event);
  const step = event.step ?? numbers.step;
  const episodeNumber = event.episode ?? numbers.episode;
  const point = {
    step: isNumber(step) ? step : null,
    episode: isNumber(episodeNumber) ? episodeNumber : null,
    time: (at ?? picture.lastEventAt ?? 0) / 1000,
  };
  const suffix = event.source === undefined ? "" : `@${event.source}`;
  for (const [name, value] of Object.entries({ ...numbers, ...event.derived })) {
    if (!isNumber(value) || isPlace(name)) continue;
    const full = name in numbers ? name + suffix : name;
    let series = picture.series.get(full);
    if (!series) picture.series.set(full, (series = emptySeries(full)));
    append(series, point, value);
  }
}

/**
 * What an event measured, by name.
 * @param {Event} event
 * @returns {Record<string, unknown>}
 */
function measured(event) {
  if (event.type === "training_metrics") return event.data ?? {};
  if (event.type === "episode_metrics") return event.metrics ?? {};
  if (event.type === "metric" && typeof event.name === "string") return { [event.name]: event.value };
  return {};
}

/**
 * @param {Picture} picture
 * @param {Event} event
 */
export function decide(picture, event) {
  const decision = readDecision(event);
  if (!decision) return;
  picture.decision = decision;
  if (decision.chosen !== null) {
    picture.moves.push({ name: decision.chosen, explored: decision.explored });
    if (picture.moves.length > MOVES) picture.moves.shift();
  }
  if (decision.value !== null) {
    const here = picture.trail[picture.trail.length - 1];
    if (here) picture.worth.set(here.join(","), decision.value);
    picture.values.push(decision.value);
    if (picture.values.length > VALUES) picture.values.shift();
  }
}

/**
 * A new episode; in a new world what was known of the old one is worth nothing.
 * @param {Picture} picture
 * @param {Event} event
 */
export function begin(picture, event) {
  const grid = event.metadata?.grid ?? null;
  if (JSON.stringify(grid) !== JSON.stringify(picture.grid)) picture.worth.clear();
  picture.grid = grid;
  picture.trail = [];
  picture.trailOf = event.episode_id ?? null;
}

/**
 * The trail of the agent through its episode, where positions are told.
 * @param {Picture} picture
 * @param {Event} event
 */
function episode(picture, event) {
  if (event.type === "episode_start") begin(picture, event);
  if (event.type !== "episode_steps" || !Array.isArray(event.steps)) return;
  if (event.episode_id !== picture.trailOf) picture.trail = [];
  picture.trailOf = event.episode_id;
  for (const step of event.steps) {
    const at = position(step?.position);
    if (at) picture.trail.push(at);
  }
  if (picture.trail.length > TRAIL) picture.trail.splice(0, picture.trail.length - TRAIL);
}

/**
 * @typedef {object} Line
 * @property {number} seq
 * @property {"plain" | "warn" | "bad" | "ok"} tone
 * @property {"alert" | "note" | "life"} kind
 * @property {string} text
 * @property {string} about a category or a value, quieter than the text
 * @property {number | null} at milliseconds since 1970
 */

/** Lines kept; the newest are at the end. */
export const LINES = 60;

/** @type {Record<string, Line["tone"]>} */
const TONES = Object.assign(Object.create(null), { info: "plain", debug: "plain", warning: "warn", warn: "warn", error: "bad", critical: "bad" });

/** @type {Record<string, [string, Line["tone"]]>} */
const LIFE = Object.assign(Object.create(null), {
  training_started: ["Training started", "ok"],
  training_finished: ["Training finished", "ok"],
  training_failed: ["Training failed", "bad"],
  training_paused: ["Training paused", "plain"],
  training_resumed: ["Training goes on", "plain"],
});

/**
 * The line an event makes, or null.
 * @param {Record<string, any>} event
 * @param {number} seq
 * @returns {Line | null}
 */
export function readLine(event, seq) {
  if (event.type === "alert") return alertLine(event, seq);
  if (event.type === "log") {
    return { seq, kind: "note", tone: TONES[event.level] ?? "plain", text: text(event.message), about: "", at: toMs(event.timestamp) };
  }
  if (event.type === "training_event") {
    const known = LIFE[event.event];
    const [words, tone] = known ?? [humanized(text(event.event)), "plain"];
    return { seq, kind: "life", tone, text: words, about: known ? reasonOf(event.data) : details(event.data), at: toMs(event.timestamp) };
  }
  return null;
}

/**
 * @param {Record<string, any>} event
 * @param {number} seq
 * @returns {Line}
 */
function alertLine(event, seq) {
  const alert = event.alert ?? {};
  return {
    seq,
    kind: "alert",
    tone: TONES[alert.level] ?? "warn",
    text: text(alert.message),
    about: text(alert.category),
    at: toMs(alert.timestamp) ?? toMs(event.timestamp),
  };
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}

/** @param {string} name */
function humanized(name) {
  const words = name.replace(/_/g, " ").trim();
  return words ? words[0].toUpperCase() + words.slice(1) : name;
}

/** @param {unknown} data */
function details(data) {
  if (data === null || typeof data !== "object") return "";
  const plain = Object.entries(data).filter(([, value]) => value !== false && value !== null && typeof value !== "object");
  return plain
    .slice(0, 4)
    .map(([name, value]) => (value === true ? name.replace(/_/g, " ") : `${name.replace(/_/g, " ")} ${text(value)}`))
    .join(", ");
}

/**
 * Why a run failed; what else such an event carries is for programs.
 * @param {any} data
 */
function reasonOf(data) {
  return typeof data?.error === "string" ? data.error : "";
}

/**
 * @param {Line[]} lines changed in place
 * @param {Line} line
 */
export function addLine(lines, line) {
  if (lines.some((one) => one.seq === line.seq && one.text === line.text)) return;
  lines.push(line);
  if (lines.length > LINES) lines.splice(0, lines.length - LINES);
}
