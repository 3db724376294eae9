/** One event of the log applied to what the page knows. Pure: the same events give the same picture. */

import { MOVES, VALUES, readDecision } from "./decision.js";
import { addLine, readLine } from "./feed.js";
import { isPlace } from "./metrics.js";
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
    picture.run = { id: `run-${seq}`, status: "active", startedAt: at, endedAt: null };
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
    picture.values.push(decision.value);
    if (picture.values.length > VALUES) picture.values.shift();
  }
}

/**
 * The trail of the agent through its episode, where positions are told.
 * @param {Picture} picture
 * @param {Event} event
 */
function episode(picture, event) {
  if (event.type === "episode_start") picture.trail = [];
  if (event.type !== "episode_steps" || !Array.isArray(event.steps)) return;
  if (event.episode_id !== picture.trailOf) picture.trail = [];
  picture.trailOf = event.episode_id;
  for (const step of event.steps) {
    const position = step?.position;
    const [x, y] = Array.isArray(position) ? position : [position?.x, position?.y];
    if (isNumber(x) && isNumber(y)) picture.trail.push([x, y]);
  }
  if (picture.trail.length > TRAIL) picture.trail.splice(0, picture.trail.length - TRAIL);
}
