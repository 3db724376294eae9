/** One chart: its name and newest values, the curves, and the crosshair it shares with all others. */

import { useEffect, useRef } from "../../vendor/preact-hooks.js";
import { effect, signal, useSignal } from "../../vendor/signals.js";
import uPlot from "../../vendor/uplot.js";
import { metric, written } from "../model/charts.js";
import { merge, smooth, thin } from "../model/curves.js";
import { count, exact } from "../model/numbers.js";
import { exactTime } from "../model/times.js";
import { drawing } from "../session/state.js";
import { picture } from "../session/watching.js";
import { html, themed } from "./parts.js";
import { columnsOf, options, readColours } from "./plot.js";

/** @typedef {import("../model/charts.js").Chart} Chart */
/** @typedef {import("../model/series.js").Axis} Axis */
/** @typedef {import("./plot.js").Curve} Curve */

/**
 * @typedef {object} Reading what a curve says at one place
 * @property {string} name
 * @property {number | null} value smoothed where the curve is
 * @property {number | null} raw
 * @property {number | null} min
 * @property {number | null} max
 */

/**
 * @typedef {object} Look what the head of the chart and its tip show
 * @property {Reading[]} readings
 * @property {number | null} at index under the crosshair, null when it is elsewhere
 * @property {number | null} x
 * @property {number} left pixels of the crosshair within the chart
 * @property {boolean} here whether the pointer is over this chart
 */

/** How all charts are drawn. */
export const smoothing = signal(0.6);
/** @type {import("../../vendor/signals.js").Signal<Axis>} */
export const horizontalAxis = signal(/** @type {Axis} */ ("step"));

/** Positions drawn for each pixel of width at most: the curve between them would be finer than its line. */
const POINTS_PER_PIXEL = 0.75;

/** The chart under the pointer, or that was touched last: only it shows a tip. */
/** @type {HTMLElement | null} */
let pointed = null;

/**
 * @param {HTMLElement} over the plot's own layer
 * @param {HTMLElement} place
 */
function watchPointer(over, place) {
  over.addEventListener("pointerenter", () => {
    pointed = place;
  });
  over.addEventListener("pointerleave", (event) => {
    // A finger that is lifted leaves the chart; what it pointed at stays.
    if (event.pointerType === "mouse" && pointed === place) pointed = null;
  });
}

/** @type {Look} */
const NOTHING = { readings: [], at: null, x: null, left: 0, here: false };

/** @param {{chart: Chart, tall?: boolean}} props */
export function ChartCard({ chart, tall = false }) {
  /** @type {{current: HTMLDivElement | null}} */
  const place = useRef(null);
  const look = useSignal(NOTHING);
  const axis = useSignal(/** @type {Axis} */ ("step"));
  const key = chart.names.join("\n");
  const curves = curvesOf(chart);
  useEffect(() => {
    if (!place.current || !chart.names.length) return undefined;
    return live(place.current, curves, look, axis);
  }, [key]);
  return html`<figure class=${tall ? "chart card chart-tall" : "chart card"}>
    <figcaption><${tall ? "h2" : "h3"} title=${chart.names.join(", ")}>${chart.title}<//><${Legend} curves=${curves} look=${look} /></figcaption>
    <div class="plot" ref=${place} role="img" aria-label=${chart.title}>
      ${!chart.names.length && html`<${Empty} />`}
      <${Tip} curves=${curves} look=${look} axis=${axis} />
    </div>
  </figure>`;
}

/**
 * @param {Chart} chart
 * @returns {Curve[]}
 */
function curvesOf(chart) {
  return chart.names.map((name, i) => {
    const about = metric(name);
    return { name, colour: about.colour, noisy: about.noisy && i === 0, dashed: i > 3 || name === "best_reward" };
  });
}

function Empty() {
  return html`<div class="empty-plot"><i></i><i></i><i></i><i></i><p>Waiting for the first value</p></div>`;
}

