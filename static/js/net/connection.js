/** A room's connection that comes back by itself: when, from where, and over which way. */

import { Close, comesBack, delay } from "../model/reconnect.js";
import { call } from "./api.js";
import { overSocket, overStream } from "./transports.js";

/** @typedef {import("./transports.js").Transport} Transport */
/** @typedef {Record<string, any>} Message */

/**
 * @typedef {object} Link what is known of the connection
 * @property {"connecting" | "open" | "broken"} phase
 * @property {number | null} brokenAt milliseconds since 1970
 * @property {number | null} retryAt
 * @property {number | null} latency milliseconds to the server and back
 * @property {boolean} streaming over the event stream because WebSockets are blocked
 */

/**
 * @typedef {object} Owner who uses the connection
 * @property {(message: Message) => void} message
 * @property {(link: Link) => void} changed
 * @property {(code: number, reason: string) => void} ended it will not come back by itself
 * @property {() => Promise<string | null>} renew a fresh grant when the old one has ended; null when there is none
 * @property {() => string | null} cursor up to where the page has everything
 * @property {() => number} seq the newest event the page has
 */

const PING_MS = 10_000;
/** The first one waits until the room is drawn: it would measure the drawing. */
const FIRST_PING_MS = 1500;
const SILENCE_MS = 20_000;
const ACK_MS = 1000;
/** Sockets that never opened, in a row, until we look whether only WebSockets are blocked. */
const BLOCKED_AFTER = 2;

export class Connection {
  /** @type {Link} */
  link = { phase: "connecting", brokenAt: null, retryAt: null, latency: null, streaming: false };
  /** @type {Transport | null} */
  #transport = null;
  #failures = 0;
  #unopened = 0;
  #acked = 0;
  /** @type {import("../model/reconnect.js").Told | null} */
  #told = null;
  /** @type {{code: number, reason: string, after: [number, number] | null} | null} */
  #bye = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #beat;
  #pingedAt = 0;
  #heardAt = 0;
  #over = false;
  #abort = new AbortController();

  /**
   * @param {string} roomId
   * @param {string} token a grant, a room key or a lobby token
   * @param {Owner} owner
   */
  constructor(roomId, token, owner) {
    this.roomId = roomId;
    this.token = token;
    this.owner = owner;
    const { signal } = this.#abort;
    document.addEventListener("visibilitychange", () => this.#tellVisibility(), { signal });
    window.addEventListener("online", () => this.retryNow(), { signal });
    this.#open();
  }

  /** Ends it for good. */
  close() {
    this.#over = true;
    this.#abort.abort();
    clearTimeout(this.#retry);
    clearInterval(this.#beat);
    this.#transport?.close();
  }

  /** Does not wait for the next try. */
  retryNow() {
    if (this.link.phase !== "broken" || this.#over) return;
    clearTimeout(this.#retry);
    this.#open();
  }

  /**
   * A fresh grant for the connection that is open.
   * @param {string} token
   */
  renewed(token) {
    this.token = token;
    this.#transport?.send({ type: "auth", token });
  }

  #open() {
    this.#bye = null;
    this.#set({ phase: this.link.brokenAt === null ? "connecting" : "broken", retryAt: null });
    const way = { roomId: this.roomId, token: this.token, cursor: this.owner.cursor() };
    const over = this.link.streaming ? overStream : overSocket;
    this.#transport = over(way, {
      opened: () => this.#heard(),
      message: (message) => this.#receive(message),
      closed: (code, reason, opened) => void this.#closed(code, reason, opened),
    });
  }

  /** @param {Message} message */
  #receive(message) {
    this.#heard();
    if (message.type === "welcome") this.#welcomed(message);
    else if (message.type === "pong") this.#set({ latency: Math.round(performance.now() - this.#pingedAt) });
    else if (message.type === "bye") this.#bye = { code: message.code, reason: message.reason ?? "", after: message.after_ms ?? null };
    else this.owner.message(message);
  }

  /** @param {Message} message */
  #welcomed(message) {
    this.#told = message.reconnect ?? null;
    this.#failures = 0;
    this.#unopened = 0;
    this.#acked = 0;
    this.#set({ phase: "open", brokenAt: null, retryAt: null });
    clearInterval(this.#beat);
    if (!this.link.streaming) {
      this.#pingedAt = performance.now() - PING_MS + FIRST_PING_MS;
      this.#beat = setInterval(() => this.#keepAlive(), ACK_MS);
      if (document.hidden) this.#tellVisibility();
    }
    this.owner.message(message);
  }

  #keepAlive() {
    const seq = this.owner.seq();
    if (seq !== this.#acked) this.#transport?.send({ type: "ack", seq });
    this.#acked = seq;
    const now = performance.now();
    if (now - this.#pingedAt >= PING_MS) this.#ping();
    // A network that died without a word: nothing came although we asked.
    if (now - this.#heardAt > SILENCE_MS && !document.hidden) {
      this.#transport?.close();
      void this.#closed(1006, "", true);
    }
  }

  #ping() {
    this.#pingedAt = performance.now();
    this.#transport?.send({ type: "ping" });
  }

  #heard() {
    this.#heardAt = performance.now();
  }

  #tellVisibility() {
    this.#transport?.send({ type: "visibility", hidden: document.hidden });
    if (!document.hidden) this.retryNow();
  }

  /**
   * @param {number} closeCode
   * @param {string} closeReason
   * @param {boolean} opened
   */
  async #closed(closeCode, closeReason, opened) {
    clearInterval(this.#beat);
    this.#transport = null;
    if (this.#over) return;
    const bye = this.#bye;
    const code = bye?.code ?? closeCode;
    if (!comesBack(code)) return this.#end(code, bye?.reason || closeReason);
    this.#set({ phase: "broken", brokenAt: this.link.brokenAt ?? Date.now(), latency: null });
    if (code === Close.GRANT_ENDED) {
      const token = await this.owner.renew();
      if (this.#over) return;
      if (token === null) return this.#end(code, bye?.reason || closeReason);
      this.token = token;
    }
    if (!opened && !this.link.streaming) await this.#lookForBlock();
    if (this.#over) return;
    const wait = delay(this.#failures, this.#told, bye?.after ?? null, Math.random());
    this.#failures += 1;
    this.#set({ retryAt: Date.now() + wait });
    this.#retry = setTimeout(() => this.#open(), wait);
  }

  /** Where HTTP answers and sockets never open, something on the way blocks them. */
  async #lookForBlock() {
    this.#unopened += 1;
    if (this.#unopened < BLOCKED_AFTER) return;
    const answer = await call("GET", `rooms/${encodeURIComponent(this.roomId)}`, { token: this.token, patience: 4000 });
    if (answer.ok) this.#set({ streaming: true });
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #end(code, reason) {
    this.close();
    this.owner.ended(code, reason);
  }

  /** @param {Partial<Link>} change */
  #set(change) {
    this.link = { ...this.link, ...change };
    this.owner.changed(this.link);
  }
}
