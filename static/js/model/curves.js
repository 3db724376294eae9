/** Several curves over one horizontal axis, as a chart wants them, and their trend. Pure. */

import { along } from "./series.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("./series.js").Axis} Axis */

/**
 * @typedef {object} Columns
 * @property {number[]} x ascending, each position once
 * @property {{min: (number | null)[], max: (number | null)[], last: (number | null)[]}[]} curves one for each series;
 *   null where a curve has no value at that position
 */

/**
 * @param {readonly Series[]} list
 * @param {Axis} axis
 * @returns {Columns}
 */
export function merge(list, axis) {
  const placed = list.map((series) => ({ series, ...along(series, axis) }));
  const x = union(placed.map((one) => one.x));
  return { x, curves: placed.map((one) => spread(one.series, one.x, one.order, x)) };
}

/**
 * All positions once, ascending. Curves that are logged together share their positions, so that is looked at first.
 * @param {number[][]} lists each ascending
 */
function union(lists) {
  const [first = [], ...others] = lists;
  if (isStrict(first) && others.every((list) => isSame(list, first))) return first;
  return [...new Set(lists.flat())].sort((one, other) => one - other);
}

/** @param {number[]} list ascending */
function isStrict(list) {
  for (let i = 1; i < list.length; i++) if (list[i] === list[i - 1]) return false;
  return true;
}

/**
 * @param {number[]} list
 * @param {number[]} other
 */
function isSame(list, other) {
  if (list.length !== other.length) return false;
  for (let i = 0; i < list.length; i++) if (list[i] !== other[i]) return false;
  return true;
}

/** @param {number[]} order */
function isCounted(order) {
  for (let i = 0; i < order.length; i++) if (order[i] !== i) return false;
  return true;
}

/**
 * The curve's own columns where its buckets are the positions, else columns with gaps.
 * @param {Series} series
 * @param {number[]} at
 * @param {number[]} order
 * @param {number[]} x
 */
function spread(series, at, order, x) {
  if (at.length === x.length && order.length === series.last.length && isCounted(order)) return { min: series.min, max: series.max, last: series.last };
  /** @type {(number | null)[]} */
  const min = new Array(x.length).fill(null);
  /** @type {(number | null)[]} */
  const max = new Array(x.length).fill(null);
  /** @type {(number | null)[]} */
  const last = new Array(x.length).fill(null);
  let place = 0;
  for (let i = 0; i < at.length; i++) {
    while (x[place] < at[i]) place += 1;
    const bucket = order[i];
    const low = min[place];
    const high = max[place];
    min[place] = low === null ? series.min[bucket] : Math.min(low, series.min[bucket]);
    max[place] = high === null ? series.max[bucket] : Math.max(high, series.max[bucket]);
    last[place] = series.last[bucket];
  }
  return { min, max, last };
}

/** A curve is smoothed as if it had at most this many points, so that it looks the same however finely it is known. */
const POINTS = 120;

/**
 * The smoothed curve. The weights of the first points are corrected, so that the curve starts at the first value and
 * not at zero; gaps (null) stay gaps and do not disturb what follows.
 * @param {readonly number[]} x ascending
 * @param {readonly (number | null)[]} values
 * @param {number} weight 0 (the raw curve) to 0.99
 * @returns {(number | null)[]}
 */
export function smooth(x, values, weight) {
  if (weight <= 0) return values.slice();
  const result = new Array(values.length);
  const width = x.length > 1 ? (x[x.length - 1] - x[0]) / POINTS : 0;
  let sum = 0;
  let total = 0;
  let before = 0;
  let lastShare = -1;
  let keep = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) {
      result[i] = null;
      continue;
    }
    // Points that lie close together count for less each: together as much as one point of the coarse curve.
    const share = total && width ? Math.min(1, (x[i] - before) / width) : 1;
    if (share !== lastShare) keep = weight ** share; // most points are equally far apart, and powers are dear
    lastShare = share;
    sum = sum * keep + value * (1 - keep);
    total = total * keep + (1 - keep);
    before = x[i];
    result[i] = total ? sum / total : value;
  }
  return result;
}

/**
 * Copies of the columns with neighbours joined until at most `most` positions are left, always the same ones as long as the curves only grow at
 * their end. More points than pixels cost time and show nothing.
 * @param {number[]} x
 * @param {{reduce: "min" | "max" | "last", values: (number | null)[]}[]} columns changed in place
 * @param {number} most
 * @returns {number[]} the positions that are left
 */
export function thin(x, columns, most) {
  const group = x.length <= most ? 1 : 2 ** Math.ceil(Math.log2(x.length / most));
  for (const column of columns) column.values = reduced(column, group);
  return reduced({ reduce: "last", values: x }, group).map(Number);
}

/**
 * @param {{reduce: "min" | "max" | "last", values: readonly (number | null)[]}} column
 * @param {number} group
 */
function reduced({ reduce, values }, group) {
  if (group === 1) return values.slice();
  const result = [];
  for (let start = 0; start < values.length; start += group) {
    const end = Math.min(start + group, values.length);
    /** @type {number | null} */
    let value = null;
    for (let i = start; i < end; i++) {
      const next = values[i];
      if (next === null) continue;
      if (value === null || reduce === "last" || (reduce === "min" ? next < value : next > value)) value = next;
    }
    result.push(value);
  }
  return result;
}
