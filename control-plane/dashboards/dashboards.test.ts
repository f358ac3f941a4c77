import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempDisposableSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dashboardJson } from "./dashboard.ts";
import { dashboards } from "./dashboards.ts";
import { filledIn } from "./filled-in.ts";

const prometheus = process.env["WEIR_PROMETHEUS"];
const lacksPrometheus = prometheus
  ? false
  : "there is no promtool here; npm test unpacks Debian's, or name the folder of prometheus and promtool in WEIR_PROMETHEUS";

test("the files are what node control-plane/dashboards/write-dashboards.ts writes", () => {
  for (const [name, dashboard] of Object.entries(dashboards)) {
    const file = JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8"));
    assert.deepEqual(file, JSON.parse(JSON.stringify(dashboardJson(dashboard))), `${name}.json is older`);
  }
});

test("each dashboard can be told a data source, knows the variables that it uses, and no two panels overlap", () => {
  const uids = new Set(Object.values(dashboards).map(({ uid }) => uid));
  assert.equal(uids.size, Object.keys(dashboards).length);
  for (const [name, dashboard] of Object.entries(dashboards)) {
    const { templating, panels } = dashboardJson(dashboard) as {
      templating: { list: readonly { name: string; type: string }[] };
      panels: readonly { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    assert.equal(templating.list[0]?.type, "datasource");
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length, `${name}: panels overlap`);
    assert.ok(cells.every((cell) => Number.parseInt(cell, 10) < 24));
    const known = ["datasource", "__rate_interval", ...dashboard.variables.map(({ name }) => name)];
    const queries = dashboard.rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries));
    for (const { expr } of queries)
      for (const [, variable = ""] of expr.matchAll(/\$(\w+)/g))
        assert.ok(known.includes(variable), `${name}: ${expr} uses $${variable}`);
    for (const { name: variable } of dashboard.variables)
      assert.ok(
        queries.some(({ expr }) => expr.includes(`$${variable}`)),
        `${name}: $${variable} is not used`,
      );
  }
});

test("promtool can read every query", { skip: lacksPrometheus }, () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "weir-dashboards-"));
  const queries = Object.values(dashboards).flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries)),
  );
  const rules = queries.map(({ expr }, index) => ({ record: `query_${index}`, expr: filledIn(expr) }));
  const file = join(folder.path, "queries.yaml");
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ groups: [{ name: "queries", rules }] }));
  const said = execFileSync(join(prometheus ?? "", "promtool"), ["check", "rules", file], {
    encoding: "utf8",
    stdio: "pipe",
  });
  assert.match(said, new RegExp(`${queries.length} rules found`));
});
