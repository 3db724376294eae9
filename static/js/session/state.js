/** What the page shows now: which screen, of which room, as whom. Only this folder changes it. */

import { signal } from "../../vendor/signals.js";

/** @typedef {import("../model/problems.js").Problem} Problem */
/** @typedef {import("../net/connection.js").Link} Link */

/**
 * @typedef {{name: "arrive", code: string, problem: Problem | null, busy: boolean}} Arrive
 * @typedef {{name: "finding", code: string}} Finding
 * @typedef {{name: "join", code: string, room: any, problem: Problem | null, busy: boolean}} Join
 * @typedef {{name: "waiting", code: string, room: any, askedAs: string, askedAt: number, endsAt: number | null}} Waiting
 * @typedef {{name: "room", code: string, roomId: string, owner: boolean}} Watching
 * @typedef {{name: "refused", code: string, room: any, problem: Problem, again: (() => void) | null}} Refused
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
