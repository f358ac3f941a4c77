import { create, toBinary } from "@bufbuild/protobuf";
import { DiscoveryRequestSchema } from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import type { ViewerKey } from "../../control-plane/src/model/viewer.ts";
import type { Response } from "../../control-plane/src/serve/conversation/push.ts";
import {
  createDeltaStream,
  createSotwStream,
  type Stream,
  type StreamEvent,
} from "../../control-plane/src/serve/conversation/stream.ts";
import type { NamesOnWire } from "../../control-plane/src/serve/wire/name-lists.ts";
import { type DeltaRequest, decodeSotw, type SotwRequest } from "../../control-plane/src/serve/wire/request.ts";
import { createChain } from "../../control-plane/src/snapshot/chain.ts";
import { type ResourceType, typeUrls } from "../../control-plane/src/snapshot/resource.ts";
import { createMadeUpWorld, itemOf, worldOf } from "./made-up-world.ts";
import { type Edit, type Happening, type Session, types } from "./random-session.ts";
import { createReferenceModel, type World } from "./reference-model.ts";
import { createRules } from "./rules.ts";
import { createSimulatedClient, type Request } from "./simulated-client.ts";
import type { VersionBook } from "./version-book.ts";

/** Plays it to a stream machine and a client, with the reference in between; throws when a rule is broken. */
export function playSession(
  { habits, happenings }: Session,
  versions: VersionBook,
  trace: (...said: readonly unknown[]) => void = () => undefined,
): void {
  const client = createSimulatedClient(habits);
  const edited = createMadeUpWorld();
  let chain = createChain("all" as ViewerKey);
  let stream = open();
  let model = createReferenceModel(client);
  let rules = createRules(model, versions);
  let seen: World | undefined;
  const unnoticed: { readonly type: ResourceType; readonly name: string }[] = [];
  let now = 0;

  function open(): Stream<never> {
    return habits.variant === "delta" ? createDeltaStream() : createSotwStream({ emptyMeansAll: true });
  }

  function take(event: StreamEvent<SotwRequest | DeltaRequest>): void {
    for (const response of stream.take(event as StreamEvent<never>, new Date(now)).send) {
      if (seen === undefined) throw new Error("sent something before there was a snapshot");
      const reply = replyOf(response);
      trace("  server", reply);
      rules.sent(reply, seen, now);
      client.side(reply.type).inbox.push(reply);
    }
  }

  function say(request: Request | undefined): void {
    if (request === undefined) return;
    trace("  client", request);
    model.heard(request, now);
    take({ kind: "request", request: habits.variant === "delta" ? deltaOf(request) : sotwOf(request) });
  }

  function notice(): void {
    const step = chain.current();
    if (step === undefined) return;
    seen = worldOf(step.snapshot);
    for (const { type, name } of unnoticed.splice(0)) model.edited(type, name);
    take({ kind: "snapshot", step });
  }

  function answerAll(): void {
    for (let rounds = 0; types.some((type) => client.side(type).inbox.length > 0); rounds += 1) {
      if (rounds > 50) throw new Error("the conversation does not come to an end");
      for (const type of types) say(client.answer(type));
    }
  }

  function wait(ms: number): void {
    now += ms;
    take({ kind: "tick" });
  }

  function happen(happening: Happening): void {
    const { kind } = happening;
    if (kind === "subscribe") say(client.ask(happening.type, { add: happening.names }));
    else if (kind === "all") say(client.ask(happening.type, { all: happening.all }));
    else if (kind === "answer") say(client.answer(happening.type, happening));
    else if (kind === "answer all") answerAll();
    else if (kind === "edit") edit(happening.edits, happening.noticed);
    else if (kind === "reconnect") reconnect(happening.restarted);
    else if (kind === "wait") wait(happening.ms);
    else if (!client.side(happening.type).open) return;
    else if (kind === "unsubscribe") say(client.ask(happening.type, { drop: happening.names }));
    else if (kind === "repeat") say(client.repeat(happening.type));
    else say(client.ask(happening.type, {}, { nonce: "stale" }));
  }

  function edit(edits: readonly Edit[], noticed: boolean): void {
    for (const one of edits) edited.edit(one);
    const { changes = [] } = chain.publish(edited.resources(), 0) ?? {};
    for (const { type, changed, removed } of changes)
      for (const name of [...changed.map((resource) => resource.name), ...removed]) unnoticed.push({ type, name });
    for (const { type, name } of unnoticed) model.edited(type, name);
    if (noticed) notice();
  }

  function reconnect(restarted: "no" | "yes" | "cold"): void {
    if (restarted !== "no") {
      chain = createChain("all" as ViewerKey);
      if (restarted === "yes") chain.publish(edited.resources(), 0);
    }
    stream = open();
    model = createReferenceModel(client);
    rules = createRules(model, versions);
    seen = undefined;
    notice();
    for (const request of client.reconnect()) say(request);
  }

  for (const happening of happenings) {
    trace(happening);
    happen(happening);
  }
  function checkQuiet({ waited }: { readonly waited: boolean }): void {
    rules.quiet(seen ?? never(), { now, waited });
    for (const { type, name, status, version } of stream.resources()) {
      const has = client.side(type).held.get(name)?.version;
      if (status === "ACKED" && has !== version)
        throw new Error(`${type} ${name} is shown as ACKed in ${version}, and the client has ${has}`);
    }
  }

  chain.publish(edited.resources(), 0);
  notice();
  answerAll();
  checkQuiet({ waited: false });
  // What is rejected is tried again, and all is as before.
  for (let round = 0; round < 2; round += 1) {
    wait(61_000);
    answerAll();
    checkQuiet({ waited: true });
  }
}

function never(): never {
  throw new Error("there is a snapshot");
}

function replyOf({ errors, resources, ...rest }: Response) {
  return { ...rest, resources: resources.map(itemOf), errors: errors.map(({ name }) => name) };
}

function deltaOf({ type, nonce, rejects, subscribe, unsubscribe, initial }: Request): DeltaRequest {
  return { typeUrl: typeUrls[type], node: undefined, nonce, rejects, subscribe, unsubscribe, initial };
}

function sotwOf({ type, nonce, rejects, names, version }: Request): SotwRequest {
  return { typeUrl: typeUrls[type], node: undefined, nonce, rejects, version, names: onWire(names) };
}

const known = new Map<string, NamesOnWire>();

function onWire(names: readonly string[]): NamesOnWire {
  const found = known.get(names.join());
  if (found !== undefined) return found;
  const request = create(DiscoveryRequestSchema, { resourceNames: [...names] });
  const made = decodeSotw(Buffer.from(toBinary(DiscoveryRequestSchema, request))).names;
  known.set(names.join(), made);
  return made;
}
