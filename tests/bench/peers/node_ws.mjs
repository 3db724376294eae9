// ws on Node: `client.send(...)` for each viewer, as its README shows under "Server broadcast".

import { createServer } from "node:net";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { WebSocketServer, WebSocket } = createRequire(`${process.env.NODE_PATH}/`)("ws");

// Off by default there; with it on, only messages of 1 KB and more would be deflated.
const perMessageDeflate = process.argv[2] === "deflate" ? { threshold: 0 } : false;

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate });

const source = createServer((connection) => {
  createInterface({ input: connection }).on("line", (event) => {
    server.clients.forEach((client) => {
      if (client.readyState === WebSocket.OPEN) client.send(event);
    });
  });
});

server.on("listening", () => {
  source.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({ port: server.address().port, source: source.address().port }));
  });
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
