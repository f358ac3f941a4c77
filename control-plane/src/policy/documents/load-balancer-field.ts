import { z } from "zod";
import type { LoadBalancer } from "../../model/policy.ts";
import { together, withDefault } from "./document-fields.ts";
import { exactlyOneHashSource, hashSourceFields, hashSourcesOf } from "./hash-source-field.ts";
import { isJsonObject, type JsonObject } from "./plain-json.ts";

/** Envoy's and grpc-js's own limit. */
const largestRing = 8_388_608;
const ringSize = z.int().min(1).max(largestRing);

export const loadBalancer = together(
  z.strictObject({
    type: withDefault(
      z.enum(["RoundRobin", "LeastRequest", "RingHash"]),
      "LeastRequest",
      "How an endpoint is chosen. gRPC clients without least request use round robin.",
    ),
    choices: z
      .int()
      .min(2)
      .max(100)
      .optional()
      .describe("LeastRequest only: of so many random endpoints the one with the fewest requests. Default: 2."),
    consistentHash: exactlyOneHashSource(
      z.strictObject({
        ...hashSourceFields,
        minimumRingSize: withDefault(ringSize, 1024, "Entries at least."),
        maximumRingSize: withDefault(
          ringSize,
          largestRing,
          "Entries at most; gRPC clients stay below 4096 themselves.",
        ),
      }),
    )
      .optional()
      .describe(
        "RingHash only, and needed there: what decides, one of header, cookie, sourceAddress, method, firstOf.",
      ),
  }),
  fieldsOfOtherTypes,
);

/** What `spec.loadBalancer` says. */
export function loadBalancerOf({ type, choices, consistentHash }: z.output<typeof loadBalancer>): LoadBalancer {
  if (type === "RoundRobin") return { kind: "round-robin" };
  if (consistentHash) {
    const { minimumRingSize, maximumRingSize, ...sources } = consistentHash;
    return { kind: "ring-hash", hashOn: hashSourcesOf(sources), minimumRingSize, maximumRingSize };
  }
  return { kind: "least-request", choices: choices ?? 2 };
}

function fieldsOfOtherTypes({ type, choices, consistentHash: hash }: JsonObject) {
  const found: { readonly path: string[]; readonly says: string }[] = [];
  if (choices !== undefined && type !== "LeastRequest")
    found.push({ path: ["choices"], says: `is for LeastRequest, not ${type}` });
  if (hash !== undefined && type !== "RingHash")
    found.push({ path: ["consistentHash"], says: `is for RingHash, not ${type}` });
  if (hash === undefined && type === "RingHash")
    found.push({ path: [], says: "RingHash needs consistentHash: {header: …}, the header whose value decides" });
  const [least, most] = isJsonObject(hash) ? [hash["minimumRingSize"], hash["maximumRingSize"]] : [];
  if (typeof least === "number" && typeof most === "number" && least > most)
    found.push({ path: ["consistentHash", "minimumRingSize"], says: `${least} is more than maximumRingSize ${most}` });
  return found;
}
