/** What the page says: how the room stands, and each refusal as one plain sentence and the next thing to do. Pure. */

import { count, figure } from "./numbers.js";
import { newest } from "./series.js";
import { clock, duration, moment } from "./times.js";

/** @typedef {import("./room.js").Picture} Picture */
/** @typedef {import("../net/connection.js").Link} Link */

/**
 * @typedef {object} Standing
 * @property {string} badge
 * @property {"ok" | "warn" | "bad" | ""} tone
 * @property {"dot-live" | "dot-ring" | ""} dot
 * @property {boolean} stale the picture is old: it is shown grey
 * @property {Notice | null} notice
 */

/**
 * @typedef {object} Notice
 * @property {"plug" | "clock" | "warn" | "check"} icon
 * @property {"warn" | ""} tone
 * @property {string} title
 * @property {string} text
 * @property {boolean} retry whether trying at once makes sense
 */

/** Milliseconds for which a broken connection is not yet worth a word. */
const GRACE = 1500;

/**
 * @param {Picture} picture
 * @param {Link | null} link
 * @param {number} now
 * @returns {Standing}
 */
export function standingOf(picture, link, now) {
  if (link?.phase === "broken" && link.brokenAt !== null && now - link.brokenAt > GRACE) return reconnecting(picture, link, now);
  if (!picture.room) return standing("Connecting", "", "dot-ring");
  if (picture.storeDown) return storeDown(picture);
  if (picture.behind && now - picture.behind.since < 30_000) return behind(picture.behind, now);
  return ofRun(picture, now);
}

/**
 * @param {string} badge
 * @param {Standing["tone"]} tone
 * @param {Standing["dot"]} dot
 * @param {Notice | null} [notice]
 * @param {boolean} [stale]
 * @returns {Standing}
 */
function standing(badge, tone, dot, notice = null, stale = false) {
  return { badge, tone, dot, notice, stale };
}

/**
 * @param {Notice["icon"]} icon
 * @param {Notice["tone"]} tone
 * @param {string} title
 * @param {string} text
 * @returns {Notice}
 */
function notice(icon, tone, title, text) {
  return { icon, tone, title, text, retry: false };
}

/**
 * @param {Picture} picture
 * @param {Link} link
 * @param {number} now
 */
function reconnecting(picture, link, now) {
  const seconds = Math.round((now - (link.brokenAt ?? now)) / 1000);
  const next = link.retryAt === null ? "trying now" : `next try in ${Math.max(1, Math.ceil((link.retryAt - now) / 1000))} s`;
  const last = picture.lastEventAt === null ? "" : `Last value ${clock(picture.lastEventAt)}, `;
  const text = last ? last + next : next[0].toUpperCase() + next.slice(1);
  const told = { ...notice("plug", "", `No connection for ${duration(seconds)}`, text), retry: true };
  return standing("Reconnecting", "", "dot-ring", told, true);
}

/** @param {Picture} picture */
function storeDown(picture) {
  const text = picture.lastEventAt === null ? "" : `Last value ${clock(picture.lastEventAt)}. `;
  const told = notice("warn", "warn", picture.storeDown === "store_full" ? "The server's store is full" : "The server cannot reach its store", `${text}It goes on by itself.`);
  return standing("On hold", "warn", "", told, true);
}

/**
 * @param {{since: number, points: number}} lag
 * @param {number} now
 */
function behind(lag, now) {
  const seconds = Math.max(1, Math.round((now - lag.since) / 1000));
  const text = lag.points ? "Slow connection: points are thinned." : "Slow connection.";
  return standing(`${seconds} s behind`, "warn", "", notice("clock", "warn", `${seconds} s behind, catching up`, text));
}

/**
 * @param {Picture} picture
 * @param {number} now
 * @returns {Standing}
 */
function ofRun(picture, now) {
  const { run, room, lastEventAt } = picture;
  if (room?.status === "paused") return standing("Paused", "", "dot-ring");
  if (run.status === "finished" || run.status === "failed") return over(picture, now);
  if (run.status === "stalled" || run.status === "crashed") {
    const since = lastEventAt === null ? "" : ` for ${duration((now - lastEventAt) / 1000)}`;
    const gone = run.status === "crashed";
    const text = gone ? "It has probably stopped. The picture stays as it was." : "It may be saving, or it may have stopped.";
    const told = notice("warn", "warn", `No news from the training${since}`, text);
    return standing(gone ? "Stopped" : "Silent", "warn", "", told);
  }
  if (!picture.series.size && !picture.decision) return standing("Open", "ok", "dot-ring");
  return standing("Live", "ok", "dot-live");
}

