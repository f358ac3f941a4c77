import { Command, CommanderError, Option } from "commander";
import { createApi } from "./api.ts";
import { type AddCommand, type Cli, type Format, formats } from "./cli.ts";
import { CliError } from "./cli-error.ts";
import type { CliIo } from "./io.ts";
import { chosenServer } from "./server-url.ts";
import { printable } from "./table.ts";
import { tokenOfLogin } from "./token-of-login.ts";
import { tokenFrom } from "./token-source.ts";

type Entry = { readonly says: string; readonly aliases?: readonly string[]; readonly load: () => Promise<AddCommand> };

// A command's file is loaded when it is asked for: most people wait for `traffic set`, not for what else there is.
const entries: Readonly<Record<string, Entry>> = {
  serve: { says: "run a control plane", load: async () => (await import("./serve.ts")).addServe },
  demo: {
    says: "three data centers with traffic on this machine",
    load: async () => (await import("./demo.ts")).addDemo,
  },
  traffic: {
    says: "where callers are sent: get, set, shift, drain, isolate, override, restore",
    load: async () => (await import("./traffic.ts")).addTraffic,
  },
  endpoints: {
    says: "a service's endpoints as a client at a place sees them",
    load: async () => (await import("./endpoints.ts")).addEndpoints,
  },
  explain: {
    says: "where a client's requests go, now and if something happened",
    load: async () => (await import("./explain.ts")).addExplain,
  },
  client: {
    says: "who is connected and what they hold",
    aliases: ["proxy", "clients"],
    load: async () => (await import("./client.ts")).addClient,
  },
  status: {
    says: "whether clients are served, changes are taken, and sources and clients are in step",
    load: async () => (await import("./status.ts")).addStatus,
  },
  ejections: {
    says: "which endpoints clients ejected, and who is in panic",
    load: async () => (await import("./ejections.ts")).addEjections,
  },
  sources: {
    says: "where endpoints come from, and how fresh that is",
    load: async () => (await import("./sources.ts")).addSources,
  },
  guard: {
    says: "what is held back of what the sources say: list, release",
    load: async () => (await import("./guard.ts")).addGuard,
  },
  get: { says: "documents in force", load: async () => (await import("./get.ts")).addGet },
  describe: {
    says: "what holds for a document, on which clients, and who has it",
    load: async () => (await import("./describe.ts")).addDescribe,
  },
  apply: {
    says: "create or replace documents, all or nothing",
    load: async () => (await import("./apply.ts")).addApply,
  },
  delete: { says: "delete a document", load: async () => (await import("./delete.ts")).addDelete },
  plan: {
    says: "what applying documents would do, without doing it",
    load: async () => (await import("./plan.ts")).addPlan,
  },
  diff: {
    says: "where documents differ from what is in force",
    load: async () => (await import("./diff.ts")).addDiff,
  },
  analyze: {
    says: "what valid documents get wrong, with a server or without one",
    load: async () => (await import("./analyze.ts")).addAnalyze,
  },
  check: {
    says: "check a directory of documents without a server",
    load: async () => (await import("./check.ts")).addCheck,
  },
  history: {
    says: "who changed what, why and when; of all documents or of one",
    load: async () => (await import("./history.ts")).addHistory,
  },
  rollback: {
    says: "put all documents back to what they were at a revision",
    load: async () => (await import("./rollback.ts")).addRollback,
  },
  registry: {
    says: "endpoints that register themselves: list, put, drain, delete",
    load: async () => (await import("./registry.ts")).addRegistry,
  },
  report: {
    says: "the report service: kinds, create, list, get, watch, fetch, cancel, retry, delete",
    load: async () => (await import("./report.ts")).addReport,
  },
  bootstrap: {
    says: "the file that an Envoy or a gRPC client starts from",
    load: async () => (await import("./bootstrap.ts")).addBootstrap,
  },
  config: {
    says: "what serve would run with, and who says so",
    load: async () => (await import("./serve.ts")).addConfig,
  },
  "log-level": {
    says: "how much the server's log says, and changes that",
    load: async () => (await import("./log-level.ts")).addLogLevel,
  },
  audit: {
    says: "whether the history is what was written: verify",
    load: async () => (await import("./audit.ts")).addAudit,
  },
  token: {
    says: "makes tokens for operators, and what the server has to know of them: create",
    load: async () => (await import("./token.ts")).addToken,
  },
  login: {
    says: "log in by the OpenID provider of a control plane",
    load: async () => (await import("./login.ts")).addLogin,
  },
  logout: {
    says: "forget that login",
    load: async () => (await import("./logout.ts")).addLogout,
  },
  whoami: {
    says: "who the server takes you for, and what you may do",
    load: async () => (await import("./whoami.ts")).addWhoami,
  },
  "bug-report": {
    says: "an archive of all that a server says of itself, without secrets",
    load: async () => (await import("./bug-report.ts")).addBugReport,
  },
  context: {
    says: "control planes by name: add, use, list, remove",
    load: async () => (await import("./context.ts")).addContext,
  },
  completion: {
    says: "completes commands and names in bash, zsh and fish",
    load: async () => (await import("./completion.ts")).addCompletion,
  },
  version: {
    says: "versions of this program and of the server",
    load: async () => (await import("./version.ts")).addVersion,
  },
};

