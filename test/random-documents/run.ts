// npm run random [-- --sets 2000] [--live 200] [--seed N]: random valid documents, shown to the clients.
import { parseArgs } from "node:util";
import { envoyPath } from "../kit/envoy.ts";
import { firstRefused } from "./envoy-batch.ts";
import { proveLive } from "./prove-live.ts";
import { proveSets } from "./prove-sets.ts";

const { values } = parseArgs({
  options: {
    sets: { type: "string", default: "2000" },
    live: { type: "string", default: "200" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? Math.trunc(Math.random() * 2 ** 31));
console.log(`seed ${seed}`);

const { sets, documents, neverMet } = await proveSets({
  seed,
  count: Number(values.sets),
  askEnvoy: (some) => firstRefused(envoyPath(), some),
});
console.log(
  `${sets} sets of ${documents} documents: none is refused by envoy --mode validate or by the Node client's checks`,
);
if (neverMet.length > 0)
  console.log(`${neverMet.length} features of documents were in none:\n  ${neverMet.join("\n  ")}`);

const { nacks, acks, endpoints } = await proveLive({ seed, count: Number(values.live) });
const answers = Object.entries(acks).map(([nodeId, count]) => `${nodeId} ${count}`);
console.log(
  `${values.live} of them live: ${nacks} NACKs; ACKs: ${answers.join(", ")}; ${endpoints} endpoints at the edge`,
);
