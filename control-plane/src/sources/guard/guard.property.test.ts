import { test } from "node:test";
import fc from "fast-check";
import { addressText, type Endpoint } from "../../model/service.ts";
import { converse, instance } from "./testing.ts";

const datacenters = ["dc-a", "dc-b", "dc-c"] as const;
const perDatacenter = 6;
const holdMs = 60_000;

/** What happens next: a data center names these of its instances, cannot be seen, or time passes. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("says" as const),
      datacenter: fc.constantFrom(...datacenters),
      named: fc.array(fc.boolean(), { minLength: perDatacenter, maxLength: perDatacenter }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("falls" as const), datacenter: fc.constantFrom(...datacenters) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("waits" as const), ms: fc.integer({ min: 1, max: 25_000 }) }) },
);

// All of them take requests: dead ones go sooner where as many as before are left that do.
test("whatever sources say, never more than the limit goes within the hold time but what was repeated through all of it", () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 60 }), (happenings) => {
      const talk = converse(datacenters, { holdMs });
      const all = (datacenter: string) =>
        Array.from({ length: perDatacenter }, (_, index) => instance(datacenter, index + 1));
      const said = new Map<string, readonly Endpoint[]>(datacenters.map((each) => [each, all(each)]));
      const seen = new Set<string>(datacenters);
      for (const each of datacenters) talk.says(each, all(each));
      /** When each address was last believed, and since when a source that can be seen has not named it. */
      const believedAt = new Map<string, number>();
      const deniedSince = new Map<string, number>();
      const note = () => {
        const named = new Set([...said.values()].flat().map(({ address }) => addressText(address)));
        for (const datacenter of datacenters) {
          for (const address of all(datacenter).map((each) => addressText(each.address))) {
            if (named.has(address) || !seen.has(datacenter)) deniedSince.delete(address);
            else if (!deniedSince.has(address)) deniedSince.set(address, talk.nowMs());
          }
        }
        for (const address of talk.believed()) believedAt.set(address, talk.nowMs());
      };
      note();
      for (const each of happenings) {
        const before = talk.believed();
        if (each.kind === "waits") talk.waits(each.ms);
        else if (each.kind === "falls") {
          talk.falls(each.datacenter);
          seen.delete(each.datacenter);
        } else {
          const named = all(each.datacenter).filter((_, index) => each.named[index]);
          said.set(each.datacenter, named);
          seen.add(each.datacenter);
          talk.says(each.datacenter, said.get(each.datacenter) ?? []);
        }
        check(before);
        note();
      }

      function check(before: readonly string[]): void {
        const believed = new Set(talk.believed());
        const named = [...said.values()].flat().map(({ address }) => addressText(address));
        for (const address of named)
          if (!believed.has(address)) throw new Error(`${address} is named and not believed`);
        const isRepeated = (address: string) => talk.nowMs() - (deniedSince.get(address) ?? Infinity) >= holdMs;
        // What was repeated through all of it has gone for good, whatever its source says afterwards.
        for (const address of before) if (!believed.has(address) && isRepeated(address)) believedAt.delete(address);
        const wentNow = before.filter((address) => !believed.has(address) && !isRepeated(address));
        if (wentNow.length === 0) return;
        if (believed.size === 0) throw new Error("nothing is left");
        const wereThere = [...believedAt]
          .filter(([, atMs]) => talk.nowMs() - atMs < holdMs)
          .map(([address]) => address);
        for (const [what, members] of [
          ["the service", wereThere],
          ...datacenters.map(
            (each) =>
              [
                each,
                wereThere.filter((address) => all(each).some((one) => addressText(one.address) === address)),
              ] as const,
          ),
        ] as const) {
          const lost = members.filter((address) => !believed.has(address) && !isRepeated(address));
          if (!lost.some((address) => wentNow.includes(address))) continue;
          if (lost.length > 1 && lost.length * 2 > members.length)
            throw new Error(`${lost.length} of ${members.length} of ${what} went`);
        }
      }
    }),
    { numRuns: 300 },
  );
});
