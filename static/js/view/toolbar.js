/** How the charts are drawn: smoothing, and what stands on the horizontal axis. */

import { signal } from "../../vendor/signals.js";
import { html } from "./html.js";

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
