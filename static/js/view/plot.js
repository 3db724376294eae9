/** One chart's drawing: uPlot draws the curves, this file rules, labels, ranges and colours as the look wants them. */

import uPlot from "../../vendor/uplot.js";
import { axis as axisLabels, horizontal, vertical } from "../model/numbers.js";
import { timeAxis } from "../model/times.js";

/** @typedef {import("../model/series.js").Axis} Axis */

/**
 * @typedef {object} Curve
 * @property {string} name
 * @property {number} colour
 * @property {boolean} noisy drawn as a faint raw line, a band from min to max and a smoothed line
 * @property {boolean} dashed
 */

/** Room for the labels: left of the plot at least, under it, and over it for half a line. */
const LEFT = 36;
const BELOW = 20;
const ABOVE = 6;
const GAP = 8;

/**
 * Columns that one curve takes in uPlot's data, in this order.
 * @param {Curve} curve
 */
export function columnsOf(curve) {
  return curve.noisy ? ["max", "min", "raw", "line"] : ["line"];
}

/**
 * @typedef {object} Wishes
 * @property {number} width
 * @property {number} height
 * @property {Curve[]} curves
 * @property {Axis} axis
 * @property {Colours} colours
 * @property {boolean} share values are fractions, labelled in percent
 * @property {(plot: uPlot) => void} moved the crosshair moved
 */

/**
 * @param {Wishes} wishes
 * @returns {uPlot.Options}
 */
export function options(wishes) {
  const { colours, axis, curves } = wishes;
  /** @type {uPlot.Series[]} */
  const series = [{}];
  /** @type {uPlot.Band[]} */
  const bands = [];
  for (const curve of curves) {
    const colour = colours.of[`series-${curve.colour}`];
    const plain = { points: { show: false }, spanGaps: true };
    if (curve.noisy) {
      bands.push({ series: [series.length, series.length + 1], fill: faint(colour, colours.envelope) });
      series.push({ ...plain, width: 0 }, { ...plain, width: 0 });
      series.push({ ...plain, stroke: faint(colour, colours.ghost), width: 1 });
    }
    const points = { show: alone, size: 6, fill: colour };
    series.push({ ...plain, points, stroke: colour, width: colours.line, dash: curve.dashed ? [5, 3] : undefined });
  }
  return {
    width: wishes.width,
    height: wishes.height,
    padding: [ABOVE, 2, BELOW, 0],
    legend: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    axes: [
      { show: false },
      // Only keeps the room: labels and rules are ours.
      { size: (plot) => gutter(plot, wishes), splits: (_, __, min, max) => [min, max], values: (_, ticks) => ticks.map(() => ""), ticks: { show: false }, grid: { show: false } },
    ],
    scales: { x: { time: false }, y: { range: (_, min, max) => rangeOf(min, max, wishes.height) } },
    series,
    bands,
    cursor: {
      sync: { key: `room-${axis}`, setSeries: false },
      drag: { x: false, y: false },
      y: false,
      points: { show: (_, index) => dot(series[index], colours), size: 7 },
    },
    hooks: {
      drawClear: [(plot) => rules(plot, wishes)],
      setCursor: [wishes.moved],
    },
  };
}

/**
 * Whether a line has one value only: it would not be seen, so it gets a dot.
 * @param {uPlot} plot
 * @param {number} index
 */
function alone(plot, index) {
  let values = 0;
  for (const value of plot.data[index]) {
    if (value !== null && value !== undefined) values += 1;
    if (values > 1) return false;
  }
  return values === 1;
}

/**
 * The dot of a line under the crosshair; the raw line and the band have none.
 * @param {uPlot.Series} of
 * @param {Colours} colours
 */
function dot(of, colours) {
  const element = document.createElement("i");
  const isLine = of.width === colours.line;
  element.className = isLine ? "cross-dot" : "cross-dot-none";
  if (isLine && typeof of.stroke === "string") element.style.setProperty("--c", of.stroke);
  return element;
}

