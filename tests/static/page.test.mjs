import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import ts from "../../static/node_modules/typescript/lib/typescript.js";
import { gzipSync } from "node:zlib";
import { STATIC, closure } from "./imports.mjs";

const INDEX = readFileSync(new URL("index.html", STATIC), "utf8");
const OWN = readdirSync(new URL("js/", STATIC), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
const CSS = readdirSync(new URL("css/", STATIC), { encoding: "utf8" });

/** @param {string} path below static/ */
const read = (path) => readFileSync(new URL(path, STATIC), "utf8");

test("every module of the page is fetched ahead, and nothing else", () => {
  const told = [...INDEX.matchAll(/rel="modulepreload" href="\{\{base\}\}static\/([^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(told.sort(), closure("js/main.js").filter((path) => path !== "js/main.js").sort());
});

test("nothing is inline, and every address is relative to the root", () => {
  assert.doesNotMatch(INDEX, /<script(?![^>]*\bsrc=)/);
  assert.doesNotMatch(INDEX, /<style|\sstyle=|\son\w+=/);
  for (const [, address] of INDEX.matchAll(/(?:src|href)="([^"]*)"/g)) assert.match(address, /^\{\{base\}\}static\//);
});

test("nothing comes from another host, and no text becomes markup", () => {
  for (const name of OWN) {
    const text = read(`js/${name}`);
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function/, name);
    assert.doesNotMatch(text.replace(/https\?:/g, ""), /["'`](?:https?:)?\/\//, name);
  }
  for (const name of CSS) assert.doesNotMatch(read(`css/${name}`), /url\(|@import/, name);
});

test("only tokens know colours", () => {
  for (const name of CSS.filter((one) => one !== "tokens.css")) {
    const rules = read(`css/${name}`).replace(/\.qr[^}]*\}|::backdrop[^}]*\}/g, ""); // a QR code is black on white in every theme
    assert.doesNotMatch(rules, /#[0-9a-f]{3,8}\b|rgb\(/i, name);
  }
});

test("files can be read in a sitting", () => {
  for (const name of OWN) assert.ok(read(`js/${name}`).split("\n").length <= 300, name);
});

/** What the server leaves out of our own modules: comments that have lines of their own. */
function withoutComments(/** @type {string} */ text) {
  const blocks = text.replace(/^[ \t]*\/\*\*[\s\S]*?\*\/[ \t]*$/gm, (comment) => "\n".repeat(comment.split("\n").length - 1));
  return blocks.replace(/^[ \t]*\/\/.*$/gm, "");
}

/**
 * The program a text means, written in one way.
 * @param {string} text
 */
function program(text) {
  const options = { removeComments: true };
  return ts.createPrinter(options).printFile(ts.createSourceFile("module.js", text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS));
}

test("leaving comments out changes neither the program nor its line numbers", () => {
  for (const name of OWN) {
    const text = read(`js/${name}`);
    assert.deepEqual(program(withoutComments(text)), program(text), name);
    assert.equal(withoutComments(text).split("\n").length, text.split("\n").length, name);
  }
});

/**
 * What files weigh on the wire, as the server packs them.
 * @param {string[]} paths below static/
 */
function weight(paths) {
  return paths.reduce((sum, path) => sum + gzipSync(path.startsWith("js/") ? withoutComments(read(path)) : read(path), { level: 9 }).length, 0);
}

const PAGE = closure("js/main.js");

test("the whole page, up to and in a room, is at most 100 KB on the wire", () => {
  const styles = [...INDEX.matchAll(/rel="stylesheet" href="\{\{base\}\}static\/([^"]+)"/g)].map((match) => match[1]);
  const bytes = weight([...PAGE, ...styles, "js/boot.js", "icon.svg", "index.html"]);
  assert.ok(bytes <= 100_000, `${bytes} bytes`);
});

test("the panel is fetched by owners and moderators only, and is at most 30 KB more", () => {
  const more = closure("js/view/panel.js").filter((path) => !PAGE.includes(path));
  assert.ok(more.includes("js/session/powers.js"), "nobody else fetches what only they can do");
  assert.doesNotMatch(INDEX, /panel/);
  const bytes = weight([...more, "css/panel.css", "vendor/uqr.js"]);
  assert.ok(bytes <= 30_000, `${bytes} bytes`);
});
