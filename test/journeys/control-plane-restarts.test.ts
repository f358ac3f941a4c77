import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { codes } from "../kit/grpc-load.ts";
import { pushes, startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";

for (const variant of ["delta", "sotw"] as const) {
  test(`a control plane that is killed and started again loses no request, and resends nothing (Envoy on ${variant})`, async () => {
    await using scene = await startScene({ edge: { variant }, weirArgs: ["--log-level", "debug"] });
    const { weir, edge, throughEdge, proxyless } = scene;
    const updates = async () => {
      const stats = await edge.stats("update_success$");
      return [...stats].filter(([name]) => /cds|lds|rds|cluster\.report/.test(name));
    };
    const before = await updates();
    const running = Promise.all(
      [throughEdge, proxyless].map((load) => load.sendAtRate({ perSecond: 100, forMs: 8_000 })),
    );
    await delay(500);
    await weir.kill();
    await weir.start();
    await until(
      async () => ((await weir.api("GET", "/v1/clients")).body as { clients: unknown[] }).clients.length === 2,
      {
        within: 20_000,
        what: "both clients come back",
      },
    );
    for (const records of await running) assert.deepEqual([...codes(records)], [["OK", records.length]]);

    const sent = pushes(weir).filter(({ resources, removed }) => resources + removed > 0);
    assert.deepEqual(sent, [], "nothing that they have is sent again");
    if (variant === "sotw") assert.deepEqual(await updates(), before);
  });
}