/** @param {{curves: Curve[], look: import("../../vendor/signals.js").Signal<Look>}} props */
function Legend({ curves, look }) {
  const { readings } = look.value;
  return html`<ul class="legend">${curves.map((curve, i) => {
    const reading = readings[i];
    return html`<li key=${curve.name} title=${metric(curve.name).title} style=${{ "--c": `var(--series-${curve.colour})` }}>
      <i class=${curve.dashed ? "swatch swatch-dash" : "swatch"}></i>${curves.length > 1 ? html`<span class="name">${metric(curve.name).title}</span>` : ""}
      <b title=${exact(reading?.raw)}>${written(curve.name, reading?.value ?? null)}</b></li>`;
  })}</ul>`;
}

/**
 * Keeps a plot in step with the picture while it can be seen.
 * @param {HTMLDivElement} place
 * @param {Curve[]} curves
 * @param {import("../../vendor/signals.js").Signal<Look>} look
 * @param {import("../../vendor/signals.js").Signal<Axis>} shownAxis
 * @returns {() => void} ends it
 */
function live(place, curves, look, shownAxis) {
  /** @type {uPlot | null} */
  let plot = null;
  let built = "";
  let drawn = "";
  let visible = false;
  const names = curves.map((curve) => curve.name);
  const read = (/** @type {uPlot} */ at) => {
    look.value = lookAt(at, curves);
  };
  const update = () => {
    const how = { wanted: horizontalAxis.value, weight: smoothing.value, most: place.clientWidth * POINTS_PER_PIXEL };
    const state = `${how.wanted} ${how.weight} ${how.most} ${themed.value} ${picture.pictures} ${names.map((name) => picture.series.get(name)?.changes)}`;
    if (!visible || !place.clientWidth || state === drawn) return;
    drawn = state;
    const { axis, data } = dataOf(names, curves, how);
    const wanted = `${axis} ${themed.value}`;
    if (built !== wanted || !plot) {
      plot?.destroy();
      built = wanted;
      shownAxis.value = axis;
      const size = { width: place.clientWidth, height: place.clientHeight };
      plot = new uPlot(options({ ...size, curves, axis, colours: readColours(), share: isShare(curves, data), moved: read }), data, place);
      watchPointer(plot.over, place);
    } else plot.setData(data);
    read(plot);
  };
  const stop = effect(() => {
    void drawing.value;
    update();
  });
  const seen = new IntersectionObserver((entries) => {
    visible = entries[entries.length - 1].isIntersecting;
    update();
  }, { rootMargin: "200px" });
  seen.observe(place);
  const sized = new ResizeObserver(() => plot?.setSize({ width: place.clientWidth, height: place.clientHeight }));
  sized.observe(place);
  return () => {
    stop();
    seen.disconnect();
    sized.disconnect();
    plot?.destroy();
  };
}

/**
 * Whether the values are fractions that people read in percent.
 * @param {Curve[]} curves
 * @param {uPlot.AlignedData} data
 */
function isShare(curves, data) {
  const column = data[1] ?? [];
  for (let i = 0; i < column.length; i++) if (Math.abs(column[i] ?? 0) > 1) return false;
  return curves.every((curve) => metric(curve.name).unit === "percent");
}

/**
 * The curves as uPlot takes them. An axis that the curves know nothing of is replaced by one they know.
 * @param {string[]} names
 * @param {Curve[]} curves
 * @param {{wanted: Axis, weight: number, most: number}} how weight: of the smoothing; most: positions
 * @returns {{axis: Axis, data: uPlot.AlignedData}}
 */
