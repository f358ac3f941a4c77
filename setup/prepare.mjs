import { delimiter, dirname } from "node:path";
import { findConsul } from "./consul.mjs";
import { findEnvoy } from "./envoy.mjs";
import { weirFolder } from "./folders.mjs";
import { findKafka } from "./kafka.mjs";
import { findKubernetes } from "./kubernetes.mjs";
import { findNode } from "./node-runtime.mjs";
import { installPackages } from "./npm-packages.mjs";
import { findRedis } from "./redis.mjs";
import { say } from "./say.mjs";

/**
 * What a target needs of a part: `required` ends set-up without it, `wanted` installs it if that can be done, `if-there`
 * only looks.
 * @typedef {"required" | "wanted" | "if-there" | "no"} Need
 * @typedef {{ readonly envoy: Need, readonly consul: Need, readonly kubernetes?: Need, readonly redis?: Need, readonly kafka?: Need }} Needs
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
  const { kubernetes: ofKubernetes = "no", redis: ofRedis = "no", kafka: ofKafka = "no" } = needs;
  const [packages, envoy, consul, kubernetes, redis, kafka] = await Promise.all([
    installPackages(),
    needs.envoy === "no" ? undefined : findEnvoy({ flag: envoyFlag, install: needs.envoy !== "if-there" }),
    needs.consul === "no" ? undefined : findConsul(),
    ofKubernetes === "no" ? undefined : findKubernetes({ install: ofKubernetes !== "if-there" }),
    ofRedis === "no" ? undefined : findRedis(),
    ofKafka === "no" ? undefined : findKafka(),
  ]);
  const node = findNode();
  const lacking = [
    packages,
    packages || node.kind === "found" ? undefined : node,
    needs.envoy === "required" || (envoyFlag && envoy?.kind === "missing") ? envoy : undefined,
    needs.consul === "required" ? consul : undefined,
    ofKubernetes === "required" ? kubernetes : undefined,
    ofKafka === "required" ? kafka : undefined,
  ].flatMap((part) => (part?.kind === "missing" ? [part] : []));
  if (lacking.length > 0 || node.kind === "missing") return { kind: "not-ready", missing: lacking };
  if (needs.envoy === "wanted" && envoy?.kind === "missing") {
    say(`going on without Envoy: ${envoy.why}\n  remedy: ${envoy.remedy}`);
  }
  if (kafka?.kind === "missing") say(`going on without Kafka: ${kafka.why}\n  remedy: ${kafka.remedy}`);
  if (redis?.kind === "missing") say(`going on without Redis: ${redis.why}\n  remedy: ${redis.remedy}`);
  return { kind: "ready", node: node.path, env: environment(node.path, { envoy, consul, kubernetes, redis, kafka }) };
}

/**
 * @param {string} node
 * @param {Readonly<Record<"envoy" | "consul" | "kubernetes" | "redis" | "kafka", import("./part.mjs").Part | undefined>>} parts
 * @returns {NodeJS.ProcessEnv}
 */
function environment(node, { envoy, consul, kubernetes, redis, kafka }) {
  return {
    ...process.env,
    PATH: [dirname(node), process.env.PATH].join(delimiter),
    // Node keeps the stripped and compiled TypeScript here.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? weirFolder("compile-cache"),
    ...(envoy?.kind === "found" && { WEIR_ENVOY: envoy.path }),
    ...(consul?.kind === "found" && { WEIR_CONSUL: consul.path }),
    ...(kubernetes?.kind === "found" && { WEIR_KUBERNETES: kubernetes.path }),
    ...(redis?.kind === "found" && { WEIR_REDIS: redis.path }),
    ...(kafka?.kind === "found" && { WEIR_KAFKA: kafka.path }),
  };
}
