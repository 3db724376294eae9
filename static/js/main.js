/** The page begins here. */

import { render } from "../vendor/preact.js";
import { begin } from "./session/entering.js";
import { App } from "./view/app.js";
import { html } from "./view/parts.js";

const place = document.getElementById("page");
if (place) render(html`<${App} />`, place);
void begin();
