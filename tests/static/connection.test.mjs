import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

/** A socket that records what is sent and does what the test says. */
class FakeSocket {
  static OPEN = 1;
  /** @type {FakeSocket[]} */
  static made = [];
  readyState = 0;
  /** @type {any[]} */
  sent = [];
  closed = false;
  onopen = () => {};
  onmessage = (/** @type {{data: string}} */ _) => {};
  onclose = (/** @type {{code: number, reason: string}} */ _) => {};
  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    FakeSocket.made.push(this);
  }
  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  open() {
    this.readyState = 1;
    this.onopen();
  }
  /** @param {Record<string, unknown>} message */
  says(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  /** @param {number} code */
  ends(code) {
    this.readyState = 3;
    this.onclose({ code, reason: "" });
  }
}

/** @type {any} */ (globalThis).document = Object.assign(new EventTarget(), { hidden: false });
/** @type {any} */ (globalThis).window = new EventTarget();
/** @type {any} */ (globalThis).WebSocket = FakeSocket;
mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
const { Connection } = await import("../../static/js/net/connection.js");

const WELCOME = { type: "welcome", mode: "live", reconnect: { min_ms: 100, max_ms: 1000 } };

/** @param {string | null} [fresh] what a renewal brings */
function connected(fresh = null) {
  /** @type {{messages: any[], ended: number | null, cursor: string | null, seq: number}} */
  const seen = { messages: [], ended: null, cursor: null, seq: 0 };
  const connection = new Connection("r_1", "grant", {
    message: (message) => seen.messages.push(message),
    changed: () => {},
    ended: (code) => (seen.ended = code),
    renew: () => Promise.resolve(fresh),
    cursor: () => seen.cursor,
    seq: () => seen.seq,
  });
  return { connection, seen };
}

/** @returns {FakeSocket} the newest socket */
const socket = () => FakeSocket.made[FakeSocket.made.length - 1];
/** Lets promises that are settled go on. */
const settle = () => new Promise((done) => setImmediate(done));

beforeEach(() => {
  FakeSocket.made = [];
  document.dispatchEvent(new Event("visibilitychange"));
});

test("it says hello with its token, and acknowledges once a second what it has", () => {
  const { connection, seen } = connected();
  socket().open();
  assert.deepEqual(socket().protocols, ["spectator.v1"]);
  assert.deepEqual(socket().sent, [{ type: "hello", token: "grant", frames: false }]);
  socket().says(WELCOME);
  assert.equal(connection.link.phase, "open");
  seen.seq = 7;
  mock.timers.tick(1000);
  mock.timers.tick(1000);
  assert.deepEqual(socket().sent.filter((message) => message.type === "ack"), [{ type: "ack", seq: 7 }]);
  connection.close();
});

test("it comes back after the delay it was told, from where it was", async () => {
  const { connection, seen } = connected();
  socket().open();
  socket().says(WELCOME);
  seen.cursor = "c9";
  socket().says({ type: "bye", code: 4002, reason: "restarting", reconnect: true, after_ms: [300, 300] });
  socket().ends(4002);
  await settle();
  assert.equal(connection.link.phase, "broken");
  mock.timers.tick(299);
  assert.equal(FakeSocket.made.length, 1);
  mock.timers.tick(1);
  socket().open();
  assert.equal(socket().sent[0].since, "c9");
  socket().says(WELCOME);
  assert.deepEqual([connection.link.phase, connection.link.brokenAt], ["open", null]);
  connection.close();
});

test("some ends are final", () => {
  const { seen } = connected();
  socket().open();
  socket().says({ type: "bye", code: 4510, reason: "closed", reconnect: false });
  socket().ends(1006);
  assert.equal(seen.ended, 4510);
});

test("a grant that ended is renewed; without a fresh one it is over", async () => {
  const { connection, seen } = connected("fresh");
  socket().open();
  socket().says(WELCOME);
  socket().ends(4003);
  await settle();
  mock.timers.tick(20_000);
  socket().open();
  assert.equal(socket().sent[0].token, "fresh");
  connection.close();
  const other = connected(null);
  socket().open();
  socket().ends(4003);
  await settle();
  assert.equal(other.seen.ended, 4003);
  assert.equal(seen.ended, null);
});

test("a hidden tab is told, and a network that comes back is tried at once", async () => {
  const { connection } = connected();
  socket().open();
  socket().says(WELCOME);
  Object.assign(document, { hidden: true });
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(socket().sent[socket().sent.length - 1], { type: "visibility", hidden: true });
  Object.assign(document, { hidden: false });
  socket().ends(1006);
  await settle();
  window.dispatchEvent(new Event("online"));
  assert.equal(FakeSocket.made.length, 2);
  connection.close();
});

test("where sockets never open and HTTP answers, it takes the event stream", async () => {
  /** @type {{url: string, headers: any}[]} */
  const asked = [];
  /** @type {any} */ (globalThis).fetch = (/** @type {string} */ url, /** @type {any} */ init) => {
    asked.push({ url, headers: init.headers });
    if (!url.endsWith("/stream")) return Promise.resolve(new Response("{}", { status: 200 }));
    return Promise.resolve(new Response(`id: c1\ndata: ${JSON.stringify(WELCOME)}\n\n`, { status: 200 }));
  };
  const { connection, seen } = connected();
  for (let i = 0; i < 2; i++) {
    socket().ends(1006);
    for (let j = 0; j < 5; j++) await settle();
    seen.cursor = "c5";
    mock.timers.tick(30_000);
  }
  for (let j = 0; j < 10; j++) await settle();
  assert.equal(FakeSocket.made.length, 2);
  const stream = asked.find((one) => one.url.endsWith("/stream"));
  assert.deepEqual([stream?.headers.Authorization, stream?.headers["Last-Event-ID"]], ["Bearer grant", "c5"]);
  assert.ok(seen.messages.some((message) => message.type === "welcome"));
  connection.close();
});
