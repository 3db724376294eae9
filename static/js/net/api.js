/** Calls of the HTTP interface: an answer is either a body or a problem, never an exception. */

import { apiUrl } from "./paths.js";

/** @typedef {import("../model/problems.js").Problem} Problem */

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
