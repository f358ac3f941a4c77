import { type KvWrite, writeLimits } from "../../store/kv.ts";
import { directoryText } from "../state-text.ts";
import type { StoreState } from "../store-state.ts";
import type { Head, StoredText } from "./head.ts";
import { leavesOf, sha256 } from "./leaves.ts";

/** What has to be written before a head may name it, in transactions that fit, and what the head then names. */
export type Staged = Pick<Head, "leaves" | "directory"> & { readonly batches: readonly (readonly KvWrite[])[] };

/**
 * The texts of a state that are not stored already. Their keys are this attempt's alone (`blobs/00000000042-<token>/0`): no
 * other writer ever names or removes them before its own head has a higher sequence.
 */
export function stage(
  state: StoreState,
  before: Pick<Head, "leaves" | "directory"> | undefined,
  { folder }: { readonly folder: string },
): Staged {
  const writes: KvWrite[] = [];
  const store = (text: string, old: StoredText | undefined): StoredText => {
    const hash = sha256(text);
    if (old?.sha256 === hash) return old;
    const bytes = Buffer.from(text);
    const parts: string[] = [];
    for (let from = 0; from < bytes.length; from += writeLimits.bytes) {
      const key = `${folder}/${writes.length}`;
      writes.push({ kind: "put", key, value: bytes.subarray(from, from + writeLimits.bytes) });
      parts.push(key);
    }
    return { sha256: hash, parts };
  };
  const leaves = new Map([...leavesOf(state.documents)].map(([at, text]) => [at, store(text, before?.leaves.get(at))]));
  const directory = store(directoryText(state), before?.directory);
  return { leaves, directory, batches: batchesOf(writes) };
}

/** `blobs/00000000042-…`, which sorts as it counts. */
export function folderOf(prefix: string, sequence: number, token: string): string {
  return `${prefix}/blobs/${String(sequence).padStart(11, "0")}-${token}`;
}

/** Of a blob's key, the sequence that its writer was after; undefined for what is no blob. */
export function sequenceOf(prefix: string, key: string): number | undefined {
  const rest = key.startsWith(`${prefix}/blobs/`) ? key.slice(prefix.length + "/blobs/".length) : "";
  return /^\d{11}-/.test(rest) ? Number(rest.slice(0, 11)) : undefined;
}

function batchesOf(writes: readonly KvWrite[]): readonly (readonly KvWrite[])[] {
  const batches: KvWrite[][] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = write.kind === "put" ? write.value.length : 0;
    const last = batches.at(-1);
    if (last && last.length < writeLimits.writes && bytes + size <= writeLimits.bytes) {
      last.push(write);
      bytes += size;
    } else {
      batches.push([write]);
      bytes = size;
    }
  }
  return batches;
}
