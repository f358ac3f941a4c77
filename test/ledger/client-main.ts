// The ledger's client, a process of its own: it may be killed, and then goes on by what its file says.
import { readFile } from "node:fs/promises";
import { credentials } from "@grpc/grpc-js";
import { createReportClient } from "@weir/report-service/src/client.ts";
import { parseEntries } from "./entry.ts";
import { openLedgerFile } from "./ledger-file.ts";
import { placeOrders } from "./place-orders.ts";
import type { Placing } from "./placing.ts";

export type ClientArgument = Pick<Placing, "seed" | "programs" | "perSecond" | "untilMs" | "giveUpAtMs"> & {
  readonly file: string;
  readonly addresses: readonly string[];
};

const { file, addresses, ...timing } = JSON.parse(process.argv[2] ?? "{}") as ClientArgument;
const before = parseEntries(await readFile(file, "utf8").catch(() => ""));
await using ledger = await openLedgerFile(file);
// A server that was killed is back within a second: gRPC's own back-off of up to two minutes would miss that.
const options = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 500 };
const clients = addresses.map((address) => createReportClient(address, credentials.createInsecure(), options));
const inputs = new Map(before.flatMap((entry) => (entry.kind === "uploaded" ? [[entry.request, entry.upload]] : [])));
await placeOrders({ ...timing, clients, ledger, before, inputs });
for (const client of clients) client[Symbol.dispose]();
