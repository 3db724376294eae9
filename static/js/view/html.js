/** Markup in templates. All text goes in as text: nothing here, or anywhere in the page, turns a string into markup. */

import "../../vendor/signals.js"; // components that read a signal are drawn again when it changes
import htm from "../../vendor/htm.js";
import { h } from "../../vendor/preact.js";

/** @typedef {import("../../vendor/preact.js").VNode<any>} Node */

/** @type {(strings: TemplateStringsArray, ...values: any[]) => Node} */
export const html = /** @type {any} */ (htm).bind(h);
