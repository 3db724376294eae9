/** Each refusal as one plain sentence and the next thing to do. Pure; no code of an error reaches the screen. */

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
 * @property {boolean} again whether trying again may help
 */

/** @type {Record<string, Words>} */
const WORDS = {
  room_not_found: words("Not found", "There is no such room", "Check the code with the person who gave it to you. Codes end with their room.", "search"),
  room_closed: words("Closed", "The room is closed", "The owner has closed it for everybody.", "leave"),
  room_expired: words("Expired", "The room has expired", "Its time is over. The owner can open a new one.", "clock"),
  password_required: words("Password", "This room needs a password", "Ask the person who gave you the code.", "lock"),
  wrong_password: words("Password", "That is not the password", "Check capital letters and try again.", "lock", "warn", true),
  invitation_required: words("Invited only", "This room is for invited people", "Ask the owner for an invitation link.", "lock"),
  invitation_spent: words("Invitation", "This invitation is used up", "Ask the owner for a new one.", "lock"),
  blocked: words("Blocked", "The owner has blocked you", "You cannot enter this room.", "leave", "bad"),
  approval_denied: words("Not let in", "The owner did not let you in", "You can ask again in a minute.", "leave", "bad", true),
  not_allowed: words("Not allowed", "You may not do that here", "Only the owner of the room can.", "lock"),
  unauthorized: words("Signed out", "Your place in the room has ended", "Join again with the code.", "leave", "plain", true),
  room_full: words("Full", "The room is full", "A seat is free as soon as somebody leaves.", "people", "warn", true),
  too_many_attempts: words("Wait", "Too many tries", "Wait a little before you try again.", "clock", "warn", true),
  quota_exceeded: words("Wait", "Too many people are waiting", "Try again in a minute.", "people", "warn", true),
  request_settled: words("Answered", "This request was already answered", "Nothing was changed.", "people"),
  request_not_found: words("Gone", "The request has ended", "No answer means no. You can ask again.", "clock", "plain", true),
  request_gone: words("Ended", "The request has ended", "No answer means no. You can ask again.", "clock", "plain", true),
  removed: words("Removed", "You were removed", "The owner took you out of this room. If this is a mistake, ask them to let you in again.", "leave", "bad", true),
  origin_not_allowed: words("Wrong address", "The server does not know this address", "Open the link exactly as you were given it.", "plug"),
  host_not_allowed: words("Wrong address", "The server does not know this address", "Open the link exactly as you were given it.", "plug"),
  busy: words("Busy", "The server is busy", "Try again in a moment.", "clock", "warn", true),
  store_unavailable: words("No store", "The server cannot reach its store", "It comes back by itself. Try again in a moment.", "plug", "warn", true),
  unreachable: words("No connection", "The server does not answer", "Check your connection and try again.", "plug", "warn", true),
  claim_spent: words("Used link", "This owner link was already used", "It works once, for ten minutes. Ask for a new one in the terminal: spectator open", "lock"),
};

const UNKNOWN = words("Problem", "Something went wrong", "Try again in a moment.", "warn", "warn", true);

/**
 * @param {string} badge
 * @param {string} title
 * @param {string} text
 * @param {Words["icon"]} icon
 * @param {Words["tone"]} tone
 * @param {boolean} again
 * @returns {Words}
 */
function words(badge, title, text, icon, tone = "plain", again = false) {
  return { badge, title, text, icon, tone, again };
}

/**
 * @param {Problem} problem
 * @returns {Words}
 */
export function wordsFor(problem) {
  const known = WORDS[problem.code];
  const found = known ?? (problem.detail ? { ...UNKNOWN, text: problem.detail } : UNKNOWN);
  const wait = problem.retryAfter;
  if (!wait || !found.again) return found;
  const seconds = Math.ceil(wait);
  return { ...found, text: seconds < 90 ? `Try again in ${seconds} s.` : `Try again in ${Math.ceil(seconds / 60)} min.` };
}

/**
 * One sentence for a field or a toast.
 * @param {Problem} problem
 */
export function sentence(problem) {
  const { title, text } = wordsFor(problem);
  return `${title}. ${text}`;
}

/** Codes whose place is under the field for the password. */
export const PASSWORD_CODES = new Set(["password_required", "wrong_password"]);

/** @type {Record<number, string>} */
const BY_CLOSE = {
  4003: "unauthorized",
  4004: "store_unavailable",
  4005: "busy",
  4501: "unauthorized",
  4503: "approval_denied",
  4504: "room_not_found",
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
