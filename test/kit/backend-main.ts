// node backend-main.ts ID DATACENTER PORT HOST; reads "fail" and "answer" from stdin, and SIGTERM ends it
// once it has answered what it was asked.
import { createInterface } from "node:readline";
import { startBackend } from "./backend.ts";

const [id = "backend", datacenter = "dc", port = "0", host = "127.0.0.1"] = process.argv.slice(2);
const backend = await startBackend({ id, datacenter, host, port: Number(port) });
process.once("SIGTERM", async () => {
  await backend.finish();
  process.exit();
});
createInterface({ input: process.stdin }).on("line", (line) => backend.fail(line === "fail"));
console.log(JSON.stringify({ ready: true, address: backend.address, port: backend.port }));
