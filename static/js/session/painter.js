/** When the page draws: at most ten times a second, always inside an animation frame, never for a hidden tab. */

import { signal } from "../../vendor/signals.js";

/** Changes when the picture of the room is to be drawn again. */
export const drawing = signal(0);

/** The time in milliseconds, each second, for times that are told relative to now. */
export const now = signal(Date.now());

const LEAST_MS = 100;

let asked = false;
let drawnAt = 0;

/** Asks for the picture to be drawn soon. Cheap: may be called for every message. */
export function draw() {
  if (asked) return;
  asked = true;
  setTimeout(() => requestAnimationFrame(paint), Math.max(0, drawnAt + LEAST_MS - performance.now()));
}

function paint() {
  asked = false;
  drawnAt = performance.now();
  drawing.value += 1;
}

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);
