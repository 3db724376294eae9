/** Being in a room: its connection, the picture it feeds, the grant that is renewed before it ends. */

import { emptyPicture, receive } from "../model/room.js";
import { fromColumns, withPast } from "../model/series.js";
import { toMs } from "../model/times.js";
import { fromClose } from "../model/words.js";
import { call, roomUrl } from "../net/api.js";
import { Connection } from "../net/connection.js";
import * as storage from "../net/storage.js";
import { draw, link, screen } from "./state.js";

/** @typedef {import("../model/room.js").Picture} Picture */

/**
 * @typedef {object} Where
 * @property {string} code
 * @property {string} roomId the code, until the id is known
 * @property {boolean} owner
 * @property {string} [link] to give away, where the server knows a better one than ours
 */

/**
 * @typedef {object} Course what happens beside the picture
 * @property {(message: Record<string, any>) => void} [access] the answer to a request
 * @property {(problem: import("../model/words.js").Problem) => void} refused the connection ended for good
 */

/** What is known of the room on the screen. Changed in place; `drawing` says when. */
export let picture = emptyPicture();

/** @type {Connection | null} */
let connection = null;
/** The credential in use: a grant, a room key or a lobby token. */
let credential = "";
/** @type {Where} */
let place = { code: "", roomId: "", owner: false };
let inLobby = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let renewal;

/** Points asked for each curve beyond the snapshot: as many as its chart can show, on a phone fewer. */
const pastPoints = () => Math.round(Math.min(600, Math.max(300, innerWidth * 0.75)));
/** Curves asked for in one call. */
const PAST_CURVES = 40;
/** Milliseconds before its end at which a grant is renewed. */
const EARLY = 5 * 60_000;
/** Milliseconds a grant lasts whose end was not told. */
const HOUR = 60 * 60_000;

/** The token that calls about this room carry. */
export function token() {
  return credential;
}

/**
 * Opens the room's connection with a credential.
 * @param {Where} where
 * @param {{token: string, expiresAt?: number | null}} grant or a room key, or a lobby token
 * @param {Course} course
 */
export function watch(where, grant, course) {
  leaveQuietly();
  credential = grant.token;
  place = where;
  inLobby = Boolean(course.access);
  picture = emptyPicture();
  connection = new Connection(where.roomId, grant.token, {
    message: (message) => hear(message, course),
    changed: (value) => {
      link.value = value;
    },
    ended: (code, reason) => {
      connection = null;
      course.refused(fromClose(code, reason));
    },
    renew: () => (where.owner || inLobby ? Promise.resolve(null) : renew()),
    cursor: () => picture.cursor,
    seq: () => picture.seq,
  });
  if (!where.owner && !inLobby) renewInTime(grant.expiresAt ?? null);
}

/**
 * @param {Record<string, any>} message
 * @param {Course} course
 */
function hear(message, course) {
  if (message.type === "access") return course.access?.(message);
  receive(picture, message, Date.now());
  if (message.type === "snapshot") void fetchPast();
  const code = picture.room?.code;
  if (code && code !== place.code && !inLobby) follow(code);
  draw();
}

/**
 * The owner gave the room another code: the address and what is kept go along, so that a reload finds it.
 * @param {string} code
 */
function follow(code) {
  const at = screen.value;
  place = { ...place, code };
  history.replaceState(null, "", roomUrl(code));
  const keep = place.owner ? storage.keepKey : storage.keepGrant;
  keep(place.roomId, { token: credential, code });
  if (at.name === "room") screen.value = { ...at, code };
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
 * @param {Where} where
 * @param {string} grant
 */
export function admitted(where, grant) {
  credential = grant;
  place = where;
  inLobby = false;
  if (connection) {
    connection.token = grant;
    connection.roomId = where.roomId;
  }
  renewInTime(null);
}

/** @param {number | null} expiresAt */
function renewInTime(expiresAt) {
  clearTimeout(renewal);
  const wait = Math.max(30_000, (expiresAt ?? Date.now() + HOUR) - Date.now() - EARLY);
  renewal = setTimeout(async () => {
    const fresh = await renew();
    if (fresh) connection?.renewed(fresh);
  }, wait);
}

/**
 * A fresh grant for the old one; null when the membership is over.
 * @returns {Promise<string | null>}
 */
async function renew() {
  const { roomId, code } = place;
  const body = { display_name: storage.personName() || "Guest" };
  const answer = await call("POST", `rooms/${encodeURIComponent(roomId)}/join`, { token: credential, body });
  if (!answer.ok || answer.body.status !== "approved") return null;
  credential = answer.body.token;
  const expiresAt = toMs(answer.body.expires_at);
  storage.keepGrant(answer.body.room.id, { token: credential, code, expiresAt });
  renewInTime(expiresAt);
  return credential;
}

/** The finer past of the curves: a snapshot is small, so that a thousand people can join at once. */
async function fetchPast() {
  const whose = picture;
  const number = picture.pictures;
  const names = [...picture.series.keys(), ...picture.more];
  for (let i = 0; i < names.length; i += PAST_CURVES) {
    const some = names.slice(i, i + PAST_CURVES).map(encodeURIComponent).join(",");
    const answer = await call("GET", `rooms/${encodeURIComponent(place.roomId)}/history?metrics=${some}&max_points=${pastPoints()}`, { token: credential });
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
