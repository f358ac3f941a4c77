import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type ServerProcess, startServer, temporaryDirectory } from "../server-process.ts";
import { residentMegabytes, shortOfMemory } from "./memory-of.ts";
import { sameKeys, stormOf } from "./same-key.ts";

const creates = 5_000;
let data: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: ServerProcess;

before(async () => {
  data = await temporaryDirectory();
  server = await startServer(data.path, [], shortOfMemory);
  for (const key of sameKeys("warm")) await stormOf(server.client, key, 2_000);
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

for (const key of sameKeys("x")) {
  test(`${creates} creates at once with ${key.title} make one report, and the server no larger`, async () => {
    const before = await residentMegabytes(server.process.pid);
    const { reports, errors, answered } = await stormOf(server.client, key, creates);
    const grownBy = (await residentMegabytes(server.process.pid)) - before;
    assert.equal(answered, creates);
    assert.equal(reports.size, 1);
    if (key.error) {
      for (const error of errors.keys()) assert.match(error, key.error);
      assert.equal(
        [...errors.values()].reduce((sum, count) => sum + count, 0),
        creates - 1,
      );
    } else assert.deepEqual([...errors], []);
    assert.ok(grownBy < 48, `grew by ${grownBy} MB`);
  });
}
