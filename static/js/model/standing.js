/** How the room stands, in one word for the badge and one sentence for the notice. Pure. */

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
  const told = notice("warn", "warn", "The server cannot reach its store", `${text}It goes on by itself.`);
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
