import type { DemoClient } from "./clients.ts";
import { shareOf, slotMs } from "./ledger.ts";
import type { TrafficRow } from "./operator-api.ts";
import type { Stage } from "./stage.ts";
import type { ClientView, DemoEvent, ReportsView, View } from "./view.ts";
import { weightsFor } from "./weights.ts";

const windowMs = 10_000;

/** The present state of the demo, as the table shows it. */
export function viewOf(
  { admin, crowd, datacenters }: Pick<Stage, "admin" | "crowd" | "datacenters">,
  {
    rows,
    queues,
    events,
    upForMs,
  }: {
    readonly rows: readonly TrafficRow[];
    readonly queues: ReportsView["queues"];
    readonly events: readonly DemoEvent[];
    readonly upForMs: number;
  },
): View {
  const to = crowd.ledger.newest() + slotMs;
  const from = Math.max(crowd.ledger.oldest(), to - windowMs);
  const seconds = Math.max(1, (to - from) / 1000);

  const clientView = ({ name, kind, datacenter, zone }: DemoClient): ClientView => {
    const outcome = crowd.ledger.outcome(name, { from, to });
    const weights = weightsFor(rows, { region: datacenter, zone, subZone: "" });
    return {
      name,
      kind,
      datacenter,
      rows: datacenters.names.map((region) => {
        const { ok, errors } = outcome?.regions.get(region) ?? { ok: 0, errors: 0 };
        return {
          configured: weights.get(region),
          observed: outcome ? shareOf(outcome, region) : 0,
          requestsPerSecond: (ok + errors) / seconds,
          errors,
        };
      }),
      unanswered: outcome?.regions.get("")?.errors ?? 0,
    };
  };
  const clients = crowd.clients.map(clientView);
  const { succeeded, failed } = crowd.sums();
  return {
    admin,
    upForMs,
    datacenters: datacenters.states(),
    clients,
    requestsPerSecond: clients.reduce(
      (sum, { rows, unanswered }) => rows.reduce((all, row) => all + row.requestsPerSecond, sum) + unanswered / seconds,
      0,
    ),
    errors: crowd.ledger.errors(),
    reports: { queues, done: succeeded, failed },
    events,
  };
}
