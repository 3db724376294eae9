/** What the page knows of a room, built from the messages of its connection. Pure. */

import { addLine, apply, begin, decide, readLine } from "./events.js";
import { fromColumns } from "./series.js";
import { toMs } from "./times.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {Record<string, any>} Message */

/**
 * @typedef {object} Request
 * @property {string} id
 * @property {string} name
 * @property {string | null} [user_id]
 * @property {string} [requested_at]
 * @property {string} [status]
 */

/**
 * @typedef {object} Run
 * @property {string | null} id
 * @property {"active" | "stalled" | "crashed" | "failed" | "finished" | null} status
 * @property {number | null} startedAt milliseconds since 1970
 * @property {number | null} endedAt
 */

/**
 * @typedef {object} Picture
 * @property {Message | null} room the object `room` of the protocol
 * @property {"owner" | "moderator" | "spectator" | null} role what we are in it, as far as it is known
 * @property {"live" | "lobby" | null} mode
 * @property {string | null} cursor
 * @property {number} seq
 * @property {Record<string, Message>} latest the newest event of each type
 * @property {import("./charts.js").Graph[]} graphs
 * @property {Map<string, Series>} series
 * @property {import("./agent.js").Decision | null} decision
 * @property {{name: string, explored: boolean}[]} moves
 * @property {number[]} values of the state, newest last
 * @property {[number, number][]} trail
 * @property {string | null} trailOf
 * @property {import("./events.js").Line[]} lines
 * @property {Run} run
 * @property {number | null} step
 * @property {number | null} episode
 * @property {number | null} episodes
 * @property {number | null} lastEventAt the server's time of the newest event
 * @property {{watching: number | null, names: string[] | null}} crowd null: the room does not tell
 * @property {{waiting: number, turnedAway: number, list: Request[]}} requests
 * @property {"" | "store_unavailable" | "store_full"} storeDown
 * @property {string[]} more names of curves that were left out of the snapshot
 * @property {Record<string, any> | null} grid the world of this episode, where the run tells it
 * @property {Map<string, number>} worth value of the state by position "x,y", as far as the agent has told it
 * @property {{since: number, points: number} | null} behind set while the picture is thinned because we are slow
 * @property {number} pictures how many snapshots there were: each wants its finer past
 */

/** @returns {Picture} */
export function emptyPicture() {
  return {
    room: null, role: null, mode: null, cursor: null, seq: 0, latest: {}, graphs: [], series: new Map(),
    decision: null, moves: [], values: [], trail: [], trailOf: null, lines: [],
    run: { id: null, status: null, startedAt: null, endedAt: null },
    step: null, episode: null, episodes: null, lastEventAt: null,
    crowd: { watching: null, names: null }, requests: { waiting: 0, turnedAway: 0, list: [] },
    storeDown: "", more: [], grid: null, worth: new Map(), behind: null, pictures: 0,
  };
}

/**
 * Applies one message of the server.
 * @param {Picture} picture changed in place
 * @param {Message} message
 * @param {number} now milliseconds since 1970, by this machine
 */
export function receive(picture, message, now) {
  const act = ACTS[message.type];
  if (act) act(picture, message, now);
}

/** @type {Record<string, (picture: Picture, message: Message, now: number) => void>} */
const ACTS = {
  welcome(picture, message) {
    picture.mode = message.mode;
    setRoom(picture, message.room);
    if (message.mode === "live") picture.storeDown = "";
  },
  room: (picture, message) => setRoom(picture, message.room),
  snapshot: restore,
  tick(picture, message) {
    message.events.forEach((/** @type {Message} */ event, /** @type {number} */ i) => apply(picture, event, message.from + i));
    arrived(picture, message);
    picture.behind = null;
  },
  conflated(picture, message, now) {
    for (const event of message.events) apply(picture, event, event.seq ?? message.to);
    arrived(picture, message);
    const points = Number(message.lost?.sample ?? 0);
    picture.behind = { since: picture.behind?.since ?? now, points: points + (picture.behind?.points ?? 0) };
  },
  crowd(picture, message) {
    picture.crowd = { watching: message.watching ?? null, names: message.names ?? null };
  },
  requests(picture, message) {
    picture.requests = { waiting: message.waiting, turnedAway: message.turned_away ?? 0, list: message.requests ?? [] };
  },
  notice,
};

/**
 * @param {Picture} picture
 * @param {Message} message
 */
function arrived(picture, message) {
  picture.cursor = message.cursor;
  picture.seq = message.to;
  if (picture.run.status === "stalled" || picture.run.status === "crashed") picture.run.status = "active";
}

