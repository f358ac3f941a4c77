import assert from "node:assert/strict";
import { test } from "node:test";
import { startProcess } from "./process.ts";
import { until } from "./wait.ts";

const node = (program: string) => startProcess({ name: "child", command: process.execPath, args: ["-e", program] });

test("a line is found whether it was said before or after the question", async () => {
  await using child = node(
    `console.log("one"); process.stdin.on("data", (d) => console.log(JSON.stringify({ got: String(d).trim() })))`,
  );
  await child.line(/^one$/);
  await child.line(/^one$/);
  child.write("two");
  assert.deepEqual(await child.json(({ got }) => got !== undefined), { got: "two" });
});

test("a process that ends instead of speaking is an error with its last words", async () => {
  await using child = node(`console.error("port taken"); process.exit(3)`);
  await assert.rejects(child.line(/ready/), /child ended \(3\) before it said \/ready\/\n.*\n {2}port taken/);
  assert.deepEqual(await child.exit, { code: 3, signal: null });
});

test("a program that is not there is an error that names it", async () => {
  await using child = startProcess({ name: "ghost", command: "/nowhere/ghost", args: [] });
  await assert.rejects(child.line(/ready/), /ghost/);
});

test("a process that ignores SIGTERM is killed", async () => {
  const child = node(`process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000); console.log("up")`);
  await child.line(/up/);
  assert.deepEqual(await child.stop("SIGTERM", 100), { code: null, signal: "SIGKILL" });
});

test("children of a test run that is killed end with it", async () => {
  const url = JSON.stringify(new URL("./process.ts", import.meta.url).href);
  const program = `
    const { startProcess } = await import(${url});
    const child = startProcess({ name: "grandchild", command: process.execPath, args: ["-e", "setInterval(() => {}, 1000); console.log('up')"] });
    await child.line(/up/);
    console.log(JSON.stringify({ grandchild: child.pid }));`;
  await using parent = startProcess({
    name: "parent",
    command: process.execPath,
    args: ["--input-type=module", "-e", program],
  });
  const { grandchild } = await parent.json((value) => "grandchild" in value);
  await parent.stop("SIGKILL");
  const isGone = () => {
    try {
      return !process.kill(Number(grandchild), 0);
    } catch {
      return true;
    }
  };
  await until(isGone, { within: 30_000, what: "the grandchild is gone" });
});
