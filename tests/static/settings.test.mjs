import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isWhole, readCode } from "../../static/js/model/codes.js";
import { hoursUntil, invitationLine, invitationTitle, LEVELS, localMinute, madeCode, madePassword, PRESENCE, told } from "../../static/js/model/settings.js";

const NOW = new Date(2025, 2, 14, 15, 0).getTime();

/** @param {Partial<import("../../static/js/model/settings.js").Invitation>} what */
const invitation = (what) => ({ id: "i", note: null, user_id: null, uses: 1, used: 0, expires_at: new Date(2025, 2, 14, 18, 0).toISOString(), status: /** @type {const} */ ("open"), ...what });

test("the levels are those of the server, in its order", () => {
  const python = readFileSync(new URL("../../rooms/models.py", import.meta.url), "utf8");
  const values = [...(python.split("class AccessLevel")[1] ?? "").matchAll(/^    [A-Z_]+ = "(\w+)"/gm)].slice(0, 4).map((match) => match[1]);
  assert.deepEqual(LEVELS.map(([value]) => value), values);
  assert.deepEqual(PRESENCE.map(([value]) => value), ["names", "count", "nothing"]);
});

test("what is wrong with a field is said in words, never in the names that programs use", () => {
  for (const field of ["name", "custom_code", "password", "max_spectators", "hours", "session_duration_hours", "uses", "user_id", "note"]) {
    const text = told({ code: "invalid_request", status: 422, field, detail: `${field}: Input should be less than 5.` });
    assert.doesNotMatch(text, /_|Input/, field);
    assert.match(text, /\.$/, field);
  }
  assert.equal(told({ code: "invalid_request", status: 422, field: "other", detail: "other: is odd." }), "other: is odd.");
  assert.match(told({ code: "code_taken", status: 409 }), /^That code is taken/);
  assert.match(told({ code: "spectator_not_found", status: 404 }), /not in the room/);
  assert.equal(told({ code: "quota_exceeded", status: 429, detail: "The quota rooms is used up." }), "The quota rooms is used up.");
  assert.match(told({ code: "unreachable", status: 0 }), /does not answer/);
});

test("an invitation says whom it is for, how much is left of it and until when", () => {
  assert.equal(invitationTitle(invitation({})), "For whoever has the link");
  assert.equal(invitationTitle(invitation({ user_id: "ada" })), "For ada");
  assert.equal(invitationTitle(invitation({ user_id: "ada", note: "the judge" })), "the judge");
  assert.equal(invitationLine(invitation({}), NOW), "good for one person, until 18:00");
  assert.equal(invitationLine(invitation({ uses: 3, used: 1 }), NOW), "2 of 3 left, until 18:00");
  assert.equal(invitationLine(invitation({ uses: 3, used: 3, status: "spent" }), NOW), "used up, used 3 times");
  assert.equal(invitationLine(invitation({ used: 1, status: "withdrawn" }), NOW), "withdrawn, used once");
  assert.equal(invitationLine(invitation({ status: "expired" }), NOW), "time is over");
  assert.equal(invitationLine(invitation({ user_id: "ada", note: "the judge" }), NOW), "for ada, good for one person, until 18:00");
});

test("a code that is made up can be typed", () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(new Set(madeCode(every)).size, 32, "each letter of the alphabet, equally often");
  const code = madeCode(every.slice(0, 6));
  assert.deepEqual([readCode(code).code, readCode(code).hint, isWhole(code)], [code, "", true]);
});

test("a password that is made up can be read aloud", () => {
  assert.match(madePassword(Uint16Array.from({ length: 16 }, (_, i) => i * 4001)), /^(?:[a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}$/);
});

test("an end that is set is told in hours from now", () => {
  assert.equal(hoursUntil(localMinute(NOW + 90 * 60_000), NOW), 1.5);
  assert.ok(Number.isNaN(hoursUntil("", NOW)));
});