function dataOf(names, curves, { wanted, weight, most }) {
  const list = names.flatMap((name) => picture.series.get(name) ?? []);
  const axis = /** @type {Axis[]} */ ([wanted, "step", "time"]).find((one) => list.some((series) => series[one].some((at) => at !== null))) ?? "time";
  const merged = merge(list, axis);
  /** @type {Parameters<typeof thin>[1]} */
  const columns = [];
  curves.forEach((curve, i) => {
    const { min, max, last } = merged.curves[i] ?? { min: [], max: [], last: [] };
    if (curve.noisy) {
      columns.push({ reduce: "max", values: max }, { reduce: "min", values: min });
      columns.push({ reduce: "last", values: weight ? last : last.map(() => null) }, { reduce: "last", values: smooth(merged.x, last, weight) });
    } else columns.push({ reduce: "last", values: last });
  });
  const x = thin(merged.x, columns, most);
  return { axis, data: /** @type {uPlot.AlignedData} */ ([x, ...columns.map((column) => column.values)]) };
}

/**
 * What the curves say under the crosshair, or at their ends.
 * @param {uPlot} plot
 * @param {Curve[]} curves
 * @returns {Look}
 */
function lookAt(plot, curves) {
  const at = plot.cursor.idx ?? null;
  const shown = at !== null && (plot.cursor.left ?? -1) >= 0;
  let column = 1;
  const readings = curves.map((curve) => {
    const width = columnsOf(curve).length;
    const value = valueAt(plot.data[column + width - 1], shown ? at : null);
    const raw = curve.noisy ? valueAt(plot.data[column + 2], shown ? at : null) ?? value : value;
    const max = curve.noisy ? valueAt(plot.data[column], shown ? at : null) : null;
    const min = curve.noisy ? valueAt(plot.data[column + 1], shown ? at : null) : null;
    column += width;
    return { name: curve.name, value, raw, min, max };
  });
  const here = shown && plot.root.parentElement === pointed;
  const left = (plot.cursor.left ?? 0) + plot.bbox.left / uPlot.pxRatio;
  return { readings, at: shown ? at : null, x: shown ? plot.data[0][/** @type {number} */ (at)] : null, left, here };
}

/**
 * The value at an index, or the nearest one before it; without an index the newest.
 * @param {ArrayLike<number | null | undefined>} values
 * @param {number | null} index
 */
function valueAt(values, index) {
  for (let i = index ?? values.length - 1; i >= 0; i--) {
    const value = values[i];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

/**
 * @param {{curves: import("./plot.js").Curve[], look: import("../../vendor/signals.js").Signal<Look>,
 *   axis: import("../../vendor/signals.js").Signal<import("../model/series.js").Axis>}} props
 */
export function Tip({ curves, look, axis }) {
  const { here, x, readings, left } = look.value;
  if (!here || x === null || !readings.length) return null;
  const where = axis.value === "time" ? exactTime(x * 1000) : `${axis.value} ${count(x)}`;
  return html`<div class="tip" style=${{ "--x": `${left}px` }} data-side=${left > 220 ? "left" : "right"}>
    <p>${where}</p>
    <dl>${readings.map((reading, i) => html`<${Rows} reading=${reading} curve=${curves[i]} alone=${curves.length === 1} />`)}</dl>
  </div>`;
}

/** @param {{reading: import("./chart.js").Reading, curve: import("./plot.js").Curve, alone: boolean}} props */
function Rows({ reading, curve, alone }) {
  const write = (/** @type {number | null} */ value) => written(curve.name, value);
  const spread = reading.min !== null && reading.max !== null && reading.min !== reading.max;
  return html`<dt class="lead" style=${{ "--c": `var(--series-${curve.colour})` }}><i class="swatch"></i>${alone ? (curve.noisy ? "smoothed" : "value") : metric(curve.name).title}</dt>
    <dd class="lead">${write(reading.value)}</dd>
    ${curve.noisy && html`<dt>raw</dt><dd>${write(reading.raw)}</dd>`}
    ${spread && html`<dt>min – max</dt><dd>${write(reading.min)} – ${write(reading.max)}</dd>`}`;
}

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
