import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Folder, makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { lastWords, type RunningProcess, startProcess } from "./process.ts";
import { until } from "./wait.ts";

export type CheckStatus = "passing" | "warning" | "critical";
export type Registration = {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  /** Passing unless given. */
  readonly status?: CheckStatus;
};

/** Real Consul servers, one for each data center, federated over the loopback address. */
export type Consul = AsyncDisposable & {
  /** The HTTP API of a data center's server: `http://127.0.0.1:port`. */
  url(datacenter: string): string;
  /** Registers or replaces an instance, with a check that only `setCheck` changes. */
  register(datacenter: string, registration: Registration): Promise<void>;
  deregister(datacenter: string, id: string): Promise<void>;
  setCheck(datacenter: string, id: string, status: CheckStatus): Promise<void>;
  /** Any other call to a data center's HTTP API; fails unless it answers 2xx. */
  call(datacenter: string, method: string, path: string, body?: unknown): Promise<unknown>;
  /** Ends a data center's server; its data stay. */
  stop(datacenter: string): Promise<void>;
  /** Starts it again on the same ports and data, and waits until it is federated again. */
  start(datacenter: string): Promise<void>;
  /** Halts it without ending it: calls to it hang, as over a cut line. */
  freeze(datacenter: string): void;
  thaw(datacenter: string): void;
};

type Ports = { readonly http: number; readonly server: number; readonly lan: number; readonly wan: number };
type Agent = { readonly datacenter: string; readonly ports: Ports; process: RunningProcess | undefined };

/** Starts a federation and waits until each data center answers for every other. */
export async function startConsul({ datacenters }: { readonly datacenters: readonly string[] }): Promise<Consul> {
  const files = await makeFolder("consul");
  const agents = new Map<string, Agent>();
  const free = await freePorts(datacenters.length * 4);
  for (const [index, datacenter] of datacenters.entries()) {
    const [http = 0, server = 0, lan = 0, wan = 0] = free.slice(index * 4);
    agents.set(datacenter, { datacenter, ports: { http, server, lan, wan }, process: undefined });
  }
  const agentOf = (datacenter: string): Agent => {
    const agent = agents.get(datacenter);
    if (!agent)
      throw new Error(`there is no data center "${datacenter}" in this test's Consul: ${datacenters.join(", ")}`);
    return agent;
  };
  const run = async (agent: Agent) => {
    const all = [...agents.values()];
    agent.process = await runAgent(
      agent,
      all.map(({ ports }) => ports.wan),
      files,
    );
  };
  const url = (datacenter: string) => `http://127.0.0.1:${agentOf(datacenter).ports.http}`;
  const consul: Consul = {
    url,
    async register(datacenter, { service, id, address, port, tags = [], meta = {}, weights, status = "passing" }) {
      const check = { CheckID: checkOf(id), TTL: "24h", Status: status };
      const body = {
        Name: service,
        ID: id,
        Address: address,
        Port: port,
        Tags: tags,
        Meta: meta,
        Weights: weights,
        Check: check,
      };
      await consul.call(datacenter, "PUT", "/v1/agent/service/register", body);
    },
    async deregister(datacenter, id) {
      await consul.call(datacenter, "PUT", `/v1/agent/service/deregister/${encodeURIComponent(id)}`);
    },
    async setCheck(datacenter, id, status) {
      await consul.call(datacenter, "PUT", `/v1/agent/check/update/${encodeURIComponent(checkOf(id))}`, {
        Status: status,
      });
    },
    call: (datacenter, method, path, body) => callApi(url(datacenter), method, path, body),
    async stop(datacenter) {
      const agent = agentOf(datacenter);
      agent.process?.signal("SIGCONT");
      await agent.process?.stop();
      agent.process = undefined;
    },
    async start(datacenter) {
      const agent = agentOf(datacenter);
      if (agent.process) throw new Error(`Consul ${datacenter} runs already`);
      await run(agent);
      await federated(agent, [...agents.values()]);
    },
    freeze: (datacenter) => agentOf(datacenter).process?.signal("SIGSTOP"),
    thaw: (datacenter) => agentOf(datacenter).process?.signal("SIGCONT"),
    async [Symbol.asyncDispose]() {
      await Promise.all(datacenters.map((datacenter) => consul.stop(datacenter)));
      await files[Symbol.asyncDispose]();
    },
  };
  try {
    await Promise.all([...agents.values()].map(run));
    await Promise.all([...agents.values()].map((agent) => federated(agent, [...agents.values()])));
    return consul;
  } catch (error) {
    await consul[Symbol.asyncDispose]();
    throw error;
  }
}

async function runAgent(
  { datacenter, ports }: Agent,
  wanPorts: readonly number[],
  files: Folder,
): Promise<RunningProcess> {
  const data = join(files.path, datacenter);
  await mkdir(data, { recursive: true });
  const config = {
    datacenter,
    node_name: `${datacenter}-server`,
    server: true,
    bootstrap_expect: 1,
    data_dir: data,
    bind_addr: "127.0.0.1",
    client_addr: "127.0.0.1",
    log_level: "WARN",
    ports: { http: ports.http, dns: -1, grpc: -1, server: ports.server, serf_lan: ports.lan, serf_wan: ports.wan },
    retry_join_wan: wanPorts.map((port) => `127.0.0.1:${port}`),
    // Consul's own 30 s would be what most of a test waits for.
    retry_interval_wan: "1s",
    disable_update_check: true,
    connect: { enabled: false },
    performance: { raft_multiplier: 1 },
    limits: { http_max_conns_per_client: 1000 },
    // Leaving the federation takes a server 12 s, and a crash does not do it either.
    leave_on_terminate: false,
  };
  const file = await files.write(`${datacenter}.json`, JSON.stringify(config));
  return startProcess({ name: `consul ${datacenter}`, command: consulPath(), args: ["agent", "-config-file", file] });
}

/** Waits until this data center has a leader and reads the catalog of every one that runs, its own included. */
async function federated(agent: Agent, all: readonly Agent[]): Promise<void> {
  for (const other of all.filter(({ process }) => process)) {
    const path = `/v1/catalog/nodes?dc=${other.datacenter}`;
    const answers = async () => {
      const nodes = await callApi(`http://127.0.0.1:${agent.ports.http}`, "GET", path);
      return Array.isArray(nodes) && nodes.length > 0;
    };
    const what = `Consul ${agent.datacenter} answers for ${other.datacenter}`;
    await until(answers, { within: 30_000, what, everyMs: 50 }).catch((cause) => {
      throw new Error(agent.process ? lastWords(agent.process) : what, { cause });
    });
  }
}

async function callApi(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const answer = await fetch(url + path, { ...init, signal: AbortSignal.timeout(5_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`consul: ${method} ${path} answered ${answer.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

function checkOf(id: string): string {
  return `test:${id}`;
}

/** Is there a Consul to start? */
export function hasConsul(): boolean {
  return Boolean(process.env["WEIR_CONSUL"]);
}

/** The program that the tests start. */
export function consulPath(): string {
  const path = process.env["WEIR_CONSUL"];
  if (!path) throw new Error("WEIR_CONSUL does not name a Consul: run tests with npm test, which finds or unpacks one");
  return path;
}
