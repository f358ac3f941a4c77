import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReportId, ReportKey } from "../../src/model/names.ts";
import type { Bulletin, Notice } from "../../src/ports/bulletin.ts";
import { tenant } from "./place.ts";

/** A bulletin of the provider under test, with nobody listening. */
export type BulletinPlace = {
  /** One server's connection; several hear each other. Providers for one process answer the same one each time. */
  connect(): Promise<Bulletin>;
} & AsyncDisposable;

/** What every provider of `Bulletin` must do. */
export function provesBulletin(name: string, open: () => Promise<BulletinPlace>): void {
  test(`${name}: what is told of a report is heard by all who listen to it, in order, and by nobody else`, async () => {
    await using place = await open();
    const [one, two] = [await place.connect(), await place.connect()];
    const [here, there, elsewhere] = [listener(one, "a"), listener(two, "a"), listener(two, "b")];
    await until(two, "b", elsewhere);
    await until(two, "a", here);
    await until(two, "a", there);
    for (let sequence = 1; sequence <= 20; sequence += 1) await one.tell(key("a"), { kind: "changed", sequence });
    await heard(here, 20);
    await heard(there, 20);
    assert.deepEqual(sequences(here), upTo(20));
    assert.deepEqual(sequences(there), upTo(20));
    assert.deepEqual(sequences(elsewhere), []);
  });

  test(`${name}: progress comes as it was told`, async () => {
    await using place = await open();
    const [one, two] = [await place.connect(), await place.connect()];
    const there = listener(two, "a");
    await until(one, "a", there);
    const notice = {
      kind: "progress",
      attempt: 2,
      progress: { percent: 40, stage: "query", rows: 7 },
    } as const;
    await one.tell(key("a"), notice);
    await heard(there, 1);
    assert.deepEqual(there.notices.filter(({ kind }) => kind === "progress").at(-1), notice);
  });

  test(`${name}: who no longer listens hears nothing, and who listens beside it still does`, async () => {
    await using place = await open();
    const bulletin = await place.connect();
    const [leaving, staying] = [listener(bulletin, "a"), listener(bulletin, "a")];
    await until(bulletin, "a", leaving);
    await until(bulletin, "a", staying);
    leaving[Symbol.dispose]();
    leaving.notices.length = 0;
    await bulletin.tell(key("a"), { kind: "changed", sequence: 1 });
    await heard(staying, 1);
    assert.deepEqual(sequences(leaving), []);
    const again = listener(bulletin, "a");
    await until(bulletin, "a", again);
    await bulletin.tell(key("a"), { kind: "changed", sequence: 2 });
    await heard(again, 1);
    assert.deepEqual(sequences(again), [2]);
  });

  test(`${name}: telling what nobody listens to does no harm`, async () => {
    await using place = await open();
    await (await place.connect()).tell(key("nobody"), { kind: "changed", sequence: 1 });
  });
}

type Listener = { readonly notices: Notice[]; readonly rang: () => Promise<void> } & Disposable;

// Of those told to find out whether one listens yet.
const trial = 0;

function key(id: string): ReportKey {
  return { tenant, id: id as ReportId };
}

function listener(bulletin: Bulletin, id: string): Listener {
  const notices: Notice[] = [];
  let bell = Promise.withResolvers<void>();
  const listening = bulletin.listen(key(id), (notice) => {
    notices.push(notice);
    bell.resolve();
    bell = Promise.withResolvers();
  });
  return { notices, rang: () => bell.promise, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}

/** Listening may take a provider a moment: tells until it is heard. */
async function until(teller: Bulletin, id: string, listening: Listener): Promise<void> {
  while (listening.notices.length === 0) {
    const rang = listening.rang();
    await teller.tell(key(id), { kind: "changed", sequence: trial });
    await Promise.race([rang, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
}

async function heard(listening: Listener, count: number): Promise<void> {
  for (;;) {
    const rang = listening.rang();
    if (listening.notices.filter((notice) => !isTrial(notice)).length >= count) return;
    await rang;
  }
}

function sequences({ notices }: Listener): readonly number[] {
  return notices.flatMap((notice) => (notice.kind === "changed" && !isTrial(notice) ? [notice.sequence] : []));
}

function isTrial(notice: Notice): boolean {
  return notice.kind === "missed" || (notice.kind === "changed" && notice.sequence === trial);
}

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
