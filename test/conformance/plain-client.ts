import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import type { NodeSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { AggregatedDiscoveryService } from "@weir/proto/envoy/service/discovery/v3/ads_pb.ts";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
} from "@weir/proto/envoy/service/discovery/v3/discovery_pb.ts";
import { methodOf } from "@weir/proto/grpc/service.ts";
import { inTime } from "../kit/wait.ts";
import { type PlainReply, plainReply, replyText } from "./plain-reply.ts";
import { type PlainType, plainTypes, urlOf } from "./plain-types.ts";

export type Variant = "sotw" | "delta";
export const variants = ["sotw", "delta"] as const satisfies readonly Variant[];

/** The fields of a message, as far as they are to be said. */
type Fields<Schema extends DescMessage> = Exclude<MessageInitShape<Schema>, Message>;
export type PlainNode = Fields<typeof NodeSchema>;
export type SotwInit = Fields<typeof DiscoveryRequestSchema>;
export type DeltaInit = Fields<typeof DeltaDiscoveryRequestSchema>;

/** One stream of a client that does only what a test tells it to. */
export type PlainStream = Disposable & {
  readonly variant: Variant;
  /** Exactly this, without a node. */
  sendSotw(request: SotwInit): void;
  sendDelta(request: DeltaInit): void;
  /**
   * From now on these names: SotW says them all, delta which ones come and go. Of a client that has been here before,
   * `version` (SotW) or `has` (delta) says what it holds. `nonce` other than the last one it heard: its words are stale.
   */
  want(
    type: PlainType,
    names?: readonly string[],
    more?: { readonly version?: string; readonly has?: Readonly<Record<string, string>>; readonly nonce?: string },
  ): void;
  /** Asks for what it wants once more. */
  again(type: PlainType): void;
  /** Answers the last response of the type that the test took. */
  ack(type: PlainType): void;
  nack(type: PlainType, message: string): void;
  /** The next response; waits for it. */
  next(): Promise<PlainReply>;
  /**
   * On ADS: all that came, as `replyText` has it; empty when nothing did. What was published and said before has been answered by
   * then: the world's marker has come in its newest form, and again when it was asked for after that.
   */
  hears(): Promise<readonly string[]>;
  /** ACKs whatever comes until nothing does, and tells it. */
  settles(): Promise<readonly string[]>;
  /** The last response of the type that the test took. */
  last(type: PlainType): PlainReply;
  /** How the stream ended: `INVALID_ARGUMENT: …`; waits for it. */
  ended(): Promise<string>;
  /** Says that it will say nothing more. */
  halfClose(): void;
  cancel(): void;
};

export type PlainOptions = {
  readonly address: string;
  readonly variant: Variant;
  /** ADS unless told. */
  readonly service?: PlainType;
  /** Goes along with the first request. */
  readonly node: PlainNode | undefined;
  /** The content that the runtime `marker` has by now. */
  readonly published: () => number;
  /** How long to wait for what must come, in milliseconds; 20,000 unless told. */
  readonly patienceMs?: number;
};

const marker = "marker";

type Side = { names: readonly string[]; last?: PlainReply; version: string; asked: boolean };

