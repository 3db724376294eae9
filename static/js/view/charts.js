/** All charts of a room, and how they are drawn. */

import { useRef } from "../../vendor/preact-hooks.js";
import { signal } from "../../vendor/signals.js";
import { charts } from "../model/charts.js";
import { drawing } from "../session/state.js";
import { picture } from "../session/watching.js";
import { ChartCard } from "./chart.js";
import { html } from "./parts.js";

/** @typedef {import("../model/charts.js").Chart} Chart */

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

/** @typedef {import("../model/series.js").Axis} Axis */

export const smoothing = signal(0.6);
/** @type {import("../../vendor/signals.js").Signal<Axis>} */
export const horizontalAxis = signal(/** @type {Axis} */ ("step"));

/** @type {[Axis, string][]} */
const AXES = [["step", "Step"], ["episode", "Episode"], ["time", "Time"]];

export function Toolbar() {
  const weight = smoothing.value;
  const slide = (/** @type {any} */ event) => {
    smoothing.value = Number(event.currentTarget.value);
  };
  return html`<header class="toolbar"><h2 id="charts-title">Charts</h2>
    <label class="tool">Smoothing <input class="slider" type="range" min="0" max="0.99" step="0.01" value=${weight} onInput=${slide}
      style=${{ "--at": `${(weight / 0.99) * 100}%` }} /><output>${weight.toFixed(2)}</output></label>
    <div class="tool"><span aria-hidden="true">X</span><fieldset class="segmented"><legend class="unseen">Horizontal axis</legend>
      ${AXES.map(([name, title]) => html`<label key=${name}><input type="radio" name="x" checked=${horizontalAxis.value === name} onChange=${() => (horizontalAxis.value = name)} /><span>${title}</span></label>`)}
    </fieldset></div>
  </header>`;
}
