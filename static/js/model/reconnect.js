/** When to come back after a connection ended. Pure: chance is an argument. */

/**
 * @typedef {object} Told what the server said about coming back
 * @property {number} min_ms
 * @property {number} max_ms
 */

/** @type {Told} */
export const USUAL = { min_ms: 500, max_ms: 20_000 };

/** Codes that say whether to come back: 4000 to 4499 do, 4500 to 4999 do not, all others are accidents. */
export const Close = Object.freeze({
  TOO_SLOW: 4001,
  RESTARTING: 4002,
  GRANT_ENDED: 4003,
  STORE_UNAVAILABLE: 4004,
  BUSY: 4005,
  PROTOCOL_ERROR: 4500,
  UNAUTHORIZED: 4501,
  DENIED: 4503,
  ROOM_NOT_FOUND: 4504,
  KICKED: 4508,
  ROOM_FULL: 4509,
  ROOM_CLOSED: 4510,
  ROOM_EXPIRED: 4511,
  BLOCKED: 4512,
  REQUEST_GONE: 4513,
});

/**
 * Whether a connection that ended with this code is opened again.
 * @param {number} code
 */
export function comesBack(code) {
  return code < 4500 || code > 4999;
}

/**
 * Milliseconds to wait before the next try: what `bye` told, else longer with each failure, spread over the whole
 * range so that a thousand pages do not return in the same instant.
 * @param {number} failures tries in a row that brought nothing, from 0
 * @param {Told | null} told bounds of `welcome`
 * @param {[number, number] | null} after bounds of `bye`, good for one return
 * @param {number} chance 0 to 1
 */
export function delay(failures, told, after, chance) {
  if (after) return after[0] + (after[1] - after[0]) * chance;
  const { min_ms: least, max_ms: most } = told ?? USUAL;
  // The first try is spread as well: those whose server was killed lost it in the same instant.
  const ceiling = Math.min(most, Math.max(least, 1) * 2 ** Math.min(failures + 1, 10));
  return least + (ceiling - least) * chance;
}
