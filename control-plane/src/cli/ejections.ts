import type { Command } from "commander";
import { ageText } from "../lib/age.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";
import { watching, watchOption } from "./watching.ts";

/** Of `GET /v1/ejections`, as far as the commands read it. */
export type Ejections = {
  readonly asked: {
    readonly isOn: boolean;
    readonly seen: number;
    readonly silent: number;
    readonly of: number;
    readonly unseen: readonly { readonly nodeId: string; readonly why: string; readonly lastSeenSeconds?: number }[];
  };
  readonly endpoints: readonly EjectedEndpoint[];
  readonly panics: readonly Trouble[];
  readonly breakers: readonly Trouble[];
};

type EjectedEndpoint = {
  readonly service: string;
  readonly address: string;
  readonly locality: string;
  readonly state: "enforced" | "suppressed";
  readonly clients: number;
  readonly of: number;
  readonly sinceSeconds: number;
  readonly flags: readonly string[];
  readonly nodeIds: readonly string[];
};

type Trouble = {
  readonly service: string;
  readonly what: string;
  readonly clients: number;
  readonly of: number;
  readonly sinceSeconds: number;
};

/** `weir ejections [SERVICE]`; exits with 1 when there is any trouble. */
export const addEjections: AddCommand = (command, cli) => {
  command
    .argument("[service]", "only this one")
    .addOption(watchOption())
    .action((service: string | undefined, { watch }: { readonly watch?: boolean }) =>
      watch
        ? watching(cli, command, ["traffic"], (watched) => showEjections(watched, command, service))
        : showEjections(cli, command, service),
    );
};

async function showEjections(cli: Cli, command: Command, service: string | undefined): Promise<void> {
  const body = await ejectionsOf(cli, command, service);
  const { endpoints, panics, breakers } = body;
  await print(cli, command, {
    value: body,
    ...(endpoints.length > 0 && { table: () => ({ columns, rows: endpoints.map(row) }) }),
    names: () => endpoints.map(({ address }) => address),
    notes: () => [
      ...(endpoints.length === 0 && isTelling(body) ? ["no client has ejected an endpoint"] : []),
      ...panics.map(panicText),
      ...breakers.map(breakerText),
      ...hintsOf(endpoints),
      ...askedTexts(body.asked),
    ],
  });
  if (endpoints.length + panics.length + breakers.length > 0) cli.exit(1);
}

export async function ejectionsOf(cli: Cli, command: Command, service: string | undefined): Promise<Ejections> {
  const query = service === undefined ? "" : `?${new URLSearchParams({ service })}`;
  return (await cli.api(command).get<Ejections>(`/v1/ejections${query}`)).body;
}

/** `ejected by 18/22`, as of one endpoint; undefined for one that nobody ejected. */
export function outlierText({ state, clients, of }: Pick<EjectedEndpoint, "state" | "clients" | "of">): string {
  return state === "enforced" ? `ejected by ${clients}/${of}` : `suppressed at ${clients}/${of}`;
}

/** Whether anybody could tell of an ejection. */
export function isTelling({ asked: { seen, silent } }: Pick<Ejections, "asked">): boolean {
  return seen > silent;
}

const columns = ["SERVICE", "LOCALITY", "ADDRESS", "OUTLIER", "FOR", "FLAGS", "CLIENTS"];

function row({ service, locality, address, flags, nodeIds, ...rest }: EjectedEndpoint): readonly Cell[] {
  const more = rest.clients - nodeIds.length;
  return [
    ...[service, locality || "-", address],
    { text: outlierText(rest), style: rest.state === "enforced" ? "yellow" : "red" },
    ageText(rest.sinceSeconds * 1000),
    flags.join(",") || "-",
    `${nodeIds.slice(0, 3).join(",")}${nodeIds.length > 3 || more > 0 ? ",…" : ""}`,
  ];
}

function panicText({ service, clients, of, sinceSeconds }: Trouble): string {
  return `! ${service}: ${clients} of ${of} clients are in panic for ${ageText(sinceSeconds * 1000)}: they use all endpoints, as too few are healthy`;
}

function breakerText({ service, what, clients, of, sinceSeconds }: Trouble): string {
  return `! ${service}: the circuit breaker ${what} is open at ${clients} of ${of} clients for ${ageText(sinceSeconds * 1000)}`;
}

function hintsOf(endpoints: readonly EjectedEndpoint[]): readonly string[] {
  const services = new Set(endpoints.filter(({ state }) => state === "suppressed").map(({ service }) => service));
  return [...services].map(
    (service) => `! ${service}: clients may eject no more of it: raise maxEjectionPercent in its TrafficPolicy`,
  );
}

function askedTexts({ isOn, seen, silent, of, unseen }: Ejections["asked"]): readonly string[] {
  if (!isOn) return ["no client is asked: set clients.admin.allow, and see docs/operate/truth.md"];
  const about = silent > 0 ? `, ${silent} of them gRPC clients, which tell of no ejections` : "";
  return [
    `told by ${seen} of ${of} clients${about}`,
    ...unseen.map(({ nodeId, why, lastSeenSeconds }) => {
      const last = lastSeenSeconds === undefined ? "" : ` (last seen ${ageText(lastSeenSeconds * 1000)} ago)`;
      return `  cannot see ${nodeId}${last}: ${why}`;
    }),
  ];
}
