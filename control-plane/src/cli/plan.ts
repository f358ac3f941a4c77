import { ApiFailure } from "./api.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { documentText } from "./document-text.ts";
import { refusedDocuments } from "./documents-refused.ts";
import { placeFindings } from "./findings.ts";
import { planLines } from "./plan-lines.ts";
import type { Planned } from "./planned.ts";
import { print } from "./print.ts";
import { readDocuments } from "./read-documents.ts";
import { kindOfCollection, parseResource } from "./resources.ts";

type Flags = { readonly filename: readonly string[]; readonly delete: readonly string[] };

/** `weir plan -f FILE|DIR|-`; exits with 1 when something would change. */
export const addPlan: AddCommand = (command, cli) => {
  command
    .option("-f, --filename <path...>", "files or directories of YAML or JSON; - is what is piped in", [])
    .option("--delete <document...>", "documents that go, such as trafficSplits/report", [])
    .addHelpText(
      "after",
      `
Says what \`weir apply\` of the same documents (and \`weir delete\`) would do: fields, xDS resources, the clients that would be sent them, where
traffic would go, and what the change gets wrong. Nothing is changed. The plan is kept for an hour: \`weir apply --plan ID\` does just that, and is
refused when something was changed since.

Exit codes: 0 nothing would change, 1 something would, 2 an error.

Example:
  weir plan -f change.yaml`,
    )
    .action(async ({ filename, delete: gone }: Flags) => {
      if (filename.length + gone.length === 0) throw new CliError("nothing to plan: expected -f or --delete");
      const values = filename.length > 0 ? await readDocuments(filename, cli.io.stdin) : [];
      const documents = values.map(({ value }) => value);
      const api = cli.api(command);
      const { body } = await api
        .post<Planned>("/v1/config:plan", { documents, delete: gone.map(removalOf) })
        .catch((error) => {
          throw error instanceof ApiFailure ? refusedDocuments(error, values, "this cannot be applied") : error;
        });
      const plan: Planned = { ...body, findings: placeFindings(body.findings, values) };
      await print(cli, command, {
        value: plan,
        names: () => plan.documents.map(documentText),
        notes: () => planLines(plan),
      });
      if (!plan.isEmpty) cli.exit(1);
    });
};

function removalOf(text: string): { readonly kind: string; readonly name: string } {
  const { collection, name } = parseResource(text, undefined);
  if (name === undefined) throw new CliError(`--delete ${text}: expected a document, such as trafficSplits/report`);
  return { kind: kindOfCollection(collection), name };
}
