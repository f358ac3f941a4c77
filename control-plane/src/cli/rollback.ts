import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import { confirmed } from "./confirmed.ts";
import { documentText } from "./document-text.ts";
import { momentOf } from "./moment.ts";
import { planLines } from "./plan-lines.ts";
import type { Planned } from "./planned.ts";
import { print } from "./print.ts";
import { dryRunOption, reasonOption } from "./write-options.ts";

type RolledBack = {
  readonly revision: number;
  readonly to: number;
  readonly changes: readonly { readonly kind: string; readonly name: string; readonly action: string }[];
  readonly plan?: Planned;
};

type Flags = { readonly reason?: string; readonly dryRun?: boolean; readonly yes?: boolean };

/** `weir rollback r41 --reason TEXT`; exits with 1 when it was not confirmed. */
export const addRollback: AddCommand = (command, cli) => {
  command
    .argument("<revision>", "which, like r41, as weir history shows them")
    .addOption(reasonOption())
    .addOption(dryRunOption())
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      `
Puts all documents back to what they were at that revision, as a new revision, after showing what this would change. What somebody changes
meanwhile is not undone unseen: it is then refused.

Exit codes: 0 done or nothing to do, 1 not confirmed, 2 an error.

Example:
  weir rollback r41 --reason 'CHG-4711 did not help'`,
    )
    .action(async (revision: string, { reason, dryRun, yes }: Flags) => {
      if (!reason)
        throw new CliError("a rollback needs a reason, for those who find it: --reason 'CHG-4711 did not help'");
      const { revision: wanted } = momentOf(revision);
      if (wanted === undefined)
        throw new CliError(`"${revision}" is no revision: expected one like r41, as weir history shows them`);
      const api = cli.api(command);
      const path = `/v1/revisions/r${wanted}:rollback`;
      const { body: asked } = await api.post<RolledBack>(path, undefined, { query: { reason, validateOnly: "true" } });
      const { plan } = asked;
      const isTable = cli.format(command) === "table";
      if (isTable && plan) cli.io.stdout.write(`${planLines(plan).join("\n")}\n`);
      if (!plan || plan.isEmpty || dryRun) {
        if (!isTable) await print(cli, command, { value: asked, names: () => asked.changes.map(documentText) });
        else if (plan?.isEmpty) cli.io.stdout.write(`all documents are as they were at r${asked.to}\n`);
        else cli.io.stdout.write("dry run: nothing was changed\n");
        return;
      }
      if (!yes && !(await confirmed(cli, `Go back to r${asked.to}?`))) {
        cli.io.stderr.write("nothing was changed\n");
        cli.exit(1);
        return;
      }
      // Onto the very documents that the plan was shown for.
      const headers = { "if-match": `"r${plan.base}"` };
      const { body: done } = await api.post<RolledBack>(path, undefined, { query: { reason }, headers });
      await print(cli, command, {
        value: done,
        names: () => done.changes.map(documentText),
        notes: () => [
          ...done.changes.map((each) => `${documentText(each)} ${words[each.action] ?? each.action}`),
          `revision ${done.revision} is as r${done.to} was`,
        ],
      });
    });
};

const words: Readonly<Record<string, string>> = { create: "created", update: "updated", delete: "deleted" };
