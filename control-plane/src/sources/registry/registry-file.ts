import { readFile, rename } from "node:fs/promises";
import { z } from "zod";
import { type Parsed, type Problem, parsed, problemText, refused } from "../../lib/parsed.ts";
import { endpointEntry, parseEndpointEntry } from "../../model/endpoint-entry.ts";
import { nameRule, parseServiceName, type SourceName } from "../../model/names.ts";
import type { Clock, Lease } from "./lease.ts";

const entrySchema = z.object({
  service: z.string(),
  endpoint: z.unknown(),
  leaseSeconds: z.number().min(0),
  registeredAt: z.iso.datetime(),
});
const fileSchema = z.object({ version: z.literal(1), entries: z.array(entrySchema) });

export function registryText(leases: Iterable<Lease>): string {
  const entries = [...leases].map(({ service, endpoint, leaseSeconds, registeredAt }) => {
    return JSON.stringify({
      service,
      endpoint: endpointEntry(endpoint),
      leaseSeconds,
      registeredAt: registeredAt.toISOString(),
    });
  });
  return `{"version":1,"entries":[\n${entries.join(",\n")}\n]}\n`;
}

/** Every lease begins anew: while Weir was away nobody could renew. */
export function parseRegistry(text: string, source: SourceName, clock: Clock): Parsed<readonly Lease[]> {
  const file = fileSchema.safeParse(parseJson(text));
  if (!file.success)
    return refused(...file.error.issues.map(({ path, message }) => ({ at: path.join("."), says: message })));
  const problems: Problem[] = [];
  const leases = file.data.entries.flatMap((entry, index): readonly Lease[] => {
    const at = `entries[${index}]`;
    const service = parseServiceName(entry.service);
    const endpoint = parseEndpointEntry(entry.endpoint, `${at}.endpoint`, source);
    if (!service) problems.push({ at: `${at}.service`, says: `"${entry.service}" is not a name: ${nameRule}` });
    if (!endpoint.ok) problems.push(...endpoint.problems);
    if (!service || !endpoint.ok) return [];
    const { leaseSeconds } = entry;
    const expiresMs = leaseSeconds === 0 ? undefined : clock.monotonicMs + leaseSeconds * 1000;
    const registeredAt = new Date(entry.registeredAt);
    return [{ service, endpoint: endpoint.value, leaseSeconds, registeredAt, renewedAt: clock.now, expiresMs }];
  });
  return problems.length > 0 ? { ok: false, problems } : parsed(leases);
}

/**
 * What was saved; nothing when there is no file. A file that cannot be understood is put aside, so that it is neither lost
 * nor read again.
 */
export async function readRegistry(
  path: string,
  source: SourceName,
  clock: Clock,
): Promise<
  | { readonly kind: "read"; readonly leases: readonly Lease[]; readonly isThere: boolean }
  | { readonly kind: "damaged"; readonly keptAs: string; readonly cause: Error }
> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { kind: "read", leases: [], isThere: false };
    throw new Error(`registry: ${path} cannot be read; make it readable, or give another data directory`, { cause });
  }
  const leases = parseRegistry(text, source, clock);
  if (leases.ok) return { kind: "read", leases: leases.value, isThere: true };
  const keptAs = `${path}.damaged`;
  await rename(path, keptAs);
  return { kind: "damaged", keptAs, cause: new Error(leases.problems.slice(0, 5).map(problemText).join("; ")) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
