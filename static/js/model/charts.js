/** What a room shows of its numbers: names and colours, key figures, and which charts in which order. Pure. */

import { figure, percent } from "./numbers.js";
import { newest } from "./series.js";

/**
 * @typedef {"number" | "percent" | "steps" | "seconds"} Unit
 * @typedef {object} Metric
 * @property {string} title
 * @property {number} colour 1 to 8, the same everywhere
 * @property {Unit} unit
 * @property {boolean} noisy whether smoothing helps to read it
 * @property {string} family curves of one family may share a chart: their values are of one kind; "" when not known
 */

/** Whoever trains chooses the names that are looked up here: no object's own "constructor" must be found. */
/** @type {Record<string, Partial<Metric>>} */
const KNOWN = Object.assign(Object.create(null), {
  current_reward: { title: "Reward", colour: 1, noisy: true, family: "reward" },
  average_reward: { title: "Average", colour: 5, family: "reward" },
  best_reward: { title: "Best", colour: 8, family: "reward" },
  loss_value: { title: "Loss", colour: 2, noisy: true, family: "loss" },
  learning_rate: { title: "Learning rate", colour: 7, family: "rate" },
  epsilon: { title: "Epsilon", colour: 5, family: "epsilon" },
  win_rate: { title: "Win rate", colour: 3, unit: "percent", family: "share" },
  episode_length: { title: "Episode length", colour: 6, unit: "steps", noisy: true, family: "length" },
  steps_per_second: { title: "Steps per second", colour: 6, noisy: true, family: "speed" },
  training_time_elapsed: { title: "Training time", colour: 8, unit: "seconds", family: "time" },
  model_generation: { title: "Model generation", colour: 8, family: "generation" },
  state_values: { title: "State value", colour: 4, noisy: true, family: "value" },
  cpu_percent: { title: "Processor", colour: 6, noisy: true, family: "machine" },
  memory_percent: { title: "Memory", colour: 4, family: "machine" },
});

/** Names that say where a point is, not how good it is. */
const PLACES = new Set(["step", "episode", "total_episodes", "timestamp", "seq"]);

/** What the figures above are usually called; the server draws the same line (a test keeps both lists equal). */
export const USUAL_NAMES = {
  current_reward: [
    "reward", "episode_reward", "episodic_return", "episode_return", "return", "rollout/ep_rew_mean",
    "charts/episodic_return", "episode_reward_mean",
  ],
  average_reward: ["avg_reward", "mean_reward", "average_return"],
  loss_value: ["loss", "train/loss", "policy_loss", "train/policy_loss", "losses/policy_loss"],
  learning_rate: ["lr", "train/learning_rate", "charts/learning_rate"],
  episode_length: ["rollout/ep_len_mean", "ep_len", "episode_len", "charts/episodic_length", "episode_len_mean"],
  epsilon: ["eps", "exploration_rate", "rollout/exploration_rate"],
  win_rate: ["success_rate", "rollout/success_rate"],
  steps_per_second: ["fps", "time/fps", "sps", "charts/SPS"],
  training_time_elapsed: ["time/time_elapsed"],
};
const USUAL = Object.entries(USUAL_NAMES);

/** @param {string} name */
export function isPlace(name) {
  return PLACES.has(name);
}

/**
 * The names under which a figure may have been logged, the figure's own first.
 * @param {string} name
 * @returns {string[]}
 */
export function namesOf(name) {
  const usual = USUAL.find(([figure]) => figure === name);
  return usual ? [name, ...usual[1]] : [name];
}

/**
 * @param {string} name as it was logged
 * @returns {Metric}
 */
export function metric(name) {
  const figure = USUAL.find(([, names]) => names.includes(name))?.[0];
  const known = KNOWN[name] ?? (figure ? { ...KNOWN[figure], title: name } : null);
  return {
    title: known?.title ?? name,
    colour: known?.colour ?? ownColour(name),
    unit: known?.unit ?? "number",
    noisy: known ? known.noisy ?? false : true,
    family: known?.family ?? "",
  };
}

/**
 * A colour that a name keeps from chart to chart and from day to day.
 * @param {string} name
 */
function ownColour(name) {
  let hash = 7;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) >>> 0;
  return (hash % 7) + 1;
}

/**
 * A value of a metric with its unit.
 * @param {string} name
 * @param {number | null} value
 */
export function written(name, value) {
  const { unit } = metric(name);
  if (value === null) return "–";
  if (unit === "percent" && Math.abs(value) <= 1) return `${percent(value)} %`;
  return unit === "steps" ? `${figure(value)} steps` : unit === "seconds" ? `${figure(value)} s` : figure(value);
}

/** @typedef {import("./series.js").Series} Series */

/**
 * @typedef {object} Graph as the server describes it
 * @property {string} graph_id
 * @property {string} title
 * @property {string} [y_label]
 * @property {string[]} metrics
 */

/**
 * @typedef {object} Chart
 * @property {string} id
 * @property {string} title
 * @property {string[]} names of series that exist; empty for a chart that waits for its first value
 * @property {string} label what the vertical axis shows, or ""
 */

/** How many charts wait for values before anything was logged, so that the room is not bare. */
const WAITING = 3;

