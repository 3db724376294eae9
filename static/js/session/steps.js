/** The steps between screens that the ways into a room have in common. */

import { toMs } from "../model/times.js";
import { againAt } from "../model/words.js";
import { call, roomUrl } from "../net/api.js";
import * as storage from "../net/storage.js";
import { link, screen } from "./state.js";
import { leaveQuietly, picture, watch } from "./watching.js";

/** @typedef {import("../model/words.js").Problem} Problem */
/** @typedef {import("./watching.js").Where} Where */

let turn = 0;

const COME_AGAIN = "Your place in the room has ended. Come in again with what the owner gives you.";
const NEW_CODE = "Your place in the room has ended, and its code has changed. Ask the owner for the new one.";

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
  show({ name: "refused", code, room, problem, until: againAt(problem, Date.now()), again: () => void find(code) });
}

/**
 * Asks what the room wants of a stranger. Who has an invitation is not asked about it: to others such a room may
 * not exist.
 * @param {string} code
 * @param {boolean} [typed] whether the person stands before the field for the code
 * @param {string} [note] why they are here again
 */
export async function find(code, typed = false, note = "") {
  const step = begins();
  if (storage.invitation(code)) return show({ name: "join", code, room: null, problem: null, busy: false, note });
  if (typed) show({ name: "arrive", code, problem: null, busy: true });
  else show({ name: "finding", code });
  const answer = await call("GET", `rooms/${encodeURIComponent(code)}`, { token: bearer() });
  if (!lasts(step)) return;
  if (answer.ok) {
    if (typed) history.pushState(null, "", roomUrl(code));
    if (answer.body.status === "ended") return refuse(code, answer.body, { code: "room_ended", status: 0 });
    return show({ name: "join", code, room: answer.body, problem: null, busy: false, note });
  }
  // The token is of another server, or older than the secret: we come as somebody new.
  if (answer.problem.code === "unauthorized" && bearer()) {
    forgetWhoWeAre();
    return find(code, typed, note);
  }
  const onCard = typed || answer.problem.code === "room_not_found";
  if (onCard && note) show({ name: "arrive", code: "", problem: null, busy: false, note: NEW_CODE });
  else if (onCard) show({ name: "arrive", code, problem: answer.problem, busy: false });
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
  const { room, token } = answer;
  storage.keepInvitation(code, null);
  if (answer.role === "owner") {
    storage.keepKey(room.id, { token, code: room.code });
    return watchAs({ code: room.code, roomId: room.id, owner: true, link: room.join_url }, { token });
  }
  const grant = { token, code, expiresAt: toMs(answer.expires_at), person: answer.spectator_id };
  storage.keepGrant(room.id, grant);
  watchAs({ code, roomId: room.id, owner: false, person: grant.person }, grant);
}

/**
 * The connection of a room ended for good.
 * @param {Where} where
 * @param {Problem} problem
 */
export function lost(where, problem) {
  const { owner, roomId } = where;
  const { room } = picture;
  // A room may be out of sight for a while (its tenant is suspended); a key is no use in any other.
  if (!owner) storage.keepGrant(roomId, null);
  else if (problem.code !== "room_gone") storage.keepKey(roomId, null);
  link.value = null;
  const code = room?.code ?? where.code;
  const ended = problem.code === "unauthorized" || problem.code === "place_ended";
  if (ended && owner) return refuse(code, room, { ...problem, code: "key_ended" });
  // An old grant is no news to anybody: the card asks for what the room wants. Who was in is told that it ended.
  if (ended) void find(code, false, room ? COME_AGAIN : "");
  else refuse(code, room, problem.code === "room_gone" && !room ? { ...problem, code: "room_not_found" } : problem);
}
