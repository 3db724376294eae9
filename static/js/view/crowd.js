/** Who watches, and the way out. */

import { count } from "../model/numbers.js";
import { leaveRoom } from "../session/entering.js";
import { drawing } from "../session/painter.js";
import { picture } from "../session/watching.js";
import { Dialog } from "./dialog.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { crowdOpen } from "./status.js";

/** @param {{owner: boolean}} props */
export function Crowd({ owner }) {
  void drawing.value;
  if (!crowdOpen.value) return null;
  const { watching, names } = picture.crowd;
  const close = () => (crowdOpen.value = false);
  const seats = picture.room?.max_spectators;
  return html`<${Dialog} title="Who is watching" close=${close}>
    <p class="quiet">${count(watching ?? 0)} watching${seats ? `, ${count(seats)} seats` : ""}</p>
    ${names.length > 0 && html`<ul class="crowd">${names.map((name, i) => html`<li key=${i}>${name}</li>`)}</ul>`}
    ${!owner && html`<button class="button" type="button" onClick=${() => { close(); void leaveRoom(); }}><${Icon} name="leave" />Leave the room</button>`}
  <//>`;
}
