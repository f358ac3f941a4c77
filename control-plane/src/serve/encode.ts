import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Framed } from "@weir/proto/grpc/framed.ts";
import { typeUrls, type XdsResource } from "../snapshot/resource.ts";
import type { Response, Variant } from "./push.ts";

// Field numbers of envoy.service.discovery.v3.DiscoveryResponse, DeltaDiscoveryResponse and Resource.
const versionField = 1;
const resourcesField = 2;
const typeUrlField = 4;
const nonceField = 5;
const removedField = 6;
const resourceVersionField = 1;
const resourceBodyField = 2;
const resourceNameField = 3;

/** Turns a response into the bytes of its gRPC message. Each resource's own bytes are made once, for all streams. */
export function encode({ type, nonce, version, resources, removed }: Response, variant: Variant): Framed {
  const entries = variant === "sotw" ? sotwEntries : deltaEntries;
  const writer = new BinaryWriter();
  writer.tag(versionField, WireType.LengthDelimited).string(version);
  const parts = resources.map((resource) => remembered(entries, resource, variant));
  const head = writer.finish();
  const tail = new BinaryWriter();
  tail.tag(typeUrlField, WireType.LengthDelimited).string(typeUrls[type]);
  tail.tag(nonceField, WireType.LengthDelimited).string(nonce);
  for (const name of removed) tail.tag(removedField, WireType.LengthDelimited).string(name);
  return new Framed(Buffer.concat([head, ...parts, tail.finish()]));
}

const sotwEntries = new WeakMap<XdsResource, Uint8Array>();
const deltaEntries = new WeakMap<XdsResource, Uint8Array>();

function remembered(entries: WeakMap<XdsResource, Uint8Array>, resource: XdsResource, variant: Variant): Uint8Array {
  const known = entries.get(resource);
  if (known !== undefined) return known;
  const body = toBinary(AnySchema, resource.body);
  const made = entryOf(variant === "sotw" ? body : wrapped(resource, body));
  entries.set(resource, made);
  return made;
}

function wrapped({ name, version }: XdsResource, body: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(resourceVersionField, WireType.LengthDelimited).string(version);
  writer.tag(resourceBodyField, WireType.LengthDelimited).bytes(body);
  writer.tag(resourceNameField, WireType.LengthDelimited).string(name);
  return writer.finish();
}

function entryOf(bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(resourcesField, WireType.LengthDelimited).bytes(bytes).finish();
}
