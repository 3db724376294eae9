/** The tip beside the crosshair: where it stands, and what the first curve says there. */

import { metric, written } from "../model/metrics.js";
import { count } from "../model/numbers.js";
import { exactTime } from "../model/times.js";
import { html } from "./html.js";

/** @typedef {import("./chart.js").Look} Look */

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