/**
 * The graphs of the room first, then one chart for each other number that is logged, in the order they appeared.
 * Metrics of one graph whose values are not of one kind (a loss and a learning rate) get a chart each, because over
 * one axis the smaller would be a flat line.
 * @param {readonly Graph[]} graphs
 * @param {ReadonlyMap<string, Series>} series
 * @returns {Chart[]}
 */
export function charts(graphs, series) {
  const shown = new Set();
  /** @type {Chart[]} */
  const result = [];
  for (const graph of graphs) {
    const names = graph.metrics.flatMap((name) => namesOf(name).filter((one) => series.has(one)).slice(0, 1));
    for (const group of byFamily(names.filter((name) => !shown.has(name)))) {
      // What was logged as `reward` is drawn once, as the figure it feeds.
      group.forEach((name) => namesOf(name).forEach((one) => shown.add(one)));
      result.push({ id: `${graph.graph_id}/${group[0]}`, title: titleOf(graph, group), names: group, label: graph.y_label ?? "" });
    }
  }
  for (const name of series.keys()) {
    if (shown.has(name) || isPlace(name)) continue;
    result.push({ id: `/${name}`, title: metric(name).title, names: [name], label: "" });
  }
  return result.length ? result : graphs.slice(0, WAITING).map(bare);
}

/**
 * @param {Graph} graph
 * @returns {Chart}
 */
function bare(graph) {
  return { id: graph.graph_id, title: graph.title, names: [], label: graph.y_label ?? "" };
}

/**
 * Known metrics grouped by what kind of value they are; unknown ones stay together, as their owner wanted.
 * @param {string[]} names
 * @returns {string[][]}
 */
function byFamily(names) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const name of names) {
    const { family } = metric(name);
    groups.set(family, [...(groups.get(family) ?? []), name]);
  }
  return [...groups.values()];
}

/**
 * @param {Graph} graph
 * @param {string[]} names
 */
function titleOf(graph, names) {
  const all = names.length === graph.metrics.length;
  return all && names.length > 1 ? graph.title : metric(names[0]).title;
}

/**
 * @typedef {object} Figure
 * @property {string} name of the series
 * @property {string} title
 * @property {string} note quieter, at the right
 * @property {number | null} value
 * @property {string} text
 * @property {string} unit
 * @property {number} colour
 * @property {number[]} spark oldest first
 */

const KEY_FIGURES = ["current_reward", "best_reward", "average_reward", "win_rate", "loss_value", "epsilon"];
const MOST = 6;
const SPARK = 60;

/**
 * The six usual figures as far as the run feeds them, then other numbers; two dashes before the first value.
 * @param {ReadonlyMap<string, Series>} series
 * @returns {Figure[]}
 */
export function figures(series) {
  const names = KEY_FIGURES.flatMap((name) => namesOf(name).filter((one) => series.has(one)).slice(0, 1));
  if (!names.length) names.push(...[...series.keys()].slice(0, MOST));
  if (!names.length) return ["current_reward", "average_reward"].map((name) => read(name, undefined));
  return names.map((name) => read(name, series.get(name)));
}

/**
 * @param {string} name
 * @param {Series | undefined} series
 * @returns {Figure}
 */
function read(name, series) {
  const about = metric(name);
  const value = newest(series);
  const share = about.unit === "percent" && value !== null && Math.abs(value) <= 1;
  return {
    name,
    title: about.title,
    note: noteOf(name, series),
    value,
    text: share ? percent(value) : figure(value),
    unit: share ? "%" : "",
    colour: name === "average_reward" || name === "best_reward" ? 1 : about.colour,
    spark: series ? spark(series.last) : [],
  };
}

/**
 * @param {string} name
 * @param {Series | undefined} series
 */
function noteOf(name, series) {
  if (!series) return "";
  if (name !== "best_reward") return name === "current_reward" ? "now" : "";
  const best = newest(series);
  const first = series.last.findIndex((value) => value === best);
  const episode = series.episode[first];
  return episode === null || episode === undefined ? "" : `episode ${episode.toLocaleString("en-US")}`;
}

/**
 * The whole curve in few points; the last one is the newest value.
 * @param {readonly number[]} values
 * @returns {number[]}
 */
function spark(values) {
  if (values.length <= SPARK) return values.slice();
  const stride = (values.length - 1) / (SPARK - 1);
  return Array.from({ length: SPARK }, (_, i) => values[Math.round(i * stride)]);
}

/**
 * Points of a curve in a box of 1000 by 100, lowest value at the bottom, as the `d` of a path.
 * @param {readonly number[]} values
 * @returns {{line: string, area: string, y: number}} y: where the last point stands, in percent from the top
 */
export function sparkPath(values) {
  if (!values.length) return { line: "", area: "", y: 100 };
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const at = values.map((value) => (span ? 100 - ((value - low) / span) * 100 : 50));
  const points = (at.length === 1 ? [at[0], at[0]] : at).map((y, i, all) => `${Math.round((i / (all.length - 1)) * 1000)},${y.toFixed(1)}`);
  const line = `M${points.join(" ")}`;
  return { line, area: `${line} L1000,100 0,100Z`, y: at[at.length - 1] };
}
