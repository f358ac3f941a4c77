import { ApiFailure } from "./api.ts";
import type { AddCommand } from "./cli.ts";
import { documentText } from "./document-text.ts";
import { refusedDocuments } from "./documents-refused.ts";
import { documentLines } from "./plan-lines.ts";
import type { Planned } from "./planned.ts";
import { print } from "./print.ts";
import { readDocuments } from "./read-documents.ts";

/** `weir diff -f FILE|DIR|-`; exits with 1 when something differs. */
export const addDiff: AddCommand = (command, cli) => {
  command
    .requiredOption("-f, --filename <path...>", "files or directories of YAML or JSON; - is what is piped in")
    .addHelpText(
      "after",
      `
Where these documents differ from what is in force, field by field. weir plan says what that would do, too.

Exit codes: 0 nothing differs, 1 something does, 2 an error.

Example:
  weir diff -f config.d`,
    )
    .action(async ({ filename }: { readonly filename: readonly string[] }) => {
      const values = await readDocuments(filename, cli.io.stdin);
      const documents = values.map(({ value }) => value);
      const { body } = await cli
        .api(command)
        .post<Planned>("/v1/config:plan", { documents })
        .catch((error) => {
          throw error instanceof ApiFailure ? refusedDocuments(error, values, "these cannot be compared") : error;
        });
      await print(cli, command, {
        value: { base: body.base, documents: body.documents },
        names: () => body.documents.map(documentText),
        notes: () =>
          body.documents.length === 0 ? [`nothing differs from r${body.base}`] : body.documents.flatMap(documentLines),
      });
      if (body.documents.length > 0) cli.exit(1);
    });
};
