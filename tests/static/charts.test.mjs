import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { USUAL_NAMES, charts, figures, metric, sparkPath, written } from "../../static/js/model/charts.js";
import { fromColumns } from "../../static/js/model/series.js";

const GRAPHS = [
  { graph_id: "reward_progress", title: "Reward", metrics: ["current_reward", "average_reward", "best_reward"] },
  { graph_id: "win_rate", title: "Win rate", metrics: ["win_rate"] },
  { graph_id: "learning_metrics", title: "Learning", metrics: ["loss_value", "learning_rate", "epsilon"] },
];

/** @param {string[]} names */
function known(...names) {
  return new Map(names.map((name) => [name, fromColumns(name, { step: [1, 2], episode: [3, 4], last: [0.5, 0.25] })]));
}

test("graphs come first, then every other number", () => {
  const list = charts(GRAPHS, known("my/own", "win_rate", "current_reward", "average_reward", "best_reward"));
  assert.deepEqual(list.map((chart) => chart.title), ["Reward", "Win rate", "my/own"]);
  assert.deepEqual(list[0].names, ["current_reward", "average_reward", "best_reward"]);
});

test("metrics of different kinds do not share an axis", () => {
  const list = charts(GRAPHS, known("loss_value", "learning_rate", "epsilon"));
  assert.deepEqual(list.map((chart) => chart.title), ["Loss", "Learning rate", "Epsilon"]);
});

test("metrics that an owner put together stay together when we know nothing of them", () => {
  const graphs = [{ graph_id: "mine", title: "Mine", metrics: ["a", "b"] }];
  assert.deepEqual(charts(graphs, known("a", "b")).map((chart) => [chart.title, chart.names]), [["Mine", ["a", "b"]]]);
});

test("what was logged under a usual name is drawn once", () => {
  const list = charts(GRAPHS, known("reward", "current_reward"));
  assert.deepEqual(list.map((chart) => chart.names), [["current_reward"]]);
});

test("places are no charts", () => {
  assert.deepEqual(charts([], known("step", "episode", "total_episodes")), []);
});

test("before the first value the first graphs wait", () => {
  assert.deepEqual(charts(GRAPHS, new Map()).map((chart) => chart.names), [[], [], []]);
});

test("the usual names are those of the server", () => {
  const python = readFileSync(new URL("../../spectator/overlay/names.py", import.meta.url), "utf8");
  const table = /USUAL_NAMES[^{]*(\{.*?\n\})/s.exec(python)?.[1].replace(/\(/g, "[").replace(/\)/g, "]").replace(/,(\s*[\]}])/g, "$1");
  assert.deepEqual(USUAL_NAMES, JSON.parse(table ?? "null"));
});

test("a name keeps its colour, and values their unit", () => {
  assert.equal(metric("td_error").colour, metric("td_error").colour);
  assert.ok(metric("td_error").colour >= 1 && metric("td_error").colour <= 8);
  assert.equal(written("win_rate", 0.68), "68 %");
  assert.equal(written("win_rate", 68), "68", "a win rate logged in percent is left alone");
  assert.equal(written("episode_length", 35), "35 steps");
  assert.equal(written("loss_value", null), "–");
});

test("key figures: the usual ones that the run feeds", () => {
  const list = figures(known("current_reward", "win_rate", "best_reward", "other"));
  assert.deepEqual(list.map((one) => one.title), ["Reward", "Best", "Win rate"]);
  assert.deepEqual([list[2].text, list[2].unit], ["25", "%"]);
  assert.equal(list[1].note, "episode 4");
});

test("key figures of a run with names of its own, and of a run without values", () => {
  assert.deepEqual(figures(known("a", "b")).map((one) => one.title), ["a", "b"]);
  assert.deepEqual(figures(new Map()).map((one) => one.text), ["–", "–"]);
});

test("a spark line ends where its dot is", () => {
  assert.equal(sparkPath([1, 3, 2]).y, 50);
  assert.match(sparkPath([1, 3, 2]).line, /^M0,100\.0 500,0\.0 1000,50\.0$/);
  assert.equal(sparkPath([2]).y, 50);
  assert.equal(sparkPath([]).line, "");
});

test("a metric may have any name, also one that every object answers to", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    const about = metric(name);
    assert.equal(about.title, name);
    assert.equal(typeof about.colour, "number");
    assert.deepEqual(charts([], known(name)).map((chart) => chart.title), [name]);
    assert.equal(figures(known(name))[0].title, name);
  }
});
