/** What the page shows now, and when it draws. Only this folder changes it. */

import { signal } from "../../vendor/signals.js";

/** @typedef {import("../model/words.js").Problem} Problem */
/** @typedef {import("../net/connection.js").Link} Link */

/**
 * @typedef {{name: "arrive", code: string, problem: Problem | null, busy: boolean, note?: string}} Arrive
 * @typedef {{name: "finding", code: string}} Finding
 * @typedef {{name: "join", code: string, room: any, problem: Problem | null, busy: boolean, note?: string}} Join room: null while an invitation stands for it
 * @typedef {{name: "waiting", code: string, room: any, askedAs: string, askedAt: number, endsAt: number | null}} Waiting
 * @typedef {{name: "room"} & import("./watching.js").Where} Watching
 * @typedef {{name: "refused", code: string, room: any, problem: Problem, until: number | null, again: () => void}} Refused
 * @typedef {Arrive | Finding | Join | Waiting | Watching | Refused} Screen
 */

/** @type {import("../../vendor/signals.js").Signal<Screen>} */
export const screen = signal(/** @type {Screen} */ ({ name: "arrive", code: "", problem: null, busy: false }));

/** The connection of the room, or null outside one. */
/** @type {import("../../vendor/signals.js").Signal<Link | null>} */
export const link = signal(/** @type {Link | null} */ (null));

/** Short messages that float for a moment. */
/** @typedef {{id: number, text: string, tone: "ok" | "bad"}} Toast */
/** @type {import("../../vendor/signals.js").Signal<Toast[]>} */
export const toasts = signal(/** @type {Toast[]} */ ([]));

let lastToast = 0;

/**
 * @param {string} text
 * @param {"ok" | "bad"} [tone]
 */
export function toast(text, tone = "ok") {
  lastToast += 1;
  toasts.value = [...toasts.value.slice(-2), { id: lastToast, text, tone }];
}

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Changes when the picture of the room is to be drawn again. */
export const drawing = signal(0);

/** The time in milliseconds, each second, for times that are told relative to now. */
export const now = signal(Date.now());

/** Milliseconds between two drawings: at least, and at most however slow the machine is. */
const LEAST_MS = 100;
const MOST_MS = 400;
/** The share of the time that drawing may take: on a slow machine the picture moves less often, and stays usable. */
const SHARE = 0.25;

let asked = false;
let drawnAt = 0;
let pause = LEAST_MS;
const afterwards = new MessageChannel();
// A message that is sent while a frame is drawn arrives when the browser is done with it.
afterwards.port1.onmessage = () => {
  pause = Math.min(MOST_MS, Math.max(LEAST_MS, (performance.now() - drawnAt) / SHARE));
};

/** Asks for the picture to be drawn soon. Cheap: may be called for every message. */
export function draw() {
  if (asked) return;
  asked = true;
  setTimeout(() => requestAnimationFrame(paint), Math.max(0, drawnAt + pause - performance.now()));
}

/** Draws in this very turn: what somebody has just changed may not spring back until the next picture. */
export function drawNow() {
  drawing.value += 1;
}

function paint() {
  asked = false;
  drawnAt = performance.now();
  drawing.value += 1;
  afterwards.port2.postMessage(null);
}

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
