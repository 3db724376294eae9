/** What the run does now: its key figures, and what the agent decides. */

import { actionTitle, direction, standing } from "../model/agent.js";
import { figures } from "../model/charts.js";
import { column, exact, figure } from "../model/numbers.js";
import { drawing } from "../session/state.js";
import { picture } from "../session/watching.js";
import { html, Icon, Spark } from "./parts.js";

export function Figures() {
  void drawing.value; // reading it asks to be drawn again
  return html`<div class="figures" role="group" aria-label="Key figures"><h2 class="unseen">Key figures</h2>
    ${figures(picture.series).map((one) => html`<section key=${one.name} class="figure card">
      <h3><span class="name">${one.title}</span>${one.note && html`<small>${one.note}</small>`}</h3>
      <b class=${one.value === null ? "quiet" : ""} title=${exact(one.value)}>${one.text}${one.unit && html` <small>${one.unit}</small>`}</b>
      <${Spark} values=${one.spark} colour=${one.colour} />
    </section>`)}
  </div>`;
}

/** @typedef {import("../model/agent.js").Decision} Decision */

export function DecisionPanel() {
  void drawing.value;
  const { decision, moves, values } = picture;
  if (!decision) return null;
  return html`<section class="decision card" aria-labelledby="decision-title">
    <header class="card-head"><h2 id="decision-title">Decision</h2>
      <span class="end note" hidden=${decision.entropy === null}>entropy ${figure(decision.entropy)} nat</span></header>
    <${Choice} decision=${decision} />
    ${decision.actions.length > 0 && html`<${Actions} decision=${decision} />`}
    ${moves.length > 1 && html`<${Moves} moves=${moves} />`}
    ${decision.value !== null && html`<${Value} values=${values} value=${decision.value} />`}
  </section>`;
}

/** @param {{decision: Decision}} props */
function Choice({ decision }) {
  if (decision.chosen === null) return null;
  return html`<div class="choice">
    <span class="choice-mark"><${Mark} name=${decision.chosen} /></span>
    <div><b>${actionTitle(decision.chosen)}</b><span class="small quiet">${standing(decision, figure) || "\u00a0"}</span></div>
  </div>`;
}

/**
 * An arrow where the name tells a direction, else its first letters.
 * @param {{name: string}} props
 */
function Mark({ name }) {
  const way = direction(name);
  if (way) return html`<${Icon} name=${way} />`;
  return html`<span class="letters" aria-hidden="true">${actionTitle(name).slice(0, 2)}</span>`;
}

/** @param {{decision: Decision}} props */
function Actions({ decision }) {
  const { actions } = decision;
  const qs = column(actions.map((action) => action.q));
  const hasQ = actions.some((action) => action.q !== null);
  const hasShare = actions.some((action) => action.probability !== null);
  return html`<div class="actions-scroll"><table class="actions">
    <thead><tr><th scope="col">Action</th>
      <th scope="col">${hasShare ? "Probability" : ""}</th><th scope="col" class="number"><span class="unseen">Percent</span></th>
      ${hasQ && html`<th scope="col" class="number">Q</th>`}</tr></thead>
    <tbody>${actions.map((action, i) => html`<tr key=${action.name} class=${action.chosen ? "chosen" : ""}>
      <th scope="row" title=${action.name}>${actionTitle(action.name)}${action.chosen && html`<span class="unseen"> (chosen)</span>`}</th>
      <td>${hasShare && html`<span class="bar"><i style=${{ "--at": `${((action.probability ?? 0) * 100).toFixed(1)}%` }}></i></span>`}</td>
      <td class="number" title=${exact(action.probability)}>${action.probability === null ? "" : `${(action.probability * 100).toFixed(1)} %`}</td>
      ${hasQ && html`<td class="number" title=${exact(action.q)}>${qs[i]}</td>`}
    </tr>`)}</tbody>
  </table></div>`;
}

/** @param {{moves: {name: string, explored: boolean}[]}} props */
function Moves({ moves }) {
  return html`<div class="moves"><span class="small">Last moves</span>
    <ol aria-label="Last moves, the newest at the right">${moves.map((move, i) => html`<li
      class=${i === moves.length - 1 ? "now" : move.explored ? "explored" : ""}
      title=${`${actionTitle(move.name)}${move.explored ? ", explored" : ""}`}><${Mark} name=${move.name} /></li>`)}</ol>
  </div>`;
}

/** @param {{values: number[], value: number}} props */
function Value({ values, value }) {
  const before = values.length > 1 ? values[values.length - 2] : value;
  const change = value - before;
  return html`<div class="value">
    <div><span class="small quiet">State value</span><b title=${exact(value)}>${figure(value)}</b>
      <span class="small quiet">${change > 0 ? "+" : ""}${figure(change)}</span></div>
    <${Spark} values=${values} colour=${4} />
  </div>`;
}
