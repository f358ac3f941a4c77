import { fromBinary } from "@bufbuild/protobuf";
import { type Node, NodeSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { StatusSchema } from "@weir/proto/google/rpc/status_pb.ts";
import { type NamesOnWire, namesOf } from "./name-lists.ts";

type Common = {
  readonly typeUrl: string;
  readonly node: Node | undefined;
  /** What the node takes up; one of more than `mostNodeBytes` is not read. */
  readonly nodeBytes: number;
  readonly nonce: string;
  /** The client's words, when it rejects; undefined otherwise. */
  readonly rejects: string | undefined;
};

/** `envoy.service.discovery.v3.DiscoveryRequest`, as far as a server looks at it. */
export type SotwRequest = Common & { readonly version: string; readonly names: NamesOnWire };

/** `envoy.service.discovery.v3.DeltaDiscoveryRequest`, as far as a server looks at it. */
export type DeltaRequest = Common & {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name and version of what a returning client has; may be gone through more than once. */
  readonly initial: Iterable<readonly [string, string]>;
};

/** grpc-js keeps a stream's last message for as long as the stream. Envoy 1.40 says 60 KB, nearly all of it its extensions. */
export const mostNodeBytes = 512 * 1024;

// In DeltaDiscoveryRequest.
const initialField = 5;

/**
 * Reads the requests by hand: a SotW client repeats all its names in each ACK, and a returning delta client tells a version
 * for each resource. Made into objects, that costs more than everything else together; looked at where it stands, it is
 * compared and forgotten. Throws on bytes that are no message.
 */
export function decodeSotw(bytes: Buffer): SotwRequest {
  let version = "";
  const names = stretchOf(bytes, 3);
  const common = commonFields(bytes, { node: 2, typeUrl: 4, nonce: 5, error: 6 }, (field, tagStart, start, end) => {
    if (field === 3) return names.take(tagStart, end);
    if (field === 1) version = bytes.toString("utf8", start, end);
    return end;
  });
  return { ...common, version, names: names.onWire() };
}

export function decodeDelta(bytes: Buffer): DeltaRequest {
  const subscribe = stretchOf(bytes, 3);
  const unsubscribe = stretchOf(bytes, 4);
  const initial = stretchOf(bytes, initialField);
  const common = commonFields(bytes, { node: 1, typeUrl: 2, nonce: 6, error: 7 }, (field, tagStart, _start, end) => {
    if (field === 3) return subscribe.take(tagStart, end);
    if (field === 4) return unsubscribe.take(tagStart, end);
    if (field === initialField) return initial.take(tagStart, end);
    return end;
  });
  return {
    ...common,
    subscribe: namesOf(subscribe.onWire()),
    unsubscribe: namesOf(unsubscribe.onWire()),
    initial: { [Symbol.iterator]: () => pairsOf(initial.bytes()) },
  };
}

/** Where the entries of a repeated field stand: in one stretch, unless a client puts others between them. */
function stretchOf(bytes: Buffer, field: number) {
  let [from, to] = [0, 0];
  let interrupted = false;
  return {
    /** Takes the entry that begins and ends there, and all that follow it; says where those end. */
    take(tagStart: number, end: number): number {
      if (to === 0) from = tagStart;
      else if (tagStart !== to) interrupted = true;
      to = endOfRun(bytes, tagStart, end);
      return to;
    },
    /** All entries, and others between them where there are any. */
    bytes: (): Buffer => (interrupted ? bytes : bytes.subarray(from, to)),
    onWire(): NamesOnWire {
      const stretch = this.bytes();
      return { bytes: stretch, names: () => stringsOf(stretch, field) };
    },
  };
}

/** Passes over further entries with the same tag, as long as their lengths are one byte; thousands stand in each SotW ACK. */
function endOfRun(bytes: Buffer, tagStart: number, end: number): number {
  const tag = bytes[tagStart];
  let at = end;
  while (bytes[at] === tag) {
    const length = bytes[at + 1] ?? 0x80;
    const next = at + 2 + length;
    if (length >= 0x80 || next > bytes.length) break;
    at = next;
  }
  return at;
}

function commonFields(
  bytes: Buffer,
  at: { readonly node: number; readonly typeUrl: number; readonly nonce: number; readonly error: number },
  other: TakeField,
): Common {
  let [typeUrl, nonce] = ["", ""];
  let node: Node | undefined;
  let nodeBytes = 0;
  let rejects: string | undefined;
  eachField(bytes, 0, bytes.length, (field, tagStart, start, end) => {
    if (field === at.typeUrl) typeUrl = bytes.toString("utf8", start, end);
    else if (field === at.nonce) nonce = bytes.toString("utf8", start, end);
    else if (field === at.node) {
      nodeBytes = end - start;
      if (nodeBytes <= mostNodeBytes) node = fromBinary(NodeSchema, bytes.subarray(start, end));
    } else if (field === at.error) rejects = fromBinary(StatusSchema, bytes.subarray(start, end)).message.trim();
    else return other(field, tagStart, start, end);
    return end;
  });
  return { typeUrl, node, nodeBytes, nonce, rejects };
}

/** Every string of that field, in order. */
function stringsOf(bytes: Buffer, wanted: number): readonly string[] {
  const all: string[] = [];
  eachField(bytes, 0, bytes.length, (field, _tagStart, start, end) => {
    if (field === wanted) all.push(bytes.toString("utf8", start, end));
    return end;
  });
  return all;
}

/** The entries of `initial_resource_versions`. A thousand clients that come back tell a million: most are read at one glance. */
function* pairsOf(bytes: Buffer): Generator<readonly [string, string]> {
  const tag = initialField * 8 + 2;
  let at = 0;
  while (bytes[at] === tag) {
    const start = at + 2;
    const end = start + (bytes[at + 1] ?? 0);
    const pair = plainPair(bytes, start, end);
    if (pair === undefined) break;
    yield pair;
    at = end;
  }
  yield* anyPairs(bytes, at);
}

/** Key and value, if they stand there as everyone writes them: each once, in this order, with lengths of one byte. */
function plainPair(bytes: Buffer, start: number, end: number): readonly [string, string] | undefined {
  const keyLength = bytes[start + 1] ?? 0x80;
  const middle = start + 2 + keyLength;
  const valueLength = bytes[middle + 1] ?? 0x80;
  const isPlain =
    end - start < 0x80 && bytes[start] === 0x0a && bytes[middle] === 0x12 && middle + 2 + valueLength === end;
  if (!isPlain || end > bytes.length) return undefined;
  return [bytes.toString("utf8", start + 2, middle), bytes.toString("utf8", middle + 2, end)];
}

function anyPairs(bytes: Buffer, from: number): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  eachField(bytes, from, bytes.length, (wanted, _tagStart, from, to) => {
    if (wanted !== initialField) return to;
    let [key, value] = ["", ""];
    eachField(bytes, from, to, (field, _tagStart, start, end) => {
      if (field === 1) key = bytes.toString("utf8", start, end);
      else if (field === 2) value = bytes.toString("utf8", start, end);
      return end;
    });
    pairs.push([key, value]);
    return to;
  });
  return pairs;
}

/** Takes a length-delimited field: where its tag begins, and where its content does and ends. Says where to go on. */
type TakeField = (field: number, tagStart: number, start: number, end: number) => number;

/** The length-delimited fields of a message, in order; others are passed over. https://protobuf.dev/programming-guides/encoding/ */
function eachField(bytes: Buffer, from: number, to: number, take: TakeField): void {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; factor < 2 ** 63; factor *= 128) {
      const byte = at < to ? (bytes[at] ?? 0) : 0x1_00;
      at += 1;
      if (byte > 0xff) throw new Error("the request ends in the middle of a field");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new Error("the request holds a number that is too long");
  };
  while (at < to) {
    const tagStart = at;
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (field === 0) throw new Error("the request holds a field numbered 0");
    if (wireType === 2) {
      const length = varint();
      const end = at + length;
      if (end > to) throw new Error("the request ends in the middle of a field");
      at = take(field, tagStart, at, end);
    } else if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else throw new Error(`the request holds a field of the unknown wire type ${wireType}`);
  }
  if (at > to) throw new Error("the request ends in the middle of a field");
}
