import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { makeFolder } from "../kit/folder.ts";
import { freePorts } from "../kit/ports.ts";
import { lastWords, type RunningProcess, startProcess } from "../kit/process.ts";
import { until } from "../kit/wait.ts";

export type ApiAnswer = { readonly status: number; readonly body: unknown };

/** A real Kubernetes control plane on loopback: etcd, kube-apiserver with RBAC, and the controller that writes EndpointSlices. */
export type Kubernetes = AsyncDisposable & {
  /** `https://127.0.0.1:port`. */
  readonly server: string;
  /** The file with the authority that signs the server's certificate. */
  readonly authorities: string;
  /** The token of an administrator. */
  readonly token: string;
  /** Calls the API as an administrator, whatever it answers. */
  ask(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** The same, and fails unless it answers 2xx. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  /** A kubeconfig file with the context `test`, for this token or token file. */
  kubeconfig(user: { readonly token: string } | { readonly tokenFile: string }, server?: string): Promise<string>;
  /** A file of its own. */
  write(name: string, text: string): Promise<string>;
  /** Ends the API server; etcd and its data stay. */
  stopApi(): Promise<void>;
  startApi(): Promise<void>;
  /** Halts the API server without ending it: calls to it hang. */
  freezeApi(): void;
  thawApi(): void;
  /** Loses all data, as a cluster does whose etcd was set up anew; the API server then answers 200 and empty lists. */
  wipe(): Promise<void>;
  /** Makes etcd forget all but the newest revision. */
  compact(): Promise<void>;
};

type Options = {
  /** Whether EndpointSlices are written by the real controller, or by the test alone. */
  readonly controllers: boolean;
};

/** Starts all of it; resolves when the API is ready. */
export async function startKubernetes({ controllers }: Options): Promise<Kubernetes> {
  const files = await makeFolder("kubernetes");
  const [etcdPort = 0, peerPort = 0, apiPort = 0, probePort = 0] = await freePorts(4);
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const server = `https://127.0.0.1:${apiPort}`;
  const token = randomBytes(16).toString("hex");
  const authorities = join(files.path, "certificates", "apiserver.crt");
  const keys = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "sec1", format: "pem" },
  });
  await mkdir(join(files.path, "certificates"));
  const publicKey = await files.write("accounts.pub", keys.publicKey);
  const privateKey = await files.write("accounts.key", keys.privateKey);
  const tokens = await files.write("tokens.csv", `${token},admin,admin,"system:masters"\n`);

  await using started = new AsyncDisposableStack();
  started.defer(() => files[Symbol.asyncDispose]());
  let etcd: RunningProcess | undefined;
  const startEtcd = async () => {
    etcd = startProcess({
      name: "etcd",
      command: program("etcd"),
      args: [
        ...["--name", "test", "--data-dir", join(files.path, "etcd"), "--log-level", "warn", "--unsafe-no-fsync"],
        ...["--listen-client-urls", etcdUrl, "--advertise-client-urls", etcdUrl],
        ...["--listen-peer-urls", `http://127.0.0.1:${peerPort}`],
        ...["--initial-advertise-peer-urls", `http://127.0.0.1:${peerPort}`],
        ...["--initial-cluster", `test=http://127.0.0.1:${peerPort}`],
      ],
    });
    await ready(etcd, async () => (await fetch(`${etcdUrl}/health`)).ok);
  };
  started.defer(async () => {
    await etcd?.stop("SIGKILL");
  });
  await startEtcd();
  const etcdCall = async (path: string, body: object): Promise<unknown> => {
    const signal = AbortSignal.timeout(5_000);
    const answer = await fetch(`${etcdUrl}${path}`, { method: "POST", body: JSON.stringify(body), signal });
    if (!answer.ok) throw new Error(`etcd: ${path} answered ${answer.status} ${await answer.text()}`);
    return answer.json();
  };

  let api: RunningProcess | undefined;
  const ask: Kubernetes["ask"] = (method, path, body) => askApi({ server, authorities, token }, method, path, body);
  const startApi = async () => {
    api = startProcess({
      name: "kube-apiserver",
      command: program("kube-apiserver"),
      args: [
        `--etcd-servers=${etcdUrl}`,
        ...["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", `--secure-port=${apiPort}`],
        // It signs a certificate for itself, once.
        `--cert-dir=${join(files.path, "certificates")}`,
        `--token-auth-file=${tokens}`,
        ...[`--service-account-key-file=${publicKey}`, `--service-account-signing-key-file=${privateKey}`],
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.0.0.0/24,fd00:77::/112",
        "--authorization-mode=RBAC",
        // Nothing here gives pods the tokens that this would wait for.
        "--disable-admission-plugins=ServiceAccount",
        "--endpoint-reconciler-type=none",
        "--v=0",
      ],
    });
    await ready(api, async () => (await ask("GET", "/readyz")).status === 200);
  };
  const stopApi = async () => {
    api?.signal("SIGCONT");
    // In order it would wait for its watches to end.
    await api?.stop("SIGKILL");
    api = undefined;
  };
  started.defer(stopApi);
  await startApi();

  const kubernetes: Kubernetes = {
    server,
    authorities,
    token,
    ask,
    async call(method, path, body) {
      const { status, body: answer } = await ask(method, path, body);
      if (status < 200 || status > 299)
        throw new Error(`kubernetes: ${method} ${path} answered ${status} ${JSON.stringify(answer)}`);
      return answer;
    },
    async kubeconfig(user, at = server) {
      const file = join(files.path, `${randomBytes(4).toString("hex")}.kubeconfig`);
      const config = {
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "test", cluster: { server: at, "certificate-authority": authorities } }],
        users: [{ name: "test", user }],
        contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
        "current-context": "test",
      };
      await writeFile(file, JSON.stringify(config));
      return file;
    },
    write: (name, text) => files.write(name, text),
    stopApi,
    startApi,
    freezeApi: () => api?.signal("SIGSTOP"),
    thawApi: () => api?.signal("SIGCONT"),
    async wipe() {
      await stopApi();
      await etcd?.stop("SIGKILL");
      await rm(join(files.path, "etcd"), { recursive: true });
      await startEtcd();
      await startApi();
    },
    async compact() {
      const { header } = (await etcdCall("/v3/kv/range", { key: "YQ==" })) as { header: { revision: string } };
      await etcdCall("/v3/kv/compaction", { revision: header.revision, physical: true });
    },
    [Symbol.asyncDispose]: async () => {},
  };
  if (controllers) {
    const controller = started.use(
      startProcess({
        name: "kube-controller-manager",
        command: program("kube-controller-manager"),
        args: [
          `--kubeconfig=${await kubernetes.kubeconfig({ token })}`,
          ...[
            "--controllers=endpointslice-controller",
            "--leader-elect=false",
            "--use-service-account-credentials=false",
          ],
          ...["--bind-address=127.0.0.1", `--secure-port=${probePort}`, `--cert-dir=${join(files.path, "controller")}`],
          "--v=0",
        ],
      }),
    );
    void controller;
  }
  const all = started.move();
  return { ...kubernetes, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function ready(process: RunningProcess, is: () => Promise<boolean>): Promise<void> {
  await until(is, { within: 90_000, what: `${process.name} is ready`, everyMs: 100 }).catch((cause) => {
    throw new Error(lastWords(process), { cause });
  });
}

async function askApi(
  { server, authorities, token }: { readonly server: string; readonly authorities: string; readonly token: string },
  method: string,
  path: string,
  body: unknown,
): Promise<ApiAnswer> {
  const ca = await readFile(authorities);
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": type }) };
  return new Promise((resolve, reject) => {
    const call = request(`${server}${path}`, { method, ca, headers, agent: false, timeout: 20_000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: parsed(text) }));
    });
    call.on("timeout", () => call.destroy(new Error(`${method} ${path}: no answer within 20 s`)));
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Why there is no Kubernetes to start; undefined where there is one. */
export function lacksKubernetes(): string | undefined {
  if (process.env["WEIR_KUBERNETES"]) return undefined;
  return "there is no kube-apiserver here: npm run test:kubernetes builds one (about ten minutes, once; it needs Go)";
}

function program(name: string): string {
  const folder = process.env["WEIR_KUBERNETES"];
  if (!folder) throw new Error(lacksKubernetes());
  return join(folder, name);
}
