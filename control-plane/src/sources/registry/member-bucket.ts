import { createHash } from "node:crypto";
import { z } from "zod";
import { type Parsed, parsed, refused } from "../../lib/parsed.ts";
import { registrySource } from "../source-names.ts";
import { type Clock, type Lease, leaseKey } from "./lease.ts";
import { parseRegistry, registryText } from "./registry-file.ts";

/** The registered instances whose keys have one hash, as all replicas share them. */
export type Bucket = {
  readonly members: ReadonlyMap<string, Lease>;
  /** Those that were removed because somebody asked for it, the newest last: nobody who heard them before brings them back. */
  readonly withdrawn: ReadonlySet<string>;
};

export const emptyBucket: Bucket = { members: new Map(), withdrawn: new Set() };

/** What one replica has to tell of an instance. */
export type Announcement =
  | { readonly kind: "put"; readonly lease: Lease }
  | { readonly kind: "removed"; readonly isAsked: boolean };

// A change of one instance writes one bucket: of 10,000 instances some 160, 40 KB.
const buckets = 64;
const withdrawnKept = 100;

/** `07`: the bucket of an instance. */
export function bucketOf(key: string): string {
  const known = bucketsKnown.get(key);
  if (known !== undefined) return known;
  const [first = 0] = createHash("sha256").update(key).digest();
  const bucket = String(first % buckets).padStart(2, "0");
  if (bucketsKnown.size >= mostKnown) bucketsKnown.clear();
  bucketsKnown.set(key, bucket);
  return bucket;
}

const bucketsKnown = new Map<string, string>();
const mostKnown = 200_000;

export function afterAnnouncements(bucket: Bucket, told: Iterable<readonly [string, Announcement]>): Bucket {
  const members = new Map(bucket.members);
  const withdrawn = new Set(bucket.withdrawn);
  for (const [key, announcement] of told) {
    withdrawn.delete(key);
    if (announcement.kind === "put") members.set(key, announcement.lease);
    else {
      members.delete(key);
      if (announcement.isAsked) withdrawn.add(key);
    }
  }
  return { members, withdrawn: new Set([...withdrawn].slice(-withdrawnKept)) };
}

export function bucketText({ members, withdrawn }: Bucket): string {
  return `{"withdrawn":${JSON.stringify([...withdrawn])},"registry":${registryText(members.values())}}`;
}

const shape = z.object({ withdrawn: z.array(z.string()), registry: z.unknown() });

/** Every lease begins anew. */
export function parseBucket(text: string, clock: Clock): Parsed<Bucket> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    raw = undefined;
  }
  const bucket = shape.safeParse(raw);
  if (!bucket.success) return refused({ at: "", says: "is nothing that Weir wrote" });
  const leases = parseRegistry(JSON.stringify(bucket.data.registry), registrySource, clock);
  if (!leases.ok) return leases;
  const members = new Map(leases.value.map((lease) => [leaseKey(lease.service, lease.endpoint.id), lease]));
  return parsed({ members, withdrawn: new Set(bucket.data.withdrawn) });
}
