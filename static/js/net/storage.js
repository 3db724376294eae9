/** What the browser keeps: the visitor, the grants and who is asked for good, room keys only for this tab. */

/** @typedef {{token: string, code: string, expiresAt?: number | null, person?: string}} Kept */
/** @typedef {{code: string, roomId: string, requestId: string, token: string, name: string, askedAt: number, endsAt: number | null, person?: string}} Asked */

/** Where the browser forbids storage (private windows, embedded pages) this tab's memory must do. */
class Memory {
  /** @type {Map<string, string>} */
  #map = new Map();
  /** @param {string} key */
  getItem(key) {
    return this.#map.get(key) ?? null;
  }
  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.#map.set(key, value);
  }
  /** @param {string} key */
  removeItem(key) {
    this.#map.delete(key);
  }
  /** @param {number} i */
  key(i) {
    return [...this.#map.keys()][i] ?? null;
  }
  get length() {
    return this.#map.size;
  }
}

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Store */

/**
 * @param {"localStorage" | "sessionStorage"} name
 * @returns {Store}
 */
function open(name) {
  try {
    const store = globalThis[name];
    store.setItem("spectator.probe", "1");
    store.removeItem("spectator.probe");
    return store;
  } catch {
    return new Memory(); // reading the property throws where storage is forbidden
  }
}

const lasting = open("localStorage");
const passing = open("sessionStorage");

/**
 * @param {Store} store
 * @param {string} key
 * @returns {any}
 */
function read(store, key) {
  const text = store.getItem(key);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    store.removeItem(key); // not ours, or from another version
    return null;
  }
}

/**
 * @param {Store} store
 * @param {string} key
 * @param {unknown} value null removes
 */
function write(store, key, value) {
  if (value === null) store.removeItem(key);
  else store.setItem(key, JSON.stringify(value));
}

/**
 * @param {Store} store
 * @param {string} prefix
 * @param {string} code
 * @returns {{id: string, kept: Kept} | null}
 */
function byCode(store, prefix, code) {
  for (let i = 0; i < store.length; i++) {
    const key = store.key(i) ?? "";
    if (!key.startsWith(prefix)) continue;
    const kept = read(store, key);
    if (kept?.code === code) return { id: key.slice(prefix.length), kept };
  }
  return null;
}

const GRANT = "spectator.grant.";
const KEY = "spectator.key.";
const ASKED = "spectator.asked.";
/** For so long after its end the server still tells what became of a request. */
const ANSWER_KEPT_MS = 3_600_000;

/** @returns {string} */
export const visitor = () => read(lasting, "spectator.visitor") ?? "";
/** @param {string | null} token */
export const keepVisitor = (token) => write(lasting, "spectator.visitor", token);
/** @returns {string} */
export const personName = () => read(lasting, "spectator.name") ?? "";
/** @param {string} name */
export const keepPersonName = (name) => write(lasting, "spectator.name", name);
/** @returns {string | null} */
export const theme = () => read(lasting, "spectator.theme");
/** @param {string | null} name */
export const keepTheme = (name) => write(lasting, "spectator.theme", name);
/** @param {string} code */
export const grantFor = (code) => byCode(lasting, GRANT, code);
/** @param {string} roomId @param {Kept | null} kept */
export const keepGrant = (roomId, kept) => write(lasting, GRANT + roomId, kept);
/** @param {string} code */
export const keyFor = (code) => byCode(passing, KEY, code);
/** @param {string} roomId @param {Kept | null} kept */
export const keepKey = (roomId, kept) => write(passing, KEY + roomId, kept);
/**
 * The request that waits for a room's owner, whichever tab made it; not one that is over for longer than its answer
 * can be read.
 * @param {string} code
 * @param {number} [now] milliseconds since 1970
 * @returns {Asked | null}
 */
export function asked(code, now = Date.now()) {
  const kept = read(lasting, ASKED + code);
  if (!kept?.endsAt || now <= kept.endsAt + ANSWER_KEPT_MS) return kept;
  keepAsked(code, null);
  return null;
}
/** @param {string} code @param {Asked | null} what */
export const keepAsked = (code, what) => write(lasting, ASKED + code, what);
/** @returns {string} */
export const identity = () => read(passing, "spectator.identity") ?? "";
/** @param {string} token */
export const keepIdentity = (token) => write(passing, "spectator.identity", token);
/**
 * The invitation that a link brought, until it is used: it would be lost with a reload.
 * @param {string} code
 * @returns {string}
 */
export const invitation = (code) => read(passing, `spectator.invitation.${code}`) ?? "";
/** @param {string} code @param {string | null} token */
export const keepInvitation = (code, token) => write(passing, `spectator.invitation.${code}`, token);
