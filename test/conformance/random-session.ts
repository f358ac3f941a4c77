import fc from "fast-check";
import type { ResourceType } from "../../control-plane/src/snapshot/resource.ts";
import type { Habits } from "./simulated-client.ts";

/** The types that clients and worlds are made of here, in the order in which a client asks for them. */
export const types = ["cluster", "endpoints", "listener", "routes"] as const satisfies readonly ResourceType[];
export const names = ["a", "b", "c"] as const;
/** Contents that a resource may have; clients reject the last. */
export const contents = [0, 1, 2] as const;

export type Type = (typeof types)[number];

/** What may happen to a resource: it gets this content, or goes. */
export type Edit = {
  readonly type: Type;
  readonly name: (typeof names)[number];
  readonly content: (typeof contents)[number] | undefined;
};

/** What may happen in the life of a client. */
export type Happening =
  | { readonly kind: "subscribe" | "unsubscribe"; readonly type: Type; readonly names: readonly string[] }
  | { readonly kind: "all"; readonly type: "cluster" | "listener"; readonly all: boolean | "legacy" }
  /** The oldest response that it has not answered; with what it wants more or no more. */
  | { readonly kind: "answer"; readonly type: Type; readonly add: readonly string[]; readonly drop: readonly string[] }
  | { readonly kind: "answer all" }
  | { readonly kind: "edit"; readonly edits: readonly Edit[]; readonly noticed: boolean }
  | { readonly kind: "repeat" | "stale"; readonly type: Type }
  | { readonly kind: "reconnect"; readonly restarted: "no" | "yes" | "cold" }
  | { readonly kind: "wait"; readonly ms: number };

export type Session = { readonly habits: Habits; readonly happenings: readonly Happening[] };

const type = fc.constantFrom(...types);
const root = fc.constantFrom("cluster" as const, "listener" as const);
const some = fc.subarray([...names], { minLength: 1 });
const few = fc.oneof({ arbitrary: fc.constant([]), weight: 4 }, { arbitrary: fc.subarray([...names]), weight: 1 });
const edit: fc.Arbitrary<Edit> = fc.record({
  type,
  name: fc.constantFrom(...names),
  content: fc.constantFrom(undefined, 0, 0, 1, 1, 2),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("subscribe"), type, names: some }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("unsubscribe"), type, names: some }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("all"),
      type: root,
      all: fc.constantFrom<boolean | "legacy">("legacy", "legacy", true, false),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("answer"), type, add: few, drop: few }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("answer all") }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("edit"),
      edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
      noticed: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("repeat", "stale"), type }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("reconnect"), restarted: fc.constantFrom("no", "yes", "cold") }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(400, 1_000, 5_000, 61_000) }) },
);

/** As Envoy begins: a client that has all there is. */
const opening: readonly Happening[] = [
  { kind: "edit", edits: types.flatMap((type) => names.map((name) => ({ type, name, content: 0 }))), noticed: true },
  { kind: "all", type: "cluster", all: "legacy" },
  { kind: "subscribe", type: "endpoints", names },
  { kind: "all", type: "listener", all: "legacy" },
  { kind: "subscribe", type: "routes", names },
  { kind: "answer all" },
];

export const session: fc.Arbitrary<Session> = fc.record({
  habits: fc.record({ variant: fc.constantFrom("sotw", "delta"), partial: fc.boolean(), names: fc.boolean() }),
  happenings: fc
    .tuple(fc.constantFrom([], opening), fc.array(happening, { maxLength: 30 }))
    .map(([first, then]) => [...first, ...then]),
});
