import { Option } from "commander";
import type { AddCommand } from "./cli.ts";
import { CliError } from "./cli-error.ts";

const verbs = {
  kill: "kill every server of a data center (SIGKILL)",
  stop: "stop them in order: nothing is lost",
  start: "start them again",
  heal: "let them answer well again",
} as const;

/** `weir demo`, and from a second terminal `weir demo kill dc-a` and its like. */
export const addDemo: AddCommand = (demo, cli) => {
  demo
    .option("--check", "run the tour without a terminal, say whether all went as it should, and end")
    .option("--json", "events and counts as lines of JSON")
    .option("--rate <requests>", "requests per second of all clients together")
    .action(async ({ check = false, json = false, rate }: { check?: boolean; json?: boolean; rate?: string }) => {
      const { runDemo } = await import("../demo/demo.ts");
      const options = { check, json, ...(rate !== undefined && { rate: numberOf("--rate", rate) }) };
      cli.exit(await runDemo(options, process, cli.io.signal));
    });

  for (const [kind, says] of Object.entries(verbs)) {
    demo
      .command(kind)
      .description(says)
      .argument("<datacenter>", "dc-a, dc-b or dc-c")
      .action((datacenter: string) => ask({ kind: kind as keyof typeof verbs, datacenter }));
  }
  demo
    .command("fail")
    .description("let them answer with an error")
    .argument("<datacenter>", "dc-a, dc-b or dc-c")
    .addOption(new Option("--status <code>", "the gRPC status they answer with").default("UNAVAILABLE"))
    .addOption(new Option("--percent <percent>", "of how many requests").default("100"))
    .action((datacenter: string, { status, percent }: { status: string; percent: string }) =>
      ask({ kind: "fail", datacenter, status, percent: numberOf("--percent", percent) }),
    );

  async function ask(command: Parameters<typeof import("../demo/demo-command.ts")["demoCommand"]>[0]): Promise<void> {
    const { demoCommand } = await import("../demo/demo-command.ts");
    cli.exit(await demoCommand(command, cli.io, cli.io.signal));
  }
};

function numberOf(flag: string, text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new CliError(`${flag} "${text}": expected a number`);
  return number;
}
