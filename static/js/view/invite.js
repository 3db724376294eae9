/** How people come in: the code, the link, and the QR code, which is drawn here from the link. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { spoken } from "../model/codes.js";
import { roomUrl } from "../net/paths.js";
import { drawing } from "../session/painter.js";
import { toast } from "../session/state.js";
import { picture } from "../session/watching.js";
import { Dialog } from "./dialog.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

/** @param {{code: string}} props */
export function Invite({ code: opened }) {
  void drawing.value;
  const [large, setLarge] = useState(false);
  const code = picture.room?.code ?? opened;
  const url = picture.room?.join_url ?? roomUrl(code);
  const copy = async () => {
    if (await copied(url)) toast("Link copied");
    else toast("The browser does not allow copying: mark the link and copy it", "bad");
  };
  return html`<section aria-labelledby="p-invite">
    <header><h3 id="p-invite">Invite</h3></header>
    <div class="invite"><${Qr} text=${url} /><div>
      <p class="code-text">${code}</p>
      <p class="small quiet link-text">${url.replace(/^https?:\/\//, "")}</p>
      <p class="actions-row fill invite-do"><button class="button" type="button" onClick=${() => void copy()}><${Icon} name="copy" />Copy link</button>
        <button class="button" type="button" onClick=${() => setLarge(true)}>Enlarge</button></p>
    </div></div>
    ${large && html`<${Dialog} title=${spoken(code)} wide=${true} close=${() => setLarge(false)}><${Qr} text=${url} /><p class="center mono">${url}</p><//>`}
  </section>`;
}

/**
 * The clipboard's new way works on https and loopback only; over a plain network address the old one does.
 * @param {string} text
 */
async function copied(text) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // refused by the browser: the old way may still do
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

/** @param {{text: string}} props */
function Qr({ text }) {
  const [code, setCode] = useState(/** @type {{size: number, path: string} | null} */ (null));
  useEffect(() => {
    let over = false;
    void import("../../vendor/uqr.js").then(({ encode }) => {
      if (over) return;
      const { data, size } = encode(text, { ecc: "M", border: 0 });
      setCode({ size, path: data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x},${y}h1v1h-1z` : ""))).join("") });
    });
    return () => {
      over = true;
    };
  }, [text]);
  const size = code?.size ?? 25;
  return html`<svg class="qr" viewBox=${`-4 -4 ${size + 8} ${size + 8}`} role="img" aria-label="QR code that opens this room" shape-rendering="crispEdges"><path d=${code?.path ?? ""} /></svg>`;
}
