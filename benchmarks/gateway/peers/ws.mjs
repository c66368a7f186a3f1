// Node's ws: `node ws.mjs PORT`.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 2048, perMessageDeflate: false });

server.on("connection", (socket, request) => {
  const echoes = request.url === "/echo/";
  socket.on("message", (data) => {
    if (echoes) {
      socket.send(data, { binary: false });
      return;
    }
    for (const client of server.clients) client.send(data, { binary: false });
  });
});