/**
 * Runs one command. Resolves to its exit code: 0 done, 1 a difference or findings, 2 an error, which is told on stderr;
 * 130 when it was interrupted.
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  let code = 0;
  const cli: Cli = {
    io,
    api: (command) => {
      const flags = command.optsWithGlobals<{ server?: string; context?: string; tokenFile?: string }>();
      const { server, tokenFile } = chosenServer(flags, io.env);
      const token = async () => (await tokenFrom(flags.tokenFile ?? tokenFile, io.env)) ?? tokenOfLogin(server, io.env);
      const warn = (text: string) => io.stderr.write(`${printable(text)}\n`);
      return createApi({ server, actor: io.actor, token, signal: io.signal, warn });
    },
    anonymous: (command) => {
      const { server } = chosenServer(command.optsWithGlobals<{ server?: string; context?: string }>(), io.env);
      return createApi({
        ...{ server, actor: io.actor, token: async () => undefined },
        ...{ signal: io.signal, warn: () => undefined },
      });
    },
    format: (command) => {
      const { output } = command.optsWithGlobals<{ output: Format | "wide" }>();
      return output === "wide" ? "table" : output;
    },
    isWide: (command) => command.optsWithGlobals<{ output: string }>().output === "wide",
    exit: (next) => {
      code = next;
    },
  };
  try {
    const program = await programFor(argv, cli);
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    // commander has said it already; its own code for bad usage is 1, which here means a difference.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (io.signal.aborted) return 130;
    io.stderr.write(`error: ${messageOf(error)}\n`);
    return 2;
  }
}

/** The commands, and of the one that these arguments name what is below it. */
export async function programFor(argv: readonly string[], cli: Cli): Promise<Command> {
  const { io } = cli;
  const program = new Command("weir")
    .description("Weir: an xDS control plane for Envoy and gRPC clients")
    .addOption(
      new Option(
        "--server <url>",
        "the control plane to talk to; also WEIR_SERVER (default: a running demo, else http://127.0.0.1:18080)",
      ),
    )
    .addOption(new Option("--context <name>", "the same by a name of weir context add; also WEIR_CONTEXT"))
    .addOption(new Option("--token-file <file>", "the token to show it; also WEIR_TOKEN, or WEIR_TOKEN_FILE"))
    .addOption(new Option("-o, --output <format>", "how to print").choices(formats).default("table"))
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .exitOverride()
    .showSuggestionAfterError()
    .helpCommand(false)
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 a difference or findings, 2 an error.\n`weir COMMAND --help` has more.",
    );
  const wanted = commandIn(argv);
  for (const [name, { says, aliases = [], load }] of Object.entries(entries)) {
    const command = program.command(name).description(says).aliases(aliases);
    if (wanted === name || (wanted !== undefined && aliases.includes(wanted))) (await load())(command, cli);
  }
  return program;
}

const optionsWithValue = ["--server", "--context", "--token-file", "-o", "--output"];

/** The command's name among arguments that may begin with options. */
function commandIn(argv: readonly string[]): string | undefined {
  return argv.find((each, index) => !each.startsWith("-") && !optionsWithValue.includes(argv[index - 1] ?? ""));
}

function messageOf(error: unknown): string {
  if (error instanceof CliError) return error.message;
  // A bug: whoever reports it needs to say where.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
