// socket.io on Node: `node socketio.mjs PORT`.
import { Server } from "socket.io";
import { createServer } from "node:http";

const http = createServer();
const server = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false, pingInterval: 600_000 });

server.on("connection", (socket) => {
  socket.join("bench");
  socket.on("publish", (message) => server.to("bench").emit("bench", message));
});

http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 2048 });
