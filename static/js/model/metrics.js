/** What is known about names of metrics: what people call them, their colour, their unit, what stands beside them. */

import { figure, percent } from "./numbers.js";

/**
 * @typedef {"number" | "percent" | "steps" | "seconds"} Unit
 * @typedef {object} Metric
 * @property {string} title
 * @property {number} colour 1 to 8, the same everywhere
 * @property {Unit} unit
 * @property {boolean} noisy whether smoothing helps to read it
 * @property {string} family curves of one family may share a chart: their values are of one kind; "" when not known
 */

/** @type {Record<string, Partial<Metric>>} */
const KNOWN = {
  current_reward: { title: "Reward", colour: 1, noisy: true, family: "reward" },
  average_reward: { title: "Average", colour: 5, family: "reward" },
  best_reward: { title: "Best", colour: 8, family: "reward" },
  loss_value: { title: "Loss", colour: 2, noisy: true, family: "loss" },
  learning_rate: { title: "Learning rate", colour: 7, family: "rate" },
  epsilon: { title: "Epsilon", colour: 5, family: "epsilon" },
  win_rate: { title: "Win rate", colour: 3, unit: "percent", family: "share" },
  episode_length: { title: "Episode length", colour: 6, unit: "steps", noisy: true, family: "length" },
  training_time_elapsed: { title: "Training time", colour: 8, unit: "seconds", family: "time" },
  model_generation: { title: "Model generation", colour: 8, family: "generation" },
  state_values: { title: "State value", colour: 4, noisy: true, family: "value" },
  cpu_percent: { title: "Processor", colour: 6, noisy: true, family: "machine" },
  memory_percent: { title: "Memory", colour: 4, family: "machine" },
};

/** Names that say where a point is, not how good it is. */
const PLACES = new Set(["step", "episode", "total_episodes", "timestamp", "seq"]);

/** The usual names of other libraries for the figures above; for graphs and key figures only. */
const USUAL = Object.entries({
  current_reward: ["reward", "episode_reward", "rollout/ep_rew_mean", "episodic_return"],
  loss_value: ["loss", "train/loss", "policy_loss"],
  learning_rate: ["lr", "train/learning_rate"],
  episode_length: ["rollout/ep_len_mean"],
});

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
