import assert from "node:assert/strict";
import { test } from "node:test";
import { freePorts } from "./ports.ts";
import { startProcess } from "./process.ts";

const ask = `const { freePorts } = await import(process.argv[1]);
console.log(JSON.stringify({ ports: await freePorts(150) }));
process.stdin.resume();`;

test("no port is given out twice, not by other processes either while its own lives", async () => {
  const url = new URL("./ports.ts", import.meta.url).href;
  const others = Array.from({ length: 4 }, (_, nth) =>
    startProcess({ name: `tests ${nth}`, command: process.execPath, args: ["--input-type=module", "-e", ask, url] }),
  );
  try {
    const own = await Promise.all([freePorts(30), freePorts(90), freePorts(1)]);
    const said = await Promise.all(others.map((other) => other.json((value) => value["ports"] !== undefined, 60_000)));
    const all = [...own.flat(), ...said.flatMap((value) => value["ports"] as number[])];
    assert.equal(all.length, 121 + 4 * 150);
    assert.equal(new Set(all).size, all.length);
  } finally {
    await Promise.all(others.map((other) => other.stop("SIGKILL")));
  }
});
