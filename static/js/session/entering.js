/** From the address of the page, or a code, into a room; and waiting for the owner's answer. */

import { toMs } from "../model/times.js";
import { PASSWORD_CODES } from "../model/words.js";
import { call, codeIn, readFragment, roomUrl, root } from "../net/api.js";
import * as storage from "../net/storage.js";
import { link, screen } from "./state.js";
import { bearer, begins, enterWith, find, forgetWhoWeAre, lasts, lost, refuse, show, watchAs } from "./steps.js";
import { admitted, leave, leaveQuietly, watch } from "./watching.js";

/** @typedef {import("../model/words.js").Problem} Problem */

/** Problems that are told on the card, where the next try is made. */
const ON_CARD = new Set([
  ...PASSWORD_CODES, "too_many_attempts", "quota_exceeded", "invalid_request", "unauthorized",
  "busy", "store_unavailable", "store_full", "unreachable", "internal_error",
]);

/** Problems that an invitation does not survive: it is not tried twice. */
const NO_INVITATION = new Set(["invitation_spent", "room_not_found", "room_closed", "room_expired"]);

/** Problems of a claim that mean it is spent, or was never one. */
const SPENT = new Set(["unauthorized", "invalid_request", "not_allowed"]);

/** Begins with the address of the page. */
export async function begin() {
  // Also when a link is opened in the tab of the same room: only the fragment changes then, and nothing is loaded.
  window.addEventListener("popstate", () => void readAddress());
  await readAddress();
}

/** Goes where the address of the page says. */
function readAddress() {
  const fragment = readFragment(location.hash);
  // Before anything is asked of the server: no credential may stay where it can be copied or logged.
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return enter(codeIn(location.href), fragment);
}

/**
 * @param {string} code
 * @param {ReturnType<typeof readFragment>} fragment
 */
async function enter(code, fragment) {
  if (fragment.invite) storage.keepInvitation(code, fragment.invite);
  if (fragment.identity) storage.keepIdentity(fragment.identity);
  if (fragment.claim) await redeem(code, fragment.claim);
  else await open(code, false);
}

/**
 * Goes to the room of a code, or to the start without one.
 * @param {string} code
 * @param {boolean} push whether the browser's way back leads here
 * @param {string} [fragment] what a pasted link carried
 */
export async function open(code, push, fragment = "") {
  begins();
  leaveQuietly();
  if (push) history.pushState(null, "", code ? roomUrl(code) : root.href);
  if (fragment) return enter(code, readFragment(fragment));
  if (!code) return show({ name: "arrive", code: "", problem: null, busy: false });
  const key = storage.keyFor(code);
  if (key) return watchAs({ code, roomId: key.id, owner: true }, key.kept);
  const asked = storage.asked(code);
  if (asked && !storage.invitation(code)) return wait(asked, null);
  const grant = storage.grantFor(code);
  if (grant) return watchAs({ code, roomId: grant.id, owner: false, person: grant.kept.person }, grant.kept);
  return find(code);
}

/** Back to the field for the code. */
export function anotherCode() {
  void open("", true);
}

/** Leaves the room for good: the seat is free at once. */
export async function leaveRoom() {
  await leave();
  anotherCode();
}

/**
 * Exchanges the claim of an owner's link for the room's key.
 * @param {string} code
 * @param {string} claim
 */
async function redeem(code, claim) {
  const step = begins();
  show({ name: "finding", code });
  const answer = await call("POST", "claims", { body: { claim } });
  if (!lasts(step)) return;
  if (!answer.ok) {
    if (storage.keyFor(code)) return open(code, false); // the same tab again: it has the key already
    return refuse(code, null, SPENT.has(answer.problem.code) ? { ...answer.problem, code: "claim_spent" } : answer.problem);
  }
  const { room, owner_token: token } = answer.body;
  storage.keepKey(room.id, { token, code: room.code });
  if (room.code !== code) history.replaceState(null, "", roomUrl(room.code));
  watchAs({ code: room.code, roomId: room.id, owner: true, link: answer.body.join_url }, { token });
}

/**
 * @param {string} name
 * @param {string} password
 */
export async function join(name, password) {
  const before = screen.value;
  if (before.name !== "join") return;
  const step = begins();
  const { code, room } = before;
  show({ ...before, busy: true, problem: null });
  storage.keepPersonName(name);
  const invitation = storage.invitation(code);
  if (invitation) void takeBack(code); // who is invited waits no longer
  const body = { display_name: name, ...(password ? { password } : {}), ...(invitation ? { invitation } : {}) };
  const answer = await call("POST", `rooms/${encodeURIComponent(code)}/join`, { token: bearer(), body });
  if (!lasts(step)) return;
  if (!answer.ok) return joinRefused(code, room, answer.problem);
  if (answer.body.visitor) storage.keepVisitor(answer.body.visitor);
  if (answer.body.status === "approved") return enterWith(code, answer.body);
  const { request_id: requestId, token, ws_url: address } = answer.body;
  // By its id: the code may change while we wait.
  const roomId = new URL(address).pathname.split("/").pop() ?? code;
  const asked = { code, roomId, requestId, token, name, askedAt: Date.now(), endsAt: toMs(answer.body.expires_at), person: answer.body.spectator_id };
  storage.keepInvitation(code, null);
  storage.keepAsked(code, asked);
  wait(asked, room);
}