export function openPlainStream({
  address,
  variant,
  service,
  node,
  published,
  patienceMs = 20_000,
}: PlainOptions): PlainStream {
  // Clients of the same address would otherwise share a connection.
  const channel = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  const method = methodFor(variant, service);
  const call = channel.makeBidiStreamRequest<unknown, DiscoveryResponse | DeltaDiscoveryResponse>(
    method.path,
    method.requestSerialize as (request: unknown) => Buffer,
    method.responseDeserialize as (bytes: Buffer) => DiscoveryResponse | DeltaDiscoveryResponse,
  );
  const sides = new Map<PlainType, Side>();
  const inbox: PlainReply[] = [];
  const mark = { asked: false, seen: -1, answers: 0, nonce: "", version: "" };
  let first = true;
  let end: string | undefined;
  let news = Promise.withResolvers<void>();

  call.on("data", (response) => {
    const reply = plainReply(response);
    if (mark.asked && reply.type === "runtime") takeMarker(reply);
    else inbox.push(reply);
    wake();
  });
  call.on("error", ({ code, details }: ServiceError) => finish(`${status[code]}: ${details}`));
  call.on("end", () => finish("OK"));

  function finish(how: string): void {
    end ??= how;
    wake();
  }

  function wake(): void {
    news.resolve();
    news = Promise.withResolvers();
  }

  async function when(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (end !== undefined) throw new Error(`the stream ended, without ${what}: ${end}`);
      await inTime(news.promise, patienceMs, () => what);
    }
  }

  function sendSotw(request: SotwInit): void {
    call.write(create(DiscoveryRequestSchema, { ...(first && node && { node }), ...request }));
    first = false;
  }

  function sendDelta(request: DeltaInit): void {
    call.write(create(DeltaDiscoveryRequestSchema, { ...(first && node && { node }), ...request }));
    first = false;
  }

  function side(type: PlainType): Side {
    const mine = sides.get(type) ?? { names: [], version: "", asked: false };
    sides.set(type, mine);
    return mine;
  }

  function want(
    type: PlainType,
    names: readonly string[] = [],
    { version, has = {}, nonce }: NonNullable<Parameters<PlainStream["want"]>[2]> = {},
  ): void {
    const mine = side(type);
    const before = mine.names;
    mine.names = names;
    mine.asked = true;
    if (variant === "sotw") {
      mine.version = version ?? mine.version;
      sendSotw({ ...sotwOf(type), responseNonce: nonce ?? mine.last?.nonce ?? "" });
      return;
    }
    sendDelta({
      typeUrl: urlOf(type),
      resourceNamesSubscribe: names.filter((name) => !before.includes(name)),
      resourceNamesUnsubscribe: before.filter((name) => !names.includes(name)),
      initialResourceVersions: has,
      responseNonce: nonce ?? "",
    });
  }

  function sotwOf(type: PlainType): SotwInit {
    const { names, version } = side(type);
    return { typeUrl: urlOf(type), resourceNames: [...names], versionInfo: version };
  }

  function answer(type: PlainType, message?: string): void {
    const mine = side(type);
    const { nonce, version } = last(type);
    const error = message === undefined ? {} : { errorDetail: { code: status.INVALID_ARGUMENT, message } };
    if (message === undefined) mine.version = version;
    if (variant === "sotw") sendSotw({ ...sotwOf(type), responseNonce: nonce, ...error });
    else sendDelta({ typeUrl: urlOf(type), responseNonce: nonce, ...error });
  }

  function last(type: PlainType): PlainReply {
    const reply = side(type).last;
    if (reply === undefined) throw new Error(`no response of ${type} was taken yet`);
    return reply;
  }

  function take(reply: PlainReply): PlainReply {
    side(reply.type).last = reply;
    return reply;
  }

  function takeMarker({ nonce, version, resources }: PlainReply): void {
    Object.assign(mark, { nonce, version, seen: Number(resources[0]?.content), answers: mark.answers + 1 });
    const typeUrl = urlOf("runtime");
    if (variant === "delta") sendDelta({ typeUrl, responseNonce: nonce });
    else sendSotw({ typeUrl, resourceNames: [marker], responseNonce: nonce, versionInfo: version });
  }

  function askForMarker(): void {
    const typeUrl = urlOf("runtime");
    if (variant === "delta") sendDelta({ typeUrl, resourceNamesSubscribe: [marker] });
    else sendSotw({ typeUrl, resourceNames: [marker], responseNonce: mark.nonce, versionInfo: mark.version });
    mark.asked = true;
  }

  async function hears(): Promise<readonly string[]> {
    if (service !== undefined) throw new Error("a service of one type has no place for a marker: use next()");
    const newest = published();
    if (!mark.asked) askForMarker();
    await when(() => mark.seen >= newest, `the world's marker ${newest}`);
    const before = mark.answers;
    askForMarker();
    await when(() => mark.answers > before, "an answer to the marker");
    return inbox.splice(0).map((reply) => replyText(take(reply)));
  }

  return {
    variant,
    sendSotw,
    sendDelta,
    want,
    again(type) {
      const { names, last } = side(type);
      if (variant === "delta") sendDelta({ typeUrl: urlOf(type), resourceNamesSubscribe: [...names] });
      else sendSotw({ ...sotwOf(type), responseNonce: last?.nonce ?? "" });
    },
    ack: (type) => answer(type),
    nack: answer,
    async next() {
      await when(() => inbox.length > 0, "a response");
      const [reply] = inbox.splice(0, 1);
      if (reply === undefined) throw new Error("a response that came is gone");
      return take(reply);
    },
    hears,
    async settles() {
      const all: string[] = [];
      for (;;) {
        const came = await hears();
        if (came.length === 0) return all;
        all.push(...came);
        for (const type of new Set(came.map((text) => text.split(" ")[0] as PlainType))) answer(type);
      }
    },
    last,
    async ended() {
      while (end === undefined) await inTime(news.promise, patienceMs, () => "the end of the stream");
      return end;
    },
    halfClose: () => call.end(),
    cancel: () => call.cancel(),
    [Symbol.dispose]() {
      call.cancel();
      channel.close();
    },
  };
}

function methodFor(variant: Variant, type: PlainType | undefined) {
  const service = type === undefined ? AggregatedDiscoveryService : plainTypes[type].service;
  const input = variant === "sotw" ? DiscoveryRequestSchema : DeltaDiscoveryRequestSchema;
  const method = service.methods.find(
    (each) => each.methodKind === "bidi_streaming" && each.input.typeName === input.typeName,
  );
  if (method === undefined) throw new Error(`${service.typeName} has no stream of ${variant}`);
  return methodOf(service, method);
}
