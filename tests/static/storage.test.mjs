import assert from "node:assert/strict";
import { test } from "node:test";

class Store {
  /** @type {Map<string, string>} */
  map = new Map();
  /** @param {string} key */
  getItem = (key) => this.map.get(key) ?? null;
  /** @param {string} key @param {string} value */
  setItem = (key, value) => void this.map.set(key, value);
  /** @param {string} key */
  removeItem = (key) => void this.map.delete(key);
  clear = () => this.map.clear();
  /** @param {number} i */
  key = (i) => [...this.map.keys()][i] ?? null;
  get length() {
    return this.map.size;
  }
}

const lasting = new Store();
/**
 * Two tabs of one browser: each loads the module anew, and they share only what lasts.
 * @param {number} number
 * @returns {Promise<typeof import("../../static/js/net/storage.js")>}
 */
async function tab(number) {
  globalThis.localStorage = lasting;
  globalThis.sessionStorage = new Store();
  return import(`../../static/js/net/storage.js?tab=${number}`);
}

/** @param {string} code @param {number} endsAt */
const request = (code, endsAt) => ({ code, roomId: "r_1", requestId: "q_1", token: "lb_1", name: "Ann", askedAt: 1000, endsAt });

test("whoever waits waits in every tab, and in each room for itself", async () => {
  const [first, second] = [await tab(1), await tab(2)];
  first.keepAsked("ABC234", request("ABC234", 5000));
  assert.equal(second.asked("ABC234", 4000)?.requestId, "q_1");
  assert.equal(second.asked("OTHER2", 4000), null);
  second.keepAsked("ABC234", null);
  assert.equal(first.asked("ABC234", 4000), null);
});

test("a request is forgotten when its answer cannot be read any more", async () => {
  const storage = await tab(3);
  storage.keepAsked("ABC234", request("ABC234", 5000));
  assert.notEqual(storage.asked("ABC234", 5000 + 3_600_000), null);
  assert.equal(storage.asked("ABC234", 5001 + 3_600_000), null);
  assert.equal(storage.asked("ABC234", 0), null);
});
