// node control-plane/src/golden.ts           writes testdata/translate/*.out.yaml: what every client is about to receive
// node control-plane/src/golden.ts --check   only tells what differs; exit code 1 if anything is wrong
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createEnvoyVerdict } from "./golden/envoy-verdict.ts";
import { runGolden } from "./golden/golden-run.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Set-up names it; without set-up, the one that set-up installed. */
function findEnvoy(): string {
  const named = process.env["WEIR_ENVOY"];
  if (named) return named;
  const installed = globSync(`${root}.weir/envoy/*/envoy/_bin/envoy`).sort().at(-1);
  if (installed === undefined)
    throw new Error("there is no Envoy to show golden outputs to: npm run golden installs one");
  return installed;
}

const check = process.argv.includes("--check");
const envoyVerdict = createEnvoyVerdict({ envoy: findEnvoy(), cache: `${root}.weir/golden` });
const { outputs, changed, wrong } = await runGolden(`${root}control-plane/testdata/translate`, { check, envoyVerdict });
for (const line of [...changed, ...wrong]) process.stdout.write(`${line}\n`);
process.stdout.write(`${outputs} golden outputs, ${changed.length} changed, ${wrong.length} wrong\n`);
if (wrong.length > 0) process.exitCode = 1;
