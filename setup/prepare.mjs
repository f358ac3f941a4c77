import { delimiter, dirname } from "node:path";
import { findCassandra } from "./cassandra.mjs";
import { findChromium } from "./chromium.mjs";
import { findConsul } from "./consul.mjs";
import { findEnvoy } from "./envoy.mjs";
import { weirFolder } from "./folders.mjs";
import { findGarage } from "./garage.mjs";
import { findGrpcurl } from "./grpcurl.mjs";
import { findKafka } from "./kafka.mjs";
import { findKubernetes } from "./kubernetes.mjs";
import { findNode } from "./node-runtime.mjs";
import { installPackages } from "./npm-packages.mjs";
import { findPostgres } from "./postgres.mjs";
import { findPrometheus } from "./prometheus.mjs";
import { findRabbitmq } from "./rabbitmq.mjs";
import { findRedis } from "./redis.mjs";
import { say } from "./say.mjs";
import { findSeaweedfs } from "./seaweedfs.mjs";
import { findZipkin } from "./zipkin.mjs";

/**
 * Parts that all go by the same rules: what finds or installs each, and the variable that tells where it is.
 * @type {Readonly<Record<string, { find: (install: boolean) => Promise<import("./part.mjs").Part>, variable: string }>>}
 */
const optionalParts = {
  kubernetes: { find: (install) => findKubernetes({ install }), variable: "WEIR_KUBERNETES" },
  postgres: { find: findPostgres, variable: "WEIR_POSTGRES" },
  redis: { find: findRedis, variable: "WEIR_REDIS" },
  prometheus: { find: findPrometheus, variable: "WEIR_PROMETHEUS" },
  cassandra: { find: findCassandra, variable: "WEIR_CASSANDRA" },
  kafka: { find: findKafka, variable: "WEIR_KAFKA" },
  rabbitmq: { find: findRabbitmq, variable: "WEIR_RABBITMQ" },
  seaweedfs: { find: findSeaweedfs, variable: "WEIR_SEAWEEDFS" },
  chromium: { find: findChromium, variable: "WEIR_CHROMIUM" },
  zipkin: { find: findZipkin, variable: "WEIR_ZIPKIN" },
  garage: { find: (install) => findGarage({ install }), variable: "WEIR_GARAGE" },
  grpcurl: { find: (install) => findGrpcurl({ install }), variable: "WEIR_GRPCURL" },
};

/**
 * What a target needs of a part: `required` ends set-up without it, `wanted` installs it if that can be done, `if-there`
 * only looks.
 * @typedef {"required" | "wanted" | "if-there" | "no"} Need
 * @typedef {{ readonly envoy: Need, readonly consul: Need } & { readonly [part: string]: Need }} Needs
 * @typedef {{ readonly kind: "ready", readonly node: string, readonly env: NodeJS.ProcessEnv }} Ready
 * @typedef {{ readonly kind: "not-ready", readonly missing: readonly import("./part.mjs").Missing[] }} NotReady
 */

/**
 * Gets what is needed, side by side, and says with which Node and which variables Weir is to be run.
 * @param {Needs} needs
 * @param {string | undefined} envoyFlag
 * @returns {Promise<Ready | NotReady>}
 */
export async function prepare(needs, envoyFlag) {
  const misnamed = await findMisnamed(needs, envoyFlag);
  if (misnamed.length > 0) return { kind: "not-ready", missing: misnamed };
  const [packages, envoy, consul, ...others] = await Promise.all([
    installPackages(),
    needs.envoy === "no" ? undefined : findEnvoy({ flag: envoyFlag, install: needs.envoy !== "if-there" }),
    needs.consul === "no" ? undefined : findConsul(),
    ...Object.entries(optionalParts).map(([name, part]) => findOptional(part, needs[name] ?? "no")),
  ]);
  const node = findNode();
  const lacking = [
    packages,
    packages || node.kind === "found" ? undefined : node,
    needs.envoy === "required" || (envoyFlag && envoy?.kind === "missing") ? envoy : undefined,
    needs.consul === "required" ? consul : undefined,
    ...others.flatMap(({ need, part }) => (need === "required" ? [part] : [])),
  ].flatMap((part) => (part?.kind === "missing" ? [part] : []));
  if (lacking.length > 0 || node.kind === "missing") return { kind: "not-ready", missing: lacking };
  for (const { need, part } of [{ need: needs.envoy, part: envoy }, ...others]) {
    if (need === "wanted" && part?.kind === "missing")
      say(`going on without ${part.what}: ${part.why}\n  remedy: ${part.remedy}`);
  }
  const variables = others.map(({ variable, part }) => (part?.kind === "found" ? { [variable]: part.path } : {}));
  return { kind: "ready", node: node.path, env: environment(node.path, { envoy, consul }, variables) };
}

/**
 * What is required, and was named by somebody, and is not there: no download would mend that, so none is begun.
 * @param {Needs} needs
 * @param {string | undefined} envoyFlag
 * @returns {Promise<readonly import("./part.mjs").Missing[]>}
 */
async function findMisnamed(needs, envoyFlag) {
  const asked = [
    {
      named: envoyFlag ?? process.env.WEIR_ENVOY,
      need: envoyFlag ? "required" : needs.envoy,
      find: () => findEnvoy({ flag: envoyFlag, install: false }),
    },
    { named: process.env.WEIR_CONSUL, need: needs.consul, find: findConsul },
    ...Object.entries(optionalParts).map(([name, { find, variable }]) => {
      return { named: process.env[variable], need: needs[name], find: () => find(false) };
    }),
  ];
  const parts = await Promise.all(asked.map(({ named, need, find }) => named && need === "required" && find()));
  return parts.flatMap((part) => (part && part.kind === "missing" ? [part] : []));
}

/**
 * @param {{ find: (install: boolean) => Promise<import("./part.mjs").Part>, variable: string }} part
 * @param {Need} need
 */
async function findOptional({ find, variable }, need) {
  return { variable, need, part: need === "no" ? undefined : await find(need !== "if-there") };
}

/**
 * @param {string} node
 * @param {Readonly<Record<"envoy" | "consul", import("./part.mjs").Part | undefined>>} parts
 * @param {readonly NodeJS.ProcessEnv[]} others
 * @returns {NodeJS.ProcessEnv}
 */
function environment(node, { envoy, consul }, others) {
  return {
    ...process.env,
    PATH: [dirname(node), process.env.PATH].join(delimiter),
    // Node keeps the stripped and compiled TypeScript here.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? weirFolder("compile-cache"),
    ...(envoy?.kind === "found" && { WEIR_ENVOY: envoy.path }),
    ...(consul?.kind === "found" && { WEIR_CONSUL: consul.path }),
    ...Object.assign({}, ...others),
  };
}
