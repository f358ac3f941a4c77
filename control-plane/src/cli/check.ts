import { problemText } from "../lib/parsed.ts";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";

/** `weir check DIR`; exits with 1 when something is wrong. */
export const addCheck: AddCommand = (command, cli) => {
  command.argument("<dir>", "the directory of documents, as for weir serve --config").action(async (dir: string) => {
    const { checkDirectory } = await import("../policy/check-directory.ts");
    const { problems, documents } = await checkDirectory(dir).catch((cause: Error) => {
      throw new CliError(`cannot read ${dir}: ${cause.message}`);
    });
    const { stdout } = cli.io;
    switch (cli.format(command)) {
      case "json":
        stdout.write(`${JSON.stringify({ documents: documents.length, problems }, undefined, 2)}\n`);
        break;
      default:
        for (const problem of problems) stdout.write(`${problemText(problem)}\n`);
        if (problems.length === 0) stdout.write(`${documents.length} documents, nothing wrong\n`);
        else cli.io.stderr.write(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}\n`);
    }
    if (problems.length > 0) cli.exit(1);
  });
};
