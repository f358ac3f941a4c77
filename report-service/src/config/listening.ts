import { flagGroup } from "./flag-group.ts";

/** Where a server is and where it listens. */
export type Listening = {
  readonly listen: string;
  /** What clients dial, where that is not what it listens on. */
  readonly advertise: string | undefined;
  readonly datacenter: string;
  readonly zone: string;
  readonly id: string;
  readonly kinds: string;
  readonly drainLimitMs: number;
  readonly faultFile: string | undefined;
  readonly metrics: string | undefined;
  /** Whether it tells callers how busy it is. */
  readonly loadReports: boolean;
  readonly logLevel: "error" | "warn" | "info" | "debug";
  readonly logFormat: "json" | "ecs";
};

export const listening = flagGroup(
  [
    {
      name: "listen",
      default: "127.0.0.1:0",
      value: "HOST:PORT",
      help: "where to serve gRPC; port 0 takes a free one",
    },
    { name: "advertise", value: "HOST:PORT", help: "what clients dial, if not what it listens on" },
    { name: "locality", value: "DC/ZONE", help: "where this server is (required)" },
    { name: "id", value: "NAME", help: "its own name; made of host and process where not given" },
    { name: "kinds", value: "DIR", help: "the report kinds; those that come with the program where not given" },
    { name: "drain-limit", default: "30s", value: "TIME", help: "how long it finishes calls once told to stop" },
    {
      name: "fault-file",
      value: "PATH",
      help: `while it holds {"status":"UNAVAILABLE","percent":100}, calls are answered so`,
    },
    {
      name: "metrics",
      value: "HOST:PORT",
      help: "where to serve /metrics, /healthz and /readyz; nowhere where not given",
    },
    {
      name: "load-reports",
      default: "off",
      value: "WHICH",
      help: "calls: each answer says how busy this server is (ORCA), for WeightedRoundRobin; or off",
    },
    {
      name: "log-level",
      default: "info",
      value: "LEVEL",
      help: "error, warn, info or debug; SIGUSR2 changes to debug and back",
    },
    { name: "log-format", default: "json", value: "FORM", help: "json, or ecs for the Elastic Common Schema" },
  ],
  (flags, defaults): Listening => {
    const locality = flags.required("locality");
    if (locality !== "" && !/^[a-z0-9][a-z0-9-]{0,35}\/[\w.-]+$/.test(locality)) {
      flags.say("locality", `must be DC/ZONE such as dc-a/z1, not "${locality}"`);
    }
    const [datacenter = "", zone = ""] = locality.split("/");
    const named = flags.matching("id", /^[\w.-]{1,128}$/, "must consist of letters, digits, '.', '_' and '-'");
    return {
      listen: flags.address("listen") ?? "",
      advertise: flags.address("advertise"),
      datacenter,
      zone,
      id: named ?? defaults.id,
      kinds: flags.get("kinds") ?? defaults.kinds,
      drainLimitMs: flags.time("drain-limit", 0),
      faultFile: flags.get("fault-file"),
      metrics: flags.address("metrics"),
      loadReports: flags.oneOf("load-reports", ["off", "calls"]) === "calls",
      logLevel: flags.oneOf("log-level", ["error", "warn", "info", "debug"]),
      logFormat: flags.oneOf("log-format", ["json", "ecs"]),
    };
  },
);
