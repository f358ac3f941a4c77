import { ageText } from "../lib/age.ts";
import { type Client, type RunningClient, type TypeStatus, xdsTypes } from "./api-types.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { addClientResources } from "./client-resources.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";

/** `weir proxy status [ID]`; exits with 1 when a client is not in step. */
export const addClient: AddCommand = (command, cli) => {
  addClientResources(command, cli);
  addCost(command, cli);
  const status = command
    .command("status")
    .description("every client with its state per type and how long that lasts")
    .argument("[id]", "only this one")
    .action(async (id: string | undefined) => {
      const clients = await clientsOf(cli, status, id);
      await print(cli, status, {
        value: { clients },
        table: () => ({ columns, rows: clients.map(row) }),
        wide: () => ({
          columns: [...columns, ...wideColumns],
          rows: clients.map((each) => [...row(each), ...wideCells(each)]),
        }),
        names: () => clients.map(({ nodeId }) => nodeId),
        notes: () => clients.flatMap((client) => [...rejections(client), ...passedOver(client)]),
      });
      if (clients.some(({ types }) => xdsTypes.some((type) => ["STALE", "ERROR"].includes(types[type].status))))
        cli.exit(1);
    });
};

/** `weir proxy cost [ID]`. */
const addCost: AddCommand = (command, cli) => {
  const cost = command
    .command("cost")
    .description("what each client's streams have cost since they were opened")
    .argument("[id]", "only this one")
    .action(async (id: string | undefined) => {
      const clients = await clientsOf(cli, cost, id);
      await print(cli, cost, {
        value: {
          clients: clients.map(({ nodeId, connectedSeconds, cost }) => ({ nodeId, connectedSeconds, ...cost })),
        },
        table: () => ({ columns: costColumns, rows: clients.map(costRow) }),
        names: () => clients.map(({ nodeId }) => nodeId),
      });
    });
};

const right = (name: string) => ({ name, align: "right" as const });
const costColumns = ["CLIENT", "CONNECTED", ...["REQUESTS", "RESPONSES", "KB SENT", "ACKS", "NACKS"].map(right)];

function costRow({ nodeId, connectedSeconds, cost }: Client): readonly Cell[] {
  const { requests, responses, responseBytes, acks, nacks } = cost;
  const numbers = [requests, responses, Math.ceil(responseBytes / 1024), acks, nacks];
  return [nodeId, ageText(connectedSeconds * 1000), ...numbers.map(String)];
}

async function clientsOf(
  cli: Cli,
  command: Parameters<Cli["api"]>[0],
  id: string | undefined,
): Promise<readonly Client[]> {
  const api = cli.api(command);
  if (id === undefined) return (await api.get<{ clients: readonly Client[] }>("/v1/clients")).body.clients;
  if (id === "") throw new CliError("which client? `weir proxy status` lists their ids");
  return [(await api.get<Client>(`/v1/clients/${encodeURIComponent(id)}`)).body];
}

const columns = ["CLIENT", "KIND", "ROLE", "LOCALITY", ...xdsTypes, "RUNNING", "PROTOCOL", "VERSION"];

function row({ nodeId, kind, role, locality, types, running, protocol, agent }: Client): readonly Cell[] {
  const states = [...xdsTypes.map((type) => cell(types[type])), runningCell(running)];
  return [nodeId, kind, role, locality || "-", ...states, protocol, agent];
}

const wideColumns = ["CLUSTER", "PEER", "CONNECTED", "VIEWER"];

function wideCells({ cluster, peer, connectedSeconds, viewer }: Client): readonly Cell[] {
  return [cluster || "-", peer, ageText(connectedSeconds * 1000), viewer];
}

const styles = { SYNCED: "green", STALE: "yellow", ERROR: "red", NOT_SENT: "dim" } as const;

function cell({ status, ageSeconds }: TypeStatus): Cell {
  const text = status === "NOT_SENT" ? status : `${status} (${ageText(ageSeconds * 1000)})`;
  return { text, style: styles[status] };
}

/** What the client itself says, as far as it can be asked; `-` where nobody asks. */
function runningCell({ state, ageSeconds = 0, differing = 0, extra = [] }: RunningClient): Cell {
  const age = ageText(ageSeconds * 1000);
  if (state === "unasked") return { text: "-", style: "dim" };
  if (state === "waiting") return { text: "not asked yet", style: "dim" };
  if (state === "unseen") return { text: `cannot see (${age})`, style: "yellow" };
  const others = differing + extra.length;
  return others > 0
    ? { text: `DIFFERS in ${others} (${age})`, style: "red" }
    : { text: `as wanted (${age})`, style: "green" };
}

/** What a client says of itself that makes no sense. */
function passedOver({ nodeId, problems = [] }: Client): readonly string[] {
  return problems.map((problem) => `  ${nodeId} is served without ${problem}`);
}

/** Why a client rejected what it was sent, in its own words. */
function rejections({ nodeId, types }: Client): readonly string[] {
  return xdsTypes.flatMap((type) => {
    const { status, reason, rejected = [] } = types[type];
    if (status !== "ERROR") return [];
    const what = rejected.length > 0 ? ` ${rejected.join(", ")}` : "";
    return [`  ${nodeId} ${type} NACK${what}: ${reason ?? "no reason given"}`];
  });
}
