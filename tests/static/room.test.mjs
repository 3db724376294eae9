import assert from "node:assert/strict";
import { test } from "node:test";
import { LINES } from "../../static/js/model/events.js";
import { emptyPicture, receive } from "../../static/js/model/room.js";

const AT = "2025-03-14T14:32:05Z";
const MS = Date.parse(AT);

/** @param {number} step @param {Record<string, unknown>} [data] */
const metrics = (step, data = { current_reward: step / 10 }) => ({ type: "training_metrics", timestamp: AT, data: { step, ...data } });
/** @param {string} event @param {Record<string, unknown>} [data] */
const life = (event, data) => ({ type: "training_event", event, timestamp: AT, ...(data ? { data } : {}) });
/** @param {number} from @param {Record<string, unknown>[]} events */
const tick = (from, events) => ({ type: "tick", cursor: `c${from + events.length - 1}`, from, to: from + events.length - 1, events });
const room = (more = {}) => ({ id: "r_1", code: "K7M2QX", name: "cartpole", max_spectators: 40, current_spectators: 3, status: "active", ...more });

/** @param {Record<string, any>[]} messages */
function fed(...messages) {
  const picture = emptyPicture();
  for (const message of messages) receive(picture, message, 1000);
  return picture;
}

test("welcome names the room and its run", () => {
  const picture = fed({ type: "welcome", mode: "live", room: room({ run: { id: "run-1", status: "active", last_event_at: AT }, waiting: 2, turned_away: 1 }) });
  assert.equal(picture.room?.name, "cartpole");
  assert.equal(picture.run.status, "active");
  assert.equal(picture.lastEventAt, MS);
  assert.deepEqual([picture.requests.waiting, picture.requests.turnedAway, picture.crowd.watching], [2, 1, 3]);
});

test("ticks grow a curve for every finite number, and for what the server worked out", () => {
  const picture = fed(tick(1, [
    { ...metrics(10, { reward: 5, note: "text", nothing: null, flag: true }), derived: { current_reward: 5, best_reward: 5 } },
    { type: "metric", name: "td", value: 0.5, timestamp: AT },
    { type: "episode_metrics", timestamp: AT, metrics: { episode: 7, quality: 0.9 } },
  ]));
  assert.deepEqual([...picture.series.keys()], ["reward", "current_reward", "best_reward", "td", "quality"]);
  assert.deepEqual(picture.series.get("reward")?.step, [10]);
  assert.deepEqual(picture.series.get("quality")?.episode, [7]);
  assert.equal(picture.step, 10);
  assert.equal(picture.episode, 7);
  assert.deepEqual([picture.cursor, picture.seq], ["c3", 3]);
});

test("numbers of one worker do not mix with those of another", () => {
  const picture = fed(tick(1, [{ ...metrics(1, { loss: 1 }), source: "a" }, { ...metrics(1, { loss: 2 }), source: "b" }]));
  assert.deepEqual([...picture.series.keys()], ["loss@a", "loss@b"]);
});

test("a snapshot with what follows shows the same as everything from the start", () => {
  const events = Array.from({ length: 50 }, (_, i) => metrics(i));
  const whole = fed(tick(1, events));
  const series = { current_reward: { step: events.slice(0, 30).map((_, i) => i), time: events.slice(0, 30).map(() => MS / 1000), last: events.slice(0, 30).map((_, i) => i / 10) } };
  const state = { training_metrics: { seq: 30, ...events[29] }, run: { id: "run-1", status: "active", started_at: AT, ended_at: null } };
  const late = fed({ type: "snapshot", cursor: "c30", seq: 30, state, graphs: [], series }, tick(31, events.slice(30)));
  const shown = (/** @type {typeof whole} */ picture) => ({
    last: picture.series.get("current_reward")?.last,
    at: picture.series.get("current_reward")?.step,
    step: picture.step, cursor: picture.cursor, seq: picture.seq, run: picture.run.status, started: picture.run.startedAt,
  });
  assert.deepEqual(shown(late), shown(whole));
});

test("a snapshot replaces what was there before", () => {
  const picture = fed(tick(1, [metrics(1)]), { type: "snapshot", cursor: "c9", seq: 9, state: {}, graphs: [], series: { other: { step: [1], last: [2], time: [3] } } });
  assert.deepEqual([...picture.series.keys()], ["other"]);
  assert.equal(picture.pictures, 1);
});

test("alerts and notes of a snapshot stand in the order they came", () => {
  const alert = { type: "alert", seq: 9, alert: { level: "error", category: "loss", message: "NaN loss" }, timestamp: AT };
  const log = { type: "log", seq: 5, level: "info", message: "buffer doubled", timestamp: AT };
  const picture = fed({ type: "snapshot", cursor: "c", seq: 9, series: {}, graphs: [], state: { alerts: [alert], logs: [log], training_events: [{ ...life("stage_advanced", { stage: 2 }), seq: 7 }], episodes: [{ episode_id: 1 }] } });
  assert.deepEqual(picture.lines.map((line) => [line.text, line.about, line.tone]), [
    ["buffer doubled", "", "plain"], ["Stage advanced", "stage 2", "plain"], ["NaN loss", "loss", "bad"],
  ]);
});

