import type { DescMessage, Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { file_validate_validate, KnownRegex } from "../gen/validate/validate_pb.ts";

/** A rule that a message breaks. `missing`: something is not there, or not enough of it; what comes later may mend that. */
export type Broken = { readonly path: readonly string[]; readonly says: string; readonly missing?: true };

/** The rules that are stated, by name; what is not stated is not there. */
export type Stated = Readonly<Record<string, unknown>>;

const schemas = new Map<string, DescMessage>(file_validate_validate.messages.map((each) => [each.typeName, each]));

export function setOf(message: Message): Stated {
  const schema = schemas.get(message.$typeName);
  if (schema === undefined) return {};
  const all = message as unknown as Readonly<Record<string, unknown>>;
  const stated = reflect(schema, message);
  const known = schema.fields.filter((field) => stated.isSet(field)).map((field) => field.localName);
  const plain = known.filter((name) => name in all).map((name) => [name, all[name]] as const);
  return { ...Object.fromEntries(plain), ...(all["wellKnown"] ? { wellKnown: all["wellKnown"] } : {}) };
}

type Number_ = number | bigint;

export function* numberRule(
  rules: Stated,
  value: Number_,
  path: readonly string[],
  text: (value: Number_) => string,
): Generator<Broken> {
  const {
    gt,
    gte,
    lt,
    lte,
    const: only,
    in: some,
    notIn: none,
  } = rules as Readonly<Record<string, Number_ | undefined>>;
  const says = (what: string) => ({ path, says: `${text(value)} ${what}` });
  const low = gt ?? gte;
  const high = lt ?? lte;
  const isLow = (gt !== undefined && value <= gt) || (gte !== undefined && value < gte);
  const isHigh = (lt !== undefined && value >= lt) || (lte !== undefined && value > lte);
  // A lower bound above the upper one means "not between".
  const isInverted = low !== undefined && high !== undefined && low > high;
  if (isInverted ? isLow && isHigh : isLow || isHigh) {
    const bounds = [
      gt !== undefined && `more than ${text(gt)}`,
      gte !== undefined && `at least ${text(gte)}`,
      lt !== undefined && `less than ${text(lt)}`,
      lte !== undefined && `at most ${text(lte)}`,
    ];
    yield says(`is not ${bounds.filter(Boolean).join(isInverted ? " or " : " and ")}`);
  }
  if (only !== undefined && value !== only) yield says(`is not ${text(only)}`);
  if (Array.isArray(some) && some.length > 0 && !some.includes(value)) yield says(`is none of ${some.join(", ")}`);
  if (Array.isArray(none) && none.includes(value)) yield says("is not allowed");
}

export function* textRule(rules: Stated, value: string, path: readonly string[]): Generator<Broken> {
  const says = (what: string) => ({ path, says: `${JSON.stringify(value).slice(0, 80)} ${what}` });
  const size = (name: string) => (rules[name] === undefined ? undefined : Number(rules[name]));
  const [letters, bytes] = [[...value].length, Buffer.byteLength(value)];
  for (const [least, found, unit] of [
    [size("minLen"), letters, "characters"],
    [size("minBytes"), bytes, "bytes"],
  ] as const)
    if (least !== undefined && found < least) yield { ...says(`has fewer than ${least} ${unit}`), missing: true };
  for (const [most, found, unit] of [
    [size("maxLen"), letters, "characters"],
    [size("maxBytes"), bytes, "bytes"],
  ] as const)
    if (most !== undefined && found > most) yield says(`has more than ${most} ${unit}`);
  const { prefix, const: only, pattern, in: some, notIn: none } = rules;
  if (typeof prefix === "string" && !value.startsWith(prefix)) yield says(`does not begin with ${prefix}`);
  if (typeof only === "string" && value !== only) yield says(`is not ${only}`);
  if (typeof pattern === "string" && expression(pattern)?.test(value) === false)
    yield says(`does not match ${pattern}`);
  if (Array.isArray(some) && some.length > 0 && !some.includes(value)) yield says(`is none of ${some.join(", ")}`);
  if (Array.isArray(none) && none.includes(value)) yield says("is not allowed");
  const { wellKnown, strict } = rules as { readonly wellKnown?: { case?: string; value?: unknown }; strict?: boolean };
  if (wellKnown?.case === "wellKnownRegex" && !fitsHeader(value, wellKnown.value, strict !== false))
    yield says("is not valid in a header");
}

/** RE2's syntax is not quite JavaScript's: what that cannot read is left to Envoy. */
function expression(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

/** protoc-gen-validate's HTTP_HEADER_NAME and HTTP_HEADER_VALUE; not strict forbids only what ends a line. */
function fitsHeader(text: string, kind: unknown, strict: boolean): boolean {
  const codes = [...text].map((letter) => letter.codePointAt(0) ?? 0);
  if (!strict) return !codes.some((code) => code === 0 || code === 10 || code === 13);
  if (kind === KnownRegex.HTTP_HEADER_NAME) return /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/.test(text);
  return codes.every((code) => code === 9 || (code >= 32 && code !== 127));
}

export function* listRule(rules: Stated, size: number, path: readonly string[]): Generator<Broken> {
  yield* sizeRule(rules, size, path, "minItems", "maxItems");
}

export function* mapRule(rules: Stated, size: number, path: readonly string[]): Generator<Broken> {
  yield* sizeRule(rules, size, path, "minPairs", "maxPairs");
}

function* sizeRule(
  rules: Stated,
  size: number,
  path: readonly string[],
  least: string,
  most: string,
): Generator<Broken> {
  if (rules[least] !== undefined && size < Number(rules[least]))
    yield { path, says: `has ${size} entries, fewer than ${rules[least]}`, missing: true };
  if (rules[most] !== undefined && size > Number(rules[most]))
    yield { path, says: `has ${size} entries, more than ${rules[most]}` };
}
