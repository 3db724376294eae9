/** Being in a room: its connection, the picture it feeds, the grant that is renewed before it ends. */

import { emptyPicture, receive } from "../model/room.js";
import { fromClose } from "../model/problems.js";
import { fromColumns, withPast } from "../model/series.js";
import { call } from "../net/api.js";
import { Connection } from "../net/connection.js";
import * as storage from "../net/storage.js";
import { draw } from "./painter.js";
import { link, screen } from "./state.js";

/** @typedef {import("../model/room.js").Picture} Picture */

/** What is known of the room on the screen. Changed in place; `drawing` says when. */
export let picture = emptyPicture();

/** @type {Connection | null} */
let connection = null;
/** The credential in use: a grant, a room key or a lobby token. */
let credential = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let renewal;

/** Points asked for each curve beyond the snapshot's. */
const PAST_POINTS = 1000;
/** Curves asked for in one call. */
const PAST_CURVES = 40;
/** Milliseconds before its end at which a grant is renewed. */
const EARLY = 5 * 60_000;

/** The token that calls about this room carry. */
export function token() {
  return credential;
}

/**
 * Opens the room's connection with a credential.
 * @param {{code: string, roomId: string, owner: boolean}} where
 * @param {string} secret
 * @param {{expiresAt?: number | null, access?: (message: Record<string, any>) => void, refused: (problem: import("../model/problems.js").Problem) => void}} how
 */
export function watch(where, secret, how) {
  leaveQuietly();
  credential = secret;
  picture = emptyPicture();
  const mine = new Connection(where.roomId, secret, {
    message: (message) => hear(where, message, how),
    changed: (value) => {
      link.value = value;
    },
    ended: (code, reason) => {
      connection = null;
      how.refused(fromClose(code, reason));
    },
    renew: () => (where.owner ? Promise.resolve(null) : renew(where)),
    cursor: () => picture.cursor,
    seq: () => picture.seq,
  });
  connection = mine;
  renewInTime(where, how.expiresAt ?? null);
}

/**
 * @param {{code: string, roomId: string, owner: boolean}} where
 * @param {Record<string, any>} message
 * @param {{access?: (message: Record<string, any>) => void}} how
 */
function hear(where, message, how) {
  if (message.type === "access") return how.access?.(message);
  receive(picture, message, Date.now());
  if (message.type === "snapshot") void fetchPast(where.roomId);
  draw();
}

/** Ends the connection without a word to the server; the seat is given back by itself. */
export function leaveQuietly() {
  clearTimeout(renewal);
  connection?.close();
  connection = null;
  link.value = null;
}

/** Tries the connection again without waiting. */
export function retryNow() {
  connection?.retryNow();
}

/**
 * A lobby token that became a grant on the same socket.
 * @param {{code: string, roomId: string, owner: boolean}} where
 * @param {string} grant
 * @param {number | null} expiresAt
 */
export function admitted(where, grant, expiresAt) {
  credential = grant;
  if (connection) connection.token = grant;
  renewInTime(where, expiresAt);
}

/**
 * @param {{code: string, roomId: string, owner: boolean}} where
 * @param {number | null} expiresAt
 */
function renewInTime(where, expiresAt) {
  clearTimeout(renewal);
  if (where.owner || expiresAt === null) return;
  const wait = Math.max(30_000, expiresAt - Date.now() - EARLY);
  renewal = setTimeout(async () => {
    const fresh = await renew(where);
    if (fresh) connection?.renewed(fresh);
  }, wait);
}

/**
 * A fresh grant for the old one; null when the membership is over.
 * @param {{code: string, roomId: string, owner: boolean}} where
 * @returns {Promise<string | null>}
 */
async function renew(where) {
  const body = { display_name: storage.personName() || "Guest" };
  const answer = await call("POST", `rooms/${where.roomId}/join`, { token: credential, body });
  if (!answer.ok || answer.body.status !== "approved") return null;
  credential = answer.body.token;
  storage.keepGrant(where.roomId, { token: credential, code: where.code });
  renewInTime(where, Date.parse(answer.body.expires_at) || null);
  return credential;
}

/**
 * The finer past of the curves: a snapshot is small, so that a thousand people can join at once.
 * @param {string} roomId
 */
async function fetchPast(roomId) {
  const whose = picture;
  const number = picture.pictures;
  const names = [...picture.series.keys()];
  for (let i = 0; i < names.length; i += PAST_CURVES) {
    const some = names.slice(i, i + PAST_CURVES).map(encodeURIComponent).join(",");
    const answer = await call("GET", `rooms/${roomId}/history?metrics=${some}&max_points=${PAST_POINTS}`, { token: credential });
    if (!answer.ok || whose !== picture || picture.pictures !== number) return;
    for (const [name, columns] of Object.entries(answer.body.metrics ?? {})) {
      const present = picture.series.get(name);
      const past = fromColumns(name, columns);
      if (present && past.last.length > present.lived) picture.series.set(name, withPast(past, present));
      else if (!present) picture.series.set(name, past);
    }
    draw();
  }
}

/** Gives the seat back and forgets the grant. */
export async function leave() {
  const where = screen.value;
  const secret = credential;
  leaveQuietly();
  if (where.name !== "room") return;
  storage.keepGrant(where.roomId, null);
  if (!where.owner) await call("POST", `rooms/${where.roomId}/leave`, { token: secret });
}
