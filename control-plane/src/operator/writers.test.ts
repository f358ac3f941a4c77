import assert from "node:assert/strict";
import { test } from "node:test";
import { startOperator } from "./operator-server.ts";
import { documentsInForce, walkBack } from "./revisions/walk-back.ts";
import { startTestParts } from "./testing.ts";
import { service, split } from "./testing-api.ts";

type Labelled = { readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> } };

test("of 50 writers who insist on what they read, each is applied exactly once and none is lost", async () => {
  await using weir = await start();
  await weir.put("/v1/services/report", service);
  await weir.put("/v1/trafficSplits/report", split);
  const writers = Array.from({ length: 50 }, (_, index) => `writer-${index}`);
  const answers = await Promise.all(writers.map((name) => writing(weir.url, name)));

  const { labels } = ((await (await fetch(`${weir.url}/v1/trafficSplits/report`)).json()) as Labelled).metadata;
  assert.deepEqual(Object.keys(labels ?? {}).sort(), writers.toSorted());
  const revisions = answers.map(({ revision }) => revision);
  assert.equal(new Set(revisions).size, 50, "each has a revision of its own");
  assert.deepEqual([Math.min(...revisions), Math.max(...revisions)], [3, 52]);
  for (const { entry, changes } of walkBack(weir.parts.policies)) {
    const author = answers.find(({ revision }) => revision === entry.revision)?.name;
    if (author === undefined) continue;
    assert.equal(entry.by, author);
    const [before, after] = [changes[0]?.before, changes[0]?.after].map((was) =>
      was === "unknown" || !was ? [] : Object.keys((was.document as Labelled).metadata.labels ?? {}),
    );
    assert.deepEqual(
      after?.toSorted(),
      [...(before ?? []), author].toSorted(),
      "it added its own and took nothing away",
    );
  }
});

test("of 50 who roll back on the same base, one does", async () => {
  await using weir = await start();
  await weir.put("/v1/services/report", service);
  await weir.put("/v1/trafficSplits/report", split);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      fetch(`${weir.url}/v1/revisions/r1:rollback?reason=x`, { method: "POST", headers: { "if-match": '"r2"' } }),
    ),
  );
  const codes = answers.map(({ status }) => status);
  assert.equal(codes.filter((code) => code === 200).length, 1);
  assert.equal(codes.filter((code) => code === 412).length, 49);
  assert.equal(weir.parts.policies.books.current()?.revision, 3);
  assert.deepEqual([...documentsInForce(weir.parts.policies).keys()], ["Service/report"]);
});

/** Reads, adds a label of its own, and writes only onto what it read; until that is taken. */
async function writing(url: string, name: string): Promise<{ readonly name: string; readonly revision: number }> {
  for (;;) {
    const read = await fetch(`${url}/v1/trafficSplits/report`);
    const document = (await read.json()) as Labelled;
    const labels = { ...document.metadata.labels, [name]: "yes" };
    const written = await fetch(`${url}/v1/trafficSplits/report`, {
      method: "PUT",
      headers: { "content-type": "application/json", "x-weir-actor": name, "if-match": read.headers.get("etag") ?? "" },
      body: JSON.stringify({ ...document, metadata: { ...document.metadata, labels } }),
    });
    await written.arrayBuffer();
    if (written.status === 200) return { name, revision: Number(written.headers.get("x-weir-revision")) };
    assert.equal(written.status, 412);
  }
}

async function start() {
  const { parts, ...test } = await startTestParts();
  const listen = { host: "127.0.0.1", port: 0 };
  const server = await startOperator({ listen, hosts: [], parts, observe: () => undefined });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    parts,
    async put(path: string, document: unknown) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${url}${path}`, { method: "PUT", headers, body: JSON.stringify(document) });
      assert.equal(answer.status, 201);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await test[Symbol.asyncDispose]();
    },
  };
}
