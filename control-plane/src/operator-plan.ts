import { inTurns } from "./lib/in-turns.ts";
import type { Latest } from "./lib/latest.ts";
import { parseLocality, unknownLocality } from "./model/locality.ts";
import { type Viewer, viewerKey } from "./model/viewer.ts";
import type { Book, World } from "./model/world.ts";
import type { OperatorParts, Proposal } from "./operator/parts.ts";
import { analyzing } from "./plan/analyze/analyze.ts";
import { type Finding, findingKey } from "./plan/analyze/finding.ts";
import type { Scene, SeenClient, Written } from "./plan/analyze/scene.ts";
import { planning } from "./plan/plan/plan.ts";
import type { PlannedClient } from "./plan/plan/touched-clients.ts";
import { documentKinds } from "./policy/documents/document-schemas.ts";
import { pathText } from "./policy/documents/path-text.ts";
import type { PolicyStore, StoredDocument } from "./policy/policy-store.ts";
import type { Clients, ClientView } from "./serve/clients.ts";
import type { ObservedLoads } from "./serve/loads/observed-loads.ts";
import { pack } from "./snapshot/pack.ts";
import type { Translate } from "./translate/resource-set.ts";

/** Findings about what is in force are looked for again after this long, or when documents or endpoints changed. */
const freshMs = 5_000;

/** What documents get wrong, and what a change of them would do, asked of the parts that the control plane runs. */
export function operatorPlan({
  policies,
  clients,
  loads,
  published,
  preview,
  leased,
  translate,
  now,
}: {
  readonly policies: PolicyStore;
  readonly clients: Clients;
  readonly loads: ObservedLoads;
  readonly published: Latest<World>;
  /** The world that documents would make. */
  readonly preview: (book: Book) => World | undefined;
  /** The viewers of connected clients. */
  readonly leased: () => readonly Viewer[];
  /** The one that serves: what did not change is then not translated again. */
  readonly translate: Translate;
  readonly now: () => Date;
}): OperatorParts["planning"] {
  let last: { readonly world: World; readonly at: number; readonly findings: Promise<readonly Finding[]> } | undefined;
  let lastKnown: readonly Finding[] = [];
  const known = new WeakMap<StoredDocument, Written>();

  /** The same for the same document, so that what did not change is known by identity. */
  function writtenOf(stored: StoredDocument): Written {
    const { kind, name, document } = stored;
    const written = known.get(stored) ?? { kind, name, document, where: (path) => ({ at: pathText(path) }) };
    known.set(stored, written);
    return written;
  }

  function documentsInForce(): readonly StoredDocument[] {
    return documentKinds.flatMap((kind) => policies.list(kind));
  }

  function seenNow(): Pick<Scene, "clients" | "loads" | "now"> {
    const reporting = loads.clients().length > 0;
    return {
      clients: clients.list().map(seenClient),
      loads: reporting ? { windowMs: loads.windowMs, loads: loads.observed() } : undefined,
      now: now(),
    };
  }

  function sceneOf(book: Book, world: World, documents: readonly StoredDocument[], seen = seenNow()): Scene {
    return { book, written: documents.map(writtenOf), catalog: world.catalog, ...seen };
  }

  function documentsWith({ documents, removed = [] }: Proposal): readonly StoredDocument[] {
    const keyOf = ({ kind, name }: Pick<StoredDocument, "kind" | "name">) => `${kind}/${name}`;
    const others = new Set([...documents, ...removed].map(keyOf));
    return [...documentsInForce().filter((each) => !others.has(keyOf(each))), ...documents];
  }

  function states(proposal: Proposal) {
    const [world, book] = [published.current(), policies.books.current()];
    const next = preview(proposal.book);
    if (world === undefined || book === undefined || next === undefined) return undefined;
    const seen = seenNow();
    return {
      before: { world, scene: sceneOf(book, world, documentsInForce(), seen) },
      after: { world: next, scene: sceneOf(proposal.book, next, documentsWith(proposal), seen) },
    };
  }

  function findingsNow(): Promise<readonly Finding[]> {
    const [world, book] = [published.current(), policies.books.current()];
    if (world === undefined || book === undefined) return Promise.resolve([]);
    const at = now().getTime();
    if (last?.world === world && Math.abs(at - last.at) <= freshMs) return last.findings;
    const findings = inTurns(analyzing(sceneOf(book, world, documentsInForce())));
    last = { world, at, findings };
    // Who asks is told what went wrong; here nobody waits.
    findings.then(
      (found) => {
        lastKnown = found;
      },
      () => undefined,
    );
    return findings;
  }

  return {
    findings: findingsNow,
    lastFindings() {
      findingsNow().catch(() => undefined);
      return lastKnown;
    },
    async warnings() {
      const before = new Set((await findingsNow().catch(() => lastKnown)).map(findingKey));
      return async (proposal) => {
        const world = preview(proposal.book);
        if (world === undefined) return [];
        const asked = new Set(proposal.documents.map(({ kind, name }) => `${kind}/${name}`));
        const found = await inTurns(analyzing(sceneOf(proposal.book, world, documentsWith(proposal)))).catch(() => []);
        return found.filter(
          (each) => !before.has(findingKey(each)) || asked.has(`${each.document.kind}/${each.document.name}`),
        );
      };
    },
    async plan(proposal) {
      const both = states(proposal);
      if (both === undefined) return undefined;
      const steps = planning({
        ...both,
        viewers: leased(),
        clients: clients.list().map(plannedClient),
        snapshotOf: (world, viewer) => pack(translate(world, viewer).resources, viewerKey(viewer), world.revision),
      });
      return inTurns(steps);
    },
  };
}

function seenClient({ nodeId, kind, locality, agent }: ClientView): SeenClient {
  const parsed = parseLocality(locality);
  return { nodeId, kind, agent, locality: parsed.ok ? parsed.value : unknownLocality };
}

function plannedClient({ nodeId, kind, role, locality, viewer, types, resources }: ClientView): PlannedClient {
  const statuses = Object.values(types);
  const isSynced = statuses.every((each) => each.status === "SYNCED" || each.status === "NOT_SENT");
  const listeners =
    kind === "envoy" ? undefined : [...resources()].filter(({ type }) => type === "listener").map(({ name }) => name);
  return { nodeId, kind, role, locality, viewer, listeners, isSynced };
}
