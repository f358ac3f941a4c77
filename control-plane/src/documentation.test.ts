import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Registry } from "prom-client";
import { settings } from "./config/settings.ts";
import { openapiDocument } from "./operator/openapi.ts";
import { startTestParts } from "./operator/testing.ts";
import { registerGauges } from "./telemetry/gauges.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import { registerRunningGauges } from "./telemetry/running-gauges.ts";
import { registerTrafficGauges } from "./telemetry/traffic-gauges.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = (name: string) => readFileSync(join(root, name), "utf8");
const notIn = (name: string, wanted: readonly string[]) => wanted.filter((each) => !page(name).includes(each));

test("docs/operating.md names every setting and every metric", () => {
  const registry = new Registry();
  createMetrics(registry);
  registerGauges(registry, () => undefined);
  registerTrafficGauges(registry, () => undefined);
  registerRunningGauges(registry, () => undefined);
  const metrics = registry.getMetricsAsArray().map(({ name }) => `\`${name}\``);
  const flags = settings.map(({ flag }) => `\`${flag}`);
  assert.deepEqual(notIn("docs/operating.md", [...flags, ...metrics]), []);
});

test("docs/api.md names every route", async () => {
  await using weir = await startTestParts();
  const { paths } = (await openapiDocument({ parts: weir.parts, closing: AbortSignal.timeout(60_000) })) as {
    readonly paths: Readonly<Record<string, unknown>>;
  };
  // `/v1/services/{name}/endpoints` stands there as `/v1/services/report/endpoints` or `/v1/services/$S/endpoints`; the kinds of documents are alike.
  const isDocument = /^\/v1\/(services|trafficPolicies|routes|patches|drains)(\/\{name\}(\/description)?)?$/;
  const text = page("docs/api.md");
  const missing = Object.keys(paths).filter((path) => !isDocument.test(path) && !patternOf(path).test(text));
  assert.deepEqual(missing, []);
});

function patternOf(path: string): RegExp {
  return new RegExp(`${path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll(/\{\w+\}/g, "[$]?[\\w-]+")}(?![\\w/:])`);
}

test("docs/operating.md names every command", async () => {
  const commands = [
    ...readFileSync(join(root, "control-plane/src/cli/program.ts"), "utf8").matchAll(/^ {2}(\w+): \{/gm),
  ];
  assert.ok(commands.length > 10, "the commands of program.ts");
  const names = commands.map(([, name = ""]) => `weir ${name === "client" ? "proxy" : name}`);
  assert.deepEqual(notIn("docs/operating.md", names), []);
});

test("every link between pages leads to a page and a heading of it", () => {
  const pages = ["*.md", "docs/**/*.md", "changes/*.md", "*/README.md"].flatMap((each) =>
    globSync(each, { cwd: root }),
  );
  const wrong = pages
    .filter((each) => !each.includes("node_modules"))
    .flatMap((each) =>
      [...page(each).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(([, path = "", heading]) => {
        const target = path === "" ? each : join(dirname(each), path);
        if (!existsSync(join(root, target))) return [`${each}: ${target} is not there`];
        if (heading === undefined || headingsOf(target).includes(heading)) return [];
        return [`${each}: ${target} has no heading #${heading}`];
      }),
    );
  assert.deepEqual(wrong, []);
});

/** As GitHub makes anchors of them. */
function headingsOf(name: string): readonly string[] {
  return [...page(name).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
