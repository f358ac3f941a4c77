import { fromBinary } from "@bufbuild/protobuf";
import { type Node, NodeSchema } from "@weir/proto/envoy/config/core/v3/base_pb.ts";
import { StatusSchema } from "@weir/proto/google/rpc/status_pb.ts";
import { type NamesOnWire, namesOf } from "./name-lists.ts";

type Common = {
  readonly typeUrl: string;
  readonly node: Node | undefined;
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
  const entries: number[] = [];
  const common = commonFields(bytes, { node: 1, typeUrl: 2, nonce: 6, error: 7 }, (field, tagStart, start, end) => {
    if (field === 3) return subscribe.take(tagStart, end);
    if (field === 4) return unsubscribe.take(tagStart, end);
    if (field === 5) entries.push(start, end);
    return end;
  });
  return {
    ...common,
    subscribe: namesOf(subscribe.onWire()),
    unsubscribe: namesOf(unsubscribe.onWire()),
    initial: { [Symbol.iterator]: () => pairsOf(bytes, entries) },
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
    onWire(): NamesOnWire {
      const stretch = interrupted ? bytes : bytes.subarray(from, to);
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
  let rejects: string | undefined;
  eachField(bytes, 0, bytes.length, (field, tagStart, start, end) => {
    if (field === at.typeUrl) typeUrl = bytes.toString("utf8", start, end);
    else if (field === at.nonce) nonce = bytes.toString("utf8", start, end);
    else if (field === at.node) node = fromBinary(NodeSchema, bytes.subarray(start, end));
    else if (field === at.error) rejects = fromBinary(StatusSchema, bytes.subarray(start, end)).message.trim();
    else return other(field, tagStart, start, end);
    return end;
  });
  return { typeUrl, node, nonce, rejects };
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

function* pairsOf(bytes: Buffer, entries: readonly number[]): Generator<readonly [string, string]> {
  for (let index = 0; index < entries.length; index += 2) {
    let [key, value] = ["", ""];
    eachField(bytes, entries[index] ?? 0, entries[index + 1] ?? 0, (field, _tagStart, start, end) => {
      if (field === 1) key = bytes.toString("utf8", start, end);
      else if (field === 2) value = bytes.toString("utf8", start, end);
      return end;
    });
    yield [key, value];
  }
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
