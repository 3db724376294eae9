/** The two ways messages reach the page: a WebSocket, and where those are blocked an event stream read by fetch. */

import { apiUrl, readProblem, socketUrl } from "./api.js";

/**
 * @typedef {object} Listener
 * @property {() => void} opened
 * @property {(message: Record<string, any>) => void} message
 * @property {(code: number, reason: string, opened: boolean) => void} closed called once, unless we closed it ourselves
 */

/**
 * @typedef {object} Transport
 * @property {(message: Record<string, unknown>) => void} send lost where the way is one-way or closed
 * @property {() => void} close
 */

/** @typedef {{roomId: string, token: string, cursor: string | null}} Way */

/** What an accident is called: the connection ended without a word. */
const ACCIDENT = 1006;

/**
 * @param {Way} way
 * @param {Listener} listener
 * @returns {Transport}
 */
export function overSocket(way, listener) {
  const socket = new WebSocket(socketUrl(way.roomId), ["spectator.v1"]);
  let opened = false;
  let ours = false;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    opened = true;
    const since = way.cursor === null ? {} : { since: way.cursor };
    socket.send(JSON.stringify({ type: "hello", token: way.token, ...since, frames: false }));
    listener.opened();
  };
  socket.onmessage = (event) => {
    if (typeof event.data === "string" && !ours) listener.message(JSON.parse(event.data));
  };
  socket.onclose = (event) => {
    if (!ours) listener.closed(event.code, event.reason, opened);
  };
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    close() {
      ours = true;
      socket.close(1000);
    },
  };
}

/** HTTP answers to a stream that mean the same as a close code. */
/** @type {Record<string, number>} */
const CLOSE_OF = {
  unauthorized: 4501, room_not_found: 4504, room_full: 4509, room_closed: 4510, room_expired: 4511, blocked: 4512,
  store_unavailable: 4004, store_full: 4004, busy: 4005, too_many_attempts: 4005,
};

/**
 * @param {Way} way
 * @param {Listener} listener
 * @returns {Transport}
 */
export function overStream(way, listener) {
  const stop = new AbortController();
  readStream(way, listener, stop.signal).then((end) => {
    if (!stop.signal.aborted) listener.closed(end.code, end.reason, end.opened);
  });
  return { send() {}, close: () => stop.abort() };
}

/**
 * @param {Way} way
 * @param {Listener} listener
 * @param {AbortSignal} signal
 * @returns {Promise<{code: number, reason: string, opened: boolean}>}
 */
async function readStream(way, listener, signal) {
  let opened = false;
  /** @type {Record<string, string>} */
  const headers = { Accept: "text/event-stream", Authorization: `Bearer ${way.token}` };
  if (way.cursor !== null) headers["Last-Event-ID"] = way.cursor;
  try {
    const url = apiUrl(`rooms/${encodeURIComponent(way.roomId)}/stream`);
    const response = await fetch(url, { headers, credentials: "omit", cache: "no-store", signal });
    if (!response.ok || !response.body) {
      const problem = readProblem(response, await response.json().catch(() => ({})));
      return { code: CLOSE_OF[problem.code] ?? ACCIDENT, reason: problem.detail ?? "", opened };
    }
    opened = true;
    listener.opened();
    const read = eventReader();
    const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await text.read(); !part.done; part = await text.read()) {
      for (const event of read(part.value)) if (!signal.aborted) listener.message(JSON.parse(event.data));
    }
  } catch {
    // The network went away, or we closed it: both end here, and the caller knows which.
  }
  return { code: ACCIDENT, reason: "", opened };
}

/**
 * @typedef {object} Sent
 * @property {string} id
 * @property {string} data
 */

/**
 * A reader that keeps what is not yet a whole event.
 * @returns {(text: string) => Sent[]}
 */
export function eventReader() {
  let rest = "";
  let id = "";
  return (text) => {
    rest += text;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    const sent = [];
    for (const block of blocks) {
      const data = [];
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith("data:")) data.push(value(line, 5));
        else if (line.startsWith("id:")) id = value(line, 3);
      }
      if (data.length) sent.push({ id, data: data.join("\n") });
    }
    return sent;
  };
}

/**
 * @param {string} line
 * @param {number} from
 */
function value(line, from) {
  return line[from] === " " ? line.slice(from + 1) : line.slice(from);
}
