import { Option } from "commander";
import { analyze } from "../plan/analyze/analyze.ts";
import { isAtLeast, severities } from "../plan/analyze/finding.ts";
import type { AddCommand } from "./cli.ts";
import { findingLines, findingSummary, type ToldFinding } from "./findings.ts";
import { print } from "./print.ts";
import { readScene } from "./read-scene.ts";

type Flags = {
  readonly filename?: readonly string[];
  readonly severity: ToldFinding["severity"];
  readonly failOn: ToldFinding["severity"] | "never";
};

/** `weir analyze`, `weir analyze -f DIR`; exits with 1 when there are findings as bad as `--fail-on`. */
export const addAnalyze: AddCommand = (command, cli) => {
  command
    .option("-f, --filename <path...>", "files or directories of documents, looked at without a server")
    .addOption(new Option("--severity <least>", "show only those as bad as this").choices(severities).default("info"))
    .addOption(
      new Option("--fail-on <least>", "exit with 1 when there are any as bad as this")
        .choices([...severities, "never"])
        .default("warning"),
    )
    .addHelpText(
      "after",
      `
Without -f the server is asked, which also knows endpoints, connected clients and what they report.
Each finding has a page: docs/findings.

Exit codes: 0 nothing found as bad as --fail-on, 1 found, 2 an error.

Examples:
  weir analyze -f config.d --fail-on error
  weir analyze --severity warning -o json`,
    )
    .action(async ({ filename, severity, failOn }: Flags) => {
      const found: readonly ToldFinding[] = filename
        ? analyze(await readScene(filename, new Date()))
        : (await cli.api(command).get<{ readonly findings: readonly ToldFinding[] }>("/v1/findings")).body.findings;
      const shown = found.filter((each) => isAtLeast(each.severity, severity));
      await print(cli, command, {
        value: { findings: shown },
        names: () => shown.map(({ code }) => code),
        notes: () => [...findingLines(shown), findingSummary(shown)],
      });
      if (failOn !== "never" && found.some((each) => isAtLeast(each.severity, failOn))) cli.exit(1);
    });
};
