// What package.json's scripts call: node setup/run.mjs TARGET [--envoy PATH] [args…], TARGET being one of targets.mjs
// It gets what the target needs and then hands over to it. It runs on Node 18, so that an old Node can get the new one.
import { join } from "node:path";
import { root } from "./folders.mjs";
import { handOver } from "./hand-over.mjs";
import { nodeFlags } from "./node-flags.mjs";
import { describeMissing } from "./part.mjs";
import { prepare } from "./prepare.mjs";
import { targets } from "./targets.mjs";

/**
 * Takes `--envoy PATH` or `--envoy=PATH` out of the arguments.
 * @param {readonly string[]} args
 */
function takeEnvoyFlag(args) {
  const at = args.findIndex((arg) => arg === "--envoy" || arg.startsWith("--envoy="));
  if (at < 0) return { envoy: undefined, rest: args };
  const joined = args[at]?.startsWith("--envoy=");
  const envoy = joined ? args[at]?.slice("--envoy=".length) : (args[at + 1] ?? "");
  return { envoy, rest: [...args.slice(0, at), ...args.slice(at + (joined ? 1 : 2))] };
}

const [name = "", ...given] = process.argv.slice(2);
const target = targets[name];
if (!target) {
  process.stderr.write(`"${name}" is not one of ${Object.keys(targets).join(", ")}\n`);
  process.exit(2);
}
const { envoy, rest } = takeEnvoyFlag(given);
const prepared = await prepare(target.needs, envoy);
if (prepared.kind === "not-ready") {
  process.stderr.write(`${describeMissing(prepared.missing)}\n`);
  process.exit(1);
}
handOver(prepared.node, [...nodeFlags, join(root, target.script), ...target.args, ...rest], {
  ...prepared.env,
  ...target.env,
});