/**
 * @param {string} code
 * @param {any} room
 * @param {Problem} problem
 */
function joinRefused(code, room, problem) {
  if (problem.code === "unauthorized") forgetWhoWeAre();
  const known = problem.code === "password_required" ? { ...room, has_password: true } : room;
  if (ON_CARD.has(problem.code)) return show({ name: "join", code, room: known, problem, busy: false });
  const invited = storage.invitation(code) !== "";
  if (NO_INVITATION.has(problem.code)) storage.keepInvitation(code, null);
  refuse(code, room, invited && problem.code === "room_not_found" ? { ...problem, code: "invitation_refused" } : problem);
}

/** Takes the request back. */
export async function withdraw() {
  const { code } = screen.value;
  anotherCode();
  await takeBack(code);
}

/** @param {string} code */
async function takeBack(code) {
  const asked = storage.asked(code);
  storage.keepAsked(code, null);
  if (asked) await call("DELETE", `rooms/${asked.roomId}/requests/${asked.requestId}`, { token: asked.token });
}

/** @typedef {import("../net/storage.js").Asked} Asked */

/** What the end of a connection means to somebody who waits. */
/** @type {Record<string, string>} */
const WAITED = { unauthorized: "request_gone", place_ended: "request_gone", room_gone: "room_not_found" };

/** Milliseconds between two looks at whether the socket does its work. */
const LOOK_MS = 2000;

/**
 * @param {Asked} asked
 * @param {any} room as far as it is known
 */
export function wait(asked, room) {
  const step = begins();
  const { code } = asked;
  show({ name: "waiting", code, room, askedAs: asked.name, askedAt: asked.askedAt, endsAt: asked.endsAt });
  if (!room) void nameTheRoom(code, step);
  const where = { code, roomId: asked.roomId, owner: false, person: asked.person };
  watch(where, { token: asked.token }, {
    access: (message) => answered(asked, message),
    refused: (problem) => {
      const at = screen.value;
      if (at.name === "room") return lost(where, problem);
      if (!lasts(step)) return;
      storage.keepAsked(code, null);
      refuse(code, room, { ...problem, code: WAITED[problem.code] ?? problem.code });
    },
  });
  void ask(asked, step);
}

/**
 * @param {string} code
 * @param {number} step
 */
async function nameTheRoom(code, step) {
  const answer = await call("GET", `rooms/${encodeURIComponent(code)}`, { token: bearer() });
  const at = screen.value;
  if (answer.ok && lasts(step) && at.name === "waiting") show({ ...at, room: answer.body });
}

/**
 * Asks for the answer by HTTP as long as the socket brings none: one call hangs until there is something to say.
 * @param {Asked} asked
 * @param {number} step
 */
async function ask(asked, step) {
  const path = `rooms/${asked.roomId}/requests/${asked.requestId}?wait=25`;
  await pause(LOOK_MS);
  while (lasts(step)) {
    if (link.value?.phase === "open") {
      await pause(LOOK_MS);
      continue;
    }
    const answer = await call("GET", path, { token: asked.token, patience: 40_000 });
    if (!lasts(step)) return;
    if (answer.ok && answer.body.status !== "pending_approval") return answered(asked, answer.body);
    if (!answer.ok) await pause(answer.problem.retryAfter ? answer.problem.retryAfter * 1000 : LOOK_MS);
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/**
 * @param {Asked} asked
 * @param {Record<string, any>} message `access`, or the request as HTTP tells it
 */
function answered(asked, message) {
  const at = screen.value;
  if (at.name !== "waiting" || message.status === "pending_approval") return;
  storage.keepAsked(asked.code, null);
  if (message.status !== "approved" || !message.token) {
    begins();
    return refuse(asked.code, at.room, { code: message.status === "denied" ? "approval_denied" : "request_gone", status: 0 });
  }
  if (message.room?.id) return enterWith(asked.code, message);
  stayOn(asked, message.token);
}

/**
 * The lobby's socket turns live by itself.
 * @param {Asked} asked
 * @param {string} token
 */
function stayOn(asked, token) {
  begins();
  const { code, roomId, person } = asked;
  const where = { code, roomId, owner: false, person };
  storage.keepGrant(roomId, { token, code, person });
  admitted(where, token);
  show({ name: "room", ...where });
}
