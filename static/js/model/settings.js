/** What an owner sets and hands out, in words: levels, what went wrong with a field, invitations. Pure. */

import { ALPHABET, LONGEST, USUAL_LENGTH } from "./codes.js";
import { count } from "./numbers.js";
import { moment, toMs } from "./times.js";
import { sentence } from "./words.js";

/** @typedef {import("./words.js").Problem} Problem */

/** Who gets in: the value, the word on the switch, and what it means. */
/** @type {[string, string, string][]} */
export const LEVELS = [
  ["public", "Public", "Anybody who has the code."],
  ["password", "Password", "Who has the code and the password."],
  ["invite_only", "Invited", "Who has an invitation. Others see that there is a room."],
  ["private", "Private", "Who has an invitation. For all others there is no such room."],
];

/** What spectators are told about who is here. */
/** @type {[string, string, string][]} */
export const PRESENCE = [
  ["names", "Names", "Spectators see who else is here."],
  ["count", "Number", "Spectators see how many are here."],
  ["nothing", "Nothing", "Spectators do not see who is here."],
];

/** What is wrong with a field, for people; the server's own words name it as programs do. */
/** @type {Record<string, string>} */
const FIELDS = {
  name: "A name has 1 to 64 characters on one line, and none that cannot be seen.",
  custom_code: `A code has ${USUAL_LENGTH} to ${LONGEST} letters and digits, without 0, O, 1 and I.`,
  password: "A password has 1 to 1,024 characters.",
  max_spectators: "A room has 1 to 10,000 seats.",
  hours: "The time has to be more than nothing, and at most a year.",
  session_duration_hours: "The end has to be later than now, within a year.",
  uses: "An invitation is good for 1 to 1,000 people.",
  user_id: "A user has a name of 1 to 64 characters, as the server's tenant knows it.",
  note: "A note has at most 64 characters on one line.",
};

/** Problems of an owner's own doings that read differently from a visitor's. */
/** @type {Record<string, string>} */
const DOINGS = {
  code_taken: "That code is taken, or was in the last 24 hours. Choose another one.",
  spectator_not_found: "This person is not in the room any more.",
  not_allowed: "Only the owner can do that.",
  room_full: "The room is full: nobody else can be let in until a seat is free.",
  unauthorized: "Your right to do this has ended. Load the page again.",
};

/**
 * One plain sentence about an owner's call that failed, for beside the field.
 * @param {Problem} problem
 */
export function told(problem) {
  if (problem.code === "invalid_request") return FIELDS[problem.field ?? ""] ?? problem.detail ?? sentence(problem);
  if (problem.code === "quota_exceeded" && problem.detail) return problem.detail;
  return DOINGS[problem.code] ?? sentence(problem);
}

/**
 * @typedef {object} Invitation
 * @property {string} id
 * @property {string | null} note
 * @property {string | null} user_id
 * @property {number} uses
 * @property {number} used
 * @property {string} expires_at
 * @property {"open" | "spent" | "expired" | "withdrawn"} status
 */

/** @type {Record<Invitation["status"], string>} */
const ENDED = { open: "", spent: "used up", expired: "time is over", withdrawn: "withdrawn" };

/**
 * @param {Invitation} invitation
 */
export function invitationTitle(invitation) {
  return invitation.note || (invitation.user_id ? `For ${invitation.user_id}` : "For whoever has the link");
}

/**
 * "2 of 3 left, until 18:00", "used up, by 3 people".
 * @param {Invitation} invitation
 * @param {number} now milliseconds since 1970
 */
export function invitationLine(invitation, now) {
  const { uses, used, status } = invitation;
  const whom = invitation.note && invitation.user_id ? `for ${invitation.user_id}, ` : "";
  if (status !== "open") return `${whom}${ENDED[status]}${used ? `, used ${times(used)}` : ""}`;
  const left = uses === 1 ? "good for one person" : `${count(uses - used)} of ${count(uses)} left`;
  const ends = toMs(invitation.expires_at);
  return `${whom}${left}${ends === null ? "" : `, until ${moment(ends, now)}`}`;
}

/** @param {number} used */
function times(used) {
  return used === 1 ? "once" : `${count(used)} times`;
}

/** Letters that cannot be taken for one another, for passwords that are read aloud. */
const CLEAR = "abcdefghjkmnpqrstuvwxyz23456789";

/**
 * A code made of chance: its alphabet has 32 letters, so five bits of a byte are one letter.
 * @param {Uint8Array} bytes as many as the code has letters
 */
export function madeCode(bytes) {
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/**
 * A password made of chance, in groups of four: "k3mx-9rta-w2fd-7hqn", about 79 bits.
 * @param {Uint16Array} numbers sixteen of them; a letter of each, so that none is likelier than another by much
 */
export function madePassword(numbers) {
  const letters = Array.from(numbers, (number) => CLEAR[number % CLEAR.length]).join("");
  return letters.replace(/(.{4})(?=.)/g, "$1-");
}

/**
 * Hours from now to a moment that a field tells in local time; NaN when it tells none.
 * @param {string} local as `datetime-local` has it: "2025-03-14T15:00"
 * @param {number} now milliseconds since 1970
 */
export function hoursUntil(local, now) {
  return (new Date(local).getTime() - now) / 3_600_000;
}

/**
 * A moment as `datetime-local` wants it, in this browser's time.
 * @param {number} ms
 */
export function localMinute(ms) {
  const at = new Date(ms);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
