// What package.json's scripts call: node setup/run.mjs <start|test|test:kubernetes|test:garage|test:data-centers|test:zipkin|test:tools|journeys:newcomer|check|golden|load|load:rejected|load:consul|load:translate|load:hostile|load:hostile-reports|load:page|load:reads|load:slow|load:reports|load:report-goals|load:clusters|load:growth|load:forgotten|faults|fuzz|random|ledger|pack|weir> [--envoy PATH] [args…]
// It gets what the target needs and then hands over to it. It runs on Node 18, so that an old Node can get the new one.
import { join } from "node:path";
import { root } from "./folders.mjs";
import { handOver } from "./hand-over.mjs";
import { nodeFlags } from "./node-flags.mjs";
import { describeMissing } from "./part.mjs";
import { prepare } from "./prepare.mjs";

/** @type {Record<string, { needs: import("./prepare.mjs").Needs, script: string, args: readonly string[] }>} */
const targets = {
  start: { needs: { envoy: "wanted", consul: "no" }, script: "control-plane/src/main.ts", args: ["demo"] },
  weir: { needs: { envoy: "if-there", consul: "no" }, script: "control-plane/src/main.ts", args: [] },
  golden: { needs: { envoy: "required", consul: "no" }, script: "control-plane/src/golden.ts", args: [] },
  load: { needs: { envoy: "no", consul: "no" }, script: "test/load/run.ts", args: [] },
  "load:rejected": { needs: { envoy: "required", consul: "no" }, script: "test/load/rejected.ts", args: [] },
  "load:consul": { needs: { envoy: "required", consul: "required" }, script: "test/load/consul.ts", args: [] },
  "load:reads": {
    needs: { envoy: "no", consul: "no", redis: "wanted" },
    script: "test/load/report-reads/run.ts",
    args: [],
  },
  "load:page": {
    needs: { envoy: "required", consul: "no", chromium: "required" },
    script: "test/load/page/run.ts",
    args: [],
  },
  "load:slow": { needs: { envoy: "no", consul: "no" }, script: "test/load/slow-readers.ts", args: [] },
  "load:translate": { needs: { envoy: "no", consul: "no" }, script: "test/load/translate.ts", args: [] },
  "load:hostile": { needs: { envoy: "no", consul: "no" }, script: "test/hostile/table.ts", args: [] },
  "load:reports": {
    needs: { envoy: "required", consul: "no", postgres: "wanted" },
    script: "test/load/report-cost/run.ts",
    args: [],
  },
  "load:report-goals": {
    needs: { envoy: "no", consul: "no", postgres: "wanted" },
    script: "test/load/report-cost/goals.ts",
    args: [],
  },
  "load:clusters": { needs: { envoy: "no", consul: "no" }, script: "test/load/report-clusters/run.ts", args: [] },
  "load:growth": {
    needs: { envoy: "no", consul: "no", postgres: "required" },
    script: "test/load/report-growth/run.ts",
    args: [],
  },
  "load:hostile-reports": {
    needs: { envoy: "no", consul: "no" },
    script: "report-service/test/hostile/storm-main.ts",
    args: [],
  },
  "load:forgotten": {
    needs: { envoy: "no", consul: "no", postgres: "required" },
    script: "test/load/report-growth/forgotten.ts",
    args: [],
  },
  faults: { needs: { envoy: "required", consul: "required" }, script: "test/faults/suite/run.ts", args: [] },
  fuzz: { needs: { envoy: "no", consul: "no" }, script: "test/fuzz/run.ts", args: [] },
  random: { needs: { envoy: "required", consul: "no" }, script: "test/random-documents/run.ts", args: [] },
  ledger: {
    needs: { envoy: "no", consul: "no", postgres: "if-there", kafka: "if-there" },
    script: "test/ledger/run.ts",
    args: [],
  },
  journeys: { needs: { envoy: "required", consul: "no" }, script: "test/journeys/prediction/run.ts", args: [] },
  "journeys:newcomer": { needs: { envoy: "no", consul: "no" }, script: "test/journeys/newcomer/run.ts", args: [] },
  pack: { needs: { envoy: "no", consul: "no" }, script: "packages/pack.ts", args: [] },
  check: {
    needs: {
      envoy: "required",
      consul: "no",
      postgres: "wanted",
      redis: "wanted",
      seaweedfs: "wanted",
      prometheus: "wanted",
    },
    script: "setup/check.mjs",
    args: [],
  },
  test: {
    needs: {
      envoy: "required",
      consul: "required",
      kubernetes: "if-there",
      garage: "if-there",
      grpcurl: "if-there",
      postgres: "wanted",
      redis: "wanted",
      seaweedfs: "wanted",
      prometheus: "wanted",
      kafka: "wanted",
      cassandra: "wanted",
      chromium: "wanted",
    },
    script: "setup/check.mjs",
    args: ["--all"],
  },
  "test:brokers": {
    needs: { envoy: "no", consul: "no", kafka: "required", rabbitmq: "required" },
    script: "setup/check.mjs",
    args: ["--all", "src/kafka/", "src/rabbitmq/", "test/brokers/"],
  },
  "test:cassandra": {
    needs: { envoy: "no", consul: "no", cassandra: "required" },
    script: "setup/check.mjs",
    args: ["--all", "src/cassandra/"],
  },
  "test:garage": {
    needs: { envoy: "no", consul: "no", garage: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/garage/"],
  },
  "test:data-centers": {
    needs: { envoy: "no", consul: "no", postgres: "required", kafka: "required", seaweedfs: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/data-centers/"],
  },
  "test:zipkin": {
    needs: { envoy: "required", consul: "no", zipkin: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/zipkin/"],
  },
  "test:tools": {
    needs: { envoy: "required", consul: "no", prometheus: "required", grpcurl: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/docs/", "test/journeys/stock-tools"],
  },
  "test:kubernetes": {
    needs: { envoy: "required", consul: "no", kubernetes: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/kubernetes/"],
  },
};

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
handOver(prepared.node, [...nodeFlags, join(root, target.script), ...target.args, ...rest], prepared.env);
