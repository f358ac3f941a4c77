import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Registry } from "prom-client";
import { parse } from "yaml";
import { registerGauges } from "../src/telemetry/gauges.ts";
import { createMetrics } from "../src/telemetry/metrics.ts";
import { registerRunningGauges } from "../src/telemetry/running-gauges.ts";
import { registerTrafficGauges } from "../src/telemetry/traffic-gauges.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const here = join(root, "control-plane/rules");
const runbooks = join(root, "docs/operate/runbooks");
const prometheus = process.env["WEIR_PROMETHEUS"];
const lacksPrometheus = prometheus
  ? false
  : "there is no promtool here; npm test unpacks Debian's, or name the folder of prometheus and promtool in WEIR_PROMETHEUS";

type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly description?: string; readonly runbook_url?: string };
};
const { groups } = parse(readFileSync(join(here, "weir.yaml"), "utf8")) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap(({ rules }) => rules);
const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, name: rule.alert }]));
const names = [...new Set(alerts.map(({ name }) => name))];
const testFiles = ["weir.test.yaml", "weir-hours.test.yaml"];

test("promtool finds the rules right, and each fires when it is to and only then", { skip: lacksPrometheus }, () => {
  const promtool = join(prometheus ?? "", "promtool");
  const run = (args: readonly string[]) => execFileSync(promtool, args, { cwd: here, encoding: "utf8", stdio: "pipe" });
  assert.match(run(["check", "rules", "weir.yaml"]), /SUCCESS/);
  assert.match(run(["check", "config", "prometheus.yaml"]), /SUCCESS/);
  assert.doesNotMatch(run(["test", "rules", ...testFiles]), /FAILED/);
});

test("each alert is seen firing in a test", () => {
  const texts = testFiles.map((file) => readFileSync(join(here, file), "utf8")).join("\n");
  assert.deepEqual(
    names.filter((name) => !texts.includes(`alertname="${name}"`)),
    [],
  );
});

test("each alert has a runbook that it names, and each runbook an alert", () => {
  for (const { name, labels, annotations } of alerts) {
    assert.match(labels?.severity ?? "", /^(critical|warning|info)$/, name);
    assert.ok(annotations?.summary && annotations.description, `${name} says what is the matter`);
    assert.equal(annotations.runbook_url, `docs/operate/runbooks/${name}.md`);
    const runbook = readFileSync(join(root, annotations.runbook_url), "utf8");
    const severities = alerts.filter((each) => each.name === name).map(({ labels }) => labels?.severity);
    assert.ok(runbook.startsWith(`# ${name}\n\n*${severities.join(", ")}*\n`), `${name}'s runbook has its severity`);
    for (const part of ["**What it means.**", "**Look at**", "**Do**"])
      assert.ok(runbook.includes(part), `${name}: ${part}`);
  }
  const pages = globSync("*.md", { cwd: runbooks }).map((file) => basename(file, ".md"));
  assert.deepEqual(pages.sort(), [...names].sort());
});

test("docs/operate/alerts.md has a row for each alert, with its severity, and no other", () => {
  const page = readFileSync(join(root, "docs/operate/alerts.md"), "utf8");
  const rows = [...page.matchAll(/^\| \[(\w+)\]\(runbooks\/(\w+)\.md\) \| ([\w, ]+) \|/gm)];
  const expected = names.map((name) => [
    name,
    alerts.flatMap((each) => (each.name === name ? [each.labels?.severity] : [])).join(", "),
  ]);
  assert.deepEqual(
    rows.map(([, name, , severities]) => [name, severities]),
    expected,
  );
});

test("a rule goes only by metrics that the control plane has, Envoy's, and those that the page lists of the report service", () => {
  const registry = new Registry();
  createMetrics(registry);
  registerGauges(registry, () => undefined);
  registerTrafficGauges(registry, () => undefined);
  registerRunningGauges(registry, () => undefined);
  const page = readFileSync(join(root, "docs/operate/alerts.md"), "utf8");
  const known = new Set([
    ...registry.getMetricsAsArray().map(({ name }) => name),
    ...[...page.matchAll(/`((?:report|grpc)_\w+)`/g)].map(([, name = ""]) => name),
    ...rules.flatMap(({ record }) => record ?? []),
  ]);
  const used = rules.flatMap(({ expr }) =>
    [...expr.matchAll(/\b(?:xds|registry|guard|saved|traffic|outlier|running|config|tls|report|grpc)_[\w:]+/g)].map(
      ([name]) => name,
    ),
  );
  const isLabel = (name: string) => ["grpc_status", "grpc_method"].includes(name);
  const isKnown = (name: string) => known.has(name) || known.has(name.replace(/_(bucket|count|sum)$/, ""));
  assert.deepEqual(
    [...new Set(used)].filter((name) => !isLabel(name) && !isKnown(name)),
    [],
  );
});

test("every command that a runbook names is one", () => {
  const program = readFileSync(join(root, "control-plane/src/cli/program.ts"), "utf8");
  const commands = [...program.matchAll(/^ {2}"?([\w-]+)"?: \{/gm)].map(([, name = ""]) => name);
  const aliases = [...program.matchAll(/aliases: \[([^\]]*)\]/g)].flatMap(([, text = ""]) =>
    text.replaceAll('"', "").split(", "),
  );
  const wrong = globSync("*.md", { cwd: runbooks }).flatMap((file) =>
    [...readFileSync(join(runbooks, file), "utf8").matchAll(/`weir (?:--server URL )?([\w-]+)/g)]
      .map(([, command = ""]) => command)
      .filter((command) => ![...commands, ...aliases].includes(command))
      .map((command) => `${file}: weir ${command}`),
  );
  assert.deepEqual(wrong, []);
});
