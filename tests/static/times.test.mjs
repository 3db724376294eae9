import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, duration, durationParts, moment, timeAxis, toMs } from "../../static/js/model/times.js";

test("a time is an ISO text or seconds", () => {
  assert.equal(toMs("2025-03-14T14:32:05Z"), Date.UTC(2025, 2, 14, 14, 32, 5));
  assert.equal(toMs("2025-03-14T14:32:05.123456Z"), Date.UTC(2025, 2, 14, 14, 32, 5, 123));
  assert.equal(toMs(1_741_962_725), 1_741_962_725_000);
  for (const bad of [null, undefined, "soon", {}]) assert.equal(toMs(bad), null);
});

test("durations", () => {
  assert.deepEqual([0, 42, 60, 2880, 8040, 7200, 200_000].map(duration), ["0 s", "42 s", "1 min", "48 min", "2 h 14 min", "2 h", "2 days 7 h"]);
  assert.deepEqual(durationParts(8040), [["2", "h"], ["14", "min"]]);
  assert.equal(duration(-5), "0 s");
});

test("how long ago", () => {
  assert.equal(ago(1000, 2000), "just now");
  assert.equal(ago(0, 24_000), "24 s ago");
  assert.equal(ago(0, 125_000), "2 min ago");
  assert.equal(ago(5000, 0), "just now", "a clock that is ahead says nothing about the future");
});

test("a moment names its day only when it is another one", () => {
  const noon = new Date(2025, 2, 14, 12, 0).getTime();
  assert.equal(moment(new Date(2025, 2, 14, 15, 6).getTime(), noon), "15:06");
  assert.equal(moment(new Date(2025, 2, 13, 15, 6).getTime(), noon), "13 Mar, 15:06");
});

test("labels of a time axis show seconds, minutes or days", () => {
  const at = new Date(2025, 2, 14, 12, 0).getTime() / 1000;
  assert.deepEqual(timeAxis([at, at + 10]), ["12:00:00", "12:00:10"]);
  assert.deepEqual(timeAxis([at, at + 600]), ["12:00", "12:10"]);
  assert.deepEqual(timeAxis([at, at + 86_400]), ["14 Mar", "15 Mar"]);
});
