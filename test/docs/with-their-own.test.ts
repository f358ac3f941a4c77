import assert from "node:assert/strict";
import { test } from "node:test";
import { freePorts } from "../kit/ports.ts";
import { filesOf, pages, stepsOf } from "./pages.ts";
import { play } from "./play.ts";
import { makeScene } from "./scene.ts";

test("what pages have their readers do with a control plane of their own is done, and answers as they show", async () => {
  const problems: string[] = [];
  for (const page of pages) {
    const { own } = stepsOf(page);
    if (own.length === 0) continue;
    await using scene = await makeScene({ files: filesOf(page), demo: "none" });
    const { WEIR_ADMIN: admin = "", WEIR_ADMIN_GRPC: grpc = "", WEIR_XDS: xds = "" } = scene.env;
    await using terminal = await scene.openTerminal({ WEIR_SERVER: `http://${admin}` });
    const [listen, ownPages] = await freePorts(2);
    // The usual ports may be taken where tests run: others stand in for them.
    const adapt = (text: string) =>
      text
        .replaceAll("127.0.0.1:18080", admin)
        .replaceAll("127.0.0.1:18081", grpc)
        .replaceAll("127.0.0.1:18000", xds)
        .replace(/^weir bootstrap (envoy|grpc)/, `$& --xds ${xds}`)
        .replace(/^weir bootstrap envoy/, `$& --admin 127.0.0.1:${ownPages} --listen 127.0.0.1:${listen}`);
    problems.push(...(await play(own, terminal, adapt)));
  }
  if (problems.length > 0) assert.fail(`\n${problems.join("\n\n")}`);
});
