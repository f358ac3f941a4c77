import { ApiFailure } from "./api.ts";
import type { AddCommand } from "./cli.ts";
import { documentText } from "./document-text.ts";
import { refusedDocuments } from "./documents-refused.ts";
import { placeFindings } from "./findings.ts";
import { planLines } from "./plan-lines.ts";
import type { Planned } from "./planned.ts";
import { print } from "./print.ts";
import { readDocuments } from "./read-documents.ts";

/** `weir plan -f FILE|DIR|-`; exits with 1 when something would change. */
export const addPlan: AddCommand = (command, cli) => {
  command
    .requiredOption("-f, --filename <path...>", "files or directories of YAML or JSON; - is what is piped in")
    .addHelpText(
      "after",
      `
Says what \`weir apply\` of the same documents would do: fields, xDS resources, the clients that would be sent them, where
traffic would go, and what the change gets wrong. Nothing is changed.

Exit codes: 0 nothing would change, 1 something would, 2 an error.

Example:
  weir plan -f change.yaml`,
    )
    .action(async ({ filename }: { readonly filename: readonly string[] }) => {
      const values = await readDocuments(filename, cli.io.stdin);
      const documents = values.map(({ value }) => value);
      const api = cli.api(command);
      const { body } = await api.post<Planned>("/v1/config:plan", { documents }).catch((error) => {
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
