/** The row of key figures. */

import { figures } from "../model/figures.js";
import { exact } from "../model/numbers.js";
import { drawing } from "../session/painter.js";
import { picture } from "../session/watching.js";
import { html } from "./html.js";
import { Spark } from "./spark.js";

export function Figures() {
  void drawing.value; // reading it asks to be drawn again
  return html`<div class="figures" role="group" aria-label="Key figures">
    ${figures(picture.series).map((one) => html`<section key=${one.name} class="figure card">
      <h3><span class="name">${one.title}</span>${one.note && html`<small>${one.note}</small>`}</h3>
      <b class=${one.value === null ? "quiet" : ""} title=${exact(one.value)}>${one.text}${one.unit && html` <small>${one.unit}</small>`}</b>
      <${Spark} values=${one.spark} colour=${one.colour} />
    </section>`)}
  </div>`;
}
