/** What only the owner does: change the room while people watch, rotate, give away, invite, close. */

import { signal } from "../../vendor/signals.js";
import { call } from "../net/api.js";
import * as storage from "../net/storage.js";
import { showRoom } from "./owner.js";
import { drawNow } from "./state.js";
import { refuse } from "./steps.js";
import { picture, rekey, token } from "./watching.js";

/** @typedef {import("../model/words.js").Problem} Problem */
/** @typedef {import("../model/settings.js").Invitation} Invitation */

/** What became of a change: the problem, or what is shown this once. */
/** @typedef {{problem: Problem | null, password?: string}} Outcome */

/**
 * Changes what is given; everybody in the room sees it at once.
 * @param {string} roomId
 * @param {Record<string, unknown>} fields
 * @returns {Promise<Outcome>}
 */
export function change(roomId, fields) {
  const turn = line.then(async () => shown(await call("PATCH", `rooms/${roomId}`, { token: token(), body: fields })));
  line = turn;
  return turn;
}

/**
 * Changes go one after the other: of two at once the older could be the one that stays. `call` never throws.
 * @type {Promise<unknown>}
 */
let line = Promise.resolve();

/**
 * @param {string} roomId
 * @param {number} hours
 * @returns {Promise<Outcome>}
 */
export async function extend(roomId, hours) {
  return shown(await call("POST", `rooms/${roomId}/extend`, { token: token(), body: { hours } }));
}

/**
 * A new code or password, and everybody has to come in again; or a new key, and only this browser has it.
 * @param {string} roomId
 * @param {"code" | "password" | "key"} what
 * @returns {Promise<Outcome>}
 */
export async function rotate(roomId, what) {
  const asking = call("POST", `rooms/${roomId}/rotate`, { token: token(), body: { what } });
  if (what !== "key") return shown(await asking);
  return shown(await rekey(asking, (answer) => (answer.ok ? answer.body.owner_token ?? null : null)));
}

/**
 * Gives the room to a user of the tenant; from then on this page is an owner's no more.
 * @param {string} roomId
 * @param {string} userId
 * @returns {Promise<Outcome>}
 */
export async function transfer(roomId, userId) {
  const { room } = picture;
  const answer = await call("POST", `rooms/${roomId}/transfer`, { token: token(), body: { user_id: userId } });
  if (!answer.ok) return { problem: answer.problem };
  storage.keepKey(roomId, null);
  refuse(room?.code ?? roomId, room, { code: "given_away", status: 0 });
  return { problem: null };
}

/**
 * Ends the room for everybody.
 * @param {string} roomId
 * @returns {Promise<Outcome>}
 */
export async function closeRoom(roomId) {
  const answer = await call("DELETE", `rooms/${roomId}`, { token: token() });
  return { problem: answer.ok ? null : answer.problem };
}

/**
 * @param {import("../net/api.js").Answer} answer
 * @returns {Outcome}
 */
function shown(answer) {
  if (!answer.ok) return { problem: answer.problem };
  const { password, owner_token: _key, room, ...rest } = answer.body;
  showRoom(room ?? rest);
  drawNow();
  return { problem: null, password };
}

/** The invitations there are; null until they were asked for. */
/** @type {import("../../vendor/signals.js").Signal<Invitation[] | null>} */
export const invitations = signal(/** @type {Invitation[] | null} */ (null));

/** @param {string} roomId */
export async function lookAtInvitations(roomId) {
  const whose = picture;
  const answer = await call("GET", `rooms/${roomId}/invitations`, { token: token() });
  if (answer.ok && whose === picture) invitations.value = answer.body.invitations ?? [];
}

/**
 * @typedef {object} Wish
 * @property {number} uses
 * @property {number} hours
 * @property {string} [user_id]
 * @property {string} [note]
 */

/**
 * Makes an invitation; its link is told this once.
 * @param {string} roomId
 * @param {Wish} wish
 * @returns {Promise<{problem: Problem} | {problem: null, url: string, invitation: Invitation}>}
 */
export async function invite(roomId, wish) {
  const answer = await call("POST", `rooms/${roomId}/invitations`, { token: token(), body: wish });
  if (!answer.ok) return { problem: answer.problem };
  void lookAtInvitations(roomId);
  return { problem: null, url: answer.body.url, invitation: answer.body };
}

/**
 * @param {string} roomId
 * @param {string} id
 * @returns {Promise<Problem | null>}
 */
export async function withdrawInvitation(roomId, id) {
  const answer = await call("DELETE", `rooms/${roomId}/invitations/${encodeURIComponent(id)}`, { token: token() });
  await lookAtInvitations(roomId);
  return answer.ok ? null : answer.problem;
}
