/** The key figures over the charts. Pure. */

import { figure, percent } from "./numbers.js";
import { metric, namesOf } from "./metrics.js";
import { newest } from "./series.js";

/** @typedef {import("./series.js").Series} Series */

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

const USUAL = ["current_reward", "best_reward", "average_reward", "win_rate", "loss_value", "epsilon"];
const MOST = 6;
const SPARK = 60;

/**
 * The six usual figures as far as the run feeds them, then other numbers; two dashes before the first value.
 * @param {ReadonlyMap<string, Series>} series
 * @returns {Figure[]}
 */
export function figures(series) {
  const names = USUAL.flatMap((name) => namesOf(name).filter((one) => series.has(one)).slice(0, 1));
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
