/** What the agent decides, and the world it walks through. Pure. */

import { isNumber } from "./numbers.js";

/**
 * @typedef {object} Action
 * @property {string} name
 * @property {number | null} probability 0 to 1
 * @property {number | null} q
 * @property {boolean} chosen
 */

/**
 * @typedef {object} Decision
 * @property {Action[]} actions in the order of the agent, which never changes
 * @property {string | null} chosen name of the chosen action
 * @property {boolean} explored the chosen action is not the one the agent thinks best
 * @property {number | null} value of the state
 * @property {number | null} entropy in nat
 * @property {number | null} step
 */

/** Moves kept for the row of last moves, and values for the spark line beside the state's value. */
export const MOVES = 14;
export const VALUES = 120;

/**
 * @param {Record<string, unknown>} event `bot_decision`, or metrics that carry the same fields
 * @returns {Decision | null} null when it holds nothing to show
 */
export function readDecision(event) {
  const probabilities = asRecord(event.action_probabilities);
  const qs = Array.isArray(event.q_values) ? event.q_values : Object.values(asRecord(event.q_values));
  const chosen = event.selected_action === null || event.selected_action === undefined ? null : String(event.selected_action);
  const names = Object.keys(probabilities);
  const labels = names.length ? names : Object.keys(asRecord(event.q_values));
  const count = Math.max(labels.length, labels.length ? 0 : qs.length);
  const actions = Array.from({ length: count }, (_, i) => {
    const name = labels[i] ?? String(i);
    return { name, probability: number(probabilities[name]), q: number(qs[i]), chosen: name === chosen };
  });
  const value = number(Array.isArray(event.state_values) ? event.state_values[0] : event.state_values);
  if (!actions.length && chosen === null && value === null) return null;
  return { actions, chosen, explored: isExplored(actions), value, entropy: entropy(actions), step: number(event.step) };
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
function asRecord(value) {
  if (value === null || typeof value !== "object") return {};
  return /** @type {Record<string, unknown>} */ (value);
}

/** @param {unknown} value */
function number(value) {
  return isNumber(value) ? value : null;
}

/** @param {Action[]} actions */
function isExplored(actions) {
  const chosen = actions.find((action) => action.chosen);
  if (!chosen) return false;
  const best = bestBy(actions, "q") ?? bestBy(actions, "probability");
  return best !== null && rank(best) > rank(chosen);
}

/** @param {Action} action */
function rank(action) {
  return action.q ?? action.probability ?? 0;
}

/**
 * @param {Action[]} actions
 * @param {"q" | "probability"} by
 * @returns {Action | null}
 */
function bestBy(actions, by) {
  if (actions.some((action) => action[by] === null)) return null;
  return actions.reduce((one, other) => (Number(other[by]) > Number(one[by]) ? other : one), actions[0]);
}

/** @param {Action[]} actions */
function entropy(actions) {
  if (!actions.length || actions.some((action) => action.probability === null)) return null;
  return actions.reduce((sum, { probability: p }) => (p ? sum - p * Math.log(p) : sum), 0);
}

/**
 * One sentence beside the chosen action: how it stands to the others.
 * @param {Decision} decision
 * @param {(value: number) => string} write how a difference is written
 */
export function standing(decision, write) {
  const { actions } = decision;
  const chosen = actions.find((action) => action.chosen);
  if (!chosen || actions.length < 2) return "";
  const by = actions.every((action) => action.q !== null) ? "q" : "probability";
  const others = actions.filter((action) => action !== chosen && action[by] !== null);
  const next = bestBy(others, by);
  if (!next || chosen[by] === null) return "";
  const lead = Number(chosen[by]) - Number(next[by]);
  const much = by === "q" ? write(Math.abs(lead)) : `${Math.round(Math.abs(lead) * 100)} points`;
  if (lead === 0) return `level with ${next.name}`;
  return lead > 0 ? `the best action, ahead of ${next.name} by ${much}` : `explored: ${next.name} is ahead by ${much}`;
}

/**
 * The direction an action's name means, for its arrow; null when the name tells none.
 * @param {string} name
 * @returns {"up" | "down" | "left" | "right" | null}
 */
export function direction(name) {
  const words = name.toLowerCase().split(/[^a-z]+/);
  for (const way of /** @type {const} */ (["up", "down", "left", "right"])) if (words.includes(way)) return way;
  if (words.includes("north")) return "up";
  if (words.includes("south")) return "down";
  if (words.includes("west")) return "left";
  return words.includes("east") ? "right" : null;
}

/**
 * "push_left" as people write it: "Push left".
 * @param {string} name
 */
export function actionTitle(name) {
  const text = name.replace(/[_\s]+/g, " ").trim();
  return text ? text[0].toUpperCase() + text.slice(1) : name;
}

/** @typedef {[number, number]} Position */

/**
 * @typedef {object} Grid
 * @property {number} width in cells
 * @property {number} height
 * @property {Position[]} walls
 * @property {Position[]} lava
 * @property {Position | null} start
 * @property {Position | null} goal
 */

/** More cells than this are not drawn: the picture would be grey, and slow. */
const MOST_CELLS = 4000;

/**
 * @param {unknown} value `metadata.grid` of an episode
 * @returns {Grid | null} null when it is no grid
 */
export function readGrid(value) {
  if (value === null || typeof value !== "object") return null;
  const { width, height, walls, lava, start, goal } = /** @type {Record<string, unknown>} */ (value);
  if (!isSize(width) || !isSize(height) || width * height > MOST_CELLS) return null;
  return { width, height, walls: positions(walls), lava: positions(lava), start: position(start), goal: position(goal) };
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function isSize(value) {
  return isNumber(value) && Number.isInteger(value) && value > 0;
}

/**
 * @param {unknown} value
 * @returns {Position | null}
 */
export function position(value) {
  if (value === null || typeof value !== "object") return null;
  const [x, y] = Array.isArray(value) ? value : [/** @type {any} */ (value).x, /** @type {any} */ (value).y];
  return isNumber(x) && isNumber(y) ? [x, y] : null;
}

/**
 * @param {unknown} value
 * @returns {Position[]}
 */
function positions(value) {
  return Array.isArray(value) ? value.flatMap((one) => [position(one)].filter((at) => at !== null)) : [];
}

/**
 * How strongly each known cell is tinted: 0 to 1, the lowest value not at all, the highest fully, the steps between
 * bent so that the best cells stand out.
 * @param {ReadonlyMap<string, number>} worth value by "x,y"
 * @returns {{at: Position, share: number}[]}
 */
export function heat(worth) {
  const values = [...worth.values()];
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  if (!(span > 0)) return [];
  return [...worth].map(([key, value]) => {
    const [x, y] = key.split(",").map(Number);
    return { at: [x, y], share: ((value - low) / span) ** 1.25 };
  });
}

/**
 * From positions to a picture of `width` by `height`: all of the way fits, and both directions have one scale.
 * @param {readonly Position[]} trail
 * @param {number} width
 * @param {number} height
 * @returns {(at: Position) => Position}
 */
export function placer(trail, width, height) {
  const xs = trail.map(([x]) => x);
  const ys = trail.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [wide, high] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const scale = Math.min(width / (wide || 1), height / (high || 1));
  return ([x, y]) => [width / 2 + (x - left - wide / 2) * scale, height / 2 + (y - top - high / 2) * scale];
}
