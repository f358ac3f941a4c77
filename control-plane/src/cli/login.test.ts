import assert from "node:assert/strict";
import { mkdtempDisposable, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../lib/testing.ts";
import { logins } from "../operator/auth/logins.ts";
import { openOidc } from "../operator/auth/open-oidc.ts";
import { logInAt } from "../operator/auth/testing-browser.ts";
import { startTestIssuer } from "../operator/auth/testing-issuer.ts";
import { startOperator } from "../operator/operator-server.ts";
import { startTestParts } from "../operator/testing.ts";
import { type Contexts, contextsFile } from "./contexts-file.ts";
import { runCommand } from "./testing.ts";

/** A control plane that asks who one is, a provider that knows ana, and a place for her logins. */
async function start() {
  await using opened = new AsyncDisposableStack();
  const people = { ana: { groups: ["staff"], email: "ana@example.org" } };
  const provider = opened.use(await startTestIssuer({ programs: {}, people }));
  const weir = opened.use(await startTestParts());
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), "weir-login-")));
  const oidc = openOidc(
    {
      ...{ issuer: provider.issuer, audience: "weir-cli", algorithms: ["RS256", "ES256"], clockToleranceMs: 0 },
      ...{ nameFrom: "email", rolesFrom: "groups" },
      roles: [{ value: "staff", role: "viewer", services: [], datacenters: ["*"] }],
      login: { clientId: "weir-cli", scopes: ["openid"], shows: "id-token" },
    },
    { observe: () => undefined, now: () => new Date(), monotonicMs: () => performance.now() },
  );
  const operator = opened.use(
    await startOperator({
      ...{ listen: { host: "127.0.0.1", port: 0 }, hosts: [], parts: weir.parts, observe: () => undefined },
      ...{ tokens: logins({ tokens: undefined, oidc }), login: oidc.login },
    }),
  );
  const env = { WEIR_SERVER: `http://127.0.0.1:${operator.port}`, XDG_CONFIG_HOME: folder.path };
  const whole = opened.move();
  return {
    ...{ provider, file: contextsFile(env) },
    run: (...args: readonly string[]) => runCommand(args, { env }),
    /** Logs in, as ana does what the command asks for. */
    async logIn() {
      const seen = { out: "", err: "" };
      const running = runCommand(["login"], { env, seen });
      await until(() => /user_code=/.test(seen.err), 20_000);
      await logInAt(/^ {2}(http.*user_code=.*)$/m.exec(seen.err)?.[1] ?? "");
      return running;
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

test("one logs in by a browser anywhere, stays logged in, and out again", async () => {
  await using weir = await start();
  assert.match((await weir.run("whoami")).err, /say who you are/);
  const done = await weir.logIn();
  assert.deepEqual([done.code, /^logged in to http/.test(done.out)], [0, true], done.err);
  assert.equal((await stat(weir.file)).mode & 0o777, 0o600);
  const who = await weir.run("whoami", "-o", "json");
  const { subject, ...rest } = JSON.parse(who.out) as Record<string, unknown>;
  assert.deepEqual(rest, { name: "ana@example.org", role: "viewer", services: [], datacenters: [], knownBy: "oidc" });
  assert.equal(subject, `${weir.provider.issuer} ana`);

  const contexts = async () => JSON.parse(await readFile(weir.file, "utf8")) as Contexts;
  const before = await contexts();
  const [[server, login] = ["", undefined]] = Object.entries(before.logins ?? {});
  assert.ok(login?.refreshToken);
  // About to expire: the next command gets another one, once, and keeps it.
  const expires = new Date(Date.now() + 5_000).toISOString();
  await writeFile(weir.file, JSON.stringify({ ...before, logins: { [server]: { ...login, expires } } }));
  assert.equal((await weir.run("whoami")).code, 0);
  const renewed = (await contexts()).logins?.[server];
  assert.notEqual(renewed?.expires, expires);
  assert.ok(Date.parse(renewed?.expires ?? "") > Date.now() + 60_000);
  // Contexts come and go without it.
  await weir.run("context", "add", "other", "http://127.0.0.1:1");
  await weir.run("context", "remove", "other");
  assert.equal((await weir.run("whoami")).code, 0);

  for (const text of [done.out, done.err, who.out, (await weir.run("context", "list", "-o", "json")).out])
    for (const secret of [login.token, login.refreshToken]) assert.ok(!text.includes(secret));
  assert.equal((await weir.run("logout")).err, "");
  assert.match((await weir.run("whoami")).err, /say who you are/);
  assert.match((await weir.run("logout")).out, /nobody is logged in/);
  // A copy of it renews nothing any more.
  await writeFile(weir.file, JSON.stringify({ ...before, logins: { [server]: { ...login, expires } } }));
  assert.match((await weir.run("whoami")).err, /the login at http.* is over: weir login/);
});
