/** All charts of a room: the graphs first, then every other number that is logged. */

import { useRef } from "../../vendor/preact-hooks.js";
import { charts } from "../model/graphs.js";
import { drawing } from "../session/painter.js";
import { picture } from "../session/watching.js";
import { ChartCard } from "./chart.js";
import { html } from "./html.js";
import { Toolbar } from "./toolbar.js";

/** @typedef {import("../model/graphs.js").Chart} Chart */

/**
 * The charts there are now; the same array as long as nothing was added, so that little is drawn again.
 * @returns {Chart[]}
 */
export function useCharts() {
  void drawing.value;
  const kept = useRef({ of: "", list: /** @type {Chart[]} */ ([]) });
  const of = `${picture.pictures} ${picture.series.size} ${picture.graphs.length} ${[...picture.series.keys()].join("\n")}`;
  if (kept.current.of !== of) kept.current = { of, list: charts(picture.graphs, picture.series) };
  return kept.current.list;
}

/** @param {{list: Chart[]}} props */
export function Charts({ list }) {
  return html`<section aria-labelledby="charts-title" id="charts">
    <${Toolbar} />
    <div class="chart-grid">${list.map((chart) => html`<${ChartCard} key=${chart.id} chart=${chart} />`)}</div>
  </section>`;
}