test("a new run starts with empty charts, and keeps the lines", () => {
  const picture = fed(tick(1, [life("training_started"), metrics(1), { type: "log", level: "info", message: "hello" }, life("training_finished")]));
  assert.deepEqual([picture.run.status, picture.run.endedAt], ["finished", MS]);
  receive(picture, tick(5, [life("training_started", { run_id: "b" })]), 0);
  assert.equal(picture.series.size, 0);
  assert.deepEqual([picture.run.id, picture.run.status, picture.run.endedAt], ["b", "active", null]);
  assert.ok(picture.lines.some((line) => line.text === "hello"));
});

test("a run that nobody announced begins with its first event", () => {
  const picture = fed(tick(3, [metrics(1)]));
  assert.deepEqual([picture.run.id, picture.run.status, picture.run.startedAt], ["run-3", "active", MS]);
});

test("who falls behind is told, until the first whole packet", () => {
  const conflated = { type: "conflated", cursor: "c9", from: 2, to: 9, lost: { sample: 5, frame: 0, episode: 0 }, events: [{ ...metrics(9), seq: 9 }] };
  const picture = fed(tick(1, [metrics(1)]), conflated);
  assert.deepEqual(picture.behind, { since: 1000, points: 5 });
  receive(picture, { ...conflated, from: 10, to: 12 }, 2000);
  assert.deepEqual(picture.behind, { since: 1000, points: 10 });
  receive(picture, tick(13, [metrics(13)]), 3000);
  assert.equal(picture.behind, null);
});

test("a silent publisher, and one that is heard again", () => {
  const picture = fed(tick(1, [metrics(1)]), { type: "notice", code: "publisher_silent", status: "stalled" });
  assert.equal(picture.run.status, "stalled");
  receive(picture, tick(2, [metrics(2)]), 0);
  assert.equal(picture.run.status, "active");
});

test("a snapshot does not make a silent run look live", () => {
  const picture = fed(
    { type: "welcome", mode: "live", room: room({ run: { id: "run-1", status: "crashed", last_event_at: AT } }) },
    { type: "snapshot", cursor: "c", seq: 1, series: {}, graphs: [], state: { run: { id: "run-1", status: "active", started_at: AT, ended_at: null } } },
  );
  assert.equal(picture.run.status, "crashed");
  assert.equal(picture.run.startedAt, MS);
});

test("crowd, requests, and the store going and coming", () => {
  const picture = fed(
    { type: "crowd", watching: 12, names: ["Noor"] },
    { type: "requests", waiting: 1, turned_away: 2, requests: [{ id: "q", name: "Sven" }] },
    { type: "notice", code: "store_unavailable" },
  );
  assert.deepEqual([picture.crowd.watching, picture.requests.list.length, picture.requests.turnedAway, picture.storeDown], [12, 1, 2, "store_unavailable"]);
  receive(picture, { type: "notice", code: "store_back" }, 0);
  assert.equal(picture.storeDown, "");
  receive(picture, { type: "notice", code: "store_full" }, 0);
  assert.equal(picture.storeDown, "store_full");
});

test("a change of the room is shown", () => {
  const picture = fed({ type: "welcome", mode: "live", room: room() }, { type: "notice", code: "room_changed", room: room({ name: "renamed" }) });
  assert.equal(picture.room?.name, "renamed");
});

test("decisions give moves and values, bounded", () => {
  const decision = (/** @type {number} */ i) => ({ type: "bot_decision", timestamp: AT, action_probabilities: { a: 0.5, b: 0.5 }, selected_action: "a", state_values: i });
  const picture = fed(tick(1, Array.from({ length: 300 }, (_, i) => decision(i))));
  assert.equal(picture.moves.length, 14);
  assert.equal(picture.values.length, 120);
  assert.equal(picture.values[119], 299);
});

test("the way of an episode, and what its places are worth", () => {
  const grid = { width: 3, height: 1, walls: [], lava: [], start: [0, 0], goal: [2, 0] };
  const steps = (/** @type {number[][]} */ ...at) => ({ type: "episode_steps", episode_id: 1, from: 0, steps: at.map((position, step) => ({ step, position })) });
  const picture = fed(tick(1, [
    { type: "episode_start", episode_id: 1, metadata: { grid } }, steps([0, 0]),
    { type: "bot_decision", selected_action: "right", state_values: 0.5 }, steps([1, 0]),
  ]));
  assert.deepEqual(picture.trail, [[0, 0], [1, 0]]);
  assert.equal(picture.worth.get("0,0"), 0.5);
  receive(picture, tick(5, [{ type: "episode_start", episode_id: 2, metadata: { grid } }]), 0);
  assert.deepEqual([picture.trail.length, picture.worth.size], [0, 1], "the same world keeps what is known of it");
  receive(picture, tick(6, [{ type: "episode_start", episode_id: 3, metadata: {} }]), 0);
  assert.equal(picture.worth.size, 0);
});

