import type { ViewerKey } from "../../control-plane/src/model/viewer.ts";
import type { ResourceStatus } from "../../control-plane/src/serve/clients.ts";
import { createChain } from "../../control-plane/src/snapshot/chain.ts";
import type { Resources } from "../../control-plane/src/snapshot/pack.ts";
import type { ResourceType } from "../../control-plane/src/snapshot/resource.ts";
import type { SnapshotStep } from "../../control-plane/src/snapshot/snapshot.ts";
import type { Judge } from "./judge.ts";
import { createMadeUpWorld, worldOf } from "./made-up-world.ts";
import { type Edit, type Happening, type Session, types } from "./random-session.ts";
import type { World } from "./reference-model.ts";
import { createSimulatedClient, type Reply, type Request, type SimulatedClient } from "./simulated-client.ts";

/** What lies between the client of a session and what serves it: nothing, or a socket. */
export type Link = {
  /** What time it is for the server, in milliseconds. */
  now(): number;
  /** Begins a stream in place of the one before; what comes over it is given to `hear`. `restarted`: the server knows of nothing. */
  open(hear: (reply: Reply) => void, how: { readonly restarted: boolean }): void;
  send(request: Request): void;
  /** From now on this is what is served; the stream need not notice before `notice`. */
  publish(resources: Resources): void;
  notice(step: SnapshotStep): void;
  /** What the server shows of the client. */
  resources(): Iterable<ResourceStatus>;
};

/** What the player waits for: that all that was said has been answered, in the end for good, or that time passes. */
export type Pause = { readonly kind: "answers" | "end" } | { readonly kind: "wait"; readonly ms: number };

const answers: Pause = { kind: "answers" };

/** Plays it to a client and, over the link, to a server, with a judge for each stream in between; throws what that throws. */
export function* playSession(
  { habits, happenings }: Session,
  judgeOf: (client: SimulatedClient) => Judge,
  link: Link,
  trace: (...said: readonly unknown[]) => void = () => undefined,
): Generator<Pause, void> {
  const client = createSimulatedClient(habits);
  const edited = createMadeUpWorld();
  let chain = createChain("all" as ViewerKey);
  let judge = judgeOf(client);
  let seen: World | undefined;
  const unnoticed: { readonly type: ResourceType; readonly name: string }[] = [];
  link.open(hear, { restarted: true });

  function hear(reply: Reply): void {
    if (seen === undefined) throw new Error("sent something before there was a snapshot");
    trace("  server", reply);
    judge.sent(reply, seen, link.now());
    client.side(reply.type).inbox.push(reply);
  }

  function* say(request: Request | undefined): Generator<Pause, void> {
    if (request === undefined) return;
    trace("  client", request);
    judge.heard(request, link.now());
    link.send(request);
    yield answers;
  }

  function* notice(): Generator<Pause, void> {
    const step = chain.current();
    if (step === undefined) return;
    seen = worldOf(step.snapshot);
    for (const { type, name } of unnoticed.splice(0)) judge.edited(type, name);
    link.notice(step);
    yield answers;
  }

  function publish() {
    const resources = edited.resources();
    link.publish(resources);
    return chain.publish(resources, 0)?.changes ?? [];
  }

  function* answerAll(): Generator<Pause, void> {
    for (let rounds = 0; types.some((type) => client.side(type).inbox.length > 0); rounds += 1) {
      if (rounds > 50) throw new Error("the conversation does not come to an end");
      for (const type of types) yield* say(client.answer(type));
    }
  }

  function* happen(happening: Happening): Generator<Pause, void> {
    const { kind } = happening;
    if (kind === "subscribe") yield* say(client.ask(happening.type, { add: happening.names }));
    else if (kind === "all") yield* say(client.ask(happening.type, { all: happening.all }));
    else if (kind === "answer") yield* say(client.answer(happening.type, happening));
    else if (kind === "answer all") yield* answerAll();
    else if (kind === "edit") yield* edit(happening.edits, happening.noticed);
    else if (kind === "reconnect") yield* reconnect(happening.restarted);
    else if (kind === "wait") yield { kind, ms: happening.ms };
    else if (!client.side(happening.type).open) return;
    else if (kind === "unsubscribe") yield* say(client.ask(happening.type, { drop: happening.names }));
    else if (kind === "repeat") yield* say(client.repeat(happening.type));
    else yield* say(client.ask(happening.type, {}, { nonce: "stale" }));
  }

  function* edit(edits: readonly Edit[], noticed: boolean): Generator<Pause, void> {
    for (const one of edits) edited.edit(one);
    for (const { type, changed, removed } of publish())
      for (const name of [...changed.map((resource) => resource.name), ...removed]) unnoticed.push({ type, name });
    for (const { type, name } of unnoticed) judge.edited(type, name);
    if (noticed) yield* notice();
  }

  function* reconnect(restarted: "no" | "yes" | "cold"): Generator<Pause, void> {
    if (restarted !== "no") chain = createChain("all" as ViewerKey);
    link.open(hear, { restarted: restarted !== "no" });
    if (restarted === "yes") publish();
    judge = judgeOf(client);
    seen = undefined;
    yield* notice();
    for (const request of client.reconnect()) yield* say(request);
  }

  function checkQuiet({ waited }: { readonly waited: boolean }): void {
    judge.quiet(seen ?? never(), { now: link.now(), waited });
    for (const { type, name, status, version } of link.resources()) {
      const has = client.side(type).held.get(name)?.version;
      if (status === "ACKED" && has !== version)
        throw new Error(`${type} ${name} is shown as ACKed in ${version}, and the client has ${has}`);
    }
  }

  for (const happening of happenings) {
    trace(happening);
    yield* happen(happening);
  }
  yield { kind: "end" };
  publish();
  yield* notice();
  yield* answerAll();
  checkQuiet({ waited: false });
  // What is rejected is tried again, and all is as before.
  for (let round = 0; round < 2; round += 1) {
    yield { kind: "wait", ms: 61_000 };
    yield* answerAll();
    checkQuiet({ waited: true });
  }
}

function never(): never {
  throw new Error("there is a snapshot");
}
