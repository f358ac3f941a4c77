import { ageText } from "../lib/age.ts";
import type { ClientResource, RunningClient } from "./api-types.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";

type Options = { readonly type?: string; readonly name?: string };

/** `weir proxy config|diff|explain-nack ID`: what one client is to have, where it differs, and why it rejects. */
export const addClientResources: AddCommand = (command, cli) => {
  const config = command
    .command("config")
    .description("what a client is to have; -o yaml shows the content")
    .argument("<id>", "its node id")
    .option("--type <type>", "CDS, EDS, LDS, RDS, SDS, RTDS, ECDS or SRDS")
    .option("--name <name>", "only this resource")
    .action(async (id: string, options: Options) => {
      const withContent = ["json", "yaml"].includes(cli.format(config));
      await show(cli, config, await resourcesOf(cli, config, id, { ...options, config: String(withContent) }));
    });

  const diff = command
    .command("diff")
    .description("where a client does not have, or does not run, what it is to have; exits with 1 when that is so")
    .argument("<id>", "its node id")
    .action(async (id: string) => {
      const { resources: apart, running } = await answerOf(cli, diff, id, { view: "diff" });
      const extra = running.extra ?? [];
      await print(cli, diff, {
        value: { running, resources: apart },
        ...(apart.length > 0 && {
          table: () => ({ columns: [...resourceColumns, "RUNNING"], rows: apart.map(rowWithRunning) }),
        }),
        names: () => apart.map(({ type, name }) => `${type}/${name}`),
        notes: () => [
          ...(apart.length === 0 ? [`${id} has ACKed all of its resources as they are to be`] : []),
          ...apart.flatMap(differencesOf),
          ...extra.map((each) => `  ${each}: it runs this, and is not to have it`),
          runningText(id, running),
        ],
      });
      if (apart.length + extra.length > 0) cli.exit(1);
    });

  const explain = command
    .command("explain-nack")
    .description(
      "what a client rejects, in its own words, who changed it, and when it is tried again; exits with 1 when there is any",
    )
    .argument("<id>", "its node id")
    .action(async (id: string) => {
      const rejected = (await resourcesOf(cli, explain, id, {})).filter(({ status }) => status === "NACKED");
      await print(cli, explain, {
        value: { rejected },
        names: () => rejected.map(({ name }) => name),
        notes: () => (rejected.length === 0 ? [`${id} rejects nothing`] : rejected.flatMap(explained)),
      });
      if (rejected.length > 0) cli.exit(1);
    });
};

async function resourcesOf(
  cli: Cli,
  command: Parameters<Cli["api"]>[0],
  id: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<readonly ClientResource[]> {
  return (await answerOf(cli, command, id, query)).resources;
}

async function answerOf(
  cli: Cli,
  command: Parameters<Cli["api"]>[0],
  id: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly running: RunningClient; readonly resources: readonly ClientResource[] }> {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, value);
  const path = `/v1/clients/${encodeURIComponent(id)}/resources?${given}`;
  return (await cli.api(command).get<Awaited<ReturnType<typeof answerOf>>>(path)).body;
}

function rowWithRunning(resource: ClientResource): readonly Cell[] {
  const { running } = resource;
  if (running === undefined) return [...row(resource), { text: "-", style: "dim" }];
  const { isThere, version, differs, ageSeconds } = running;
  const age = ageText(ageSeconds * 1000);
  if (differs === undefined) return [...row(resource), { text: `not asked since (${age})`, style: "dim" }];
  const text = !isThere ? "nothing" : version || "other content";
  return [...row(resource), differs ? { text: `${text} (${age})`, style: "red" } : `as wanted (${age})`];
}

function differencesOf({ type, name, running }: ClientResource): readonly string[] {
  return (running?.differences ?? []).map(
    ({ path, wanted, running: runs }) =>
      `  ${type} ${name}${path === "" ? "" : ` ${path}`}: wanted ${shortJson(wanted)}, runs ${shortJson(runs)}`,
  );
}

function shortJson(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

/** What the table rests on: what the client itself said, how long ago, or why it says nothing. */
function runningText(id: string, { state, why = "", ageSeconds, differing = 0 }: RunningClient): string {
  const age = ageSeconds === undefined ? "" : ageText(ageSeconds * 1000);
  switch (state) {
    case "seen":
      return differing === 0
        ? `${id} runs what it is to have, by its own words ${age} ago`
        : `${id} runs ${differing} resources otherwise, by its own words ${age} ago`;
    case "unseen":
      return `cannot see what ${id} runs: ${why}${age === "" ? "" : `; above is what it said ${age} ago`}`;
    case "waiting":
      return `${id} was not asked yet what it runs`;
    case "unasked":
      return `cannot see what ${id} runs: ${why}`;
  }
}

async function show(
  cli: Cli,
  command: Parameters<Cli["api"]>[0],
  resources: readonly ClientResource[],
  notes: readonly string[] = [],
): Promise<void> {
  await print(cli, command, {
    value: { resources },
    ...(notes.length === 0 && {
      table: () => ({
        columns: resourceColumns,
        rows: resources.map(row),
      }),
    }),
    names: () => resources.map(({ type, name }) => `${type}/${name}`),
    notes: () => notes,
  });
}

const resourceColumns = ["TYPE", "NAME", "STATUS", "WANTED", "HAS", "REVISION", "SINCE"];

const styles = { ACKED: "green", REQUESTED: "yellow", NACKED: "red", DOES_NOT_EXIST: "dim" } as const;

function row({ type, name, status, version, held, revision, at }: ClientResource): readonly Cell[] {
  const from = revision === undefined ? "-" : `r${revision}`;
  return [type, name, { text: status, style: styles[status] }, version || "-", held || "-", from, age(at)];
}

function explained({
  type,
  name,
  version,
  held,
  reason,
  attempts = 1,
  at,
  retryAt,
  revision,
  changedBy,
}: ClientResource): readonly string[] {
  const author = changedBy
    ? ` by ${changedBy.by}, ${age(changedBy.at)} ago${changedBy.reason ? `: ${changedBy.reason}` : ""}`
    : "";
  return [
    `${type} ${name}, version ${version}, rejected ${attempts === 1 ? "once" : `${attempts} times`}, last ${age(at)} ago`,
    `  it says     ${reason ?? "no reason given"}`,
    `  changed in  ${revision === undefined ? "an unknown revision" : `r${revision}${author}`}`,
    `  it keeps    ${held ? `version ${held}` : "nothing of it: this resource is not there for it"}`,
    `  tried again ${retryAt ? `in ${ageText(Math.max(0, Date.parse(retryAt) - Date.now()))}` : "with the next version"}, and at once when it changes`,
  ];
}

function age(time: string): string {
  return ageText(Date.now() - Date.parse(time));
}
