/** The room. */

import { useEffect } from "../../vendor/preact-hooks.js";
import { standingOf } from "../model/standing.js";
import { drawing, now } from "../session/painter.js";
import { link } from "../session/state.js";
import { picture } from "../session/watching.js";
import { AgentView } from "./agent.js";
import { ChartCard } from "./chart.js";
import { Charts, useCharts } from "./charts.js";
import { Crowd } from "./crowd.js";
import { DecisionPanel } from "./decision.js";
import { Feed } from "./feed.js";
import { Figures } from "./figures.js";
import { html } from "./html.js";
import { Notices, Spoken } from "./notice.js";
import { Panel } from "./panel.js";
import { Facts, StatusLine, panelOpen } from "./status.js";

/** From this width on the owner's panel is open from the start; below it would lie over the room. */
const WIDE = "(min-width: 1280px)";

/** @param {{screen: import("../session/state.js").Watching}} props */
export function Room({ screen }) {
  const { owner } = screen;
  useEffect(() => {
    panelOpen.value = owner && matchMedia(WIDE).matches;
  }, [owner]);
  const open = owner && panelOpen.value;
  return html`<a class="skip-link button" href="#charts" onClick=${toCharts}>To the charts</a>
    <div class=${open ? "with-panel" : ""}>
      <div class="room-page">
        <${StatusLine} owner=${owner} />
        <${Main} />
      </div>
      ${open && html`<${Panel} screen=${screen} />`}
    </div>
    <${Crowd} owner=${owner} />
    <${Spoken} />
    <${Title} />`;
}

/** @param {Event} event */
function toCharts(event) {
  event.preventDefault(); // the fragment of the address is for credentials, which are read at every load
  const charts = document.getElementById("charts");
  charts?.setAttribute("tabindex", "-1");
  charts?.focus();
}

function Main() {
  const list = useCharts();
  const hasDecision = picture.decision !== null;
  const hasAgent = picture.trail.length > 1;
  const { stale } = standingOf(picture, link.value, now.value);
  // Beside the decision stands the agent; without one the first chart, which is the run's own story.
  const hero = hasDecision && !hasAgent && list.length > 0 ? list[0] : null;
  return html`<main class=${stale ? "room-main is-stale" : "room-main"}>
    <${Facts} phone=${true} />
    <${Notices} />
    ${(hasDecision || hasAgent) && html`<div class=${hasDecision && (hasAgent || hero) ? "stage" : "stage stage-alone"}>
      ${hasAgent ? html`<${AgentView} />` : hero && html`<${ChartCard} key=${hero.id} chart=${hero} tall=${true} />`}
      <${DecisionPanel} /></div>`}
    <${Figures} />
    <${Charts} list=${hero ? list.slice(1) : list} />
    <${Feed} />
  </main>`;
}

/** The name in the tab, with a mark when somebody waits to be let in. */
function Title() {
  void drawing.value;
  const name = picture.room?.name;
  const { waiting } = picture.requests;
  useEffect(() => {
    if (name) document.title = waiting ? `(${waiting}) ${name}` : name;
  }, [name, waiting]);
  return null;
}
