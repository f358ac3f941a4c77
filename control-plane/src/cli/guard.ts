import { ageText } from "../lib/age.ts";
import { whyHeldText } from "../model/why-held.ts";
import type { Guarded, HeldRow } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { print } from "./print.ts";
import type { Cell } from "./table.ts";

/** `weir guard list|release`; `list` exits with 1 when something is held back. */
export const addGuard: AddCommand = (command, cli) => {
  const list = command
    .command("list")
    .description("what is held back of what the sources say, and what becomes of it when")
    .argument("[service]", "only of this service")
    .action(async (service: string | undefined) => {
      const { body } = await cli.api(list).get<Guarded>("/v1/guard");
      const isAsked = (each: { readonly service: string }) => service === undefined || each.service === service;
      const held = body.held.filter(isAsked);
      const feeds = body.feeds.filter(isAsked);
      const refused = body.refused.filter(isAsked);
      const groups = groupsOf(held);
      const services = [...new Set(held.map((each) => each.service))];
      await print(cli, list, {
        value: { held, feeds, refused },
        ...(held.length > 0 && { table: () => ({ columns, rows: groups.map((each) => row(each, feeds)) }) }),
        names: () => services,
        notes: () => [
          ...(held.length === 0 ? ["nothing is held back"] : []),
          ...services.map((each) => `weir guard release ${each} believes it now`),
          ...feeds.flatMap((each) =>
            each.flapping.map(
              (address) => `${each.service} ${address} flaps in ${each.source}: its changes are put off`,
            ),
          ),
          ...refused.map(
            ({ service, source, says }) => `${service}: ${source} names an endpoint that is left out: ${says}`,
          ),
        ],
      });
      if (held.length > 0) cli.exit(1);
    });

  const release = command
    .command("release")
    .description("believe now what is held back of a service")
    .argument("<service>")
    .option("--reason <text>", "why, for the log")
    .action(async (service: string, { reason }: { reason?: string }) => {
      const path = `/v1/guard/${encodeURIComponent(service)}:release`;
      const { body } = await cli
        .api(release)
        .post<{ readonly released: readonly HeldRow[]; readonly othersTold?: boolean }>(path, undefined, {
          query: { reason },
        });
      await print(cli, release, {
        value: body,
        names: () => body.released.map(({ address }) => address),
        notes: () =>
          body.released.length === 0
            ? [`nothing of ${service} is held back`]
            : groupsOf(body.released).map(
                (each) =>
                  `${service}: ${each.length} endpoints ${each[0]?.change === "gone" ? "removed" : "added"}, as ${each[0]?.source} says`,
              ),
      });
      if (body.othersTold === false)
        cli.io.stderr.write(
          "note: the store is away and the other replicas were not told: release it at each of them\n",
        );
      if (body.released.length === 0) cli.exit(1);
    });
};

const columns = [
  "SERVICE",
  "SOURCE",
  "STATE",
  { name: "ENDPOINTS", align: "right" as const },
  { name: "SAYS", align: "right" as const },
  { name: "HELD", align: "right" as const },
  "SINCE",
  "WHY",
  "THEN",
];

/** Those of one source and service, gone or new; the gravest reason first. */
function groupsOf(held: readonly HeldRow[]): readonly (readonly HeldRow[])[] {
  const groups = Map.groupBy(held, ({ service, source, change }) => [service, source, change].join(" "));
  return [...groups.values()].map((group) => group.toSorted((a, b) => gravest.indexOf(a.why) - gravest.indexOf(b.why)));
}

const gravest: readonly HeldRow["why"][] = ["last", "data-center", "most", "most-of-data-center", "growth"];

function row(group: readonly HeldRow[], feeds: Guarded["feeds"]): readonly Cell[] {
  const [first] = group;
  if (!first) return [];
  const feed = feeds.find(({ service, source }) => service === first.service && source === first.source);
  const state = feed?.state ?? "suspect";
  const since = Math.max(...group.map(({ heldSeconds }) => heldSeconds));
  return [
    first.service,
    first.source,
    { text: state, style: state === "stale" ? "red" : "yellow" },
    String(feed?.endpoints ?? "-"),
    String(feed?.says ?? "-"),
    `${first.change === "gone" ? "-" : "+"}${group.length}`,
    ageText(since * 1000),
    whyHeldText[first.why],
    then(group, first, feed),
  ];
}

function then(group: readonly HeldRow[], { change }: HeldRow, feed: Guarded["feeds"][number] | undefined): string {
  const becomes = change === "gone" ? "removed" : "served";
  const times = group.flatMap(({ believedInSeconds }) => believedInSeconds ?? []);
  if (times.length > 0) return `${becomes} in ${ageText(Math.max(...times) * 1000 + 999)}`;
  return feed?.rewound === true && feed.state !== "stale"
    ? `stays: ${feed.source} lost its data`
    : `${becomes} once ${feed?.source ?? "its source"} answers again and repeats it`;
}
