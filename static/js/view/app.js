/** The page: one screen at a time, with what may float over each of them. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { screen } from "../session/state.js";
import { Arrive, CodeForm } from "./arrive.js";
import { Finding, JoinCard, Refused, WaitingCard } from "./join.js";
import { Dialog, Help, html, Toasts, toggleHelp } from "./parts.js";
import { Room } from "./room.js";

const NO_CODE = { name: /** @type {const} */ ("arrive"), code: "", problem: null, busy: false };

export function App() {
  const [typing, setTyping] = useState(false);
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => key(event, setTyping);
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
  return html`<${Screen} />
    ${typing && html`<${Dialog} title="Another room" close=${() => setTyping(false)}><${CodeForm} screen=${NO_CODE} id="other-code" done=${() => setTyping(false)} /><//>`}
    <${Help} />
    <${Toasts} />`;
}

function Screen() {
  const at = screen.value;
  useEffect(() => {
    document.title = titleOf(at);
  }, [at]);
  switch (at.name) {
    case "arrive":
      return html`<${Arrive} screen=${at} />`;
    case "finding":
      return html`<${Finding} />`;
    case "join":
      return html`<${JoinCard} screen=${at} />`;
    case "waiting":
      return html`<${WaitingCard} screen=${at} />`;
    case "refused":
      return html`<${Refused} screen=${at} />`;
    case "room":
      return html`<${Room} key=${at.code} screen=${at} />`;
  }
}

/** @param {import("../session/state.js").Screen} at */
function titleOf(at) {
  if (at.name === "join") return `Join ${at.room?.name ?? "a room"}`;
  if (at.name === "waiting") return `Waiting for ${at.room?.name ?? at.code}`;
  return "spectator";
}

/**
 * @param {KeyboardEvent} event
 * @param {(typing: boolean) => void} setTyping
 */
function key(event, setTyping) {
  const at = event.target;
  if (at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") toggleHelp();
  else if (event.key === "/") {
    const field = document.getElementById("code");
    if (field) field.focus();
    else setTyping(true);
  } else return;
  event.preventDefault();
}
