/** Where the agent is, for runs that tell its positions: the way of this episode, from above. */

import { drawing } from "../session/painter.js";
import { picture } from "../session/watching.js";
import { html } from "./html.js";

const WIDTH = 640;
const HEIGHT = 250;
const MARGIN = 30;

export function AgentView() {
  void drawing.value;
  const { trail } = picture;
  if (trail.length < 2) return null;
  const at = placer(trail);
  const points = trail.map((position) => at(position).map((value) => value.toFixed(1)).join(",")).join(" ");
  const [x, y] = at(trail[trail.length - 1]);
  const [startX, startY] = at(trail[0]);
  return html`<section class="agent card" aria-labelledby="agent-title">
    <header class="card-head"><h2 id="agent-title">Agent</h2><span class="note">${trail.length} positions of this episode</span></header>
    <div class="agent-view"><svg class="world" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="The way of the agent in this episode, from above">
      <circle class="start" cx=${startX} cy=${startY} r="8" /><polyline class="trail" points=${points} /><circle class="me" cx=${x} cy=${y} r="9" />
    </svg></div>
  </section>`;
}

/**
 * From positions to the picture: all of the way fits, and both directions have one scale.
 * @param {[number, number][]} trail
 * @returns {(position: [number, number]) => [number, number]}
 */
function placer(trail) {
  const xs = trail.map(([x]) => x);
  const ys = trail.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const scale = Math.min((WIDTH - 2 * MARGIN) / (width || 1), (HEIGHT - 2 * MARGIN) / (height || 1));
  return ([x, y]) => [WIDTH / 2 + (x - left - width / 2) * scale, HEIGHT / 2 + (y - top - height / 2) * scale];
}
