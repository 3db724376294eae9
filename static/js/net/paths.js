/** Addresses of the server, all relative to where this file was served from, so that a path in front does no harm. */

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
