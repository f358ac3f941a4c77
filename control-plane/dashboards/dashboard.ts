/** A query of Prometheus with Grafana's variables in it, and how its series are called. */
export type Query = { readonly expr: string; readonly legend?: string };

export type Panel = {
  readonly kind: "stat" | "timeseries";
  readonly title: string;
  /** One sentence for who does not know the metric. */
  readonly says?: string;
  /** https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts */
  readonly unit: "short" | "s" | "ms" | "percentunit" | "reqps" | "ops" | "bytes" | "Bps";
  readonly queries: readonly Query[];
  /** There is nothing to see while all is well, or where the feature is not used. */
  readonly mayBeEmpty?: boolean;
};

export type Dashboard = {
  readonly uid: string;
  readonly title: string;
  /** Beside the data source: a name and the PromQL that lists its values, e.g. `label_values(up, instance)`. */
  readonly variables: readonly { readonly name: string; readonly query: string }[];
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
};

type Place = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };

const datasource = { type: "prometheus", uid: "$datasource" } as const;
/** Grafana's grid has so many columns. */
const columns = 24;
const sizes = { stat: { w: 4, h: 4 }, timeseries: { w: 8, h: 8 } } as const;

/** The JSON that Grafana imports: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
export function dashboardJson({ uid, title, variables, rows }: Dashboard): object {
  return {
    ...{ uid, title, tags: ["weir"], timezone: "browser", editable: true, schemaVersion: 39, version: 1 },
    ...{ time: { from: "now-1h", to: "now" }, refresh: "10s", graphTooltip: 1 },
    templating: { list: [dataSourceVariable, ...variables.map(variableJson)] },
    annotations: { list: [] },
    panels: placed(rows).map(({ id, at, panel }) =>
      typeof panel === "string"
        ? { id, type: "row", title: panel, collapsed: false, gridPos: at, panels: [] }
        : panelJson(id, at, panel),
    ),
  };
}

const dataSourceVariable = { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" };

function variableJson({ name, query }: Dashboard["variables"][number]): object {
  return {
    ...{ name, type: "query", datasource, query: { query, refId: name }, refresh: 2, sort: 1 },
    ...{ multi: true, includeAll: true, allValue: ".*", current: { text: "All", value: "$__all" } },
  };
}

/** Each row under the one before, its panels side by side as they fit. */
function placed(rows: Dashboard["rows"]): readonly { id: number; at: Place; panel: string | Panel }[] {
  const all: { id: number; at: Place; panel: string | Panel }[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    all.push({ id: all.length + 1, at: { x: 0, y, w: columns, h: 1 }, panel: title });
    y += 1;
    let [x, height] = [0, 0];
    for (const panel of panels) {
      const { w, h } = sizes[panel.kind];
      if (x + w > columns) [x, y, height] = [0, y + height, 0];
      all.push({ id: all.length + 1, at: { x, y, w, h }, panel });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return all;
}

function panelJson(id: number, gridPos: Place, { kind, title, says, unit, queries }: Panel): object {
  const options =
    kind === "stat"
      ? { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, colorMode: "value", graphMode: "area" }
      : { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } };
  return {
    ...{ id, type: kind, title, gridPos, datasource, options, ...(says !== undefined && { description: says }) },
    fieldConfig: { defaults: { unit, min: 0, custom: kind === "stat" ? {} : { fillOpacity: 10 } }, overrides: [] },
    targets: queries.map(({ expr, legend }, index) => ({
      ...{ refId: String.fromCharCode(65 + index), datasource, expr, legendFormat: legend ?? "" },
      ...(kind === "stat" ? { instant: true, range: false } : { range: true }),
    })),
  };
}
