/** The steps between screens that the ways into a room have in common. */

import { toMs } from "../model/times.js";
import { call, roomUrl } from "../net/api.js";
import * as storage from "../net/storage.js";
import { link, screen } from "./state.js";
import { leaveQuietly, picture, watch } from "./watching.js";

/** @typedef {import("../model/words.js").Problem} Problem */
/** @typedef {import("./watching.js").Where} Where */

let turn = 0;

/** Begins a step and ends the one before: an answer that comes too late changes nothing. */
export function begins() {
  turn += 1;
  return turn;
}

/**
 * Whether a step is still the newest.
 * @param {number} step what `begins` gave
 */
export function lasts(step) {
  return step === turn;
}

/** @param {import("./state.js").Screen} next */
export function show(next) {
  screen.value = next;
}

/** Who we are before we are in: a named user, or the visitor of this browser. */
export function bearer() {
  return storage.identity() || storage.visitor() || undefined;
}

/**
 * Says why not, and what can be done.
 * @param {string} code
 * @param {any} room as far as it is known
 * @param {Problem} problem
 */
export function refuse(code, room, problem) {
  leaveQuietly();
  show({ name: "refused", code, room, problem, again: () => void find(code) });
}

/**
 * Asks what the room wants of a stranger.
 * @param {string} code
 * @param {boolean} [typed] whether the person stands before the field for the code
 */
export async function find(code, typed = false) {
  const step = begins();
  if (typed) show({ name: "arrive", code, problem: null, busy: true });
  else show({ name: "finding", code });
  const answer = await call("GET", `rooms/${encodeURIComponent(code)}`, { token: bearer() });
  if (!lasts(step)) return;
  if (answer.ok) {
    if (typed) history.pushState(null, "", roomUrl(code));
    return show({ name: "join", code, room: answer.body, problem: null, busy: false });
  }
  // The token is of another server, or older than the secret: we come as somebody new.
  if (answer.problem.code === "unauthorized" && bearer()) {
    forgetWhoWeAre();
    return find(code, typed);
  }
  const onCard = typed || answer.problem.code === "room_not_found";
  if (onCard) show({ name: "arrive", code, problem: answer.problem, busy: false });
  else refuse(code, null, answer.problem);
}

export function forgetWhoWeAre() {
  storage.keepVisitor(null);
  storage.keepIdentity("");
}

/**
 * @param {Where} where
 * @param {{token: string, expiresAt?: number | null}} grant
 */
export function watchAs(where, grant) {
  begins();
  show({ name: "room", ...where });
  watch(where, grant, { refused: (problem) => lost(where, problem) });
}

/**
 * Keeps a grant and watches with it.
 * @param {string} code
 * @param {Record<string, any>} answer an approved join
 */
export function enterWith(code, answer) {
  const grant = { token: answer.token, code, expiresAt: toMs(answer.expires_at) };
  storage.keepGrant(answer.room.id, grant);
  watchAs({ code, roomId: answer.room.id, owner: false }, grant);
}

/**
 * The connection of a room ended for good.
 * @param {Where} where
 * @param {Problem} problem
 */
export function lost(where, problem) {
  if (where.owner) storage.keepKey(where.roomId, null);
  else storage.keepGrant(where.roomId, null);
  link.value = null;
  // An old grant is no news to anybody: the card asks for what the room wants.
  if (problem.code === "unauthorized") void find(where.code);
  else refuse(where.code, picture.room, problem);
}
