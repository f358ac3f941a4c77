import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../config.ts";

const defaults = { kinds: "k", id: "me" };
const enough = ["--data", "d", "--locality", "dc-a/z1"];

test("networks of receivers are networks", () => {
  const networks = (text: string) => parseConfig([...enough, "--notify-networks", text], {}, defaults);
  const given = networks("10.0.0.0/8,fd00::/8");
  assert.deepEqual(given.ok && given.value.notifyNetworks, ["10.0.0.0/8", "fd00::/8"]);
  for (const wrong of ["10.0.0.0", "10.0.0.0/33", "fd00::/129", "10.0.0/8", "here/8"]) {
    const config = networks(`10.0.0.0/8,${wrong}`);
    assert.ok(!config.ok && config.problems[0]?.says.includes(`"${wrong}"`), wrong);
  }
});
