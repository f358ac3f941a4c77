// node traffic-main.ts TARGET PER-SECOND: sends requests until it is ended, and writes what became of each as a line of JSON.
import { connectEcho, say } from "../../kit/echo.ts";

const [target = "", perSecond = "100"] = process.argv.slice(2);
const client = connectEcho(target, { "grpc.default_authority": "report" });
const start = performance.now();
let sent = 0;
setInterval(() => {
  // By the clock and not by ticks: a late tick sends what it is late with.
  const due = Math.floor(((performance.now() - start) / 1_000) * Number(perSecond));
  for (; sent < due; sent += 1) void say(client).then((record) => process.stdout.write(`${JSON.stringify(record)}\n`));
}, 5);
