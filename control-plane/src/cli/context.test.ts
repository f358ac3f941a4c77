import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { chosenServer } from "./server-url.ts";
import { startTestCli } from "./testing.ts";

test("control planes get names, and one of them is in use", async () => {
  await using weir = await startTestCli();
  const first = await weir.run("context", "add", "here", weir.server);
  assert.equal(first.out, `context here is ${weir.server}, in use\n`);
  await weir.run("context", "add", "far", "http://127.0.0.1:9", "--token", "/etc/weir/token");
  assert.match(
    (await weir.run("context", "list")).out,
    /^IN USE {2}NAME {2}SERVER.*\n +far +http:\/\/127\.0\.0\.1:9 +\/etc\/weir\/token\n\* +here /,
  );
  const env = { XDG_CONFIG_HOME: weir.dir };
  assert.equal(chosenServer({}, env).server, weir.server);
  await weir.run("context", "use", "far");
  assert.deepEqual(chosenServer({}, env), { server: "http://127.0.0.1:9", tokenFile: "/etc/weir/token" });
  assert.equal(chosenServer({}, { ...env, WEIR_SERVER: "http://x" }).server, "http://x");
  assert.equal((await weir.run("status", "--context", "here")).code, 0);
  assert.match((await weir.run("status", "--context", "nowhere")).err, /no context "nowhere" \(there are far, here\)/);
  await weir.run("context", "remove", "far");
  const kept = JSON.parse(await readFile(join(weir.dir, "weir", "contexts.json"), "utf8")) as object;
  assert.deepEqual(kept, { contexts: { here: { server: weir.server } } });
  assert.equal((await weir.run("context", "add", "x", "nonsense")).code, 2);
});

test("shells are told which commands, options and names could follow", async () => {
  await using weir = await startTestCli();
  const service =
    "apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: report}\nspec: {protocol: GRPC, endpoints: [{registry: {}}]}\n";
  await weir.pipe(service, "apply", "-f", "-");
  const words = async (...given: readonly string[]) =>
    (await weir.run("completion", "words", "--", ...given)).out.split("\n").filter(Boolean);
  assert.deepEqual(await words("roll"), ["rollback"]);
  assert.ok((await words("traffic", "")).includes("set"));
  assert.deepEqual(await words("rollback", "--re"), ["--reason"]);
  assert.deepEqual(await words("get", "-o", "y"), ["yaml"]);
  assert.deepEqual(await words("traffic", "get", "re"), ["report"]);
  assert.deepEqual(await words("get", "services", ""), ["report"]);
  for (const shell of ["bash", "zsh", "fish"])
    assert.match((await weir.run("completion", shell)).out, /weir completion words/);
  assert.equal((await weir.run("completion", "tcsh")).code, 2);
});

test("documents are compared with what is in force", async () => {
  await using weir = await startTestCli();
  const service = (protocol: string) =>
    `apiVersion: weir/v1alpha1\nkind: Service\nmetadata: {name: report}\nspec: {protocol: ${protocol}, endpoints: [{registry: {}}]}\n`;
  await weir.pipe(service("GRPC"), "apply", "-f", "-");
  await weir.until(async () => (await weir.run("status")).code === 0);
  assert.deepEqual(await weir.pipe(service("GRPC"), "diff", "-f", "-"), {
    code: 0,
    out: "nothing differs from r1\n",
    err: "",
  });
  const { code, out } = await weir.pipe(service("HTTP1"), "diff", "-f", "-");
  assert.equal(code, 1);
  assert.equal(out, "~ services/report\n  ~ spec.protocol  GRPC -> HTTP1\n");
});
