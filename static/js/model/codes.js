/** Room codes as people type them: any case, with spaces and hyphens, or a whole link. Pure. */

export const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
export const USUAL_LENGTH = 6;
export const LONGEST = 12;

/**
 * @typedef {object} Typed
 * @property {string} code what can stand in a code, at most 12 characters
 * @property {string} fragment what a pasted link carried after `#`, else ""
 * @property {string} hint one sentence when something was left out, else ""
 */

/**
 * Reads what was typed or pasted into the field for the code.
 * @param {string} text
 * @returns {Typed}
 */
export function readCode(text) {
  const link = /\/r\/([A-Za-z0-9-]+)\/?(?:\?[^#]*)?(?:#(.*))?$/.exec(text.trim());
  const raw = (link ? link[1] : text).toUpperCase();
  let code = "";
  let hint = "";
  for (const letter of raw) {
    if (ALPHABET.includes(letter)) code += letter;
    else if (!/[\s–—-]/.test(letter)) hint = hintFor(letter);
  }
  if (code.length > LONGEST) {
    code = code.slice(0, LONGEST);
    hint = "A code has at most 12 letters and digits.";
  }
  return { code, fragment: link?.[2] ?? "", hint };
}

const ZERO = "Codes have no 0 and no O. It may be a Q, a D or an 8.";
const ONE = "Codes have no 1 and no I. It may be an L, a J or a 7.";

/** @param {string} letter */
function hintFor(letter) {
  if (letter === "0" || letter === "O") return ZERO;
  if (letter === "1" || letter === "I") return ONE;
  return "A code has letters and digits only.";
}

/**
 * Whether a hint is about a letter that was left out, so that the code lacks one until somebody puts it right.
 * @param {string} hint
 */
export function isLetterHint(hint) {
  return hint === ZERO || hint === ONE;
}

/**
 * Whether a code is long enough to ask for; the server knows the rest.
 * @param {string} code
 */
export function isWhole(code) {
  return code.length >= USUAL_LENGTH && code.length <= LONGEST;
}

/**
 * How many boxes to show: the usual six until more is typed, then one more than typed.
 * @param {string} code
 */
export function boxes(code) {
  return Math.max(USUAL_LENGTH, Math.min(LONGEST, code.length));
}

/**
 * The code in groups of three, as it is read aloud.
 * @param {string} code
 */
export function spoken(code) {
  return code.replace(/(.{3})(?=.)/g, "$1 ");
}
