// socket.io on Node: `io.emit(...)` to everyone.

import { createServer as createHttp } from "node:http";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { Server } = createRequire(`${process.env.NODE_PATH}/`)("socket.io");

// Off by default there; with it on, only messages of 1 KB and more would be deflated.
const perMessageDeflate = process.argv[2] === "deflate" ? { threshold: 0 } : false;

const http = createHttp();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate });

const source = createServer((connection) => {
  createInterface({ input: connection }).on("line", (event) => io.emit("event", JSON.parse(event)));
});

http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  source.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({ port: http.address().port, source: source.address().port }));
  });
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
