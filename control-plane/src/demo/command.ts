import { never } from "../lib/exhaustive.ts";
import { type Parsed, type Problem, parsed } from "../lib/parsed.ts";
import { grpcErrors } from "../model/grpc-status.ts";
import type { ControlAnswer } from "./control-socket.ts";
import type { Datacenters } from "./datacenters.ts";

/** What can be done to a running demo: `weir demo kill dc-a`. */
export type DemoCommand =
  | { readonly kind: "kill" | "start" | "stop" | "heal"; readonly datacenter: string }
  | { readonly kind: "fail"; readonly datacenter: string; readonly status: string; readonly percent: number };

export const demoVerbs = ["kill", "start", "stop", "fail", "heal"] as const;

/** What a server can be told to answer with. */
const statuses: readonly string[] = grpcErrors;

/** Reads a command as it arrives over the control socket. */
export function parseCommand(input: unknown, datacenters: readonly string[]): Parsed<DemoCommand> {
  const fields = typeof input === "object" && input !== null ? (input as Record<string, unknown>) : {};
  const { kind, datacenter, status = "UNAVAILABLE", percent = 100 } = fields;
  const problems: Problem[] = [];
  const verb = demoVerbs.find((each) => each === kind);
  if (verb === undefined) problems.push({ at: "", says: `"${kind}" is none of ${demoVerbs.join(", ")}` });
  if (typeof datacenter !== "string" || !datacenters.includes(datacenter))
    problems.push({ at: "", says: `there is no data center "${datacenter}"; this demo has ${datacenters.join(", ")}` });
  if (typeof status !== "string" || !statuses.includes(status))
    problems.push({
      at: "--status",
      says: `"${status}" is no gRPC status to fail with; it is one of ${statuses.join(", ")}`,
    });
  if (typeof percent !== "number" || !(percent > 0 && percent <= 100))
    problems.push({ at: "--percent", says: `"${percent}" is not a number above 0 and up to 100` });
  if (verb === undefined || typeof datacenter !== "string" || typeof status !== "string" || typeof percent !== "number")
    return { ok: false, problems };
  if (problems.length > 0) return { ok: false, problems };
  return parsed(verb === "fail" ? { kind: verb, datacenter, status, percent } : { kind: verb, datacenter });
}

/** Does it, and says what came of it. */
export async function obey(command: DemoCommand, datacenters: Datacenters): Promise<ControlAnswer> {
  const { datacenter } = command;
  const done = (says: string): ControlAnswer => ({ ok: true, says: `${datacenter}: ${says}` });
  switch (command.kind) {
    case "kill": {
      const killed = await datacenters.kill(datacenter);
      return done(
        killed === 0 ? "no server runs" : `${killed} servers killed (SIGKILL); demo start ${datacenter} starts them`,
      );
    }
    case "stop": {
      const stopped = await datacenters.stop(datacenter);
      return done(stopped === 0 ? "no server runs" : `${stopped} servers have finished what they had and left`);
    }
    case "start": {
      const started = await datacenters.start(datacenter);
      return done(started === 0 ? "all servers run already" : `${started} servers started`);
    }
    case "fail":
      await datacenters.fail(datacenter, command);
      return done(
        `answers ${command.status} to ${command.percent} % of all requests; demo heal ${datacenter} ends that`,
      );
    case "heal":
      await datacenters.heal(datacenter);
      return done("answers well again");
    default:
      return never(command);
  }
}
