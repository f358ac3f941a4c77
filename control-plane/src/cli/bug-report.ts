import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { ApiFailure } from "./api.ts";
import type { Client } from "./api-types.ts";
import type { AddCommand, Cli } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { redacted } from "./redacted.ts";
import { tarOf } from "./tar-of.ts";

// What a server says of itself; each is asked alone, so that one that fails does not cost the others.
const asked: Readonly<Record<string, { readonly path: string; readonly says: string }>> = {
  "version.json": { path: "/version", says: "versions" },
  "readiness.json": { path: "/readyz", says: "what is waited for, stale or held back" },
  "store.json": { path: "/v1/store", says: "where documents are kept" },
  "revisions.json": { path: "/v1/revisions?limit=200&fields=true", says: "who changed what, and why" },
  "acts.json": { path: "/v1/acts?limit=200", says: "who did what no document holds" },
  "services.json": { path: "/v1/services", says: "documents" },
  "trafficSplits.json": { path: "/v1/trafficSplits", says: "documents" },
  "trafficPolicies.json": { path: "/v1/trafficPolicies", says: "documents" },
  "routes.json": { path: "/v1/routes", says: "documents" },
  "patches.json": { path: "/v1/patches", says: "documents" },
  "drains.json": { path: "/v1/drains", says: "documents" },
  "findings.json": { path: "/v1/findings", says: "what documents get wrong" },
  "sources.json": { path: "/v1/sources", says: "where endpoints come from" },
  "guard.json": { path: "/v1/guard", says: "what is held back" },
  "registry.json": { path: "/v1/registry/services", says: "what registers itself" },
  "traffic.json": { path: "/v1/traffic", says: "where traffic is to go, and goes" },
  "clients.json": { path: "/v1/clients", says: "who is connected, and in which state" },
  "metrics.txt": { path: "/metrics", says: "all counters" },
};

type Flags = { readonly file?: string; readonly dryRun?: boolean; readonly clients: string };

/** `weir bug-report`: one archive of all that a server says of itself, without secrets. */
export const addBugReport: AddCommand = (command, cli) => {
  command
    .option("--file <path>", "where to write it (default: weir-bug-report-TIME.tar.gz)")
    .option("--clients <count>", "of how many clients to add all that they hold: those not in step first", "10")
    .option("--dry-run", "say what would be in it, write nothing")
    .addHelpText(
      "after",
      `
What looks like a secret is left out: fields called token, secret, password, key or the like, bearer tokens, passwords in URLs, private keys, and the
contents of certificates. Names, addresses and your documents are in it: look at it before you send it.`,
    )
    .action(async ({ file, dryRun, clients }: Flags) => {
      const most = Number(clients);
      if (!Number.isInteger(most) || most < 0) throw new CliError(`--clients "${clients}": expected a number`);
      if (dryRun) {
        const lines = Object.entries(asked).map(([name, { path, says }]) => `${name.padEnd(24)} ${says} (GET ${path})`);
        cli.io.stdout.write(
          `${lines.join("\n")}\n${"clients/ID.json".padEnd(24)} all that up to ${most} clients hold\n`,
        );
        return;
      }
      const at = new Date();
      const files = await collected(cli, command, most);
      const problems = files.filter(({ name }) => name === "problems.txt");
      const path = file ?? `weir-bug-report-${at.toISOString().slice(0, 19).replaceAll(":", "")}Z.tar.gz`;
      await writeFile(path, gzipSync(tarOf(files, at)), { mode: 0o600, flag: "wx" }).catch((cause: Error) => {
        throw new CliError(`cannot write the report: ${cause.message}; name another place with --file`);
      });
      cli.io.stdout.write(`${path}: ${files.length} files\n`);
      for (const { text } of problems) cli.io.stderr.write(`not all could be asked for:\n${text}`);
      if (problems.length > 0) cli.exit(1);
    });
};

type Collected = { readonly name: string; readonly text: string };

async function collected(
  cli: Cli,
  command: Parameters<Cli["api"]>[0],
  mostClients: number,
): Promise<readonly Collected[]> {
  const api = cli.api(command);
  const problems: string[] = [];
  const answers = new Map<string, unknown>();
  const ask = async (name: string, path: string) => {
    try {
      const body: unknown = name.endsWith(".txt") ? await api.text(path) : (await api.get(path)).body;
      answers.set(name, body);
      return body;
    } catch (error) {
      // Without a server there is nothing to report.
      if (!(error instanceof ApiFailure)) throw error;
      problems.push(`${name} (GET ${path}): ${error.message}`);
      return undefined;
    }
  };
  for (const [name, { path }] of Object.entries(asked)) await ask(name, path);
  const { clients = [] } = (answers.get("clients.json") ?? {}) as { readonly clients?: readonly Client[] };
  const isTroubled = ({ types }: Client) => Object.values(types).some(({ status }) => /STALE|ERROR/.test(status));
  const chosen = [...clients.filter(isTroubled), ...clients.filter((each) => !isTroubled(each))].slice(0, mostClients);
  for (const [index, { nodeId }] of chosen.entries()) {
    const name = `clients/${index + 1}-${nodeId.replace(/[^\w.-]/g, "_").slice(0, 60)}.json`;
    await ask(name, `/v1/clients/${encodeURIComponent(nodeId)}/resources?config=true`);
  }
  const files = [...answers].map(([name, body]) => ({
    name,
    text: typeof body === "string" ? String(redacted(body)) : `${JSON.stringify(redacted(body), undefined, 2)}\n`,
  }));
  return problems.length > 0 ? [...files, { name: "problems.txt", text: `${problems.join("\n")}\n` }] : files;
}
