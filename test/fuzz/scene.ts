import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newToken, tokenHash } from "../../control-plane/src/operator/auth/new-token.ts";
import { openTokens } from "../../control-plane/src/operator/auth/tokens.ts";
import { startOperator } from "../../control-plane/src/operator/operator-server.ts";
import type { OperatorNote, OperatorParts } from "../../control-plane/src/operator/parts.ts";
import { startTestParts } from "../../control-plane/src/operator/testing.ts";
import { documentKinds } from "../../control-plane/src/policy/documents/document-schemas.ts";
import type { DocumentKind, JournalEntry } from "../../control-plane/src/policy/policy-store.ts";
import { connectedClient } from "../../control-plane/src/serve/testing.ts";

/** `limited` is a shifter of s0 in dc-a and dc-b, `nobody` shows no token. */
export const callers = ["admin", "shifter", "limited", "viewer", "nobody"] as const;
export type Caller = (typeof callers)[number];

/** A control plane's API that listens, with documents, endpoints and a shift, and what of it a request may not change. */
export type Scene = AsyncDisposable & {
  readonly port: number;
  readonly parts: OperatorParts;
  /** Undefined where nobody is asked who they are. */
  token(caller: Caller): string | undefined;
  /** Taken and forgotten. */
  takeNotes(): readonly OperatorNote[];
  /** The revisions that requests made; others make some too, as a shift that ends. */
  readonly made: ReadonlySet<number>;
  state(): State;
};

/** All that a request could change and that is not a matter of time. */
export type State = {
  readonly documents: ReadonlyMap<string, string>;
  readonly newest: JournalEntry | undefined;
  readonly registered: ReadonlyMap<string, string>;
  readonly logLevel: string;
};

export async function startScene({ asksWho }: { readonly asksWho: boolean }): Promise<Scene> {
  const { parts, clients, ...rest } = await startTestParts();
  clients.add(connectedClient({ identity: { nodeId: "edge-1", locality: "dc-a/z1" } }));
  const made = new Set<number>();
  const watched: OperatorParts = {
    ...parts,
    policies: {
      ...parts.policies,
      async change(request) {
        const before = parts.policies.books.current()?.revision ?? 0;
        const outcome = await parts.policies.change(request);
        if (outcome.kind === "done" && !request.validateOnly && outcome.revision > before) made.add(outcome.revision);
        return outcome;
      },
    },
  };
  const dir = await mkdtemp(join(tmpdir(), "weir-fuzz-"));
  const tokens = new Map<Caller, string>(callers.filter((each) => each !== "nobody").map((each) => [each, newToken()]));
  const file = join(dir, "tokens.yaml");
  await writeFile(file, `tokens:\n${[...tokens].map(([name, token]) => entryOf(name, token)).join("")}`);
  let notes: OperatorNote[] = [];
  const operator = await startOperator({
    listen: { host: "127.0.0.1", port: 0 },
    hosts: [],
    parts: watched,
    tokens: asksWho ? await openTokens({ file, observe: () => undefined, now: parts.now }) : undefined,
    observe: (note) => notes.push(note),
  });
  return {
    port: operator.port,
    parts,
    token: (caller) => (asksWho ? tokens.get(caller) : undefined),
    takeNotes() {
      const taken = notes;
      notes = [];
      return taken;
    },
    made,
    state: () => stateOf(parts),
    async [Symbol.asyncDispose]() {
      await operator[Symbol.asyncDispose]();
      await rest[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What all requests begin with. */
export async function furnish({ parts }: Pick<Scene, "parts">): Promise<void> {
  const documents = ["s0", "s1", "s2"].flatMap((name) => [
    {
      apiVersion: "weir/v1alpha1",
      kind: "Service",
      metadata: { name },
      spec: {
        protocol: "GRPC",
        endpoints: [{ static: endpoints }, { registry: {} }],
      },
    },
    {
      apiVersion: "weir/v1alpha1",
      kind: "TrafficSplit",
      metadata: { name },
      spec: { service: name, rules: [{ from: "*", to: { "dc-a": 70, "dc-b": 30 }, failover: ["dc-c"] }] },
    },
  ]);
  const outcome = await parts.policies.change({
    operations: documents.map((document) => ({ kind: "put", document })),
    ...{ by: "scene", reason: "", through: "api", validateOnly: false },
  });
  if (outcome.kind !== "done") throw new Error(`the scene's documents: ${JSON.stringify(outcome)}`);
}

const endpoints = ["dc-a/z1", "dc-a/z2", "dc-b/z1", "dc-c/z1"].map((locality, index) => {
  return { address: `127.1.1.${index + 1}:9000`, locality };
});

function entryOf(name: Caller, token: string): string {
  const more = {
    ...{ admin: "role: admin", viewer: "role: viewer", shifter: 'role: shifter, services: ["*"], datacenters: ["*"]' },
    ...{ limited: "role: shifter, services: [s0], datacenters: [dc-a, dc-b]", nobody: "" },
  };
  return `  - {name: ${name}, sha256: ${tokenHash(token)}, ${more[name]}}\n`;
}

function stateOf({ policies, registry, logs }: OperatorParts): State {
  const stored = documentKinds.flatMap((kind: DocumentKind) => policies.list(kind));
  return {
    documents: new Map(stored.map(({ kind, name, etag }) => [`${kind}/${name}`, etag])),
    newest: policies.journal(1)[0],
    registered: new Map(
      registry.list().map(({ service, endpoint, renewedAt }) => {
        const says = [endpoint.address, endpoint.locality, endpoint.health, endpoint.weight, endpoint.metadata];
        return [`${service}/${endpoint.id}`, JSON.stringify([...says, renewedAt])];
      }),
    ),
    logLevel: logs.level(),
  };
}
