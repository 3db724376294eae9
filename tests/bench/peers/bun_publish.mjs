// Bun's own publish: every viewer subscribes to one topic, `server.publish` sends to all of them.

import { createServer } from "node:net";
import { createInterface } from "node:readline";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, at) => (at.upgrade(request) ? undefined : new Response("WebSockets only", { status: 400 })),
  websocket: {
    perMessageDeflate: process.argv[2] === "deflate",
    open: (viewer) => viewer.subscribe("events"),
    message: () => {},
  },
});

const source = createServer((connection) => {
  createInterface({ input: connection }).on("line", (event) => server.publish("events", event));
});

source.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ port: server.port, source: source.address().port }));
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
