/** The modules of the page as the browser will fetch them: by following the imports of the first one. */

import { readFileSync } from "node:fs";

export const STATIC = new URL("../../static/", import.meta.url);

/** `from "./x.js"` and `import "./x.js"`, but not `import("./x.js")`, which is fetched only when it is needed. */
const IMPORT = /\b(?:from|import)\s*["'](\.{1,2}\/[^"']+)["']/g;

/**
 * @param {string} entry path below static/
 * @returns {string[]} all paths below static/ that the entry needs, itself first, without what is imported later
 */
export function closure(entry) {
  const found = new Set([entry]);
  for (const path of found) {
    const here = new URL(path, STATIC);
    for (const [, name] of readFileSync(here, "utf8").matchAll(IMPORT)) found.add(new URL(name, here).href.slice(STATIC.href.length));
  }
  return [...found];
}
