import assert from "node:assert/strict";
import { test } from "node:test";
import { merge, smooth, thin } from "../../static/js/model/curves.js";
import { MOST, along, append, emptySeries, fromColumns, newest, withPast } from "../../static/js/model/series.js";

/**
 * @param {number} count
 * @param {(i: number) => number} value
 */
function grown(count, value) {
  const series = emptySeries("x");
  for (let i = 0; i < count; i++) append(series, { step: i, episode: null, time: 1000 + i }, value(i));
  return series;
}

test("a long curve stays bounded, and keeps its extremes, its first and its last", () => {
  const series = grown(100_000, (i) => (i === 31_234 ? 999 : i === 77_777 ? -999 : Math.sin(i / 50)));
  assert.ok(series.last.length <= MOST);
  assert.ok(series.last.length >= 600, `${series.last.length}`);
  assert.equal(Math.max(...series.max), 999);
  assert.equal(Math.min(...series.min), -999);
  assert.equal(newest(series), Math.sin(99_999 / 50));
  assert.equal(series.step[series.step.length - 1], 99_999);
});

test("what is old does not grow ever coarser than what is new", () => {
  const series = grown(200_000, (i) => i);
  const steps = /** @type {number[]} */ (series.step);
  const gaps = steps.slice(1).map((step, i) => step - steps[i]);
  const coarsest = Math.max(...gaps);
  assert.ok(coarsest < 200_000 / 500, `${coarsest}`);
});

test("columns that lack something count as unknown", () => {
  const series = fromColumns("x", { step: [1, 2, 3], last: [5, null, 7] });
  assert.deepEqual(series.last, [5, 7]);
  assert.deepEqual(series.step, [1, 3]);
  assert.deepEqual(series.episode, [null, null]);
  assert.deepEqual(series.min, [5, 7]);
  assert.deepEqual(fromColumns("x", { step: [1], time: [2], value: [3] }).last, [3]);
});

test("a finer past goes before what came live, without a hole and without a double", () => {
  const present = fromColumns("x", { step: [0, 10], time: [100, 110], last: [0, 10] });
  append(present, { step: 11, episode: null, time: 111 }, 11);
  append(present, { step: 12, episode: null, time: 112 }, 12);
  const past = fromColumns("x", { step: [0, 5, 10, 11], time: [100, 105, 110, 111], value: [0, 5, 10, 11] });
  const joined = withPast(past, present);
  assert.deepEqual(joined.step, [0, 5, 10, 11, 12]);
  assert.equal(joined.lived, 3);
});

test("a curve is drawn in ascending order, whatever order its points came in", () => {
  const series = emptySeries("x");
  for (const step of [1, 3, 2]) append(series, { step, episode: null, time: step }, step * 10);
  assert.deepEqual(along(series, "step"), { x: [1, 2, 3], order: [0, 2, 1] });
  assert.deepEqual(along(series, "episode").x, [], "it knows of no episodes");
});

test("curves over one axis share positions and leave gaps", () => {
  const one = fromColumns("a", { step: [1, 2, 4], last: [1, 2, 4] });
  const other = fromColumns("b", { step: [2, 3], last: [20, 30] });
  const { x, curves } = merge([one, other], "step");
  assert.deepEqual(x, [1, 2, 3, 4]);
  assert.deepEqual(curves[0].last, [1, 2, null, 4]);
  assert.deepEqual(curves[1].last, [null, 20, 30, null]);
});

test("points at one position become one, with their extremes", () => {
  const series = fromColumns("a", { episode: [1, 1, 2], last: [5, 1, 3] });
  const { x, curves } = merge([series], "episode");
  assert.deepEqual(x, [1, 2]);
  assert.deepEqual(curves[0], { min: [1, 3], max: [5, 3], last: [1, 3] });
});

test("smoothing starts at the first value, keeps gaps, and 0 changes nothing", () => {
  const x = [0, 1, 2, 3];
  assert.deepEqual(smooth(x, [4, 6, null, 8], 0), [4, 6, null, 8]);
  const smoothed = smooth(x, [4, 6, null, 8], 0.6);
  assert.equal(smoothed[0], 4);
  assert.equal(smoothed[2], null);
  assert.ok(Number(smoothed[1]) > 4 && Number(smoothed[1]) < 6);
});

test("a curve known ten times finer is smoothed to about the same line", () => {
  const level = (/** @type {number} */ at) => (at < 500 ? 0 : 1);
  const coarse = Array.from({ length: 200 }, (_, i) => i * 5);
  const fine = Array.from({ length: 2000 }, (_, i) => i * 0.5);
  const one = smooth(coarse, coarse.map(level), 0.9);
  const other = smooth(fine, fine.map(level), 0.9);
  for (const at of [510, 600, 900]) {
    assert.ok(Math.abs(Number(one[coarse.indexOf(at)]) - Number(other[fine.indexOf(at)])) < 0.05);
  }
});

test("no more positions are drawn than can be seen, and extremes stay", () => {
  const x = Array.from({ length: 1000 }, (_, i) => i);
  /** @type {Parameters<typeof thin>[1]} */
  const columns = [{ reduce: "max", values: x.map((i) => (i === 501 ? 9 : 0)) }, { reduce: "min", values: x.map((i) => (i === 502 ? -9 : 0)) }, { reduce: "last", values: x.map((i) => (i % 2 ? i : null)) }];
  const left = thin(x, columns, 300);
  assert.equal(left.length, 250);
  assert.equal(left[249], 999);
  assert.deepEqual([Math.max(...columns[0].values.map(Number)), Math.min(...columns[1].values.map(Number))], [9, -9]);
  assert.equal(columns[2].values[249], 999);
});

test("what was drawn stays where it is while a curve grows", () => {
  const drawn = (/** @type {number} */ count) => thin(Array.from({ length: count }, (_, i) => i), [], 300);
  assert.deepEqual(drawn(1000).slice(0, 249), drawn(1003).slice(0, 249));
});

test("few positions are copied, not handed out", () => {
  const values = [1, 2];
  /** @type {Parameters<typeof thin>[1]} */
  const columns = [{ reduce: "last", values }];
  thin([1, 2], columns, 300);
  assert.notEqual(columns[0].values, values);
});
