import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeFolder } from "../kit/folder.ts";
import { type RunningProcess, startProcess } from "../kit/process.ts";
import { until } from "../kit/wait.ts";

const main = fileURLToPath(new URL("../../control-plane/src/main.ts", import.meta.url));

function weir(args: readonly string[], env: Readonly<Record<string, string>>): RunningProcess {
  return startProcess({ name: `weir ${args.join(" ")}`, command: process.execPath, args: [main, ...args], env });
}

/** Runs a command of `weir` to its end. */
async function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  await using command = weir(args, env);
  const { code } = await command.exit;
  return { code, text: command.lines.join("\n") };
}

/** Every process that this one started, directly or not, the dead that nobody has buried yet left out. */
function descendants(of: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const [state, parent] = statOf(Number(name));
    if (state === "Z" || parent === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const under = (pid: number): readonly number[] => (children.get(pid) ?? []).flatMap((each) => [each, ...under(each)]);
  return under(of);
}

/** State and parent of a process: proc_pid_stat(5). The name, in parentheses, may hold anything. */
function statOf(pid: number): readonly [string?, number?] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return [state, Number(parent)];
  } catch {
    return [];
  }
}

function isGone(pid: number): boolean {
  const [state] = statOf(pid);
  return state === undefined || state === "Z";
}

test("the tour goes as the README promises", { timeout: 280_000 }, async () => {
  await using demo = weir(["demo", "--check"], {});
  const { code } = await demo.exit;
  const steps = demo.lines.filter((line) => /^(ok|FAIL) /.test(line));
  assert.equal(code, 0, demo.lines.join("\n"));
  assert.ok(steps.length >= 10, steps.join("\n"));
  assert.match(steps.join("\n"), /edge-a: .*edge-b: .*proxyless: /);
});

test("a second terminal breaks and mends a running demo, which leaves nothing behind when it is killed", async () => {
  await using folder = await makeFolder("demo");
  const env = { WEIR_DEMO_DIR: folder.path };
  const nobody = await run(["demo", "kill", "dc-a"], env);
  assert.equal(nobody.code, 2);
  assert.match(nobody.text, /no demo runs: start one with npm start/);

  await using demo = weir(["demo", "--json"], env);
  await demo.json(({ kind }) => kind === "all-servers-up", 60_000);
  const second = await run(["demo"], env);
  assert.equal(second.code, 2);
  assert.match(second.text, /a demo runs already/);

  const changed = await run(["traffic", "set", "report", "dc-a=0", "dc-b=100"], env);
  assert.equal(changed.code, 0, changed.text);
  const acked = await demo.json(({ kind }) => kind === "change-acked", 10_000);
  assert.match(String(acked["says"]), /acked by 3\/3 clients/);

  const typo = await run(["demo", "kill", "dc-x"], env);
  assert.equal(typo.code, 2);
  assert.match(typo.text, /there is no data center "dc-x"; this demo has dc-a, dc-b, dc-c/);
  for (const verb of ["kill", "start", "fail", "heal", "stop"]) {
    const { code, text } = await run(["demo", verb, "dc-a"], env);
    assert.equal(code, 0, text);
    assert.match(text, /^dc-a: /);
  }

  const all = descendants(demo.pid);
  assert.ok(all.length >= 12, `${all.length} processes`);
  await demo.stop("SIGKILL");
  await until(() => all.every(isGone), { within: 30_000, what: "everything that the demo started is gone" });
});

test("SIGTERM ends the demo in order, with nothing left", async () => {
  await using folder = await makeFolder("demo");
  await using demo = weir(["demo", "--json"], { WEIR_DEMO_DIR: folder.path });
  await demo.json(({ kind }) => kind === "traffic-flows", 60_000);
  const all = descendants(demo.pid);
  const { code } = await demo.stop("SIGTERM");
  assert.equal(code, 0, demo.lines.slice(-5).join("\n"));
  // A program's watcher hears of its end by the end of a pipe, and may outlive the demo by a moment.
  await until(() => all.every(isGone), { within: 30_000, what: "nothing of the demo is left" });
});
