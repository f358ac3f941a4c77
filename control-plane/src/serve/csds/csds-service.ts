import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type ServiceError,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ClientStatusDiscoveryService, type ClientStatusRequest } from "@weir/proto/envoy/service/status/v3/csds_pb.ts";
import { Framed } from "@weir/proto/grpc/framed.ts";
import { serviceOf } from "@weir/proto/grpc/service.ts";
import { problemText } from "../../lib/parsed.ts";
import { aborted } from "../../lib/wait.ts";
import type { Clients } from "../clients.ts";
import { parseNodeMatchers } from "./csds-matchers.ts";
import { statusPages } from "./csds-pages.ts";

/** What the status service tells. */
export type StatusNote =
  | { readonly kind: "status-asked"; readonly peer: string; readonly clients: number }
  | { readonly kind: "status-refused"; readonly peer: string; readonly reason: string };

export type CsdsParts = {
  readonly clients: Pick<Clients, "list">;
  readonly observe: (note: StatusNote) => void;
  /** How long a client may take to read what was written; 30 s unless told. Slow readers would keep others from asking. */
  readonly readTimeoutMs?: number;
  /** How long a stream may be open before its first question; 60 s unless told. */
  readonly silenceMs?: number;
};

/** Messages of the stream are about this long at most. */
const pageBytes = 1024 ** 2;
/** `FetchClientStatus` has one message, and gRPC clients take 4 MiB unless told otherwise. */
const onlyPageBytes = 4 * 1024 ** 2 - 1024;
/** Answers that may be in the making at the same time; other things have their turn in between. */
const atOnce = 4;

type Refusal = { readonly code: status; readonly details: string };
type Answer = AsyncGenerator<Uint8Array, void> | Refusal;

/**
 * envoy.service.status.v3: what every connected client was sent, accepted and rejected. Told are all clients that a node
 * matcher of the request matches; without matchers all. The stream answers each request in as many messages as it takes.
 */
export function csdsService({ clients, observe, readTimeoutMs = 30_000, silenceMs = 60_000 }: CsdsParts): {
  readonly definition: ServiceDefinition;
  readonly handlers: UntypedServiceImplementation;
} {
  let inTheMaking = 0;

  function answer(request: ClientStatusRequest, peer: string, mostBytes: number): Answer {
    const matches = parseNodeMatchers(request.nodeMatchers);
    if (!matches.ok) return refuse(peer, status.INVALID_ARGUMENT, matches.problems.map(problemText).join("; "));
    if (inTheMaking >= atOnce) {
      const details = `${atOnce} answers about the status of clients are in the making: ask again in a second`;
      return refuse(peer, status.RESOURCE_EXHAUSTED, details);
    }
    const found = clients
      .list()
      .filter(({ nodeId, metadata = {} }) => matches.value({ nodeId, metadata }))
      .toSorted((a, b) => Number(a.connectedAt) - Number(b.connectedAt));
    observe({ kind: "status-asked", peer, clients: found.length });
    return counted(
      statusPages(found, { contents: !request.excludeResourceContents, mostBytes, breathe: () => nextTurn() }),
    );
  }

  async function* counted(pages: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
    inTheMaking += 1;
    try {
      yield* pages;
    } finally {
      inTheMaking -= 1;
    }
  }

  function refuse(peer: string, code: status, details: string): Refusal {
    observe({ kind: "status-refused", peer, reason: details });
    return { code, details };
  }

  return {
    definition: serviceOf(ClientStatusDiscoveryService),
    handlers: {
      streamClientStatus: (call: StreamCall) =>
        answerEach(call, { readTimeoutMs, silenceMs }, (request) => answer(request, call.getPeer(), pageBytes)),
      fetchClientStatus: (call: ServerUnaryCall<ClientStatusRequest, Framed>, done: sendUnaryData<Framed>) => {
        onlyPage(answer(call.request, call.getPeer(), onlyPageBytes)).then(
          (page) => ("code" in page ? done(page) : done(null, page)),
          (cause: Error) => done({ code: status.INTERNAL, details: cause.message }),
        );
      },
    },
  };
}

async function onlyPage(answer: Answer): Promise<Framed | Refusal> {
  if ("code" in answer) return answer;
  let only: Uint8Array | undefined;
  for await (const page of answer) {
    if (only !== undefined)
      return {
        code: status.RESOURCE_EXHAUSTED,
        details:
          "the status of these clients is more than 4 MiB: ask for fewer with node_matchers, " +
          "set exclude_resource_contents, or use StreamClientStatus, which answers in several messages",
      };
    only = page;
  }
  return new Framed(only ?? new Uint8Array());
}

type StreamCall = ServerDuplexStream<ClientStatusRequest, Framed>;

/** One request at a time, and no faster than the client reads. */
function answerEach(
  call: StreamCall,
  { readTimeoutMs, silenceMs }: { readonly readTimeoutMs: number; readonly silenceMs: number },
  answer: (request: ClientStatusRequest) => Answer,
): void {
  const gone = new AbortController();
  const silent = setTimeout(() => {
    const details = `no question within ${silenceMs / 1000} s`;
    fail(call, { code: status.DEADLINE_EXCEEDED, details }, gone.signal);
  }, silenceMs).unref();
  gone.signal.addEventListener("abort", () => clearTimeout(silent));
  for (const event of ["cancelled", "close", "error"]) call.on(event, () => gone.abort());
  // "end" comes with the last request, also while that is being answered.
  let answering: Promise<unknown> = Promise.resolve();
  call.on("data", (request: ClientStatusRequest) => {
    // What was read before the call was ended still arrives.
    if (gone.signal.aborted) return;
    clearTimeout(silent);
    call.pause();
    answering = writeAll(call, answer(request), readTimeoutMs, gone.signal).then(
      () => call.resume(),
      (cause: Error) => fail(call, { code: status.INTERNAL, details: cause.message }, gone.signal),
    );
  });
  call.on("end", async () => {
    await answering;
    clearTimeout(silent);
    if (!gone.signal.aborted) call.end();
  });
}

async function writeAll(call: StreamCall, answer: Answer, readTimeoutMs: number, gone: AbortSignal): Promise<void> {
  if ("code" in answer) return fail(call, answer, gone);
  for await (const page of answer) {
    if (gone.aborted) return;
    const late = AbortSignal.timeout(readTimeoutMs);
    await written(call, new Framed(page), AbortSignal.any([gone, late]));
    if (late.aborted) {
      const details = `the answer was not read for ${readTimeoutMs / 1000} s`;
      return fail(call, { code: status.DEADLINE_EXCEEDED, details }, gone);
    }
  }
}

/** Resolves when it was handed to the network, or the signal aborts. `write` says true for sixteen messages, whatever their size. */
function written(call: StreamCall, page: Framed, signal: AbortSignal): Promise<unknown> {
  const flushed = new Promise<void>((resolve) => call.write(page, () => resolve()));
  return Promise.race([flushed, aborted(signal)]);
}

function fail(call: StreamCall, refusal: Refusal, gone: AbortSignal): void {
  if (!gone.aborted) call.emit("error", refusal satisfies Partial<ServiceError>);
}
