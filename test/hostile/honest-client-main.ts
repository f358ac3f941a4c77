// A correct client in a process of its own, so that it can be stopped: node test/hostile/honest-client-main.ts 127.0.0.1:18000 NODE
import { until } from "../kit/wait.ts";
import { connectHonest } from "./honest-client.ts";

const [address = "", nodeId = ""] = process.argv.slice(2);
const [host = "", port = ""] = address.split(":");
const client = connectHonest({ host, port: Number(port) }, nodeId);
await until(() => client.held("cluster-00000") !== undefined, { within: 10_000, what: "the first endpoints" });
console.log(JSON.stringify({ ready: true }));
