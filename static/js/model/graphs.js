/** Which charts a room shows, in which order. Pure. */

import { isPlace, metric, namesOf } from "./metrics.js";

/** @typedef {import("./series.js").Series} Series */

/**
 * @typedef {object} Graph as the server describes it
 * @property {string} graph_id
 * @property {string} title
 * @property {string} [y_label]
 * @property {string[]} metrics
 */

/**
 * @typedef {object} Chart
 * @property {string} id
 * @property {string} title
 * @property {string[]} names of series that exist; empty for a chart that waits for its first value
 * @property {string} label what the vertical axis shows, or ""
 */

/** How many charts wait for values before anything was logged, so that the room is not bare. */
const WAITING = 3;

/**
 * The graphs of the room first, then one chart for each other number that is logged, in the order they appeared.
 * Metrics of one graph whose values are not of one kind (a loss and a learning rate) get a chart each, because over
 * one axis the smaller would be a flat line.
 * @param {readonly Graph[]} graphs
 * @param {ReadonlyMap<string, Series>} series
 * @returns {Chart[]}
 */
export function charts(graphs, series) {
  const shown = new Set();
  /** @type {Chart[]} */
  const result = [];
  for (const graph of graphs) {
    const names = graph.metrics.flatMap((name) => namesOf(name).filter((one) => series.has(one)).slice(0, 1));
    for (const group of byFamily(names.filter((name) => !shown.has(name)))) {
      // What was logged as `reward` is drawn once, as the figure it feeds.
      group.forEach((name) => namesOf(name).forEach((one) => shown.add(one)));
      result.push({ id: `${graph.graph_id}/${group[0]}`, title: titleOf(graph, group), names: group, label: graph.y_label ?? "" });
    }
  }
  for (const name of series.keys()) {
    if (shown.has(name) || isPlace(name)) continue;
    result.push({ id: `/${name}`, title: metric(name).title, names: [name], label: "" });
  }
  return result.length ? result : graphs.slice(0, WAITING).map(bare);
}

/**
 * @param {Graph} graph
 * @returns {Chart}
 */
function bare(graph) {
  return { id: graph.graph_id, title: graph.title, names: [], label: graph.y_label ?? "" };
}

/**
 * Known metrics grouped by what kind of value they are; unknown ones stay together, as their owner wanted.
 * @param {string[]} names
 * @returns {string[][]}
 */
function byFamily(names) {
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const name of names) {
    const { family } = metric(name);
    groups.set(family, [...(groups.get(family) ?? []), name]);
  }
  return [...groups.values()];
}

/**
 * @param {Graph} graph
 * @param {string[]} names
 */
function titleOf(graph, names) {
  const all = names.length === graph.metrics.length;
  return all && names.length > 1 ? graph.title : metric(names[0]).title;
}