test("who comes in the middle of an episode sees the world it is in", () => {
  const grid = { width: 3, height: 1, walls: [], lava: [], start: [0, 0], goal: [2, 0] };
  const start = { type: "episode_start", seq: 4, episode_id: 9, metadata: { grid }, timestamp: AT };
  const picture = fed({ type: "snapshot", cursor: "c9", seq: 9, state: { episode_start: start }, graphs: [], series: {} });
  assert.deepEqual(picture.grid, grid);
  receive(picture, tick(10, [{ type: "episode_steps", episode_id: 9, from: 5, steps: [{ step: 5, position: [1, 0] }] }]), 0);
  assert.deepEqual([picture.grid, picture.trail], [grid, [[1, 0]]]);
});

test("lines are bounded", () => {
  const picture = fed(tick(1, Array.from({ length: 500 }, (_, i) => ({ type: "log", level: "info", message: `m${i}` }))));
  assert.equal(picture.lines.length, LINES);
});

test("what the page does not know is left alone", () => {
  const picture = fed({ type: "later" }, tick(1, [{ type: "unheard_of", timestamp: AT }, { type: "alert" }, { type: "training_metrics" }, { type: "episode_steps", steps: [null, { position: "x" }] }]));
  assert.equal(picture.seq, 4);
});

/** @param {Record<string, unknown>} more what the room tells beside */
const welcome = (more) => ({ type: "welcome", mode: "live", room: room(more) });

test("who is told how many wait is a moderator; a change of role changes what is known", () => {
  assert.equal(fed(welcome({})).role, "spectator");
  const picture = fed(welcome({ waiting: 0 }), { type: "requests", waiting: 1, requests: [{ id: "q", name: "Noor" }] });
  assert.equal(picture.role, "moderator");
  receive(picture, { type: "notice", code: "role_changed", role: "spectator", room: room() }, 1000);
  assert.deepEqual([picture.role, picture.requests.list.length, picture.requests.waiting], ["spectator", 0, 0]);
  receive(picture, { type: "notice", code: "role_changed", role: "moderator", room: room({ waiting: 2 }) }, 1000);
  assert.deepEqual([picture.role, picture.requests.waiting], ["moderator", 2]);
});

test("whoever holds the room's key stays owner, and a snapshot changes nobody's role", () => {
  const picture = emptyPicture();
  picture.role = "owner";
  receive(picture, welcome({}), 1000);
  receive(picture, { type: "snapshot", cursor: "c", seq: 1, state: {} }, 1000);
  assert.equal(picture.role, "owner");
});

test("who is here is known as far as the room tells: names, a number, nothing, and each changes while one watches", () => {
  const picture = fed(welcome({ presence: "names" }), { type: "crowd", watching: 2, names: ["Noor", "Sven"] });
  assert.deepEqual(picture.crowd, { watching: 2, names: ["Noor", "Sven"] });
  receive(picture, { type: "notice", code: "room_changed", room: room({ presence: "count" }) }, 1000);
  assert.deepEqual(picture.crowd, { watching: 2, names: null }, "the names go at once");
  receive(picture, { type: "crowd", watching: 3 }, 1000);
  assert.deepEqual(picture.crowd, { watching: 3, names: null });
  receive(picture, { type: "notice", code: "room_changed", room: room({ presence: "nothing" }) }, 1000);
  assert.deepEqual(picture.crowd, { watching: null, names: null });
  assert.deepEqual(fed(welcome({ presence: "nothing", current_spectators: 3 })).crowd, { watching: null, names: null });
  assert.equal(fed(welcome({ presence: "nothing", waiting: 0 })).crowd.watching, 3, "a moderator knows");
});

test("what a run calls its events and levels is text, also when every object answers to it", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    const { lines } = fed(tick(1, [life(name), { type: "alert", timestamp: AT, alert: { level: name, message: "m" } }, { type: "log", level: name, message: "n", timestamp: AT }]));
    assert.deepEqual(lines.map((line) => line.tone), ["plain", "warn", "plain"], name);
    assert.equal(typeof lines[0].text, "string");
  }
});

test("the link to give away outlives news of the room, and goes along with its code", () => {
  const picture = fed(welcome({ waiting: 0, join_url: "http://10.0.0.7:8000/r/K7M2QX" }));
  receive(picture, { type: "notice", code: "room_changed", room: room({ name: "new", code: "ABC234", waiting: 0 }) }, 1000);
  assert.deepEqual([picture.room?.name, picture.room?.join_url], ["new", "http://10.0.0.7:8000/r/ABC234"]);
});
