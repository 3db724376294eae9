/** Times as people read them: relative in the text, exact in the title. Pure: now is an argument. */

/**
 * Milliseconds since 1970 of what the protocol sends: an ISO text or seconds; null when it is neither.
 * @param {unknown} value
 * @returns {number | null}
 */
export function toMs(value) {
  if (typeof value === "number" && Number.isFinite(value)) return value > 1e11 ? value : value * 1000;
  if (typeof value === "string") {
    const ms = Date.parse(value);
    return Number.isNaN(ms) ? null : ms;
  }
  return null;
}

/**
 * Parts of a duration with their units: [["2", "h"], ["14", "min"]].
 * @param {number} seconds
 * @returns {[string, string][]}
 */
export function durationParts(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return [[String(whole), "s"]];
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return [[String(minutes), "min"]];
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return pair(hours, "h", minutes % 60, "min");
  return pair(Math.floor(hours / 24), "days", hours % 24, "h");
}

/**
 * @param {number} large
 * @param {string} unit
 * @param {number} small
 * @param {string} smallUnit
 * @returns {[string, string][]}
 */
function pair(large, unit, small, smallUnit) {
  return small ? [[String(large), unit], [String(small), smallUnit]] : [[String(large), unit]];
}

/**
 * "42 s", "48 min", "2 h 14 min", "3 days".
 * @param {number} seconds
 */
export function duration(seconds) {
  return durationParts(seconds).map((part) => part.join(" ")).join(" ");
}

/**
 * "just now", "24 s ago", "2 min ago".
 * @param {number} ms
 * @param {number} now
 */
export function ago(ms, now) {
  const seconds = (now - ms) / 1000;
  return seconds < 2 ? "just now" : `${durationParts(seconds)[0].join(" ")} ago`;
}

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const fullFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** @param {number} ms */
export function clock(ms) {
  return clockFormat.format(ms);
}

/** @param {number} ms */
export function minute(ms) {
  return minuteFormat.format(ms);
}

/** @param {number} ms */
export function exactTime(ms) {
  return fullFormat.format(ms);
}

/**
 * "15:06" today, "20 Nov, 15:06" on another day.
 * @param {number} ms
 * @param {number} now
 */
export function moment(ms, now) {
  const sameDay = dayFormat.format(ms) === dayFormat.format(now);
  return sameDay ? minute(ms) : `${dayFormat.format(ms)}, ${minute(ms)}`;
}

/**
 * Labels for a time axis whose ticks are `gap` seconds apart.
 * @param {readonly number[]} ticks seconds since 1970
 * @returns {string[]}
 */
export function timeAxis(ticks) {
  const gap = ticks.length > 1 ? ticks[1] - ticks[0] : 60;
  if (gap >= 86_400) return ticks.map((tick) => dayFormat.format(tick * 1000));
  return ticks.map((tick) => (gap < 60 ? clock : minute)(tick * 1000));
}
