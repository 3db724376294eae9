/** A curve as small as a word. */

import { sparkPath } from "../model/figures.js";
import { html } from "./html.js";

/** @param {{values: number[], colour: number}} props */
export function Spark({ values, colour }) {
  if (!values.length) return html`<span class="spark"></span>`;
  const { line, area, y } = sparkPath(values);
  return html`<span class="spark" style=${{ "--c": `var(--series-${colour})` }} aria-hidden="true">
    <svg viewBox="0 0 1000 100" preserveAspectRatio="none"><path class="area" d=${area} /><path class="line" d=${line} /></svg>
    <i class="last" style=${{ "--y": `${y}%` }}></i></span>`;
}