/**
 * @param {number | null} min
 * @param {number | null} max
 * @param {number} height
 * @returns {[number, number]}
 */
function rangeOf(min, max, height) {
  const { low, high } = vertical(min, max, labelsFor(height));
  return [low, high];
}

/** @param {number} height */
function labelsFor(height) {
  return height > 260 ? 5 : 4;
}

/**
 * Room for the longest label; curves begin at the same place in all charts whose labels are short.
 * @param {uPlot} plot
 * @param {Wishes} wishes
 */
function gutter(plot, { share, colours }) {
  const { min, max } = plot.scales.y;
  if (min === undefined || max === undefined || min === null || max === null) return LEFT;
  const labels = labelsOf(vertical(min, max, labelsFor(plot.height)).ticks, share);
  const { ctx } = plot;
  ctx.save();
  ctx.font = fontAt(colours.font, 1);
  const widest = Math.max(0, ...labels.map((label) => ctx.measureText(label).width));
  ctx.restore();
  return Math.max(LEFT, Math.ceil(widest) + GAP);
}

/**
 * @param {number[]} ticks
 * @param {boolean} share
 */
function labelsOf(ticks, share) {
  return axisLabels(share ? ticks.map((tick) => tick * 100) : ticks);
}

/**
 * @param {uPlot} plot
 * @param {Wishes} wishes
 */
function rules(plot, { colours, axis, share }) {
  const { min, max } = plot.scales.y;
  if (min === undefined || max === undefined || min === null || max === null) return;
  const { ticks } = vertical(min, max, labelsFor(plot.height));
  const labels = labelsOf(ticks, share);
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.setLineDash([]);
  ctx.font = fontAt(colours.font, ratio);
  ctx.fillStyle = colours.of["text-2"];
  ctx.lineWidth = Math.max(1, Math.round(ratio));
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  const rows = ticks.map((tick) => Math.round(plot.valToPos(tick, "y", true)));
  rows.forEach((y, i) => ctx.fillText(labels[i], bbox.left - GAP * ratio, y));
  line(ctx, colours.of.baseline, rows.slice(0, 1), bbox);
  line(ctx, colours.of.grid, rows.slice(1), bbox);
  across(plot, axis);
  ctx.restore();
}

/**
 * @param {string} font
 * @param {number} ratio canvas pixels to one of the page's
 */
function fontAt(font, ratio) {
  return font.replace(/[\d.]+px/, (size) => `${Number.parseFloat(size) * ratio}px`);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} colour
 * @param {number[]} rows
 * @param {uPlot.BBox} bbox
 */
function line(ctx, colour, rows, bbox) {
  ctx.strokeStyle = colour;
  ctx.beginPath();
  for (const y of rows) {
    ctx.moveTo(bbox.left, y + 0.5);
    ctx.lineTo(bbox.left + bbox.width, y + 0.5);
  }
  ctx.stroke();
}

/**
 * Labels of the horizontal axis; those at the ends stay inside the plot.
 * @param {uPlot} plot
 * @param {Axis} axis
 */
function across(plot, axis) {
  const { min, max } = plot.scales.x;
  if (min === undefined || max === undefined || min === null || max === null) return;
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const isTime = axis === "time";
  const ticks = horizontal(min, max, Math.max(2, Math.min(5, Math.floor(plot.width / 75))), isTime);
  const labels = isTime ? timeAxis(ticks) : axisLabels(ticks);
  const y = bbox.top + bbox.height + 12 * ratio;
  const right = bbox.left + bbox.width;
  ctx.textAlign = "left";
  let free = -Infinity;
  ticks.forEach((tick, i) => {
    const wide = ctx.measureText(labels[i]).width;
    const middle = plot.valToPos(tick, "x", true);
    const at = Math.min(Math.max(middle - wide / 2, bbox.left), right - wide);
    if (at < free) return;
    ctx.fillText(labels[i], at, y);
    free = at + wide + 12 * ratio;
  });
}

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
