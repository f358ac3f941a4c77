import type { Command } from "commander";
import { ageText } from "../lib/age.ts";
import { ApiFailure } from "./api.ts";
import { type Client, type Source, type Store, type Traffic, xdsTypes } from "./api-types.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";
import { watching, watchOption } from "./watching.ts";

type Readiness = { readonly ready: boolean; readonly waitingFor: readonly string[] };

/** `weir status`; exits with 1 when anything is not as it should be. */
export const addStatus: AddCommand = (command, cli) => {
  command
    .addOption(watchOption())
    .action(({ watch }: { readonly watch?: boolean }) =>
      watch
        ? watching(cli, command, ["revision", "clients", "sources"], (watched) => showStatus(watched, command))
        : showStatus(cli, command),
    );
};

async function showStatus(cli: Cli, command: Command): Promise<void> {
  const api = cli.api(command);
  const [{ body: version }, { body: store }, { body: sources }, { body: clients }, { body: traffic }, ready] =
    await Promise.all([
      api.get<{ readonly version: string }>("/version"),
      api.get<Store>("/v1/store"),
      api.get<{ readonly sources: readonly Source[] }>("/v1/sources"),
      api.get<{ readonly clients: readonly Client[] }>("/v1/clients"),
      api.get<Traffic>("/v1/traffic"),
      readiness(() => api.get<Readiness>("/readyz").then(({ body }) => body)),
    ]);
  const late = sources.sources.filter(({ state }) => state !== "current");
  const behind = clients.clients.filter(({ types }) =>
    xdsTypes.some((type) => ["STALE", "ERROR"].includes(types[type].status)),
  );
  const drifting = traffic.rows.filter(({ driftPoints }) => driftPoints !== undefined);
  const seen = clients.clients.filter(({ running }) => running.state === "seen");
  const others = seen.filter(({ running: { differing = 0 } }) => differing > 0);
  const rows: readonly (readonly [string, Cell, string])[] = [
    ["serving", state(ready.ready, ready.ready ? "yes" : "not yet"), ready.waitingFor.join("; ")],
    ["documents", state(store.state === "current", store.state), documentsText(store)],
    [
      "sources",
      state(late.length === 0, `${sources.sources.length - late.length}/${sources.sources.length} current`),
      late.map(({ source }) => source).join(", "),
    ],
    [
      "clients",
      state(behind.length === 0, `${clients.clients.length - behind.length}/${clients.clients.length} in step`),
      behind
        .map(({ nodeId }) => nodeId)
        .slice(0, 5)
        .join(", "),
    ],
    [
      "running",
      noted(
        others.length === 0,
        `${seen.length - others.length}/${clients.clients.length} say they run what is wanted`,
      ),
      others
        .map(({ nodeId }) => nodeId)
        .slice(0, 5)
        .join(", "),
    ],
    [
      "traffic",
      noted(drifting.length === 0, drifting.length === 0 ? "as configured" : `${drifting.length} shares drift`),
      drifting.map(({ service, from, to }) => `${service} ${from} → ${to}`).join(", "),
    ],
  ];
  await print(cli, command, {
    value: { server: api.server, version: version.version, ready, store, sources: sources.sources },
    table: () => ({ columns: ["PART", "STATE", "ABOUT"], rows }),
    names: () => rows.map(([part]) => part),
  });
  if (!ready.ready || store.state !== "current" || late.length > 0 || behind.length > 0) cli.exit(1);
}

function documentsText({ kind, where, revision, ageSeconds, cause }: Store): string {
  const since = cause === undefined ? "" : ` for ${ageText(ageSeconds * 1000)}: ${cause}`;
  return `r${revision}, ${kind === "file" ? "of this process alone" : "shared"}, ${where}${since}`;
}

function state(isWell: boolean, text: string): Cell {
  return { text, style: isWell ? "green" : "red" };
}

/** Worth a look, and no reason to exit with 1: it may be over with the next look. */
function noted(isWell: boolean, text: string): Cell {
  return { text, style: isWell ? "green" : "yellow" };
}

/** Not being ready is an answer too, told by 503. */
async function readiness(ask: () => Promise<Readiness>): Promise<Readiness> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 503) return { ready: false, waitingFor: ["see weir sources"] };
    throw error;
  }
}
