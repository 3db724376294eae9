/** One curve: buckets of (min, max, last) with the step, the episode and the time of their last point. Pure. */

/** Buckets kept of one curve. When there are more, the oldest neighbours are joined until half as many are left. */
export const MOST = 2400;

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {(number | null)[]} step
 * @property {(number | null)[]} episode
 * @property {number[]} time seconds since 1970
 * @property {number[]} min
 * @property {number[]} max
 * @property {number[]} last
 * @property {number} changes how often it grew or was replaced: who has drawn this state need not draw it again
 * @property {number} lived index of the first bucket that came live, after the last picture of the whole
 */

/**
 * @typedef {object} Point
 * @property {number | null} step
 * @property {number | null} episode
 * @property {number} time seconds since 1970
 */

/** @typedef {"step" | "episode" | "time"} Axis */

/**
 * @param {string} name
 * @returns {Series}
 */
export function emptySeries(name) {
  return { name, step: [], episode: [], time: [], min: [], max: [], last: [], changes: 0, lived: 0 };
}

/**
 * @param {Series} series changed in place
 * @param {Point} at
 * @param {number} value finite
 */
export function append(series, at, value) {
  push(series, at, value, value, value);
  if (series.last.length > MOST) compact(series, MOST / 2);
}

/**
 * @param {Series} series
 * @param {Point} at
 * @param {number} min
 * @param {number} max
 * @param {number} last
 */
function push(series, at, min, max, last) {
  series.changes += 1;
  series.step.push(at.step);
  series.episode.push(at.episode);
  series.time.push(at.time);
  series.min.push(min);
  series.max.push(max);
  series.last.push(last);
}

/**
 * What a snapshot says of one curve; columns that are missing or shorter than the others count as unknown.
 * @param {string} name
 * @param {Partial<Record<"step" | "episode" | "time" | "min" | "max" | "last" | "value", (number | null)[]>>} columns
 * @returns {Series}
 */
export function fromColumns(name, columns) {
  const series = emptySeries(name);
  const last = columns.last ?? columns.value ?? [];
  for (let i = 0; i < last.length; i++) {
    const value = last[i];
    if (value === null || value === undefined) continue;
    const at = {
      step: columns.step?.[i] ?? null,
      episode: columns.episode?.[i] ?? null,
      time: columns.time?.[i] ?? 0,
    };
    push(series, at, columns.min?.[i] ?? value, columns.max?.[i] ?? value, value);
  }
  series.lived = series.last.length;
  return series;
}

/**
 * A finer past put before what came live since the last picture of the whole.
 * @param {Series} past what the server keeps; may reach into what came live
 * @param {Series} present
 * @returns {Series}
 */
export function withPast(past, present) {
  const result = emptySeries(present.name);
  const border = present.lived > 0 ? present.time[present.lived - 1] : -Infinity;
  const upTo = present.lived < present.last.length ? border : Infinity;
  for (let i = 0; i < past.last.length && past.time[i] <= upTo; i++) copy(past, i, result);
  result.lived = result.last.length;
  for (let i = present.lived; i < present.last.length; i++) copy(present, i, result);
  return result;
}

/**
 * @param {Series} from
 * @param {number} i
 * @param {Series} to
 */
function copy(from, i, to) {
  push(to, { step: from.step[i], episode: from.episode[i], time: from.time[i] }, from.min[i], from.max[i], from.last[i]);
}

/**
 * Joins neighbours until at most `target` buckets are left: each covers the same stretch of the curve, so a past that
 * is already coarse is not made coarser. Stretches are powers of two, so that what was joined once fits the next
 * time too. Extremes survive, and the last bucket stays as it is.
 * @param {Series} series changed in place
 * @param {number} target
 */
export function compact(series, target) {
  const length = series.last.length;
  const where = distances(series);
  const width = 2 ** Math.ceil(Math.log2((where[length - 1] - where[0]) / target));
  const lived = series.lived;
  let kept = 0;
  let stretch = Math.floor(where[0] / width);
  for (let i = 1; i < length; i++) {
    const here = Math.floor(where[i] / width);
    const joins = here === stretch && i !== lived && i < length - 1;
    if (joins) {
      series.min[kept] = Math.min(series.min[kept], series.min[i]);
      series.max[kept] = Math.max(series.max[kept], series.max[i]);
    } else {
      kept += 1;
      stretch = here;
      series.min[kept] = series.min[i];
      series.max[kept] = series.max[i];
    }
    series.step[kept] = series.step[i];
    series.episode[kept] = series.episode[i];
    series.time[kept] = series.time[i];
    series.last[kept] = series.last[i];
    if (i === lived) series.lived = kept;
  }
  if (lived >= length) series.lived = kept + 1;
  for (const column of [series.step, series.episode, series.time, series.min, series.max, series.last]) {
    column.length = kept + 1;
  }
}

/**
 * How far along the curve each bucket lies: by steps where all have one, else by time, else by number.
 * @param {Series} series
 * @returns {number[]}
 */
function distances(series) {
  const along = series.step.includes(null) ? series.time : /** @type {number[]} */ (series.step);
  const result = [along[0]]; // so that stretches begin at the same places next time
  for (let i = 1; i < along.length; i++) result.push(result[i - 1] + Math.abs(along[i] - along[i - 1]));
  if (result[result.length - 1] === result[0]) return along.map((_, i) => i);
  return result;
}

/**
 * Where the curve stands on an axis: positions ascending, and which bucket each one is. Buckets that have no place on
 * that axis are left out, so a curve without episodes is an empty answer there.
 * @param {Series} series
 * @param {Axis} axis
 * @returns {{x: number[], order: number[]}}
 */
export function along(series, axis) {
  /** @type {number[]} */
  const x = [];
  /** @type {number[]} */
  const order = [];
  let ascending = true;
  for (let i = 0; i < series.last.length; i++) {
    const at = series[axis][i];
    if (at === null) continue;
    if (x.length && at < x[x.length - 1]) ascending = false;
    x.push(at);
    order.push(i);
  }
  if (ascending) return { x, order };
  const places = order.map((bucket, i) => ({ bucket, at: x[i] }));
  places.sort((one, other) => one.at - other.at || one.bucket - other.bucket);
  return { x: places.map((place) => place.at), order: places.map((place) => place.bucket) };
}

/**
 * The newest value, or null.
 * @param {Series | undefined} series
 */
export function newest(series) {
  return series && series.last.length ? series.last[series.last.length - 1] : null;
}
