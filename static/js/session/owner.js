/** What an owner does: answer requests, see who is in, extend, close. */

import { moment, toMs } from "../model/times.js";
import { sentence } from "../model/words.js";
import { call } from "../net/api.js";
import { draw, toast } from "./state.js";
import { picture, token } from "./watching.js";

/** @typedef {import("../model/room.js").Request} Request */

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 */
async function act(method, path, body) {
  const answer = await call(method, path, { token: token(), body });
  if (!answer.ok) toast(sentence(answer.problem), "bad");
  return answer;
}

/**
 * @param {string} roomId
 * @param {Request} request
 * @param {boolean} letIn
 */
export async function answerRequest(roomId, request, letIn) {
  const answer = await act("POST", `rooms/${roomId}/requests/${request.id}/${letIn ? "approve" : "deny"}`);
  if (answer.ok || answer.problem.code === "request_settled" || answer.problem.code === "request_not_found") settled([request.id]);
}

/** @param {string} roomId */
export async function letAllIn(roomId) {
  const ids = picture.requests.list.map((request) => request.id);
  const answer = await act("POST", `rooms/${roomId}/requests/approve-all`);
  if (!answer.ok) return;
  const left = new Set((answer.body.requests ?? []).filter((/** @type {Request} */ one) => one.status === "pending_approval").map((/** @type {Request} */ one) => one.id));
  settled(ids.filter((id) => !left.has(id)));
  if (left.size) toast(`The room is full: ${left.size} still wait`, "bad");
}

/**
 * Takes answered requests off the list at once; the room's own news follows.
 * @param {string[]} ids
 */
function settled(ids) {
  const list = picture.requests.list.filter((request) => !ids.includes(request.id));
  picture.requests = { ...picture.requests, list, waiting: list.length };
  draw();
}

/**
 * Who is here now; whoever has left stays a member for a while, but is not here.
 * @param {string} roomId
 * @returns {Promise<{id: string, name: string, role: string, lag_ms?: number | null}[] | null>}
 */
export async function people(roomId) {
  const answer = await call("GET", `rooms/${roomId}/spectators`, { token: token() });
  return answer.ok ? (answer.body.spectators ?? []).filter((/** @type {any} */ one) => one.watching || one.role !== "spectator") : null;
}

/**
 * @param {string} roomId
 * @param {number} hours
 */
export async function extend(roomId, hours) {
  const answer = await act("POST", `rooms/${roomId}/extend`, { hours });
  if (!answer.ok) return;
  const room = answer.body.room ?? answer.body;
  if (picture.room) picture.room = { ...picture.room, expires_at: room.expires_at };
  const ends = toMs(room.expires_at);
  toast(ends === null ? "The room was extended" : `The room now ends at ${moment(ends, Date.now())}`);
  draw();
}

/** @param {string} roomId */
export async function closeRoom(roomId) {
  await act("DELETE", `rooms/${roomId}`);
}

/**
 * The room as its owner sees it: with the link to give away, where the server knows a better one than ours.
 * @param {string} roomId
 */
export async function refreshRoom(roomId) {
  const answer = await call("GET", `rooms/${roomId}`, { token: token() });
  if (!answer.ok) return;
  picture.room = { ...picture.room, ...(answer.body.room ?? answer.body) };
  picture.requests.turnedAway = picture.room?.turned_away ?? picture.requests.turnedAway;
  draw();
}

/**
 * Who waits, asked for by HTTP where no socket tells it.
 * @param {string} roomId
 */
export async function refreshRequests(roomId) {
  const answer = await call("GET", `rooms/${roomId}/requests`, { token: token() });
  if (!answer.ok) return;
  const list = (answer.body.requests ?? []).filter((/** @type {Request} */ one) => !one.status || one.status === "pending_approval");
  picture.requests = { ...picture.requests, list, waiting: list.length };
  draw();
}
