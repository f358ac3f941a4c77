import type { Problem } from "../lib/parsed.ts";
import { problemText } from "../lib/parsed.ts";
import { ApiFailure } from "./api.ts";
import type { Applied, Document } from "./api-types.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { print } from "./print.ts";
import { readDocuments } from "./read-documents.ts";
import { collectionOfKind, documentUrl } from "./resources.ts";
import { dryRunOption, ifMatchOption, reasonOption, type WriteFlags, writeOptions } from "./write-options.ts";

/** `weir apply -f FILE|DIR|-`. */
export const addApply: AddCommand = (command, cli) => {
  command
    .requiredOption("-f, --filename <path...>", "files or directories of YAML or JSON; - is what is piped in")
    .addOption(reasonOption())
    .addOption(dryRunOption())
    .addOption(ifMatchOption())
    .addHelpText(
      "after",
      "\nAll documents are taken as one revision, or none.\n\nExample:\n  weir apply -f config.d --dry-run",
    )
    .action(async (flags: WriteFlags & { readonly filename: readonly string[] }) => {
      const values = await readDocuments(flags.filename, cli.io.stdin);
      const documents = values.map(({ value }) => value);
      const api = cli.api(command);
      try {
        const body =
          flags.ifMatch === undefined
            ? (await api.post<Applied>("/v1/config:apply", { documents }, writeOptions(flags))).body
            : await putOne(documents);
        await print(cli, command, {
          value: body,
          names: () => body.changes.map(({ kind, name }) => `${collectionOfKind(kind) ?? kind}/${name}`),
          notes: () => [
            ...body.changes.map(
              ({ kind, name, action }) => `${collectionOfKind(kind) ?? kind}/${name} ${done[action]}`,
            ),
            flags.dryRun ? "dry run: nothing was changed" : `revision ${body.revision}`,
          ],
        });
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.violations.length === 0) throw error;
        const { placeProblems } = await import("../policy/documents/place-problems.ts");
        const problems = error.violations.map(({ field, description }): Problem => ({ at: field, says: description }));
        const lines = placeProblems(problems, values).map(problemText);
        throw new CliError(`nothing was applied:\n${lines.map((line) => `  ${line}`).join("\n")}`);
      }

      async function putOne(all: readonly unknown[]): Promise<Applied> {
        const [first, ...more] = all as readonly Document[];
        const collection = collectionOfKind(String(first?.kind));
        if (!first || !collection || more.length > 0)
          throw new CliError("--if-match is for a single document: its ETag is that of one document");
        const { name } = first.metadata;
        const { etag = "", revision = 0 } = await api.put(documentUrl(collection, name), first, writeOptions(flags));
        const changes = [{ kind: first.kind, name, action: "update" as const, etag: etag.replaceAll('"', "") }];
        return { revision, validateOnly: flags.dryRun === true, changes };
      }
    });
};

const done = { create: "created", update: "updated", unchanged: "unchanged" } as const;
