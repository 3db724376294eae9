/** The server's addresses, all relative to where this file came from, and calls of its HTTP interface. */

/** Where the server's page `/` is. */
export const root = new URL("../../../", import.meta.url);

/** @param {string} path below `/api/v1/` */
export function apiUrl(path) {
  return new URL(`api/v1/${path}`, root).href;
}

/** @param {string} room id or code */
export function socketUrl(room) {
  const url = new URL(`ws/rooms/${encodeURIComponent(room)}`, root);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** @param {string} code */
export function roomUrl(code) {
  return new URL(`r/${encodeURIComponent(code)}`, root).href;
}

/**
 * The code in the address of the page, or "".
 * @param {string} href
 */
export function codeIn(href) {
  const path = new URL(href).pathname;
  if (!path.startsWith(root.pathname)) return "";
  return /^r\/([A-Za-z0-9-]+)\/?$/.exec(path.slice(root.pathname.length))?.[1].toUpperCase() ?? "";
}

/**
 * What a link carries after `#`: credentials never stand in a path or a query, which servers log.
 * @param {string} fragment with or without `#`
 * @returns {{claim: string, invite: string, identity: string}}
 */
export function readFragment(fragment) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const get = (/** @type {string} */ name) => fields.get(name) ?? "";
  return { claim: get("claim"), invite: get("invite"), identity: get("identity") };
}

/** @typedef {import("../model/words.js").Problem} Problem */

/**
 * @typedef {{ok: true, status: number, body: any}} Good
 * @typedef {{ok: false, problem: Problem}} Bad
 * @typedef {Good | Bad} Answer
 */

/** Milliseconds until a server that does not answer counts as unreachable. */
const PATIENCE = 12_000;

/**
 * @param {string} method
 * @param {string} path below `/api/v1/`
 * @param {{token?: string, body?: unknown, patience?: number, signal?: AbortSignal}} [how]
 * @returns {Promise<Answer>}
 */
export async function call(method, path, how = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (how.token) headers.Authorization = `Bearer ${how.token}`;
  if (how.body !== undefined) headers["Content-Type"] = "application/json";
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), how.patience ?? PATIENCE);
  how.signal?.addEventListener("abort", () => stop.abort(), { once: true });
  try {
    const response = await fetch(apiUrl(path), {
      method,
      headers,
      body: how.body === undefined ? undefined : JSON.stringify(how.body),
      credentials: "omit",
      cache: "no-store",
      signal: stop.signal,
    });
    const body = await readBody(response);
    if (response.ok) return { ok: true, status: response.status, body };
    return { ok: false, problem: readProblem(response, body) };
  } catch {
    return { ok: false, problem: { code: "unreachable", status: 0 } };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response */
async function readBody(response) {
  const text = await response.text();
  if (!text) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {}; // a proxy's own page: its status says enough
  }
}

/**
 * @param {Response} response
 * @param {any} body
 * @returns {Problem}
 */
export function readProblem(response, body) {
  const wait = Number(response.headers.get("Retry-After") ?? NaN);
  return {
    code: typeof body.code === "string" ? body.code : response.status >= 502 ? "unreachable" : "internal_error",
    status: response.status,
    detail: typeof body.detail === "string" ? body.detail : undefined,
    field: typeof body.field === "string" ? body.field : undefined,
    retryAfter: Number.isFinite(wait) ? wait : null,
  };
}
