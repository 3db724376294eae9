/** Exponential smoothing of a curve. Pure. */

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
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) {
      result[i] = null;
      continue;
    }
    // Points that lie close together count for less each: together as much as one point of the coarse curve.
    const share = total && width ? Math.min(1, (x[i] - before) / width) : 1;
    const keep = weight ** share;
    sum = sum * keep + value * (1 - keep);
    total = total * keep + (1 - keep);
    before = x[i];
    result[i] = total ? sum / total : value;
  }
  return result;
}
