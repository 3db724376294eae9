import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, options } from "../../static/js/view/plot.js";

const CURVES = [
  { name: "loss", colour: 1, noisy: true, dashed: false },
  { name: "best", colour: 2, noisy: false, dashed: true },
];

function drawn() {
  const colours = { of: { "series-1": "rgb(1, 2, 3)", "series-2": "rgb(4, 5, 6)" }, line: 2, ghost: 0.3, envelope: 0.1, font: "12px x" };
  return options({ width: 300, height: 200, curves: CURVES, axis: "step", colours, share: false, moved: () => {} });
}

/** @param {(number | null | undefined)[]} column of the line that is asked about */
function dotted(column) {
  const index = columnsOf(CURVES[0]).length;
  const show = /** @type {Function} */ (drawn().series[index].points?.show);
  return show({ data: { [index]: column } }, index);
}

test("a line of one value is a dot, since a line needs two", () => {
  assert.equal(dotted([0.5]), true);
  assert.equal(dotted([null, 0.5, undefined]), true);
});

test("a line of more values, or of none, has no dots", () => {
  assert.equal(dotted([0.5, 0.25]), false);
  assert.equal(dotted([0.5, null, 0.25]), false);
  assert.equal(dotted([]), false);
});

test("only lines have dots: no band, no raw line", () => {
  const shown = drawn().series.slice(1).map((one) => typeof one.points?.show === "function");
  assert.deepEqual(shown, [false, false, false, true, true]);
});

test("the widest label fits beside the plot, however wide its characters are", () => {
  const size = /** @type {Function} */ (drawn().axes?.[1].size);
  /** @param {number} wide */
  const room = (wide) => {
    const ctx = { save() {}, restore() {}, font: "", measureText: (/** @type {string} */ text) => ({ width: text.length * wide }) };
    return size({ ctx, height: 200, scales: { y: { min: 2e-4, max: 8e-4 } } });
  };
  assert.ok(room(12) >= 4 * 12, "8e−4 has four characters");
  assert.equal(room(3), room(1), "short ones begin where all charts begin");
});
