import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Any, AnySchema } from "@bufbuild/protobuf/wkt";
import { Framed } from "@weir/proto/grpc/framed.ts";
import { typeUrls, type XdsResource } from "../../snapshot/resource.ts";
import type { ResourceError } from "../conversation/missing.ts";
import type { Response, Variant } from "../conversation/push.ts";
import { createRecentFrames } from "./recent-frames.ts";

// Field numbers of envoy.service.discovery.v3.DiscoveryResponse, DeltaDiscoveryResponse, Resource and ResourceError.
const response = { version: 1, resources: 2, typeUrl: 4, nonce: 5, removed: 6 } as const;
const errorsField: Readonly<Record<Variant, number>> = { sotw: 7, delta: 9 };
const resourceField = { version: 1, body: 2, name: 3, ttl: 6 } as const;
const resourceTypeUrl = "type.googleapis.com/envoy.service.discovery.v3.Resource";

const recent = createRecentFrames();

/**
 * Turns a response into the bytes of its gRPC message. Each resource's own bytes are made once, for all streams; and so is
 * the message where many are sent the same: all there is to clients that connect at once, or the one resource that changed.
 */
export function encode(response: Response, variant: Variant): Framed {
  const carried = response.whole ?? soleResource(response);
  if (carried === undefined) return frameOf(response, variant);
  return recent.of(carried, `${variant} ${response.nonce} ${response.version}`, () => frameOf(response, variant));
}

function soleResource({ resources, removed, errors, heartbeat }: Response): XdsResource | undefined {
  return resources.length === 1 && removed.length + errors.length === 0 && !heartbeat ? resources[0] : undefined;
}

function frameOf({ type, nonce, version, resources, removed, errors, heartbeat }: Response, variant: Variant): Framed {
  const head = new BinaryWriter();
  head.tag(response.version, WireType.LengthDelimited).string(version);
  const parts = resources.map((resource) => entryOf(resource, variant, heartbeat && resource.ttlMs !== undefined));
  const tail = new BinaryWriter();
  tail.tag(response.typeUrl, WireType.LengthDelimited).string(typeUrls[type]);
  tail.tag(response.nonce, WireType.LengthDelimited).string(nonce);
  for (const name of removed) tail.tag(response.removed, WireType.LengthDelimited).string(name);
  for (const error of errors) tail.tag(errorsField[variant], WireType.LengthDelimited).bytes(errorBytes(error));
  return new Framed(Buffer.concat([head.finish(), ...parts, tail.finish()]));
}

type Form = "sotw" | "delta" | "heartbeat";

const entries: Readonly<Record<Form, WeakMap<XdsResource, Uint8Array>>> = {
  sotw: new WeakMap(),
  delta: new WeakMap(),
  heartbeat: new WeakMap(),
};

function entryOf(resource: XdsResource, variant: Variant, heartbeat: boolean): Uint8Array {
  const form: Form = heartbeat ? "heartbeat" : variant;
  const known = entries[form].get(resource);
  if (known !== undefined) return known;
  const bytes = variant === "delta" ? wrapped(resource, heartbeat) : sotwBody(resource);
  const made = new BinaryWriter().tag(response.resources, WireType.LengthDelimited).bytes(bytes).finish();
  entries[form].set(resource, made);
  return made;
}

/** SotW has no place for a time to live; a resource that has one goes wrapped. */
function sotwBody(resource: XdsResource): Uint8Array {
  if (resource.ttlMs === undefined) return anyBytes(resource.body);
  return anyBytes({ ...resource.body, typeUrl: resourceTypeUrl, value: wrapped(resource, false) });
}

function wrapped({ name, version, body, ttlMs }: XdsResource, heartbeat: boolean): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(resourceField.version, WireType.LengthDelimited).string(version);
  if (!heartbeat) writer.tag(resourceField.body, WireType.LengthDelimited).bytes(anyBytes(body));
  writer.tag(resourceField.name, WireType.LengthDelimited).string(name);
  if (ttlMs !== undefined) writer.tag(resourceField.ttl, WireType.LengthDelimited).bytes(durationBytes(ttlMs));
  return writer.finish();
}

function anyBytes(any: Any): Uint8Array {
  return toBinary(AnySchema, any);
}

function durationBytes(ms: number): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Varint).int64(Math.floor(ms / 1000));
  return writer
    .tag(2, WireType.Varint)
    .int32(Math.round((ms % 1000) * 1e6))
    .finish();
}

function errorBytes({ name, code, message }: ResourceError): Uint8Array {
  const named = new BinaryWriter().tag(1, WireType.LengthDelimited).string(name).finish();
  const status = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message)
    .finish();
  return new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .bytes(named)
    .tag(2, WireType.LengthDelimited)
    .bytes(status)
    .finish();
}
