import { Gauge, type Registry } from "prom-client";
import type { Running } from "../running/running.ts";
import type { ClientView } from "../serve/clients.ts";

/** What the gauges of what clients say of themselves are read from, at each scrape. */
export type RunningReadings = {
  clients(): readonly ClientView[];
  readonly running: Pick<Running, "client" | "ejections">;
};

/** Gauges of ejections and panic as clients tell them, and of how many clients can be asked. */
export function registerRunningGauges(registry: Registry, readings: () => RunningReadings | undefined): void {
  const registers = [registry];
  new Gauge({
    name: "outlier_ejections",
    help: "Endpoints that clients ejected (enforced), or would and may not (suppressed); of the clients that can be asked.",
    labelNames: ["service", "locality", "state"],
    registers,
    collect() {
      this.reset();
      for (const { service, locality, state } of readings()?.running.ejections().endpoints ?? [])
        this.inc({ service, locality, state });
    },
  });
  new Gauge({
    name: "outlier_panic_clients",
    help: "Clients that use all endpoints of a service, as too few are healthy; of the clients that can be asked.",
    labelNames: ["service"],
    registers,
    collect() {
      this.reset();
      for (const { service, clients } of readings()?.running.ejections().panics ?? []) this.set({ service }, clients);
    },
  });
  new Gauge({
    name: "running_clients",
    help: "Connected clients by whether they tell what they run: seen, unseen, waiting or unasked; differs: seen, and it is not what they ACKed.",
    labelNames: ["state"],
    registers,
    collect() {
      this.reset();
      const from = readings();
      for (const client of from?.clients() ?? []) {
        const state = from?.running.client(client);
        if (state === undefined) continue;
        this.inc({ state: state.kind });
        if (state.kind !== "seen") continue;
        const differs = state.look.differing.some(
          ({ type, name, comparedWith }) => client.resource(type, name)?.held === comparedWith,
        );
        if (differs) this.inc({ state: "differs" });
      }
    },
  });
}
