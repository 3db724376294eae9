import assert from "node:assert/strict";
import { test } from "node:test";
import { codeIn, readFragment, roomUrl, socketUrl } from "../../static/js/net/api.js";
import { eventReader } from "../../static/js/net/transports.js";

test("events are whole, however the stream is cut", () => {
  const text = 'id: c1\ndata: {"type":"tick"}\n\n: heartbeat\n\nid: c2\ndata: {"a":\ndata: 1}\n\n';
  for (let cut = 1; cut < text.length; cut++) {
    const read = eventReader();
    const events = [...read(text.slice(0, cut)), ...read(text.slice(cut))];
    assert.deepEqual(events, [{ id: "c1", data: '{"type":"tick"}' }, { id: "c2", data: '{"a":\n1}' }]);
  }
});

test("line ends of all kinds", () => {
  assert.deepEqual(eventReader()("id:c\r\ndata:x\r\n\r\n"), [{ id: "c", data: "x" }]);
});

test("addresses lie beside the page's files, whatever path stands before them", () => {
  const root = new URL("../../", import.meta.url);
  assert.equal(roomUrl("K7M2QX"), new URL("r/K7M2QX", root).href);
  assert.equal(codeIn(roomUrl("K7M2QX")), "K7M2QX");
  assert.equal(codeIn(root.href), "");
  assert.equal(codeIn(new URL("/elsewhere/r/K7M2QX", root).href), "");
  assert.match(socketUrl("r_1"), /ws\/rooms\/r_1$/);
});

test("a fragment carries credentials", () => {
  assert.deepEqual(readFragment("#claim=a.b-c_d"), { claim: "a.b-c_d", invite: "", identity: "" });
  assert.deepEqual(readFragment("invite=x&identity=y"), { claim: "", invite: "x", identity: "y" });
  assert.deepEqual(readFragment(""), { claim: "", invite: "", identity: "" });
});
