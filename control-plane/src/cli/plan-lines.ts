import { documentText } from "./document-text.ts";
import { findingLines } from "./findings.ts";
import type { Field, Planned, PlannedResource, PlannedTraffic } from "./planned.ts";

/** A plan for people: documents, xDS, clients, traffic, findings; what is empty is said in a word. */
export function planLines(plan: Planned): readonly string[] {
  if (plan.isEmpty) return [`Nothing would change (base r${plan.base}).`];
  const { documents, id, base } = plan;
  return [
    `Plan (base r${base})`,
    ...documents.flatMap((each) => [...documentLines(each), ...each.notes.map((note) => `  ! ${note}`)]),
    "",
    ...fleetLines(plan, { most: mostResources, traffic: true }),
    ...(id === undefined ? [] : ["", `To do just this, while r${base} is the newest: weir apply --plan ${id}`]),
  ];
}

/** What a plan is for those who are connected; `most` resources by name. */
export function fleetLines(
  { resources, clients, traffic, findings, resolved, unknown }: Planned,
  shown: { readonly most: number; readonly traffic: boolean },
): readonly string[] {
  return [
    ...section("xDS", resourceLines(resources, shown.most), "no connected client would be sent anything"),
    ...section("Clients", clientLines(clients), `0 of ${clients.of}`),
    ...(shown.traffic ? section("Traffic", traffic.flatMap(trafficLines), "goes where it went") : []),
    ...section("Findings", findingLines(findings), "none"),
    ...(resolved.length > 0
      ? section(
          "Resolved",
          resolved.map(({ code, says }) => `${code} ${says}`),
          "",
        )
      : []),
    ...(unknown.length > 0
      ? section("Unknown", [`the endpoints of ${unknown.join(", ")}: their sources are asked once this is applied`], "")
      : []),
  ];
}

export function documentLines({ action, fields, ...document }: Planned["documents"][number]): readonly string[] {
  return [`${sign[action]} ${documentText(document)}`, ...fields.map((field) => `  ${fieldText(field)}`)];
}

const sign = { create: "+", update: "~", delete: "-", added: "+", changed: "~", removed: "-" } as const;

function section(name: string, lines: readonly string[], otherwise: string): readonly string[] {
  const all = lines.length > 0 ? lines : [otherwise];
  return all.map((line, index) => `${(index === 0 ? name : "").padEnd(9)} ${line}`);
}

/** `~ spec.rules[0].to.dc-a  80 -> 60` */
export function fieldText({ path, before, after }: Field): string {
  if (before === undefined) return `+ ${path}  ${shown(after)}`;
  return after === undefined ? `- ${path}  ${shown(before)}` : `~ ${path}  ${shown(before)} -> ${shown(after)}`;
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

const typeNames: Readonly<Record<string, string>> = {
  cluster: "Cluster",
  endpoints: "ClusterLoadAssignment",
  listener: "Listener",
  routes: "RouteConfiguration",
};
const mostFields = 4;
const mostResources = 40;

function resourceLines(resources: readonly PlannedResource[], most: number): readonly string[] {
  const lines = resources.slice(0, most).flatMap(({ type, name, action, viewers, fields, fieldsLeftOut }) => {
    const more = fields.length - mostFields + fieldsLeftOut;
    return [
      `${sign[action]} ${typeNames[type] ?? type} ${name}  for ${viewers.join(", ")}`,
      ...fields.slice(0, mostFields).map((field) => `    ${fieldText(field)}`),
      ...(more > 0 ? [`    and ${more} more fields`] : []),
    ];
  });
  const left = resources.length - most;
  return left > 0 ? [...lines, `and ${left} more resources`] : lines;
}

function clientLines({ touched, of, groups }: Planned["clients"]): readonly string[] {
  if (touched === 0) return [];
  return [
    `${touched} of ${of}`,
    ...groups.map(({ kind, role, locality, clients, synced, behind }) => {
      const where = locality === "" ? "without a locality" : `in ${locality}`;
      const state = synced === clients ? "all SYNCED" : `not in step: ${behind.join(", ")}`;
      return `${clients} ${kind} ${role} ${where}, ${state}`;
    }),
  ];
}

const bases: Readonly<Record<PlannedTraffic["basis"], string>> = {
  observed: "by what clients report",
  declared: "by expectedRps",
  clients: "every connected client alike, since none reports requests",
  imagined: "a caller in each data center, since nobody is connected",
};

function trafficLines({ service, basis, rps, regions }: PlannedTraffic): readonly string[] {
  return [
    `${service} (${bases[basis]})`,
    ...regions.map(({ region, percentBefore, percentAfter, capacityRps }) => {
      const place = region === "" ? "nowhere" : region;
      const share = `${place}  ${oneDigit(percentBefore)} % -> ${oneDigit(percentAfter)} %`;
      if (rps === undefined)
        return `  ${share}${capacityRps === undefined ? "" : `, bears ${rounded(capacityRps)} rps`}`;
      const [now, then] = [(rps * percentBefore) / 100, (rps * percentAfter) / 100];
      const part =
        capacityRps === undefined || capacityRps === 0
          ? ""
          : `, ${rounded((100 * then) / capacityRps)} % of its capacity ${rounded(capacityRps)}`;
      return `  ${share}  ${rounded(now)} -> ${rounded(then)} rps${part}`;
    }),
  ];
}

function rounded(value: number): number {
  return value < 10 ? oneDigit(value) : Math.round(value);
}

function oneDigit(value: number): number {
  return Math.round(value * 10) / 10;
}
