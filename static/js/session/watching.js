/** Being in a room: its connection, the picture it feeds, the grant that is renewed before it ends. */

import { emptyPicture, receive } from "../model/room.js";
import { fromColumns, withPast } from "../model/series.js";
import { toMs } from "../model/times.js";
import { fromClose } from "../model/words.js";
import { call, roomUrl } from "../net/api.js";
import { Connection } from "../net/connection.js";
import * as storage from "../net/storage.js";
import { draw, link, screen, toast } from "./state.js";

/** @typedef {import("../model/room.js").Picture} Picture */

/**
 * @typedef {object} Where
 * @property {string} code
 * @property {string} roomId the code, until the id is known
 * @property {boolean} owner
 * @property {string} [link] to give away, where the server knows a better one than ours
 * @property {string} [person] who we are in the room's list of people
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
/** The room's new key, while it is on its way. */
/** @type {Promise<unknown> | null} */
let awaited = null;
/** A new key is told to the owner's other tabs: by whoever knows the old one, to whoever holds it. */
const tabs = new BroadcastChannel("spectator.keys");

/** Points asked for each curve beyond the snapshot: as many as its chart can show, on a phone fewer. */
const pastPoints = () => Math.round(Math.min(600, Math.max(300, innerWidth * 0.75)));
/** Curves asked for in one call. */
const PAST_CURVES = 40;
/** Milliseconds before its end at which a grant is renewed. */
const EARLY = 5 * 60_000;
/** Milliseconds in which another tab of the owner may tell a new key. */
const TABS_MS = 500;
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
  if (where.owner) picture.role = "owner";
  connect(course);
  if (!where.owner && !inLobby) renewInTime(grant.expiresAt ?? null);
}

/** @param {Course} course */
function connect(course) {
  const opened = credential;
  connection = new Connection(place.roomId, opened, {
    message: (message) => hear(message, course),
    changed: (value) => {
      link.value = value;
    },
    ended: (code, reason) => {
      connection = null;
      void ended(course, opened, fromClose(code, reason));
    },
    renew: () => (place.owner || inLobby ? Promise.resolve(null) : renew()),
    cursor: () => picture.cursor,
    seq: () => picture.seq,
  });
}

/**
 * The connection ended for good, unless it was only the old key of a room that has a new one.
 * @param {Course} course
 * @param {string} opened with which credential it was opened
 * @param {import("../model/words.js").Problem} problem
 */
async function ended(course, opened, problem) {
  const whose = picture;
  if (place.owner && problem.code === "unauthorized") {
    await (awaited ?? new Promise((done) => setTimeout(done, TABS_MS)));
    if (whose !== picture || connection) return; // the person went elsewhere meanwhile
    if (credential !== opened) return connect(course);
  }
  course.refused(problem);
}

/**
 * Goes on as owner with the key that a call answers; what ends the old one meanwhile is no news.
 * @template {{ok: boolean}} T
 * @param {Promise<T>} asking
 * @param {(answer: T) => string | null} read the new key, or null where there is none
 * @returns {Promise<T>}
 */
export async function rekey(asking, read) {
  awaited = asking;
  const answer = await asking;
  awaited = null;
  const token = read(answer);
  if (token) {
    tabs.postMessage({ roomId: place.roomId, old: credential, token });
    takeKey(token);
  }
  return answer;
}

/** @param {string} token */
function takeKey(token) {
  credential = token;
  storage.keepKey(place.roomId, { token, code: place.code });
  connection?.renewed(token);
}

tabs.onmessage = (/** @type {MessageEvent} */ { data }) => {
  if (place.owner && data.roomId === place.roomId && data.old === credential) takeKey(data.token);
};

/**
 * @param {Record<string, any>} message
 * @param {Course} course
 */
function hear(message, course) {
  if (message.type === "access") return course.access?.(message);
  const before = picture.role;
  receive(picture, message, Date.now());
  if (before && picture.role && picture.role !== before) toast(NEW_ROLE[picture.role]);
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
  keep(place.roomId, { token: credential, code, person: place.person });
  if (at.name === "room") screen.value = { ...at, code };
}

const NEW_ROLE = {
  owner: "The room is yours now",
  moderator: "You are a moderator now: you answer requests and look after people",
  spectator: "You are a spectator again",
};

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
  storage.keepGrant(answer.body.room.id, { token: credential, code, expiresAt, person: place.person });
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
