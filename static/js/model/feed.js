/** Alerts, notes and the life of the run, as lines of text. Pure. */

import { toMs } from "./times.js";

/**
 * @typedef {object} Line
 * @property {number} seq
 * @property {"plain" | "warn" | "bad" | "ok"} tone
 * @property {"alert" | "note" | "life"} kind
 * @property {string} text
 * @property {string} about a category or a value, quieter than the text
 * @property {number | null} at milliseconds since 1970
 */

/** Lines kept; the newest are at the end. */
export const LINES = 60;

/** @type {Record<string, Line["tone"]>} */
const TONES = { info: "plain", debug: "plain", warning: "warn", warn: "warn", error: "bad", critical: "bad" };

/** @type {Record<string, [string, Line["tone"]]>} */
const LIFE = {
  training_started: ["Training started", "ok"],
  training_finished: ["Training finished", "ok"],
  training_failed: ["Training failed", "bad"],
  training_paused: ["Training paused", "plain"],
  training_resumed: ["Training goes on", "plain"],
};

/**
 * The line an event makes, or null.
 * @param {Record<string, any>} event
 * @param {number} seq
 * @returns {Line | null}
 */
export function readLine(event, seq) {
  if (event.type === "alert") return alertLine(event, seq);
  if (event.type === "log") {
    return { seq, kind: "note", tone: TONES[event.level] ?? "plain", text: text(event.message), about: "", at: toMs(event.timestamp) };
  }
  if (event.type === "training_event") {
    const [words, tone] = LIFE[event.event] ?? [humanized(text(event.event)), "plain"];
    return { seq, kind: "life", tone, text: words, about: details(event.data), at: toMs(event.timestamp) };
  }
  return null;
}

/**
 * @param {Record<string, any>} event
 * @param {number} seq
 * @returns {Line}
 */
function alertLine(event, seq) {
  const alert = event.alert ?? {};
  return {
    seq,
    kind: "alert",
    tone: TONES[alert.level] ?? "warn",
    text: text(alert.message),
    about: text(alert.category),
    at: toMs(alert.timestamp) ?? toMs(event.timestamp),
  };
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}

/** @param {string} name */
function humanized(name) {
  const words = name.replace(/_/g, " ").trim();
  return words ? words[0].toUpperCase() + words.slice(1) : name;
}

/** @param {unknown} data */
function details(data) {
  if (data === null || typeof data !== "object") return "";
  return Object.entries(data)
    .slice(0, 4)
    .map(([name, value]) => `${name.replace(/_/g, " ")} ${text(value)}`)
    .join(", ");
}

/**
 * @param {Line[]} lines changed in place
 * @param {Line} line
 */
export function addLine(lines, line) {
  if (lines.some((one) => one.seq === line.seq && one.text === line.text)) return;
  lines.push(line);
  if (lines.length > LINES) lines.splice(0, lines.length - LINES);
}
