/** What owner and moderators see of a room: who asks, who is in, who is blocked; and their answers to requests. */

import { computed, signal } from "../../vendor/signals.js";
import { told } from "../model/settings.js";
import { sentence } from "../model/words.js";
import { call } from "../net/api.js";
import { draw, drawing, toast } from "./state.js";
import { picture, token } from "./watching.js";

/** @typedef {import("../model/room.js").Request} Request */
/** @typedef {import("../model/words.js").Problem} Problem */

/**
 * @typedef {object} Somebody
 * @property {string} id
 * @property {string} name
 * @property {string} role
 * @property {boolean} [watching]
 * @property {number | null} [lag_ms]
 * @property {string | null} [user_id]
 */

/** @typedef {{id: string, name: string, user_id?: string | null, blocked_at?: string}} Shut */

/** Who is here and who is blocked, as they were last asked for; null until then. */
/** @type {import("../../vendor/signals.js").Signal<{here: Somebody[] | null, blocked: Shut[]}>} */
export const people = signal({ here: /** @type {Somebody[] | null} */ (null), blocked: /** @type {Shut[]} */ ([]) });

/** What the panel shows of the picture: drawn when it changes, not with every point of a curve. */
export const room = computed(() => {
  void drawing.value;
  return picture.room ?? {};
});
export const requests = computed(() => {
  void drawing.value;
  return picture.requests;
});
/** How many are here and who, as one text. */
export const crowd = computed(() => {
  void drawing.value;
  const { watching, names } = picture.crowd;
  return `${watching} ${(names ?? []).join("\n")}`;
});

/**
 * @param {string} roomId
 * @param {Request} request
 * @param {boolean} letIn
 */
export async function answerRequest(roomId, request, letIn) {
  const answer = await call("POST", `rooms/${roomId}/requests/${request.id}/${letIn ? "approve" : "deny"}`, { token: token() });
  const over = !answer.ok && (answer.problem.code === "request_settled" || answer.problem.code === "request_not_found");
  if (answer.ok || over) settled([request.id]);
  if (!answer.ok) toast(over ? sentence(answer.problem) : told(answer.problem), "bad");
}

/** @param {string} roomId */
export async function letAllIn(roomId) {
  const ids = picture.requests.list.map((request) => request.id);
  const answer = await call("POST", `rooms/${roomId}/requests/approve-all`, { token: token() });
  if (!answer.ok) return toast(told(answer.problem), "bad");
  const left = new Set((answer.body.requests ?? []).filter((/** @type {Request} */ one) => one.status === "pending_approval").map((/** @type {Request} */ one) => one.id));
  settled(ids.filter((id) => !left.has(id)));
  if (left.size) toast(`The room is full: ${left.size === 1 ? "one person still waits" : `${left.size} people still wait`}`, "bad");
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
 */
export async function lookAround(roomId) {
  const whose = picture;
  const answer = await call("GET", `rooms/${roomId}/spectators`, { token: token() });
  if (!answer.ok || whose !== picture) return;
  const here = (answer.body.spectators ?? []).filter((/** @type {Somebody} */ one) => one.watching || one.role !== "spectator");
  people.value = { here, blocked: answer.body.blocked ?? [] };
}

/** Forgets who was in the room before. */
export function forgetPeople() {
  people.value = { here: null, blocked: [] };
}

/** @typedef {"kick" | "block" | "unblock" | "promote" | "demote"} Power */

/**
 * Does something about a person, and shows it at once.
 * @param {string} roomId
 * @param {Power} power
 * @param {{id: string, name: string}} person
 * @returns {Promise<Problem | null>} why not
 */
export async function use(roomId, power, person) {
  const answer = await call("POST", `rooms/${roomId}/spectators/${encodeURIComponent(person.id)}/${power}`, { token: token() });
  if (answer.ok) toast(DONE[power](person.name));
  await lookAround(roomId);
  return answer.ok ? null : answer.problem;
}

/** @type {Record<Power, (name: string) => string>} */
const DONE = {
  kick: (name) => `${name} was removed`,
  block: (name) => `${name} is blocked`,
  unblock: (name) => `${name} is no longer blocked`,
  promote: (name) => `${name} is a moderator now`,
  demote: (name) => `${name} is a spectator again`,
};

/**
 * The room as its owner sees it: with the link to give away, where the server knows a better one than ours.
 * @param {string} roomId
 */
export async function refreshRoom(roomId) {
  const whose = picture;
  const answer = await call("GET", `rooms/${roomId}`, { token: token() });
  if (answer.ok && whose === picture) showRoom(answer.body);
}

/**
 * Takes over what a call answered of the room.
 * @param {Record<string, any>} room
 */
export function showRoom(room) {
  picture.room = { ...picture.room, ...room };
  picture.requests = { ...picture.requests, turnedAway: room.turned_away ?? picture.requests.turnedAway };
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
