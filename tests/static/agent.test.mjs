import assert from "node:assert/strict";
import { test } from "node:test";
import { actionTitle, direction, heat, placer, readDecision, readGrid, standing } from "../../static/js/model/agent.js";
import { figure } from "../../static/js/model/numbers.js";

const EVENT = {
  type: "bot_decision",
  action_probabilities: { up: 0.2, right: 0.7, down: 0.1 },
  selected_action: "right",
  q_values: [0.81, 0.849, 0.78],
  state_values: 0.82,
  step: 100,
};

/** @param {Record<string, unknown>} event */
function read(event) {
  const decision = readDecision(event);
  assert.ok(decision);
  return decision;
}

test("a decision keeps the agent's order of actions", () => {
  const decision = read(EVENT);
  assert.deepEqual(decision.actions.map((action) => action.name), ["up", "right", "down"]);
  assert.deepEqual(decision.actions.map((action) => action.q), [0.81, 0.849, 0.78]);
  assert.equal(decision.chosen, "right");
  assert.equal(decision.explored, false);
  assert.equal(decision.value, 0.82);
  assert.ok(Math.abs(Number(decision.entropy) - 0.8018) < 1e-3);
});

test("a decision with Q-values alone, by name or by number", () => {
  assert.deepEqual(read({ q_values: { a: 1, b: 2 }, selected_action: "b" }).actions.map((action) => action.name), ["a", "b"]);
  assert.deepEqual(read({ q_values: [1, 2], selected_action: 1 }).actions.map((action) => action.chosen), [false, true]);
});

test("what holds nothing to show is no decision", () => {
  assert.equal(readDecision({}), null);
  assert.equal(readDecision({ action_probabilities: null, q_values: null, selected_action: null, state_values: null }), null);
  assert.equal(read({ selected_action: "left", q_values: "junk", action_probabilities: 3 }).actions.length, 0);
});

test("a choice that is not the best one is called explored", () => {
  const explored = read({ ...EVENT, selected_action: "up" });
  assert.equal(explored.explored, true);
  assert.equal(standing(explored, figure), "explored: right is ahead by 0.039");
  assert.equal(standing(read(EVENT), figure), "the best action, ahead of up by 0.039");
  assert.equal(standing(read({ action_probabilities: { a: 0.9, b: 0.1 }, selected_action: "a" }), figure), "the best action, ahead of b by 80 points");
});

test("directions are read out of names", () => {
  assert.deepEqual(["up", "move_left", "Push Right", "north", "shoot", "upload"].map(direction), ["up", "left", "right", "up", null, null]);
  assert.equal(actionTitle("push_left"), "Push left");
});

test("a grid is read, and what is none is refused", () => {
  const grid = readGrid({ width: 3, height: 2, walls: [[1, 0], "x"], lava: null, start: [0, 0], goal: { x: 2, y: 1 } });
  assert.deepEqual(grid, { width: 3, height: 2, walls: [[1, 0]], lava: [], start: [0, 0], goal: [2, 1] });
  for (const bad of [null, "grid", {}, { width: 0, height: 2 }, { width: 1.5, height: 2 }, { width: 1e6, height: 1e6 }]) assert.equal(readGrid(bad), null);
});

test("the best cell is tinted most, the worst not at all", () => {
  const tints = heat(new Map([["0,0", -1], ["1,0", 0], ["2,0", 1]]));
  assert.equal(tints[0].share, 0);
  assert.equal(tints[2].share, 1);
  assert.ok(tints[1].share < 0.5);
  assert.deepEqual(heat(new Map([["0,0", 1]])), [], "one value says nothing");
});

test("a way fits into its picture with one scale in both directions", () => {
  const at = placer([[0, 0], [10, 5]], 100, 100);
  assert.deepEqual(at([0, 0]), [0, 25]);
  assert.deepEqual(at([10, 5]), [100, 75]);
});
