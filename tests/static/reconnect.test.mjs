import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Close, comesBack, delay } from "../../static/js/model/reconnect.js";

test("the ranges of close codes say whether to come back", () => {
  assert.deepEqual([1000, 1006, 4001, 4003, 4499, 4500, 4510, 4999].map(comesBack), [true, true, true, true, true, false, false, false]);
});

test("the close codes are those of the server", () => {
  const python = readFileSync(new URL("../../spectator/hub/codes.py", import.meta.url), "utf8");
  const theirs = Object.fromEntries([...python.matchAll(/^    ([A-Z_]+) = (4\d\d\d)$/gm)].map((match) => [match[1], Number(match[2])]));
  assert.deepEqual({ ...Close }, theirs);
});

test("what bye told is kept to", () => {
  assert.equal(delay(5, { min_ms: 1, max_ms: 2 }, [200, 400], 0), 200);
  assert.equal(delay(5, null, [200, 400], 1), 400);
});

test("without a word the tries become rarer, within the told bounds, and spread", () => {
  const told = { min_ms: 500, max_ms: 15_000 };
  assert.equal(delay(0, told, null, 0), 500);
  assert.equal(delay(0, told, null, 1), 1000);
  assert.equal(delay(2, told, null, 1), 4000);
  assert.equal(delay(50, told, null, 1), 15_000);
  assert.equal(delay(50, told, null, 0), 500);
  assert.ok(delay(0, null, null, 0.5) > 0);
});
