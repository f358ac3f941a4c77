import assert from "node:assert/strict";
import { mkdtempDisposable, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { AuthNote } from "./auth-note.ts";
import { newToken, tokenHash } from "./new-token.ts";
import { parseTokens } from "./parse-tokens.ts";
import { openTokens } from "./tokens.ts";

const noon = new Date("2026-03-01T12:00:00Z");
const line = (name: string, token: string, more = "role: viewer") =>
  `  - {name: ${name}, sha256: ${tokenHash(token)}, ${more}}\n`;

async function startTokens(first: string) {
  const folder = await mkdtempDisposable(join(tmpdir(), "weir-tokens-"));
  const file = join(folder.path, "tokens.yaml");
  const notes: AuthNote[] = [];
  const write = async (text: string) => {
    // As editors and Kubernetes do: another file takes its place.
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await write(first);
  const tokens = await openTokens({ file, observe: (note) => notes.push(note), now: () => noon });
  return { tokens, notes, file, write, [Symbol.asyncDispose]: () => folder.remove() };
}

test("a token counts from the request after it stands in the file, and no more once it is taken out", async () => {
  const [ana, bo] = [newToken(), newToken()];
  await using weir = await startTokens(`tokens:\n${line("ana", ana, 'role: shifter, services: ["team-*"]')}`);
  const known = await weir.tokens.whose(ana);
  assert.deepEqual(known, {
    kind: "known",
    principal: { name: "ana", role: "shifter", services: ["team-*"], datacenters: ["*"], knownBy: "token" },
  });
  assert.equal((await weir.tokens.whose(bo)).kind, "unknown");
  await weir.write(`tokens:\n${line("bo", bo)}`);
  assert.equal((await weir.tokens.whose(bo)).kind, "known");
  assert.equal((await weir.tokens.whose(ana)).kind, "unknown");
  assert.deepEqual(
    weir.notes.map(({ kind }) => kind),
    ["tokens-read"],
  );
});

test("a file that becomes wrong, or goes, is told of once, and what it said stays", async () => {
  const ana = newToken();
  await using weir = await startTokens(`tokens:\n${line("ana", ana)}`);
  await weir.write(`tokens:\n${line("ana", ana, "role: boss")}`);
  assert.equal((await weir.tokens.whose(ana)).kind, "known");
  assert.equal((await weir.tokens.whose(ana)).kind, "known");
  await rm(weir.file);
  assert.equal((await weir.tokens.whose(ana)).kind, "known");
  const says = weir.notes.map((note) => (note.kind === "tokens-refused" ? note.says : note.kind));
  assert.equal(says.length, 2);
  assert.match(says[0] ?? "", /tokens\.yaml:2:5 tokens\.0\.role: expected viewer, shifter, admin/);
  assert.match(says[1] ?? "", /ENOENT/);
  await weir.write(`tokens:\n${line("ana", newToken())}`);
  assert.equal((await weir.tokens.whose(ana)).kind, "unknown");
});

test("a token counts until it expires, and what nobody can have made is not looked for", async () => {
  const [ana, bo] = [newToken(), newToken()];
  await using weir = await startTokens(
    `tokens:\n${line("ana", ana, "role: viewer, expires: '2026-03-01T12:00:01Z'")}${line("bo", bo, "role: viewer, expires: '2026-03-01T12:00:00Z'")}${line("weak", "password")}`,
  );
  assert.equal((await weir.tokens.whose(ana)).kind, "known");
  assert.deepEqual(await weir.tokens.whose(bo), { kind: "expired", name: "bo", at: noon });
  assert.equal((await weir.tokens.whose("password")).kind, "unknown");
});

test("a tokens file that is wrong is told of with its lines and all that is wrong, and never repeats what stands in it", async () => {
  const token = newToken();
  const text = `tokens:\n  - {name: ana, role: admin, sha256: ${token}}\n  - {name: "", role: shifter, sha256: ${tokenHash(token)}}\n  - {name: bo, role: viewer, services: [a], sha256: ${tokenHash(token)}, ${token}: 1}\n`;
  const read = parseTokens({ path: "tokens.yaml", text });
  assert.ok(!read.ok);
  const says = read.problems.map(({ at, says, source }) => `${source?.line} ${at} ${says}`);
  assert.ok(
    says.some((each) => /^2 tokens\.0\.sha256 expected 64 hexadecimal digits/.test(each)),
    says.join("\n"),
  );
  assert.ok(
    says.some((each) => /^3 tokens\.1\.name expected who/.test(each)),
    says.join("\n"),
  );
  assert.ok(
    says.some((each) => /^4 .*1 of its keys/.test(each)),
    says.join("\n"),
  );
  assert.ok(!says.join().includes(token));
  const twice = parseTokens({ path: "t", text: `tokens:\n${line("a", token)}${line("b", token)}` });
  assert.deepEqual(twice.ok || twice.problems.map(({ at, says }) => `${at} ${says}`), [
    "tokens.1.sha256 is that of tokens.0 too",
  ]);
  await using folder = await mkdtempDisposable(join(tmpdir(), "weir-tokens-"));
  const opening = openTokens({ file: join(folder.path, "none.yaml"), observe: () => undefined, now: () => noon });
  await assert.rejects(opening, /admin\.auth\.tokens: .*none\.yaml cannot be read: ENOENT/);
});
