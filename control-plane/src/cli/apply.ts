import { ApiFailure } from "./api.ts";
import type { Applied, Document } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { documentText } from "./document-text.ts";
import { refusedDocuments } from "./documents-refused.ts";
import { findingLines, placeFindings } from "./findings.ts";
import { print } from "./print.ts";
import { readDocuments } from "./read-documents.ts";
import { collectionOfKind, documentUrl } from "./resources.ts";
import { dryRunOption, ifMatchOption, reasonOption, type WriteFlags, writeOptions } from "./write-options.ts";

type Flags = WriteFlags & { readonly filename: readonly string[]; readonly plan?: string; readonly force?: boolean };

/** `weir apply -f FILE|DIR|-`, `weir apply --plan ID`. */
export const addApply: AddCommand = (command, cli) => {
  command
    .option("-f, --filename <path...>", "files or directories of YAML or JSON; - is what is piped in", [])
    .option("--plan <id>", "what weir plan said under this id, if nothing was changed since")
    .option("--force", "Drains even where what is left is too little")
    .addOption(reasonOption())
    .addOption(dryRunOption())
    .addOption(ifMatchOption())
    .addHelpText(
      "after",
      "\nAll documents are taken as one revision, or none.\n\nExample:\n  weir apply -f config.d --dry-run",
    )
    .action(async (flags: Flags) => {
      const { plan } = flags;
      if ((plan === undefined) === (flags.filename.length === 0))
        throw new CliError("nothing to apply: expected -f, or --plan");
      if (plan !== undefined && flags.ifMatch !== undefined)
        throw new CliError("--if-match is not for a plan, which is only applied to what it was made on");
      const options = writeOptions(flags);
      const forcible = { ...options, query: { ...options.query, force: flags.force ? "true" : undefined } };
      const values = plan === undefined ? await readDocuments(flags.filename, cli.io.stdin) : [];
      const documents = values.map(({ value }) => value);
      const api = cli.api(command);
      try {
        const body =
          flags.ifMatch === undefined
            ? (
                await api.post<Applied>(
                  "/v1/config:apply",
                  plan === undefined ? { documents } : { planId: plan },
                  forcible,
                )
              ).body
            : await putOne(documents);
        const findings = placeFindings(body.findings, values);
        await print(cli, command, {
          value: { ...body, findings },
          names: () => body.changes.map(documentText),
          notes: () => [
            ...body.changes.map((change) => `${documentText(change)} ${done[change.action]}`),
            ...findingLines(findings.filter(({ severity }) => severity !== "info")),
            flags.dryRun ? "dry run: nothing was changed" : `revision ${body.revision}`,
          ],
        });
      } catch (error) {
        throw error instanceof ApiFailure ? refusedDocuments(error, values, "nothing was applied") : error;
      }

      async function putOne(all: readonly unknown[]): Promise<Applied> {
        const [first, ...more] = all as readonly Document[];
        const collection = collectionOfKind(String(first?.kind));
        if (!first || !collection || more.length > 0)
          throw new CliError("--if-match is for a single document: its ETag is that of one document");
        const { name } = first.metadata;
        const { etag = "", revision = 0 } = await api.put(
          documentUrl(collection, name),
          first,
          first.kind === "Drain" ? forcible : options,
        );
        const changes = [{ kind: first.kind, name, action: "update" as const, etag: etag.replaceAll('"', "") }];
        return { revision, validateOnly: flags.dryRun === true, changes, findings: [] };
      }
    });
};

const done = { create: "created", update: "updated", unchanged: "unchanged", delete: "deleted" } as const;
