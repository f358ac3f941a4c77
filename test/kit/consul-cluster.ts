import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { consulPath } from "./consul.ts";
import { type Folder, makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { lastWords, type RunningProcess, startProcess } from "./process.ts";
import { until } from "./wait.ts";

/** One service of a node that no agent runs on: nothing but this test says how it is. */
export type External = {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly node?: string;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  /** Passing unless given; undefined is no check at all. */
  readonly status?: "passing" | "warning" | "critical" | undefined;
};

/** The real Consul servers of one data center, on ports of the loopback address. */
export type ConsulCluster = AsyncDisposable & {
  /** `http://127.0.0.1:port`, one for each server. */
  readonly urls: readonly string[];
  /** Calls the HTTP API of a server; fails unless it answers 2xx. */
  call(server: number, method: string, path: string, body?: unknown): Promise<unknown>;
  /** Registers or replaces an instance in the catalog, through a server that runs, as soon as its leader takes it. */
  register(instance: External): Promise<void>;
  deregister(instance: Pick<External, "id" | "node">): Promise<void>;
  /** Starts an agent that is no server and resolves to its URL; it ends with the cluster. */
  agent(): Promise<string>;
  /** The server that leads; waits for one. */
  leader(): Promise<number>;
  /** Ends a server as a crash does. */
  kill(server: number): Promise<void>;
  /** Starts it again, on the same ports and data. */
  start(server: number): Promise<void>;
  /** Takes its data away; it must not run. */
  wipe(server: number): Promise<void>;
  freeze(server: number): void;
  thaw(server: number): void;
};

type MoreConfig = { readonly ports?: Readonly<Record<string, number>>; readonly [key: string]: unknown };

type Server = {
  readonly ports: { readonly http: number; readonly server: number; readonly lan: number; readonly wan: number };
  process: RunningProcess | undefined;
};

/** Starts so many servers and waits until they have a leader. */
export async function startConsulCluster({
  datacenter = "dc-a",
  servers = 3,
  config = () => ({}),
  headers = {},
}: {
  readonly datacenter?: string;
  readonly servers?: number;
  /** More of the configuration of a server. */
  readonly config?: (folder: Folder) => MoreConfig | Promise<MoreConfig>;
  /** Sent with each call of the test's. */
  readonly headers?: Readonly<Record<string, string>>;
} = {}): Promise<ConsulCluster> {
  const files = await makeFolder("consul-cluster");
  const free = await freePorts(servers * 4);
  const all = Array.from({ length: servers }, (_, index): Server => {
    const [http = 0, server = 0, lan = 0, wan = 0] = free.slice(index * 4);
    return { ports: { http, server, lan, wan }, process: undefined };
  });
  const { ports: morePorts = {}, ...more } = await config(files);
  const dataOf = (server: number) => join(files.path, `server-${server}`);
  const agents: RunningProcess[] = [];
  const urls = all.map(({ ports }) => `http://127.0.0.1:${ports.http}`);
  const serverAt = (server: number): Server => {
    const one = all[server];
    if (!one) throw new Error(`there is no server ${server} in this cluster of ${servers}`);
    return one;
  };

  const cluster: ConsulCluster = {
    urls,
    call: (server, method, path, body) => callConsul(urls[server] ?? "", { method, path, body, headers }),
    async register({ service, id, address, port, node = "external", tags = [], meta = {}, ...rest }) {
      const status = "status" in rest ? rest.status : "passing";
      const check = { Node: node, CheckID: `test:${id}`, Name: "test", ServiceID: id, Status: status };
      await write("/v1/catalog/register", {
        ...{ Node: node, Address: "10.99.0.1", SkipNodeUpdate: false },
        Service: { ID: id, Service: service, Address: address, Port: port, Tags: tags, Meta: meta },
        ...(status === undefined ? {} : { Check: check }),
      });
    },
    async deregister({ id, node = "external" }) {
      await write("/v1/catalog/deregister", { Node: node, ServiceID: id });
    },
    async agent() {
      const [http = 0, lan = 0, rpc = 0] = await freePorts(3);
      const settings = {
        ...{ datacenter, node_name: "agent", server: false, data_dir: join(files.path, "agent") },
        ...{ bind_addr: "127.0.0.1", client_addr: "127.0.0.1", log_level: "WARN", disable_update_check: true },
        ports: { http, dns: -1, grpc: -1, server: rpc, serf_lan: lan },
        retry_join: all.map(({ ports }) => `127.0.0.1:${ports.lan}`),
        retry_interval: "1s",
      };
      const file = await files.write("agent.json", JSON.stringify(settings));
      agents.push(startProcess({ name: "consul agent", command: consulPath(), args: ["agent", "-config-file", file] }));
      const url = `http://127.0.0.1:${http}`;
      const ask = { method: "GET", path: "/v1/health/state/critical", body: undefined, headers };
      await until(() => callConsul(url, ask), { within: 30_000, what: "the agent answers", everyMs: 50 });
      return url;
    },
    leader: () =>
      until(
        async () => {
          const leaders = await Promise.all(
            all.map(async ({ process, ports }, index) => {
              if (!process) return undefined;
              const said = await cluster.call(index, "GET", "/v1/status/leader").catch(() => undefined);
              return said === `127.0.0.1:${ports.server}` ? { index } : undefined;
            }),
          );
          return leaders.find((one) => one !== undefined);
        },
        { within: 30_000, what: "the cluster has a leader", everyMs: 50 },
      ).then(({ index }) => index),
    async kill(server) {
      const one = serverAt(server);
      one.process?.signal("SIGCONT");
      await one.process?.stop("SIGKILL");
      one.process = undefined;
    },
    async start(server) {
      await run(server);
      const path = "/v1/health/state/critical?stale";
      await until(() => cluster.call(server, "GET", path), { within: 30_000, what: "the server answers", everyMs: 50 });
    },
    wipe: (server) => rm(dataOf(server), { recursive: true, force: true }),
    freeze: (server) => serverAt(server).process?.signal("SIGSTOP"),
    thaw: (server) => serverAt(server).process?.signal("SIGCONT"),
    async [Symbol.asyncDispose]() {
      await Promise.all([
        ...all.map((_, index) => cluster.kill(index)),
        ...agents.map((agent) => agent.stop("SIGKILL")),
      ]);
      await files[Symbol.asyncDispose]();
    },
  };

  // A server hands writes on to the leader, and keeps its connection to one that is dead until the first write fails.
  async function write(path: string, body: unknown): Promise<void> {
    const running = all.findIndex(({ process }) => process !== undefined);
    const written = () => cluster.call(running, "PUT", path, body);
    await until(written, { within: 20_000, what: `the cluster takes ${path}`, everyMs: 50 });
  }

  async function run(server: number): Promise<void> {
    const one = serverAt(server);
    if (one.process) throw new Error(`server ${server} runs already`);
    const { http, server: rpc, lan, wan } = one.ports;
    await mkdir(dataOf(server), { recursive: true });
    const settings = {
      ...{ datacenter, node_name: `server-${server}`, server: true, bootstrap_expect: servers },
      ...{ data_dir: dataOf(server), bind_addr: "127.0.0.1", client_addr: "127.0.0.1", log_level: "WARN" },
      ports: { http, dns: -1, grpc: -1, server: rpc, serf_lan: lan, serf_wan: wan, ...morePorts },
      retry_join: all.map(({ ports }) => `127.0.0.1:${ports.lan}`),
      retry_interval: "1s",
      disable_update_check: true,
      connect: { enabled: false },
      performance: { raft_multiplier: 1 },
      leave_on_terminate: false,
      ...more,
    };
    const file = await files.write(`server-${server}.json`, JSON.stringify(settings));
    const name = `consul ${datacenter} ${server}`;
    one.process = startProcess({ name, command: consulPath(), args: ["agent", "-config-file", file] });
  }

  try {
    await Promise.all(all.map((_, index) => run(index)));
    const leader = await cluster.leader();
    // A server that has just been chosen answers reads only after its first commit.
    const path = "/v1/catalog/nodes";
    const nodes = async () => ((await cluster.call(leader, "GET", path)) as unknown[]).length >= servers;
    await until(nodes, { within: 30_000, what: "all servers are in the catalog", everyMs: 50 });
    return cluster;
  } catch (cause) {
    const said = all.flatMap(({ process }) => (process ? [lastWords(process)] : [])).join("\n");
    await cluster[Symbol.asyncDispose]();
    throw new Error(said, { cause });
  }
}

async function callConsul(
  url: string,
  asked: {
    readonly method: string;
    readonly path: string;
    readonly body: unknown;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<unknown> {
  const { method, path, body, headers } = asked;
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(url + path, { ...init, signal: AbortSignal.timeout(5_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`consul: ${method} ${path} answered ${answer.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
