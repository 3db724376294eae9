import assert from "node:assert/strict";
import { test } from "node:test";
import { axis, column, count, exact, figure, horizontal, percent, vertical } from "../../static/js/model/numbers.js";

test("a figure has about three digits", () => {
  const written = { 0: "0", 186: "186", 446.2: "446", 44.87: "44.9", 4.5: "4.50", 0.849: "0.849", 0.055: "0.055", 0.0093: "0.0093" };
  for (const [value, text] of Object.entries(written)) assert.equal(figure(Number(value)), text);
  assert.equal(figure(-0.108), "−0.108");
  assert.equal(figure(3.1e-4), "3.1e−4");
  assert.equal(figure(1204), "1,204");
  assert.equal(figure(79947), "79.9 k");
  assert.equal(figure(1_200_000), "1.2 M");
  assert.equal(figure(2.5e18), "2.5e18");
});

test("what is no number is a dash, and says so when asked exactly", () => {
  for (const value of [null, undefined, NaN, Infinity]) assert.equal(figure(value), "–");
  assert.equal(exact(null), "not a number");
  assert.equal(exact(-0.0001234), "−0.0001234");
});

test("a count stands in full", () => {
  assert.equal(count(79947), "79,947");
  assert.equal(count(18_200_000), "18.2 M");
});

test("percents", () => {
  assert.deepEqual([0.68, 0.975, 0.003, 1, 0].map(percent), ["68", "97.5", "0.3", "100", "0"]);
});

test("numbers of a column have the same decimals", () => {
  assert.deepEqual(column([0.81, 0.849, null]), ["0.810", "0.849", "–"]);
  assert.deepEqual(column([41.22, -44.8]), ["41.22", "−44.80"]);
  assert.deepEqual(column([1e-5, 2e-5]), ["1.00e−5", "2.00e−5"]);
});

test("labels of an axis tell neighbours apart", () => {
  assert.deepEqual(axis([0, 125, 250]), ["0", "125", "250"]);
  assert.deepEqual(axis([0, 0.25, 0.5]), ["0", "0.25", "0.50"]);
  assert.deepEqual(axis([-2, -1, 0, 1]), ["−2", "−1", "0", "1"]);
  assert.deepEqual(axis([0, 25_000, 50_000]), ["0", "25\u202fk", "50\u202fk"]);
  assert.deepEqual(axis([0, 2500, 5000]), ["0", "2,500", "5,000"]);
  assert.deepEqual(axis([2e-4, 2.5e-4, 3e-4]), ["2e−4", "2.5e−4", "3e−4"]);
  assert.deepEqual(axis([0]), ["0"]);
  assert.deepEqual(axis([-4.5e-4, -4.25e-4, -4e-4]), ["−4.5e−4", "−4.25e−4", "−4e−4"], "each its own text");
  assert.deepEqual(axis([2.5e-4, 2.52e-4, 2.54e-4]), ["2.5e−4", "2.52e−4", "2.54e−4"]);
  assert.deepEqual(axis([0, 5e-8, 1e-7]), ["0", "5e−8", "1e−7"]);
});

test("a vertical axis begins and ends at a label and holds all values", () => {
  for (const [min, max] of [[0, 1], [-1.8, 0.9], [0.0001, 0.02], [1e6, 3.2e6], [-5, -4.99]]) {
    const { low, high, ticks } = vertical(min, max, 4);
    assert.ok(low <= min && high >= max);
    assert.ok(ticks.length >= 3 && ticks.length <= 8, `${min} ${max}: ${ticks}`);
  }
});

test("a vertical axis of one value, or of none, has room", () => {
  const dust = vertical(3, 3.0000000000000004, 4);
  assert.ok(dust.low < 2 && dust.high > 4, "what smoothing leaves of a flat line does not span an axis");
  assert.ok(vertical(5, 5, 4).high > 5);
  assert.ok(vertical(0, 0, 4).high > 0);
  assert.deepEqual([vertical(null, null, 4).low, vertical(null, null, 4).high], [0, 1]);
});

test("a horizontal axis has labels inside what there is", () => {
  for (const [min, max] of [[66, 80_058], [1, 12], [0, 1204], [100, 134_763]]) {
    const ticks = horizontal(min, max, 5, false);
    assert.ok(ticks.length >= 3 && ticks.length <= 8, `${min} ${max}: ${ticks}`);
    assert.ok(ticks.every((tick) => tick >= min && tick <= max));
  }
  assert.deepEqual(horizontal(7, 7, 5, false), [7]);
  assert.deepEqual(horizontal(1, 3, 5, false), [1, 2, 3], "whole steps have no halves");
});

test("a time axis has round times", () => {
  const ticks = horizontal(1_700_000_005, 1_700_000_600, 5, true);
  assert.ok(ticks.every((tick) => tick % 60 === 0));
});
