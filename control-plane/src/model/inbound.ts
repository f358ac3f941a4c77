import { isIP } from "node:net";
import { byText } from "../lib/order.ts";
import { type Parsed, type Problem, parsed, refused } from "../lib/parsed.ts";
import { nameRule, parseServiceName, type ServiceName } from "./names.ts";
import { addressText, type Endpoint } from "./service.ts";

type Address = Endpoint["address"];

/** A service that a sidecar takes calls for: where callers reach it, and where its own application listens. */
export type Inbound = { readonly service: ServiceName; readonly listen: Address; readonly application: Address };

/** A machine that serves more has more sidecars. What is sent to a client must not grow with what it says of itself. */
export const mostInbound = 8;

const form = '{service: report, listen: "0.0.0.0:9091", application: "127.0.0.1:9090"}';

/**
 * The list under `metadata.weir.inbound` of a node, sorted by service. What is wrong with an entry costs that entry alone, and
 * is told; `taken` is the port of the listener that takes calls of the application itself.
 */
export function parseInboundList(
  raw: unknown,
  { at, taken }: { readonly at: string; readonly taken: number },
): { readonly inbound: readonly Inbound[]; readonly problems: readonly Problem[] } {
  if (!Array.isArray(raw)) return { inbound: [], problems: [{ at, says: `expected a list like [${form}]` }] };
  const problems: Problem[] = [];
  if (raw.length > mostInbound)
    problems.push({ at, says: `has ${raw.length} entries; the first ${mostInbound} are taken` });
  const services = new Set<string>();
  const ports = new Set([taken]);
  const inbound: Inbound[] = [];
  for (const [index, entry] of raw.slice(0, mostInbound).entries()) {
    const result = parseEntry(entry, `${at}[${index}]`);
    if (!result.ok) {
      problems.push(...result.problems);
      continue;
    }
    const { service, listen } = result.value;
    if (services.has(service)) problems.push({ at: `${at}[${index}].service`, says: `"${service}" is listed twice` });
    else if (ports.has(listen.port))
      problems.push({ at: `${at}[${index}].listen`, says: `port ${listen.port} belongs to another listener already` });
    else inbound.push(result.value);
    services.add(service);
    ports.add(listen.port);
  }
  return { inbound: inbound.sort((a, b) => byText(a.service, b.service)), problems };
}

/** `report=0.0.0.0:9091/127.0.0.1:9090`, as the command line takes it. */
export function parseInboundText(text: string): Parsed<Inbound> {
  const [, service, listen, application] = /^([^=]*)=([^/]*)\/(.*)$/.exec(text) ?? [];
  if (service === undefined)
    return refused({
      at: "",
      says: `"${text}": expected SERVICE=LISTEN/APPLICATION, like report=0.0.0.0:9091/127.0.0.1:9090`,
    });
  return parseEntry({ service, listen, application }, "");
}

/** What `parseInboundText` reads back. */
export function inboundText({ service, listen, application }: Inbound): string {
  return `${service}=${addressText(listen)}/${addressText(application)}`;
}

function parseEntry(raw: unknown, at: string): Parsed<Inbound> {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    return refused({ at, says: `expected an entry like ${form}` });
  const fields = raw as Readonly<Record<string, unknown>>;
  const inside = (field: string) => (at === "" ? field : `${at}.${field}`);
  const problems: Problem[] = Object.keys(fields)
    .filter((key) => !["service", "listen", "application"].includes(key))
    .slice(0, mostInbound)
    .map((key) => ({ at: inside(key.slice(0, 80)), says: "is not known here: expected service, listen, application" }));
  const name = fields["service"];
  const service = typeof name === "string" ? parseServiceName(name) : undefined;
  if (service === undefined)
    problems.push({ at: inside("service"), says: `${shown(name)} is no name: expected ${nameRule}` });
  const listen = addressOf(fields["listen"]);
  if (listen === undefined) problems.push(noAddress(inside("listen"), fields["listen"], "0.0.0.0:9091"));
  const application = addressOf(fields["application"]);
  if (application === undefined)
    problems.push(noAddress(inside("application"), fields["application"], "127.0.0.1:9090"));
  if (!service || !listen || !application || problems.length > 0) return { ok: false, problems };
  return parsed({ service, listen, application });
}

function addressOf(raw: unknown): Address | undefined {
  if (typeof raw !== "string" || raw.length > 80) return undefined;
  const [, v6, v4, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(raw) ?? [];
  const host = v6 ?? v4 ?? "";
  const port = Number(digits);
  return isIP(host) === (v6 === undefined ? 4 : 6) && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function noAddress(at: string, raw: unknown, example: string): Problem {
  return { at, says: `${shown(raw)} is no IP address with a port, like "${example}"` };
}

function shown(raw: unknown): string {
  return raw === undefined ? "it is missing:" : (JSON.stringify(raw)?.slice(0, 80) ?? typeof raw);
}
