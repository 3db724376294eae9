/** Server-Sent Events read from text as it arrives. Pure. */

/**
 * @typedef {object} Sent
 * @property {string} id
 * @property {string} data
 */

/**
 * A reader that keeps what is not yet a whole event.
 * @returns {(text: string) => Sent[]}
 */
export function eventReader() {
  let rest = "";
  let id = "";
  return (text) => {
    rest += text;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    const sent = [];
    for (const block of blocks) {
      const data = [];
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith("data:")) data.push(value(line, 5));
        else if (line.startsWith("id:")) id = value(line, 3);
      }
      if (data.length) sent.push({ id, data: data.join("\n") });
    }
    return sent;
  };
}

/**
 * @param {string} line
 * @param {number} from
 */
function value(line, from) {
  return line[from] === " " ? line.slice(from + 1) : line.slice(from);
}
