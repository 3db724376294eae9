/** From a code or a link into a room: ask what it wants, join, wait for the owner, watch. */

import { PASSWORD_CODES } from "../model/problems.js";
import { toMs } from "../model/times.js";
import { call } from "../net/api.js";
import { codeIn, readFragment, root, roomUrl } from "../net/paths.js";
import * as storage from "../net/storage.js";
import { link, screen } from "./state.js";
import { admitted, leave, leaveQuietly, watch } from "./watching.js";

/** @typedef {import("../model/problems.js").Problem} Problem */

/** Problems that are told on the card, where the next try is made. */
const ON_CARD = new Set([...PASSWORD_CODES, "too_many_attempts", "busy", "store_unavailable", "unreachable", "invalid_request", "quota_exceeded", "internal_error"]);

let invitation = "";
/** Counts changes of screen, so that an answer that comes too late changes nothing. */
let turn = 0;

/** Begins with the address of the page. */
export async function begin() {
  const fragment = readFragment(location.hash);
  // Before anything is asked of the server: no credential may stay where it can be copied or logged.
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  window.addEventListener("popstate", () => void open(codeIn(location.href), false));
  await enter(codeIn(location.href), fragment);
}

/**
 * @param {string} code
 * @param {ReturnType<typeof readFragment>} fragment
 */
