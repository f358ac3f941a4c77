// node xds-client-main.ts TARGET: a gRPC client that finds its servers by xDS, and takes orders as JSON lines on stdin.
import { createInterface } from "node:readline";
import { register } from "@grpc/grpc-js-xds";
import { connectEcho } from "./echo.ts";
import { loadOf } from "./grpc-load.ts";

type Order = {
  readonly id: number;
  readonly send?: number;
  readonly options?: { readonly atOnce?: number; readonly deadlineMs?: number };
  readonly sendAtRate?: { readonly perSecond: number; readonly forMs: number; readonly deadlineMs?: number };
};

register();
const [target = ""] = process.argv.slice(2);
const load = loadOf(connectEcho(target));
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, send = 0, options, sendAtRate } = JSON.parse(line) as Order;
  const records = sendAtRate ? await load.sendAtRate(sendAtRate) : await load.send(send, options);
  console.log(JSON.stringify({ answer: id, records }));
});
console.log(JSON.stringify({ ready: true }));
