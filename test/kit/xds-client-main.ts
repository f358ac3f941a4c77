// node xds-client-main.ts TARGET: a gRPC client that finds its servers by xDS, and takes orders as JSON lines on stdin. An order may
// name another target. With XDS_CLIENT_ADMIN in the environment it serves gRPC's admin services at that port.
import { createInterface } from "node:readline";
import { addAdminServicesToServer, Server, ServerCredentials } from "@grpc/grpc-js";
import { register } from "@grpc/grpc-js-xds";
import { type CallOptions, connectEcho } from "./echo.ts";
import { type Load, loadOf } from "./grpc-load.ts";

type Order = {
  readonly id: number;
  readonly target?: string;
  readonly send?: number;
  readonly options?: Omit<CallOptions, "metadata"> & { readonly atOnce?: number };
  readonly sendAtRate?: { readonly perSecond: number; readonly forMs: number; readonly deadlineMs?: number };
};

register();
const { XDS_CLIENT_ADMIN: adminPort } = process.env;
if (adminPort !== undefined) await serveAdmin(Number(adminPort));
const [target = ""] = process.argv.slice(2);
const loads = new Map<string, Load>();
const loadTo = (wanted: string) => {
  const load = loads.get(wanted) ?? loadOf(connectEcho(wanted));
  loads.set(wanted, load);
  return load;
};
loadTo(target);
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, send = 0, options, sendAtRate, target: other = target } = JSON.parse(line) as Order;
  const load = loadTo(other);
  const records = sendAtRate ? await load.sendAtRate(sendAtRate) : await load.send(send, options);
  console.log(JSON.stringify({ answer: id, records }));
});
console.log(JSON.stringify({ ready: true }));

/** CSDS and channelz, as gRPC's admin interface has them (gRFC A38). */
async function serveAdmin(port: number): Promise<void> {
  const server = new Server();
  addAdminServicesToServer(server);
  await new Promise<void>((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error) => (error ? reject(error) : resolve()));
  });
}
