/** Round numbers for the axes of a chart. Pure. */

/**
 * A round distance between about `count` labels over a span.
 * @param {number} span
 * @param {number} count
 */
function roundStep(span, count) {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10) * power;
}

/**
 * A vertical axis: it begins and ends at a label.
 * @param {number | null} min
 * @param {number | null} max
 * @param {number} count
 * @returns {{low: number, high: number, ticks: number[]}}
 */
export function vertical(min, max, count) {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return vertical(0, 1, count);
  if (min === max) {
    const room = min === 0 ? 1 : Math.abs(min) / 2;
    return vertical(min - room, max + room, count);
  }
  const step = roundStep(max - min, count);
  // A curve that only just leaves a label does not open a whole new step for it.
  const low = Math.floor(min / step + 1e-3) * step;
  const high = Math.ceil(max / step - 1e-3) * step;
  return { low: Math.min(low, min), high: Math.max(high, max), ticks: multiples(low, high, step) };
}

/** Distances that read well on a time axis, in seconds. */
const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/**
 * A horizontal axis over exactly what there is: round labels inside it, none so near to an end that it would collide.
 * @param {number} min
 * @param {number} max
 * @param {number} count
 * @param {boolean} isTime seconds since 1970
 * @returns {number[]}
 */
export function horizontal(min, max, count, isTime) {
  const span = max - min;
  if (!(span > 0)) return [min];
  if (isTime) {
    const step = TIMES.find((one) => span / one <= count) ?? Math.ceil(span / count / 86_400) * 86_400;
    const shift = step >= 3600 ? new Date(min * 1000).getTimezoneOffset() * 60 : 0;
    return multiples(Math.ceil((min - shift) / step) * step, max - shift, step).map((at) => at + shift);
  }
  const step = Math.max(roundStep(span, count), Number.isInteger(min) && Number.isInteger(max) ? 1 : 0);
  return multiples(Math.ceil(min / step - 1e-9) * step, max, step);
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} step
 * @returns {number[]}
 */
function multiples(from, to, step) {
  const ticks = [];
  const first = Math.round(from / step);
  for (let i = 0; (first + i) * step <= to + step * 1e-6 && i < 100; i++) ticks.push(Number(((first + i) * step).toPrecision(12)));
  return ticks;
}
