/** Numbers as people read them, and round numbers for the axes of charts. Pure; the exact value goes into a `title`. */

const MINUS = "\u2212";
const THIN = "\u202f";
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** @param {string} text */
function withMinus(text) {
  return text.replace(/-/g, MINUS);
}

/**
 * The exact value, for a title or a table.
 * @param {number | null | undefined} value
 */
export function exact(value) {
  return isNumber(value) ? withMinus(String(value)) : "not a number";
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * A figure in about three digits: 1.2 M, 12.3 k, 446, 44.9, 0.849, 0.0093, 3.1e−4.
 * @param {number | null | undefined} value
 */
export function figure(value) {
  if (!isNumber(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e15) return withMinus(value.toExponential(1).replace("e+", "e"));
  for (const [unit, letter] of /** @type {[number, string][]} */ ([[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]])) {
    const divisor = unit === 1e4 ? 1e3 : unit;
    if (size >= unit) return withMinus(`${trimmed(value / divisor)} ${letter}`);
  }
  if (Number.isInteger(value) || size >= 100) return withMinus(grouped.format(value));
  if (size >= 10) return withMinus(value.toFixed(1));
  if (size >= 1) return withMinus(value.toFixed(2));
  if (size >= 0.01) return withMinus(value.toFixed(3));
  if (size >= 0.001) return withMinus(value.toFixed(4));
  return withMinus(value.toExponential(1));
}

/** @param {number} value */
function trimmed(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/**
 * A count in full up to ten million, then shortened: 79,947 and 18.2 M.
 * @param {number | null | undefined} value
 */
export function count(value) {
  if (!isNumber(value)) return "–";
  return Math.abs(value) < 1e7 ? withMinus(grouped.format(value)) : figure(value);
}

/**
 * A fraction in percent, without the sign: 68, 97.5, 0.3.
 * @param {number} fraction
 */
export function percent(fraction) {
  const value = fraction * 100;
  const text = value.toFixed(Math.abs(value) >= 10 && Math.abs(value - Math.round(value)) < 0.05 ? 0 : 1);
  return withMinus(text.replace(/\.0$/, ""));
}

/**
 * Numbers of one column, all with the same decimals, so that they can be compared at a glance.
 * @param {readonly (number | null | undefined)[]} values
 * @returns {string[]}
 */
export function column(values) {
  const largest = Math.max(0, ...values.filter(isNumber).map(Math.abs));
  if (largest > 0 && (largest < 1e-3 || largest >= 1e5)) {
    return values.map((value) => (isNumber(value) ? withMinus(value.toExponential(2).replace("e+", "e")) : "–"));
  }
  const digits = largest >= 1000 ? 0 : largest >= 100 ? 1 : largest >= 10 ? 2 : 3;
  return values.map((value) => (isNumber(value) ? withMinus(value.toFixed(digits)) : "–"));
}

/**
 * Labels of an axis, with as many decimals as tell neighbours apart.
 * @param {readonly number[]} ticks ascending
 * @returns {string[]}
 */
export function axis(ticks) {
  const largest = Math.max(...ticks.map(Math.abs));
  const gap = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : largest;
  if (largest === 0) return ticks.map(() => "0");
  if (largest < 1e-3 || largest >= 1e15) return ticks.map((tick) => (tick ? power(tick, gap) : "0"));
  for (const [unit, letter] of /** @type {[number, string][]} */ ([[1e9, "G"], [1e6, "M"], [1e4, "k"]])) {
    const divisor = unit === 1e4 ? 1e3 : unit;
    if (largest >= unit) return fixed(ticks, gap, divisor).map((text) => (text === "0" ? text : text + THIN + letter));
  }
  return fixed(ticks, gap, 1);
}

/**
 * A number as 2.75e−4, with as many digits as it takes to tell it from its neighbours.
 * @param {number} tick
 * @param {number} gap to the next label
 */
function power(tick, gap) {
  const digits = exponent(Math.abs(tick)) - exponent(gap) + extra(gap);
  const text = tick.toExponential(Math.max(0, Math.min(6, digits)));
  return withMinus(text.replace(/\.?0*e/, "e").replace("e+", "e"));
}

/** @param {number} value above 0 */
function exponent(value) {
  return Math.floor(Math.log10(value) + 1e-9);
}

/**
 * @param {readonly number[]} ticks
 * @param {number} gap
 * @param {number} divisor
 */
function fixed(ticks, gap, divisor) {
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(gap / divisor) - 1e-9) + extra(gap / divisor)));
  return ticks.map((tick) => {
    if (tick === 0) return "0";
    const value = tick / divisor;
    return withMinus(digits ? value.toFixed(digits) : grouped.format(value));
  });
}

/**
 * One digit more for steps such as 0.25 and 2.5.
 * @param {number} step
 */
function extra(step) {
  const lead = step / 10 ** exponent(step);
  return Math.abs(lead - Math.round(lead)) > 1e-6 ? 1 : 0;
}

/**
 * A round distance between about `count` labels over a span.
 * @param {number} span
 * @param {number} count
 */
function roundStep(span, count) {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return (lead <= 1.4 ? 1 : lead <= 2.2 ? 2 : lead <= 3.5 ? 2.5 : lead <= 7 ? 5 : 10) * power;
}

/** Part of a number that is an error of its arithmetic, not a difference. */
const DUST = 1e-12;

/**
 * A vertical axis: it begins and ends at a label.
 * @param {number | null} min
 * @param {number | null} max
 * @param {number} count
 * @returns {{low: number, high: number, ticks: number[]}}
 */
export function vertical(min, max, count) {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return vertical(0, 1, count);
  // Smoothing leaves dust behind the sixteenth digit: a line that only dust moves is flat.
  if (max - min <= Math.max(Math.abs(min), Math.abs(max)) * DUST) {
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
