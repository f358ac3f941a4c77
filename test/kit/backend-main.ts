// node backend-main.ts ID DATACENTER PORT; reads "fail" and "answer" from stdin, and SIGTERM ends it.
import { createInterface } from "node:readline";
import { startBackend } from "./backend.ts";

const [id = "backend", datacenter = "dc", port = "0"] = process.argv.slice(2);
const backend = await startBackend({ id, datacenter, port: Number(port) });
createInterface({ input: process.stdin }).on("line", (line) => backend.fail(line === "fail"));
console.log(JSON.stringify({ ready: true, address: backend.address, port: backend.port }));
