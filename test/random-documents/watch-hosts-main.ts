// node watch-hosts-main.ts: a gRPC client that has a channel to each of the hosts it was told last, a JSON list as a line on
// stdin; it sends no request and answers with how many there are.
import { createInterface } from "node:readline";
import type { Client } from "@grpc/grpc-js";
import { register } from "@grpc/grpc-js-xds";
import { connectEcho } from "../kit/echo.ts";

register();
let clients: readonly Client[] = [];
createInterface({ input: process.stdin }).on("line", (line) => {
  const hosts = JSON.parse(line) as readonly string[];
  const before = clients;
  clients = hosts.map((host) => connectEcho(`xds:///${host}`));
  for (const client of clients) client.getChannel().getConnectivityState(true);
  // Afterwards, so that the stream to the control plane stays the same one.
  for (const client of before) client.close();
  console.log(JSON.stringify({ watching: hosts.length }));
});
console.log(JSON.stringify({ ready: true }));
