import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "./folder.ts";
import { type RunningProcess, startProcess } from "./process.ts";
import { until } from "./wait.ts";

/** One endpoint as Envoy's `/clusters` page has it. */
export type EnvoyHost = {
  readonly cluster: string;
  readonly address: string;
  /** `region/zone`, as far as Envoy was told. */
  readonly locality: string;
  readonly weight: number;
  readonly priority: number;
  readonly healthy: boolean;
};

/** A real Envoy and its admin pages. */
export type Envoy = AsyncDisposable & {
  readonly process: RunningProcess;
  /** `host:port` of its admin pages. */
  readonly admin: string;
  /** Waits until Envoy has all it was waiting for and takes requests. */
  ready(within?: number): Promise<void>;
  /** Waits for a listener and returns its `host:port`. */
  listener(name: string, within?: number): Promise<string>;
  /** Counters and gauges whose name matches the regular expression. */
  stats(filter?: string): Promise<ReadonlyMap<string, number>>;
  clusters(): Promise<readonly EnvoyHost[]>;
  configDump(): Promise<{ readonly configs: readonly Record<string, unknown>[] }>;
};

/** Starts Envoy with a bootstrap in YAML or as an object. It gets an admin port of its own unless it is told one. */
export async function startEnvoy({
  bootstrap,
  adminPort = 0,
  name = "envoy",
  args = [],
  env = {},
}: {
  readonly bootstrap: string | object;
  readonly adminPort?: number;
  readonly name?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Envoy> {
  const files = await makeFolder("envoy");
  const adminFile = join(files.path, "admin");
  const config = await files.write("bootstrap.yaml", textOf(bootstrap));
  const admin = { admin: { address: { socket_address: { address: "127.0.0.1", port_value: adminPort } } } };
  const child = startProcess({
    name,
    command: envoyPath(),
    args: [
      ...["-c", config, "--config-yaml", JSON.stringify(admin), "--admin-address-path", adminFile],
      // Hot restart is what would need an id of its own in shared memory.
      ...["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"],
      ...args,
    ],
    env,
  });
  const stop = async () => {
    await child[Symbol.asyncDispose]();
    await files[Symbol.asyncDispose]();
  };
  try {
    await Promise.race([
      until(async () => (await readFile(adminFile, "utf8")).includes(":"), {
        within: 15_000,
        what: `${name}'s admin port`,
      }),
      child.line(() => false, 20_000),
    ]);
    return adminPages(child, await readFile(adminFile, "utf8"), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function adminPages(child: RunningProcess, admin: string, stop: () => Promise<void>): Envoy {
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`http://${admin}${path}`, { signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) throw new Error(`${child.name}: ${path} answered ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    process: child,
    admin,
    async ready(within = 10_000) {
      const isLive = async () => (await fetch(`http://${admin}/ready`)).status === 200;
      await until(isLive, { within, what: `${child.name} is live` });
    },
    listener(name, within = 10_000) {
      const find = async () => {
        const { listener_statuses = [] } = await get<ListenersPage>("/listeners?format=json");
        const address = listener_statuses.find((status) => status.name === name)?.local_address.socket_address;
        return address && `${address.address}:${address.port_value}`;
      };
      return until(find, { within, what: `listener ${name} in ${child.name}` });
    },
    async stats(filter = "") {
      const { stats } = await get<StatsPage>(`/stats?format=json&filter=${encodeURIComponent(filter)}`);
      return new Map(
        stats.flatMap(({ name, value }) => (name !== undefined && typeof value === "number" ? [[name, value]] : [])),
      );
    },
    async clusters() {
      const { cluster_statuses = [] } = await get<ClustersPage>("/clusters?format=json");
      return cluster_statuses.flatMap(({ name, host_statuses = [] }) =>
        host_statuses.map((host) => hostOf(name, host)),
      );
    },
    configDump() {
      return get("/config_dump?include_eds");
    },
    [Symbol.asyncDispose]: stop,
  };
}

// Only what is read of Envoy's admin pages (envoy.admin.v3); fields at their default are left out there.
type SocketAddress = { readonly address: string; readonly port_value: number };
type ListenersPage = {
  readonly listener_statuses?: readonly {
    readonly name: string;
    readonly local_address: { readonly socket_address?: SocketAddress };
  }[];
};
type StatsPage = { readonly stats: readonly { readonly name?: string; readonly value?: unknown }[] };
type HostStatus = {
  readonly address: { readonly socket_address?: SocketAddress };
  readonly locality?: { readonly region?: string; readonly zone?: string };
  readonly weight?: number;
  readonly priority?: number;
  readonly health_status: Readonly<Record<string, unknown>>;
};
type ClustersPage = {
  readonly cluster_statuses?: readonly { readonly name: string; readonly host_statuses?: readonly HostStatus[] }[];
};

function hostOf(
  cluster: string,
  { address, locality, weight = 0, priority = 0, health_status }: HostStatus,
): EnvoyHost {
  const { eds_health_status, ...failures } = health_status;
  return {
    cluster,
    address: `${address.socket_address?.address}:${address.socket_address?.port_value}`,
    locality: [locality?.region, locality?.zone].filter(Boolean).join("/"),
    weight,
    priority,
    healthy: eds_health_status === "HEALTHY" && Object.values(failures).every((failing) => failing !== true),
  };
}

/** Shows Envoy a bootstrap without running it; what it says against it, or undefined. */
export async function validateEnvoy(bootstrap: string | object): Promise<string | undefined> {
  await using files = await makeFolder("validate");
  const config = await files.write("bootstrap.yaml", textOf(bootstrap));
  await using child = startProcess({
    name: "envoy --mode validate",
    command: envoyPath(),
    args: ["--mode", "validate", "-c", config, "--log-level", "error"],
  });
  const { code } = await child.exit;
  return code === 0 ? undefined : child.lines.join("\n");
}

/** The Envoy that set-up found. */
export function envoyPath(): string {
  const path = process.env["WEIR_ENVOY"];
  if (!path) throw new Error("WEIR_ENVOY does not name an Envoy: run tests with npm test, which finds or installs one");
  return path;
}

// JSON is YAML.
function textOf(bootstrap: string | object): string {
  return typeof bootstrap === "string" ? bootstrap : JSON.stringify(bootstrap);
}
