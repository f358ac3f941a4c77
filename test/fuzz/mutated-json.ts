import fc, { type Arbitrary } from "fast-check";
import { hostileJson, prototypeNames } from "./hostile-values.ts";

/** Makes of a value the text of one that is a little, or altogether, wrong. */
export type Mutation = (value: unknown) => Buffer;

/** As it is. */
export const unchanged: Mutation = (value) => Buffer.from(JSON.stringify(value));

/** One thing about the value, or about its text, is wrong. */
export const mutations: Arbitrary<Mutation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.nat(), hostileJson).map(([at, json]) => textually((value) => put(value, at, json))),
  },
  { weight: 3, arbitrary: fc.nat().map((at) => textually((value) => without(value, at))) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.nat(),
        fc.constantFrom(...prototypeNames, "x", "", "spec", "kind", "$ref", "é", "a".repeat(300)),
        hostileJson,
      )
      .map(([at, key, json]) => textually((value) => withKey(value, at, key, json))),
  },
  { weight: 1, arbitrary: hostileJson.map((json) => () => Buffer.from(json)) },
  { weight: 1, arbitrary: fc.nat().map((at) => textually((value) => repeated(value, at))) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(), textMutation()).map(
      ([at, change]): Mutation =>
        (value) =>
          change(JSON.stringify(value), at),
    ),
  },
);

function textMutation(): Arbitrary<(text: string, at: number) => Buffer> {
  const insert = (bytes: Buffer) => (text: string, at: number) => {
    const all = Buffer.from(text);
    const here = at % (all.length + 1);
    return Buffer.concat([all.subarray(0, here), bytes, all.subarray(here)]);
  };
  return fc.constantFrom(
    (text: string, at: number) => Buffer.from(text.slice(0, at % (text.length + 1))),
    // The first key of all, once more.
    (text: string) => Buffer.from(text.replace(/^\{("[^"]*":)/, "{$1null,$1")),
    (text: string) => Buffer.from(`[${text},${text}]`),
    (text: string) => Buffer.from(`${text}${text}`),
    (text: string) => Buffer.from(`${text},`),
    (text: string) => Buffer.from(`\ufeff${text}`),
    (text: string) => Buffer.from(text, "utf16le"),
    (text: string) => Buffer.from(text.replaceAll('"', "'")),
    (text: string) => Buffer.from(`/* */${text}// end`),
    (text: string) => Buffer.from(`${" ".repeat(50_000)}${text}`),
    (text: string) => Buffer.from(`data=${encodeURIComponent(text)}`),
    insert(Buffer.from([0])),
    insert(Buffer.from([0xff])),
    insert(Buffer.from([0xed, 0xa0, 0x80])),
    insert(Buffer.from('"')),
    insert(Buffer.from("\\")),
    insert(Buffer.from("}")),
    insert(Buffer.from("\u2028")),
  );
}

const mark = "@@here@@";

/** `change` answers a value with `mark` where the JSON text that it answers beside is to stand. */
function textually(change: (value: unknown) => readonly [value: unknown, json: string]): Mutation {
  return (value) => {
    const [changed, json] = change(structuredClone(value));
    // A function, as the text may have $& in it.
    return Buffer.from((JSON.stringify(changed) ?? "").replace(`"${mark}"`, () => json));
  };
}

type Place = { readonly parent: Record<string, unknown> | unknown[]; readonly key: string | number };

/** Every place inside of a value. */
function placesIn(value: unknown): readonly Place[] {
  const places: Place[] = [];
  const visit = (parent: unknown) => {
    if (typeof parent !== "object" || parent === null) return;
    for (const key of Array.isArray(parent) ? parent.keys() : Object.keys(parent)) {
      places.push({ parent: parent as Record<string, unknown>, key });
      visit((parent as Record<string | number, unknown>)[key]);
    }
  };
  visit(value);
  return places;
}

function set({ parent, key }: Place, value: unknown): void {
  (parent as Record<string | number, unknown>)[key] = value;
}

function put(value: unknown, at: number, json: string): readonly [unknown, string] {
  const places = placesIn(value);
  const place = places[at % Math.max(1, places.length)];
  if (!place) return [mark, json];
  set(place, mark);
  return [value, json];
}

function without(value: unknown, at: number): readonly [unknown, string] {
  const places = placesIn(value);
  const { parent, key } = places[at % Math.max(1, places.length)] ?? {};
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (parent) delete parent[String(key)];
  return [value, ""];
}

function withKey(value: unknown, at: number, key: string, json: string): readonly [unknown, string] {
  const objects = [
    value,
    ...placesIn(value).map(({ parent, key }) => (parent as Record<string | number, unknown>)[key]),
  ];
  const known = objects.filter((each) => typeof each === "object" && each !== null && !Array.isArray(each));
  const object = known[at % Math.max(1, known.length)];
  if (object) Object.defineProperty(object, key, { value: mark, enumerable: true, configurable: true, writable: true });
  return [value, json];
}

function repeated(value: unknown, at: number): readonly [unknown, string] {
  const lists = [value, ...placesIn(value).map(({ parent, key }) => (parent as Record<string | number, unknown>)[key])];
  const known = lists.filter((each) => Array.isArray(each) && each.length > 0);
  const list = known[at % Math.max(1, known.length)];
  if (Array.isArray(list)) list.push(...Array.from({ length: 1_100 }, () => list[0]));
  return [value, ""];
}
