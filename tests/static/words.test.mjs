import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { emptyPicture, receive } from "../../static/js/model/room.js";
import { againAt, asksFirst, fromClose, sentence, standingOf, waitWords, wordsFor } from "../../static/js/model/words.js";

const NOW = Date.parse("2025-03-14T15:00:00Z");
const OPEN = { phase: /** @type {const} */ ("open"), brokenAt: null, retryAt: null, latency: 9, streaming: false };

/** @param {Partial<import("../../static/js/model/room.js").Run>} run */
function shown(run) {
  const picture = emptyPicture();
  picture.room = { name: "x", status: "active" };
  picture.run = { id: "r", status: "active", startedAt: null, endedAt: null, ...run };
  picture.lastEventAt = NOW - 42_000;
  receive(picture, { type: "snapshot", cursor: "c", seq: 1, state: {}, graphs: [], series: { best_reward: { step: [1], time: [1], last: [500] } } }, NOW);
  return picture;
}

test("every run has its word", () => {
  /** @type {[import("../../static/js/model/room.js").Run["status"], string][]} */
  const words = [["active", "Live"], ["stalled", "Silent"], ["crashed", "Stopped"], ["finished", "Ended"], ["failed", "Failed"]];
  for (const [status, badge] of words) assert.equal(standingOf(shown({ status }), OPEN, NOW).badge, badge);
});

test("silence says for how long", () => {
  assert.equal(standingOf(shown({ status: "stalled" }), OPEN, NOW).notice?.title, "No news from the training for 42 s");
});

test("an ended run says when and how good it was", () => {
  const { notice } = standingOf(shown({ status: "finished", endedAt: NOW }), OPEN, NOW);
  assert.match(String(notice?.title), /^The run ended at \d\d:\d\d$/);
  assert.equal(notice?.text, "best 500");
});

test("a room without values is open, not live", () => {
  const picture = emptyPicture();
  picture.room = { status: "active" };
  assert.equal(standingOf(picture, OPEN, NOW).badge, "Open");
});

test("a broken connection is told after a moment, with the time of the last value, and the picture is grey", () => {
  const link = { ...OPEN, phase: /** @type {const} */ ("broken"), brokenAt: NOW - 8000, retryAt: NOW + 2000 };
  const standing = standingOf(shown({}), link, NOW);
  assert.deepEqual([standing.badge, standing.stale, standing.notice?.retry], ["Reconnecting", true, true]);
  assert.equal(standing.notice?.title, "No connection for 8 s");
  assert.match(String(standing.notice?.text), /^Last value \d\d:\d\d:\d\d, next try in 2 s$/);
  assert.equal(standingOf(shown({}), { ...link, brokenAt: NOW - 500 }, NOW).badge, "Live");
});

test("the store going away is told, and being behind", () => {
  const down = shown({});
  receive(down, { type: "notice", code: "store_unavailable" }, NOW);
  assert.equal(standingOf(down, OPEN, NOW).badge, "On hold");
  receive(down, { type: "notice", code: "store_full" }, NOW);
  assert.equal(standingOf(down, OPEN, NOW).notice?.title, "The server's store is full");
  const slow = shown({});
  slow.behind = { since: NOW - 2000, points: 3 };
  assert.equal(standingOf(slow, OPEN, NOW).notice?.title, "2 s behind, catching up");
});

test("every code of the server's errors has words of its own", () => {
  const python = readFileSync(new URL("../../rooms/errors.py", import.meta.url), "utf8");
  const codes = [...python.matchAll(/^    code = "(\w+)"/gm)].map((match) => match[1]);
  assert.ok(codes.length > 15);
  const unknown = wordsFor({ code: "no such code", status: 0 }).title;
  // What only publishers and programs can meet has no place on the page.
  const elsewhere = new Set(["sequence_gap", "code_taken", "payload_too_large", "unsupported_media_type", "invalid_request", "internal_error", "store_unsuitable", "secrets_unknown", "error",
    // Told beside what the owner did (settings.test.mjs), or met by programs and operators only.
    "spectator_not_found", "invitation_not_found", "tenant_not_found", "tenant_taken", "key_not_found", "claim_lost"]);
  const bare = codes.filter((code) => !elsewhere.has(code) && wordsFor({ code, status: 400 }).title === unknown);
  assert.deepEqual(bare, []);
});

test("a refusal that is worth a second try says when", () => {
  assert.equal(sentence({ code: "too_many_attempts", status: 429, retryAfter: 12.2 }), "Too many tries from here. You can try again in 13 s.");
  assert.equal(sentence({ code: "quota_exceeded", status: 429, retryAfter: 120 }), "Too many people are waiting. You can try again in 2 minutes.");
  assert.equal(sentence({ code: "blocked", status: 403, retryAfter: 9 }), "The owner has blocked you. Or somebody on your network. If that is not you, ask the owner for an invitation.");
});

test("who was removed or denied may ask again in a minute, which is counted down", () => {
  for (const code of ["removed", "approval_denied"]) {
    assert.equal(againAt({ code, status: 0 }, NOW), NOW + 60_000);
    assert.equal(againAt({ code, status: 403, retryAfter: 41.2 }, NOW), NOW + 42_000, "what the server says counts");
    const told = wordsFor({ code, status: 0 });
    assert.equal(waitWords(told, 60_000), "You can ask again in 1 minute.");
    assert.equal(waitWords(told, 41_001), "You can ask again in 42 s.");
    assert.equal(waitWords(told, 0), "You can ask again now.");
  }
  assert.equal(againAt({ code: "blocked", status: 0, retryAfter: 5 }, NOW), null, "nothing to wait for");
  assert.equal(againAt({ code: "room_full", status: 409 }, NOW), null, "at once");
});

test("what we have no words for is told in the server's", () => {
  assert.equal(sentence({ code: "new_thing", status: 400, detail: "Do this." }), "Something went wrong. Do this.");
});

test("close codes are the same refusals", () => {
  assert.equal(wordsFor(fromClose(4508, "")).title, "The owner ended your visit");
  assert.equal(wordsFor(fromClose(4512, "")).title, "The owner has blocked you");
  assert.equal(wordsFor(fromClose(4504, "")).title, "The room is gone");
  assert.deepEqual([fromClose(4003, "").code, fromClose(4501, "").code], ["place_ended", "unauthorized"]);
  assert.equal(wordsFor(fromClose(4510, "")).title, "The room is closed");
  assert.equal(wordsFor(fromClose(4509, "")).title, "The room is full");
  assert.equal(wordsFor(fromClose(4500, "odd")).text, "odd");
});

test("where only invited people come in, nobody is asked about first", () => {
  const asked = ["public", "password", "invite_only", "private"].map((level) => asksFirst({ require_approval: true, access_level: level }));
  assert.deepEqual(asked, [true, true, false, false]);
  assert.ok(!asksFirst({ require_approval: false, access_level: "public" }));
  assert.ok(!asksFirst(null));
});
