import assert from "node:assert/strict";
import { test } from "node:test";
import { cancel, create, report } from "../../test/contract/place.ts";
import { openSqlitePlace } from "../../test/contract/sqlite-place.ts";
import type { PeerNote, PeerPlace } from "../ports/peer-store.ts";
import { noticesOfPeers } from "./peer-notices.ts";

test("notices of a data center are due here once its database was promoted here, and never keep the own ones", async () => {
  await using ownPlace = await openSqlitePlace();
  await using own = await ownPlace.connect();
  await using peerPlace = await openSqlitePlace();
  await using there = await peerPlace.connect();
  for (const [nth, { reports }] of [own, there, own].entries()) {
    const ended = report(`r${nth}`, 1, { notifyUrl: "https://example.org/" });
    await create(reports, ended);
    await reports.change(ended, cancel, 10 + nth);
  }
  let writable: PeerPlace = "there";
  const notes: PeerNote[] = [];
  const peer = {
    datacenter: "dc-b",
    state: () => ({ readable: "here", writable }) as const,
    stores: async () => there,
  };
  const gone = {
    ...peer,
    datacenter: "dc-c",
    stores: async () => {
      throw new Error("away");
    },
  };
  const notices = noticesOfPeers(own.notices, own.clock, [peer, gone], (note) => notes.push(note));
  const ids = async (limit: number) => (await notices.due(99, limit)).map(({ id }) => id);
  assert.deepEqual(await ids(9), ["r0", "r2"]);
  writable = "here";
  assert.deepEqual(await ids(9), ["r0", "r1", "r2"]);
  assert.deepEqual(await ids(2), ["r0", "r1"]);
  assert.ok(notes.every((note) => note.kind === "peer-failed" && note.datacenter === "dc-c"));
  assert.equal(notes.length, 2);
});
