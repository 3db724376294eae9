/** Colours of the tokens as a canvas understands them: it knows no variables, no light-dark() and no color-mix(). */

const NAMES = ["text", "text-2", "surface", "grid", "baseline", "crosshair", "warn",
  "series-1", "series-2", "series-3", "series-4", "series-5", "series-6", "series-7", "series-8"];

/**
 * @typedef {object} Colours
 * @property {Record<string, string>} of colour by the token's name
 * @property {number} line width in pixels
 * @property {number} ghost opacity of the raw line
 * @property {number} envelope opacity of the band from min to max
 * @property {string} font
 */

/**
 * Reads the tokens; once per theme.
 * @returns {Colours}
 */
export function readColours() {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  /** @type {Record<string, string>} */
  const of = {};
  for (const name of NAMES) {
    probe.style.color = `var(--${name})`;
    of[name] = getComputedStyle(probe).color;
  }
  const style = getComputedStyle(probe);
  const number = (/** @type {string} */ name) => Number.parseFloat(style.getPropertyValue(name));
  probe.style.fontSize = "var(--text-s)";
  const size = getComputedStyle(probe).fontSize;
  const colours = { of, line: number("--line-width"), ghost: number("--ghost"), envelope: number("--envelope"), font: `${size} ${style.fontFamily}` };
  probe.remove();
  return colours;
}

/**
 * A colour with an opacity; works on whatever form the browser computed.
 * @param {string} colour
 * @param {number} opacity
 */
export function faint(colour, opacity) {
  const rgb = /^rgb\(([^)]+)\)$/.exec(colour);
  if (rgb) return `rgba(${rgb[1]}, ${opacity})`;
  const srgb = /^color\((srgb [^)/]+)\)$/.exec(colour);
  return srgb ? `color(${srgb[1]} / ${opacity})` : colour;
}
