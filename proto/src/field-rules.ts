import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromBinary,
  getOption,
  hasOption,
  type Message,
  type MessageShape,
  type Registry,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { type Any, AnySchema, type Duration, FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { disabled, ignored, required, rules } from "../gen/validate/validate_pb.ts";
import { type Broken, listRule, mapRule, numberRule, type Stated, setOf, textRule } from "./rule-kinds.ts";

/**
 * Where a message breaks the rules that Envoy's .proto files state (protoc-gen-validate's `validate.rules`): for such a message
 * Envoy refuses a whole resource. Looks into messages in an `Any`, as far as the registry knows them. At most ten.
 */
export function brokenRules<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  registry: Registry,
): readonly Broken[] {
  const found: Broken[] = [];
  for (const broken of inMessage(reflect(schema, message), [], registry)) {
    found.push(broken);
    if (found.length === 10) break;
  }
  return found;
}

function* inMessage(message: ReflectMessage, path: readonly string[], registry: Registry): Generator<Broken> {
  const { desc } = message;
  if (desc.typeName === AnySchema.typeName) {
    yield* inAny(message.message as Any, path, registry);
    return;
  }
  if (desc.typeName.startsWith("google.protobuf.") || getOption(desc, disabled) || getOption(desc, ignored)) return;
  for (const oneof of desc.oneofs)
    if (getOption(oneof, required) && message.oneofCase(oneof) === undefined)
      yield { path, says: `one of ${oneof.fields.map(({ name }) => name).join(", ")} is required`, missing: true };
  for (const field of desc.fields) yield* inField(message, field, [...path, field.name], registry);
}

function* inAny({ typeUrl, value }: Any, path: readonly string[], registry: Registry): Generator<Broken> {
  const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  if (schema) yield* inMessage(reflect(schema, fromBinary(schema, value)), path, registry);
}

function* inField(
  message: ReflectMessage,
  field: DescField,
  path: readonly string[],
  registry: Registry,
): Generator<Broken> {
  const rule = hasOption(field, rules) ? getOption(field, rules) : undefined;
  const wholeRule = rule?.message ? setOf(rule.message) : {};
  const rulesOf = rule?.type.case ? setOf(rule.type.value) : {};
  const isSet = message.isSet(field);
  // One of several has rules only while it is the one; a plain number or text is always there, a message only when it is set.
  if (!isSet && field.oneof) return;
  if (!isSet && field.presence !== FeatureSet_FieldPresence.IMPLICIT) {
    if (wholeRule["required"] || rulesOf["required"]) yield { path, says: "is required", missing: true };
    return;
  }
  if (!isSet && rulesOf["ignoreEmpty"]) return;
  switch (field.fieldKind) {
    case "scalar":
    case "enum":
      yield* inValue(message.get(field), rule?.type.case, rulesOf, path, field.enum);
      return;
    case "message": {
      const inside = message.get(field);
      yield* inWrapped(inside, rule?.type.case, rulesOf, path);
      if (!wholeRule["skip"]) yield* inMessage(inside, path, registry);
      return;
    }
    case "list": {
      const list = message.get(field);
      yield* listRule(rulesOf, list.size, path);
      const items = rulesOf["items"] as
        | { readonly type: { readonly case?: string; readonly value?: Message } }
        | undefined;
      const itemRules = items?.type.value ? setOf(items.type.value) : {};
      for (const [index, item] of [...list].entries()) {
        const at = [...path, String(index)];
        if (field.listKind !== "message") yield* inValue(item, items?.type.case, itemRules, at, field.enum);
        else {
          yield* inWrapped(item as ReflectMessage, items?.type.case, itemRules, at);
          yield* inMessage(item as ReflectMessage, at, registry);
        }
      }
      return;
    }
    case "map": {
      const map = message.get(field);
      yield* mapRule(rulesOf, map.size, path);
      for (const [key, value] of map) {
        const at = [...path, String(key)];
        if (field.mapKind === "message") yield* inMessage(value as ReflectMessage, at, registry);
      }
    }
  }
}

/** The rules of a duration or of a wrapped number or text, which are stated on the field that holds it. */
function* inWrapped(
  message: ReflectMessage,
  kind: string | undefined,
  rulesOf: Stated,
  path: readonly string[],
): Generator<Broken> {
  const { typeName } = message.desc;
  if (typeName === "google.protobuf.Duration") {
    const limits = Object.fromEntries(Object.entries(rulesOf).map(([name, value]) => [name, inNanoseconds(value)]));
    yield* numberRule(limits, nanoseconds(message.message as Duration), path, (value) => `${Number(value) / 1e9}s`);
    return;
  }
  const wrapped = /^google\.protobuf\.\w+Value$/.test(typeName) ? message.desc.fields[0] : undefined;
  if (wrapped && kind !== undefined) yield* inValue(message.get(wrapped), kind, rulesOf, path, undefined);
}

function* inValue(
  value: unknown,
  kind: string | undefined,
  rulesOf: Stated,
  path: readonly string[],
  words: DescEnum | undefined,
): Generator<Broken> {
  if (kind === "enum" && rulesOf["definedOnly"] && words && words.value[value as number] === undefined)
    yield { path, says: `${value} is none of ${words.name}` };
  if (typeof value === "string") yield* textRule(rulesOf, value, path);
  else if (typeof value === "number" || typeof value === "bigint") yield* numberRule(rulesOf, value, path, String);
}

function inNanoseconds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inNanoseconds);
  const isDuration = typeof value === "object" && value !== null && "seconds" in value;
  return isDuration ? nanoseconds(value as Duration) : value;
}

function nanoseconds({ seconds, nanos }: Duration): bigint {
  return seconds * 1_000_000_000n + BigInt(nanos);
}