/**
 * @param {Picture} picture
 * @param {number} now
 */
function over(picture, now) {
  const failed = picture.run.status === "failed";
  const at = picture.run.endedAt ?? picture.lastEventAt;
  const best = newest(picture.series.get("best_reward"));
  const facts = [];
  if (picture.episode !== null) facts.push(`${count(picture.episode)} episodes`);
  else if (picture.step !== null) facts.push(`${count(picture.step)} steps`);
  if (best !== null) facts.push(`best ${figure(best)}`);
  const title = `The run ${failed ? "failed" : "ended"}${at === null ? "" : ` at ${moment(at, now)}`}`;
  const told = notice(failed ? "warn" : "check", failed ? "warn" : "", title, facts.join(", "));
  return standing(failed ? "Failed" : "Ended", failed ? "bad" : "", "dot-ring", told);
}

/**
 * @typedef {object} Problem what the server answered, RFC 9457
 * @property {string} code
 * @property {number} status 0 when there was no answer
 * @property {string} [detail]
 * @property {string} [field]
 * @property {number | null} [retryAfter] seconds
 */

/**
 * @typedef {object} Words
 * @property {string} badge
 * @property {string} title
 * @property {string} text
 * @property {"people" | "leave" | "clock" | "lock" | "plug" | "search" | "warn"} icon
 * @property {"warn" | "bad" | "plain"} tone
 * @property {string} again what the button says that tries once more; "" where trying is no use
 * @property {number} wait seconds to wait before that, where nothing else is told
 */

/** Levels at which the owner can be asked first; at the others an invitation or the list is the answer. */
export const ASKABLE = new Set(["public", "password"]);

/**
 * Whether whoever comes is asked about first: the flag alone says nothing where only invited people come in.
 * @param {{require_approval?: boolean, access_level?: string} | null | undefined} room
 */
export function asksFirst(room) {
  return Boolean(room?.require_approval) && ASKABLE.has(room?.access_level ?? "");
}

const TRY = "Try again";
const ASK = "Ask again";
const SPECTATE = "Join as a spectator";
/** Seconds after a denial or a removal in which nobody may ask again. */
const PAUSE = 60;

/** @type {Record<string, Words>} */
const WORDS = {
  room_not_found: words("Not found", "There is no such room", "Check the code with the person who gave it to you. Codes end with their room.", "search"),
  room_gone: words("Gone", "The room is gone", "It has ended, or it is no longer open to you. Ask the owner.", "search"),
  room_ended: words("Ended", "The room has ended", "It was closed, or its time is over. The owner can open a new one.", "leave"),
  room_closed: words("Closed", "The room is closed", "The owner has closed it for everybody.", "leave"),
  room_expired: words("Expired", "The room has expired", "Its time is over. The owner can open a new one.", "clock"),
  password_required: words("Password", "This room needs a password", "Ask the person who gave you the code.", "lock"),
  wrong_password: words("Password", "That is not the password", "Check capital letters and try again.", "lock", "warn", TRY),
  invitation_required: words("Invited only", "This room is for invited people", "Ask the owner for an invitation link.", "lock"),
  invitation_spent: words("Invitation", "This invitation does not work any more", "It was used, has ended, or is meant for somebody else. Ask the owner for a new one.", "lock", "plain", "Join without it"),
  invitation_refused: words("Invitation", "This invitation opens no room", "It was used, has ended, or is meant for somebody else. Ask the owner for a new one.", "lock"),
  blocked: words("Blocked", "The owner has blocked you", "Or somebody on your network. If that is not you, ask the owner for an invitation.", "leave", "bad"),
  approval_denied: words("Not let in", "The owner did not let you in", "", "leave", "bad", ASK, PAUSE),
  removed: words("Removed", "The owner ended your visit", "", "leave", "bad", ASK, PAUSE),
  not_allowed: words("Not allowed", "You may not do that here", "Only the owner of the room can.", "lock"),
  unauthorized: words("Signed out", "Your place in the room has ended", "Join again with the code.", "leave", "plain", TRY),
  place_ended: words("Ended", "Your place in the room has ended", "Come in again with what the owner gives you.", "leave", "plain", TRY),
  key_ended: words("Key ended", "Your owner key does not work any more", "It was changed, or the room was given to somebody else. Open a new owner link, or come in as a spectator.", "lock", "warn", SPECTATE),
  given_away: words("Given away", "The room has a new owner", "Your owner key has ended. You can come in like everybody else.", "people", "plain", SPECTATE),
  room_full: words("Full", "The room is full", "A seat is free as soon as somebody leaves.", "people", "warn", TRY),
  too_many_attempts: words("Wait", "Too many tries from here", "Wait a little before you try again.", "clock", "warn", TRY),
  quota_exceeded: words("Wait", "Too many people are waiting", "Try again in a minute.", "people", "warn", TRY),
  request_settled: words("Answered", "This request was already answered", "Nothing was changed.", "people"),
  request_not_found: words("Gone", "The request has ended", "No answer means no. You can ask again.", "clock", "plain", ASK),
  request_gone: words("Ended", "The request has ended", "No answer means no. You can ask again.", "clock", "plain", ASK),
  origin_not_allowed: words("Wrong address", "The server does not know this address", "Open the link exactly as you were given it.", "plug"),
  host_not_allowed: words("Wrong address", "The server does not know this address", "Open the link exactly as you were given it.", "plug"),
  busy: words("Busy", "The server is busy", "Try again in a moment.", "clock", "warn", TRY),
  store_unavailable: words("No store", "The server cannot reach its store", "It comes back by itself. Try again in a moment.", "plug", "warn", TRY),
  store_full: words("Full", "The server's store is full", "It takes nobody new until it has room again. Try again later.", "plug", "warn", TRY),
  unreachable: words("No connection", "The server does not answer", "Check your connection and try again.", "plug", "warn", TRY),
  claim_spent: words("Used link", "This owner link was already used", "It works once, for ten minutes. Ask for a new one in the terminal: spectator open", "lock"),
};

