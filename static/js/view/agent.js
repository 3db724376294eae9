/** Where the agent is, for runs that tell its positions: in its grid world, or its way from above. */

import { direction, heat, placer, readGrid } from "../model/agent.js";
import { drawing } from "../session/state.js";
import { picture } from "../session/watching.js";
import { html } from "./parts.js";

/** @typedef {import("../model/agent.js").Position} Position */

const WIDTH = 640;
const HEIGHT = 250;
const MARGIN = 30;

export function AgentView() {
  void drawing.value;
  const { trail, decision } = picture;
  const grid = readGrid(picture.grid);
  if (!trail.length || (!grid && trail.length < 2)) return null;
  const steps = trail.length - 1;
  const way = decision?.chosen ? direction(decision.chosen) : null;
  return html`<section class="agent card" aria-labelledby="agent-title">
    <header class="card-head"><h2 id="agent-title">Agent</h2><span class="note">step ${steps} of this episode</span></header>
    <div class="agent-view">${grid ? html`<${GridWorld} grid=${grid} trail=${trail} worth=${picture.worth} way=${way} />` : html`<${Trail} trail=${trail} />`}</div>
  </section>`;
}

/** @param {{trail: Position[]}} props */
function Trail({ trail }) {
  const inside = placer(trail, WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN);
  const at = (/** @type {Position} */ position) => inside(position).map((value) => value + MARGIN);
  const points = trail.map((position) => at(position).map((value) => value.toFixed(1)).join(",")).join(" ");
  const [x, y] = at(trail[trail.length - 1]);
  const [startX, startY] = at(trail[0]);
  return html`<svg class="world" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="The way of the agent in this episode, from above">
    <circle class="start" cx=${startX} cy=${startY} r="8" /><polyline class="trail" points=${points} style=${{ "--k": "60%" }} /><circle class="me" cx=${x} cy=${y} r="9" />
  </svg>`;
}

/** @typedef {import("../model/agent.js").Grid} Grid */

/** Size of a cell in the picture. */
const CELL = 36;
/** Steps of the trail that are drawn. */
const TRAIL = 60;
/** The strongest tint of a cell. */
const STRONGEST = 0.38;

const ARROWS = { up: "M0,5V-5M-4,-1L0,-5 4,-1", down: "M0,-5V5M-4,1L0,5 4,1", left: "M5,0H-5M-1,-4L-5,0 -1,4", right: "M-5,0H5M1,-4L5,0 1,4" };

/** @param {number} at */
const middle = (at) => (at + 0.5) * CELL;

/**
 * @param {{grid: Grid, trail: Position[], worth: ReadonlyMap<string, number>, way: keyof typeof ARROWS | null}} props
 */
export function GridWorld({ grid, trail, worth, way }) {
  const { width, height, start, goal } = grid;
  const [x, y] = trail[trail.length - 1];
  return html`<svg class="world" viewBox=${`0 0 ${width * CELL} ${height * CELL}`} role="img" aria-label=${`Grid world of ${width} by ${height} cells; the agent is in column ${x + 1}, row ${y + 1}`}>
    ${heat(worth).map(({ at, share }) => html`<rect key=${at.join()} class="heat" x=${at[0] * CELL} y=${at[1] * CELL} width=${CELL} height=${CELL} opacity=${(share * STRONGEST).toFixed(2)} />`)}
    <${Ground} grid=${grid} />
    ${goal && html`<circle class="goal" cx=${middle(goal[0])} cy=${middle(goal[1])} r="10.5" /><circle class="goal-core" cx=${middle(goal[0])} cy=${middle(goal[1])} r="4.5" />`}
    ${start && html`<circle class="start" cx=${middle(start[0])} cy=${middle(start[1])} r="10" />`}
    <${Way} trail=${trail.slice(-TRAIL)} />
    <g transform=${`translate(${middle(x)} ${middle(y)})`}><circle class="me" r="13" />${way && html`<path class="me-arrow" d=${ARROWS[way]} />`}</g>
  </svg>`;
}

/**
 * What does not move: drawn again only in a new world.
 * @param {{grid: Grid}} props
 */
function Ground({ grid }) {
  const { width, height, walls, lava } = grid;
  const lines = [
    ...Array.from({ length: width - 1 }, (_, i) => `M${(i + 1) * CELL},0V${height * CELL}`),
    ...Array.from({ length: height - 1 }, (_, i) => `M0,${(i + 1) * CELL}H${width * CELL}`),
  ];
  const square = (/** @type {Position} */ [x, y]) => `M${x * CELL},${y * CELL}h${CELL}v${CELL}h-${CELL}z`;
  const waves = (/** @type {Position} */ [x, y]) => [13, 22].map((down) => `M${x * CELL + 8},${y * CELL + down}q5,-6 10,0t10,0`).join("");
  return html`<g>
    <path class="lava" d=${lava.map((at) => square(at)).join("")} /><path class="mesh" d=${lines.join("")} />
    <path class="lava-wave" d=${lava.map((at) => waves(at)).join("")} /><path class="wall" d=${walls.map((at) => square(at)).join("")} /></g>`;
}

/** @param {{trail: Position[]}} props */
function Way({ trail }) {
  return html`<g>${trail.slice(1).map(([x, y], i) => {
    const [fromX, fromY] = trail[i];
    const fresh = 18 + (82 * (i + 1)) / (trail.length - 1);
    return html`<path key=${i} class="trail" d=${`M${middle(fromX)},${middle(fromY)}L${middle(x)},${middle(y)}`} style=${{ "--k": `${fresh.toFixed(0)}%` }} />`;
  })}</g>`;
}
