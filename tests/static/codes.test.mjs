import assert from "node:assert/strict";
import { test } from "node:test";
import { boxes, isLetterHint, isWhole, readCode, spoken } from "../../static/js/model/codes.js";

test("a code is read in any case, with spaces and hyphens", () => {
  for (const typed of ["k7m2qx", "K7M 2QX", "k7m-2qx", " K7M–2QX "]) assert.equal(readCode(typed).code, "K7M2QX");
  assert.equal(readCode("k7m 2qx").hint, "");
});

test("a pasted link gives its code and what stands after the hash", () => {
  assert.deepEqual(readCode("http://lab.example.org/proxy/8000/r/K7M2QX#claim=abc"), { code: "K7M2QX", fragment: "claim=abc", hint: "" });
  assert.equal(readCode(" https://x.example/r/k7m2qx/ ").code, "K7M2QX");
  assert.equal(readCode("https://x.example/r/K7M2QX?a=b").code, "K7M2QX");
});

test("letters that codes do not have are left out with a hint", () => {
  assert.equal(readCode("K0M").code, "KM");
  assert.match(readCode("K0M").hint, /no 0 and no O/);
  assert.match(readCode("Kom").hint, /no 0 and no O/);
  assert.match(readCode("1").hint, /no 1 and no I/);
  assert.match(readCode("i").hint, /no 1 and no I/);
  assert.match(readCode("K!").hint, /letters and digits only/);
});

test("a code has 6 to 12 characters", () => {
  assert.equal(readCode("ABCDEFGHJKLMNP").code, "ABCDEFGHJKLM");
  assert.match(readCode("ABCDEFGHJKLMNP").hint, /at most 12/);
  assert.deepEqual(["ABCDE", "ABCDEF", "ABCDEFGHJKLM"].map(isWhole), [false, true, true]);
});

test("six boxes until more is typed", () => {
  assert.deepEqual(["", "ABC", "ABCDEF", "ABCDEFGH", "ABCDEFGHJKLM"].map(boxes), [6, 6, 6, 8, 12]);
});

test("a code is read aloud in groups of three", () => {
  assert.equal(spoken("K7M2QX"), "K7M 2QX");
  assert.equal(spoken("ABCDEFGH"), "ABC DEF GH");
});

test("only letters that codes lack make a hint that stays", () => {
  for (const letter of "0O1I") assert.ok(isLetterHint(readCode(`AB${letter}`).hint), letter);
  assert.ok(!isLetterHint(readCode("AB!").hint));
  assert.ok(!isLetterHint(readCode("ABC").hint));
});