/**
 * @param {Picture} picture
 * @param {Message | undefined} room
 */
function setRoom(picture, room) {
  if (!room) return;
  // The socket does not tell the link that people elsewhere need; only its code can have changed.
  const link = picture.room?.join_url?.replace(/[^/]*$/, room.code);
  picture.room = link && !room.join_url ? { ...room, join_url: link } : room;
  // Only who may answer requests is told how many there are; a key stays an owner's whatever is told.
  if (picture.role !== "owner") take(picture, room.waiting === undefined ? "spectator" : "moderator");
  if (room.run) {
    setRun(picture, room.run);
    picture.lastEventAt = toMs(room.run.last_event_at) ?? picture.lastEventAt;
  }
  if (picture.role === "spectator" && room.presence === "nothing") picture.crowd = { watching: null, names: null };
  else if (picture.crowd.watching === null) picture.crowd.watching = room.current_spectators ?? null;
  if (picture.role === "spectator" && room.presence === "count") picture.crowd.names = null;
  const { waiting, turnedAway } = picture.requests;
  picture.requests = { ...picture.requests, waiting: room.waiting ?? waiting, turnedAway: room.turned_away ?? turnedAway };
}

/**
 * @param {Picture} picture
 * @param {Picture["role"]} role
 */
function take(picture, role) {
  picture.role = role;
  // What only an owner or a moderator is told does not stay with who is neither any more.
  if (role === "spectator") picture.requests = { waiting: 0, turnedAway: 0, list: [] };
}

/**
 * @param {Picture} picture
 * @param {Message} message
 */
function changeRole(picture, message) {
  setRoom(picture, message.room);
  take(picture, message.role);
}

/**
 * What is said about the run, by the room or by its state: neither says everything.
 * @param {Picture} picture
 * @param {Message} said
 */
function setRun(picture, said) {
  const before = said.id === picture.run.id ? picture.run : emptyPicture().run;
  // The state does not know of silence, which depends on the time: what the room said of it stays.
  const silent = said.status === "active" && (before.status === "stalled" || before.status === "crashed");
  picture.run = {
    id: said.id ?? null,
    status: silent ? before.status : said.status ?? before.status,
    startedAt: toMs(said.started_at) ?? before.startedAt,
    endedAt: toMs(said.ended_at) ?? before.endedAt,
  };
}

/**
 * A snapshot replaces everything that events had made.
 * @param {Picture} picture
 * @param {Message} message
 */
function restore(picture, message) {
  const fresh = emptyPicture();
  const { room, role, mode, run, crowd, requests, storeDown, lastEventAt } = picture;
  Object.assign(picture, fresh, { room, role, mode, run, crowd, requests, storeDown, lastEventAt, pictures: picture.pictures + 1 });
  picture.cursor = message.cursor;
  picture.seq = message.seq;
  picture.graphs = message.graphs ?? [];
  picture.more = message.more ?? [];
  for (const [name, columns] of Object.entries(message.series ?? {})) picture.series.set(name, fromColumns(name, columns));
  if (message.state?.run) setRun(picture, message.state.run);
  const events = Object.values(message.state ?? {}).flat().filter((one) => one && typeof one.type === "string");
  events.sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0));
  for (const event of events) remember(picture, event);
}

/**
 * An event that is already in the curves: only its newest values count.
 * @param {Picture} picture
 * @param {Message} event
 */
function remember(picture, event) {
  picture.latest[event.type] = event;
  const numbers = event.data ?? event.metrics ?? {};
  picture.step = event.step ?? numbers.step ?? picture.step;
  picture.episode = numbers.episode ?? picture.episode;
  picture.episodes = numbers.total_episodes ?? picture.episodes;
  picture.lastEventAt = Math.max(picture.lastEventAt ?? 0, toMs(event.timestamp) ?? 0) || null;
  if (event.type === "bot_decision") decide(picture, event);
  if (event.type === "episode_start") begin(picture, event);
  const line = readLine(event, event.seq ?? 0);
  if (line) addLine(picture.lines, line);
}

/**
 * @param {Picture} picture
 * @param {Message} message
 */
function notice(picture, message) {
  if (message.code === "store_unavailable" || message.code === "store_full") picture.storeDown = message.code;
  else if (message.code === "store_back") picture.storeDown = "";
  else if (message.code === "room_changed") setRoom(picture, message.room);
  else if (message.code === "role_changed") changeRole(picture, message);
  else if (message.code === "publisher_silent") picture.run.status = message.status ?? "stalled";
  else if (message.code === "publisher_back") picture.run.status = message.status ?? "active";
}