async function enter(code, fragment) {
  invitation = fragment.invite;
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
  turn += 1;
  leaveQuietly();
  if (push) history.pushState(null, "", code ? roomUrl(code) : root.href);
  if (fragment) return enter(code, readFragment(fragment));
  if (!code) return show({ name: "arrive", code: "", problem: null, busy: false });
  const key = storage.keyFor(code);
  if (key) return watchAs({ code, roomId: key.id, owner: true }, key.kept.token, null);
  const asked = storage.asked();
  if (asked?.code === code) return wait(asked, null);
  const grant = storage.grantFor(code);
  if (grant) return watchAs({ code, roomId: grant.id, owner: false }, grant.kept.token, null);
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

/** @param {import("./state.js").Screen} next */
function show(next) {
  screen.value = next;
}

/**
 * @param {string} code
 * @param {string} claim
 */
async function redeem(code, claim) {
  const mine = ++turn;
  show({ name: "finding", code });
  const answer = await call("POST", "claims", { body: { claim } });
  if (mine !== turn) return;
  if (!answer.ok) {
    if (storage.keyFor(code)) return open(code, false); // the same tab again: it has the key already
    const spent = ["unauthorized", "invalid_request", "not_allowed"].includes(answer.problem.code);
    return refuse(code, null, spent ? { ...answer.problem, code: "claim_spent" } : answer.problem, () => void open(code, false));
  }
  const { room, owner_token: token } = answer.body;
  storage.keepKey(room.id, { token, code: room.code });
  if (room.code !== code) history.replaceState(null, "", roomUrl(room.code));
  watchAs({ code: room.code, roomId: room.id, owner: true }, token, null);
}

/**
 * Asks what the room wants of a stranger.
 * @param {string} code
 * @param {boolean} [typed] whether the person stands before the field for the code
 */
export async function find(code, typed = false) {
  const mine = ++turn;
  if (typed) show({ name: "arrive", code, problem: null, busy: true });
  else show({ name: "finding", code });
  const answer = await call("GET", `rooms/${encodeURIComponent(code)}`, { token: bearer() });
  if (mine !== turn) return;
  if (answer.ok) {
    if (typed) history.pushState(null, "", roomUrl(code));
    return show({ name: "join", code, room: answer.body.room ?? answer.body, problem: null, busy: false });
  }
  if (typed || answer.problem.code === "room_not_found") {
    return show({ name: "arrive", code, problem: answer.problem, busy: false });
  }
  refuse(code, null, answer.problem, () => void find(code));
}

/** Who we are before we are in: a named user, or the visitor of this browser. */
function bearer() {
  return storage.identity() || storage.visitor() || undefined;
}

/**
 * @param {string} name
 * @param {string} password
 */
export async function join(name, password) {
  const before = screen.value;
  if (before.name !== "join") return;
  const mine = ++turn;
  const { code, room } = before;
  show({ ...before, busy: true, problem: null });
  storage.keepPersonName(name);
  const body = { display_name: name, ...(password ? { password } : {}), ...(invitation ? { invitation } : {}) };
  const answer = await call("POST", `rooms/${encodeURIComponent(code)}/join`, { token: bearer(), body });
  if (mine !== turn) return;
  if (!answer.ok) return joinRefused(code, room, answer.problem);
  if (answer.body.visitor) storage.keepVisitor(answer.body.visitor);
  if (answer.body.status === "pending_approval") {
    const now = Date.now();
    const endsAt = toMs(answer.body.expires_at) ?? (room?.approval_timeout ? now + room.approval_timeout * 1000 : null);
    const asked = { code, requestId: answer.body.request_id, token: answer.body.token, name, askedAt: now, endsAt };
    storage.keepAsked(asked);
    return wait(asked, room);
  }
  const roomId = answer.body.room.id;
  storage.keepGrant(roomId, { token: answer.body.token, code });
  watchAs({ code, roomId, owner: false }, answer.body.token, toMs(answer.body.expires_at));
}

/**
 * @param {string} code
 * @param {any} room
 * @param {Problem} problem
 */
function joinRefused(code, room, problem) {
  // A visitor token of another server, or an older one: it is worth nothing here, so we come as somebody new.
  if (problem.code === "unauthorized") {
    storage.keepVisitor(null);
    storage.keepIdentity("");
  }
  if (problem.code === "password_required" && room) room.has_password = true;
  if (ON_CARD.has(problem.code) || problem.code === "unauthorized") {
    return show({ name: "join", code, room, problem, busy: false });
  }
  refuse(code, room, problem, () => void find(code));
}

/**
 * @param {string} code
 * @param {any} room
 * @param {Problem} problem
 * @param {(() => void) | null} again
 */
function refuse(code, room, problem, again) {
  leaveQuietly();
  show({ name: "refused", code, room, problem, again });
}

/**
 * @param {{code: string, roomId: string, owner: boolean}} where
 * @param {string} token
 * @param {number | null} expiresAt
 */
function watchAs(where, token, expiresAt) {
  turn += 1;
  show({ name: "room", ...where });
  watch(where, token, { expiresAt, refused: (problem) => lost(where, problem) });
}

/**
 * The connection of a room ended for good.
 * @param {{code: string, roomId: string, owner: boolean}} where
 * @param {Problem} problem
 */
function lost(where, problem) {
  if (where.owner) storage.keepKey(where.roomId, null);
  else storage.keepGrant(where.roomId, null);
  link.value = null;
  // An old grant is no news to anybody: the card asks for what the room wants.
  if (problem.code === "unauthorized") return void find(where.code);
  refuse(where.code, null, problem, () => void find(where.code));
}

/**
 * Waits for the owner's answer: over the lobby's socket, or by asking where sockets are blocked.
 * @param {import("../net/storage.js").Asked} asked
 * @param {any} room
 */
function wait(asked, room) {
  const mine = ++turn;
  const { code } = asked;
  const where = { code, roomId: code, owner: false };
  show({ name: "waiting", code, room, askedAs: asked.name, askedAt: asked.askedAt, endsAt: asked.endsAt });
  if (!room) void nameTheRoom(code, mine);
  watch(where, asked.token, {
    access: (message) => answered(asked, message),
    refused: (problem) => {
      if (mine !== turn) return;
      storage.keepAsked(null);
      const ended = problem.code === "unauthorized" ? { ...problem, code: "request_gone" } : problem;
      refuse(code, room, ended, () => void find(code));
    },
  });
  void ask(asked, mine);
}

/**
 * @param {string} code
 * @param {number} mine
 */
async function nameTheRoom(code, mine) {
  const answer = await call("GET", `rooms/${encodeURIComponent(code)}`, { token: bearer() });
  const at = screen.value;
  if (answer.ok && mine === turn && at.name === "waiting") show({ ...at, room: answer.body.room ?? answer.body });
}

/**
 * Asks for the answer by HTTP as long as the socket brings none: one call hangs until there is something to say.
 * @param {import("../net/storage.js").Asked} asked
 * @param {number} mine
 */
async function ask(asked, mine) {
  const path = `rooms/${encodeURIComponent(asked.code)}/requests/${asked.requestId}?wait=25`;
  while (mine === turn) {
    if (link.value?.phase === "open") {
      await pause(2000);
      continue;
    }
    const answer = await call("GET", path, { token: asked.token, patience: 40_000 });
    if (mine !== turn) return;
    if (answer.ok && answer.body.status !== "pending_approval") return answered(asked, answer.body);
    if (!answer.ok) await pause(answer.problem.retryAfter ? answer.problem.retryAfter * 1000 : 3000);
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/**
 * @param {import("../net/storage.js").Asked} asked
 * @param {Record<string, any>} message `access`, or the request as HTTP tells it
 */
function answered(asked, message) {
  const at = screen.value;
  if (at.name !== "waiting" || message.status === "pending_approval") return;
  storage.keepAsked(null);
  if (message.status !== "approved" || !message.token) {
    turn += 1;
    const code = message.status === "denied" ? "approval_denied" : "request_gone";
    return refuse(asked.code, at.room, { code, status: 0 }, () => void find(asked.code));
  }
  const roomId = message.room?.id ?? message.room_id ?? at.room?.id;
  const expiresAt = toMs(message.expires_at);
  turn += 1;
  if (!roomId || message.type !== "access") return void takeGrant(asked.code, message.token, expiresAt);
  storage.keepGrant(roomId, { token: message.token, code: asked.code });
  const where = { code: asked.code, roomId, owner: false };
  admitted(where, message.token, expiresAt);
  show({ name: "room", ...where });
}

/**
 * A grant whose room we know by its code only: the room tells its id to whoever holds one.
 * @param {string} code
 * @param {string} token
 * @param {number | null} expiresAt
 */
async function takeGrant(code, token, expiresAt) {
  const answer = await call("GET", `rooms/${encodeURIComponent(code)}`, { token });
  const roomId = answer.ok ? (answer.body.room ?? answer.body).id : code;
  if (answer.ok) storage.keepGrant(roomId, { token, code });
  watchAs({ code, roomId, owner: false }, token, expiresAt);
}

/** Takes the request back. */
export async function withdraw() {
  const asked = storage.asked();
  storage.keepAsked(null);
  anotherCode();
  if (asked) await call("DELETE", `rooms/${encodeURIComponent(asked.code)}/requests/${asked.requestId}`, { token: asked.token });
}