const UNKNOWN = words("Problem", "Something went wrong", "Try again in a moment.", "warn", "warn", TRY);

/**
 * @param {string} badge
 * @param {string} title
 * @param {string} text
 * @param {Words["icon"]} icon
 * @param {Words["tone"]} tone
 * @param {string} again
 * @param {number} wait
 * @returns {Words}
 */
function words(badge, title, text, icon, tone = "plain", again = "", wait = 0) {
  return { badge, title, text, icon, tone, again, wait };
}

/**
 * @param {Problem} problem
 * @returns {Words}
 */
export function wordsFor(problem) {
  const known = WORDS[problem.code];
  return known ?? (problem.detail ? { ...UNKNOWN, text: problem.detail } : UNKNOWN);
}

/**
 * From when on trying once more makes sense; null for at once, and for never.
 * @param {Problem} problem
 * @param {number} now milliseconds since 1970
 */
export function againAt(problem, now) {
  const { again, wait } = wordsFor(problem);
  const seconds = problem.retryAfter || wait;
  return again && seconds ? now + Math.ceil(seconds) * 1000 : null;
}

/**
 * What is said while that time comes: "You can ask again in 42 s."
 * @param {Words} told
 * @param {number} left milliseconds
 */
export function waitWords(told, left) {
  const seconds = Math.ceil(left / 1000);
  const when = seconds <= 0 ? "now" : `in ${span(seconds)}`;
  return `You can ${told.again.toLowerCase()} ${when}.`;
}

/** @param {number} seconds */
function span(seconds) {
  const minutes = Math.ceil(seconds / 60);
  if (seconds < 60) return `${seconds} s`;
  return minutes === 1 ? "1 minute" : `${minutes} minutes`;
}

/**
 * One sentence for a field or a toast.
 * @param {Problem} problem
 */
export function sentence(problem) {
  const told = wordsFor(problem);
  const wait = told.again ? problem.retryAfter || told.wait : 0;
  return `${told.title}. ${wait ? waitWords(told, wait * 1000) : told.text}`;
}

/** Codes whose place is under the field for the password. */
export const PASSWORD_CODES = new Set(["password_required", "wrong_password"]);

/** @type {Record<number, string>} */
const BY_CLOSE = {
  4003: "place_ended",
  4004: "store_unavailable",
  4005: "busy",
  4501: "unauthorized",
  4503: "approval_denied",
  4504: "room_gone",
  4508: "removed",
  4509: "room_full",
  4510: "room_closed",
  4511: "room_expired",
  4512: "blocked",
  4513: "request_gone",
};

/**
 * The problem that the close code of a connection means.
 * @param {number} close
 * @param {string} reason
 * @returns {Problem}
 */
export function fromClose(close, reason) {
  return { code: BY_CLOSE[close] ?? "connection", status: 0, detail: reason };
}
