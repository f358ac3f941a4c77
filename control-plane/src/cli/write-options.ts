import { Option } from "commander";
import type { WriteOptions } from "./api.ts";

export type WriteFlags = { readonly reason?: string; readonly dryRun?: boolean; readonly ifMatch?: string };

export function reasonOption(): Option {
  return new Option("--reason <text>", "why, for the history");
}

export function dryRunOption(): Option {
  return new Option("--dry-run", "say what would be done, change nothing");
}

export function ifMatchOption(): Option {
  return new Option("--if-match <etag>", 'only if this is what is in force, like r42-9f3c01ab; "*" is anything');
}

/** The flags of a write as the API takes them. */
export function writeOptions({ reason, dryRun, ifMatch }: WriteFlags): WriteOptions {
  return {
    query: { reason, validateOnly: dryRun ? "true" : undefined },
    headers:
      ifMatch === undefined ? {} : { "if-match": ifMatch === "*" ? ifMatch : `"${ifMatch.replaceAll('"', "")}"` },
  };
}
