import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallRecord } from "../kit/echo.ts";
import { answersByDatacenter, answersById } from "../kit/grpc-load.ts";
import { assertShare } from "../kit/share.ts";
import { type Scene, startScene } from "../kit/three-data-centers.ts";
import { until } from "../kit/wait.ts";
import { weirCommand } from "../kit/weir-command.ts";

type Observed = {
  readonly percent?: number;
  readonly requests: number;
  readonly rps: number;
  readonly errorPercent?: number;
};
type Traffic = {
  readonly rows: readonly { readonly to: string; readonly use: string; readonly observed?: Observed }[];
  readonly endpoints: readonly { readonly address: string; readonly rps: number; readonly errorPercent?: number }[];
  readonly reports: { readonly clients: number; readonly of: number; readonly windowSeconds: number };
};

async function trafficOf({ weir }: Scene): Promise<Traffic> {
  return (await weir.api("GET", "/v1/traffic?service=report")).body as Traffic;
}

/** What `/metrics` counts of requests to a data center, by how they ended. */
async function countedTo({ weir }: Scene, to: string): Promise<Readonly<Record<string, number>>> {
  const { body } = await weir.api("GET", "/metrics");
  const line = /^traffic_requests_total\{service="report",from="dc-a",to="([^"]*)",result="([^"]*)"\} (\d+)$/gm;
  const all = [...String(body).matchAll(line)].filter(([, region]) => region === to);
  return Object.fromEntries(all.map(([, , result = "", count]) => [result, Number(count)]));
}

function countOf(records: readonly CallRecord[], datacenter: string): number {
  return answersByDatacenter(records).get(datacenter) ?? 0;
}

test("what Envoy and a proxyless client report is what they were answered, in counts, shares and rates", async () => {
  await using scene = await startScene();
  const { weir, throughEdge, proxyless } = scene;
  // Starting the scene made one request through each.
  const before = 2;
  const together = { perSecond: 200, forMs: 3_000 };
  const records = (await Promise.all([throughEdge.sendAtRate(together), proxyless.sendAtRate(together)])).flat();
  assert.ok(records.every(({ code }) => code === "OK"));
  assert.equal(records.length, 1_200);

  const reported = async () => {
    const [a, b] = await Promise.all([countedTo(scene, "dc-a"), countedTo(scene, "dc-b")]);
    return [a["ok"] ?? 0, b["ok"] ?? 0] as const;
  };
  await until(async () => (await reported()).reduce((sum, count) => sum + count) >= records.length + before, {
    within: 30_000,
    what: "reports of every request",
  });
  const [a, b] = await reported();
  assert.equal(a + b, records.length + before, "no request is counted twice");
  assert.ok(a - countOf(records, "dc-a") >= 0 && a - countOf(records, "dc-a") <= before);
  assert.ok(b - countOf(records, "dc-b") >= 0 && b - countOf(records, "dc-b") <= before);

  const whole = (traffic: Traffic) =>
    traffic.rows.reduce((sum, { observed }) => sum + (observed?.requests ?? 0), 0) >= records.length - 1;
  const traffic = await until(
    async () => {
      const traffic = await trafficOf(scene);
      return whole(traffic) && traffic;
    },
    { within: 30_000, what: "all requests in the window" },
  );
  const share = (to: string) => traffic.rows.find((row) => row.to === to)?.observed?.percent ?? Number.NaN;
  assert.ok(Math.abs(share("dc-a") - (100 * countOf(records, "dc-a")) / records.length) < 0.2, String(share("dc-a")));
  assert.ok(Math.abs(share("dc-b") - (100 * countOf(records, "dc-b")) / records.length) < 0.2, String(share("dc-b")));
  assert.equal(share("dc-c"), 0);
  assertShare(countOf(records, "dc-a"), { of: records.length, share: 0.7, what: "dc-a" });
  assert.ok(traffic.rows.every(({ observed }) => (observed?.errorPercent ?? 0) === 0));
  assert.deepEqual(traffic.reports, { clients: 2, of: 2, windowSeconds: 10, lagSeconds: 2 });

  const { stdout } = await weirCommand(weir, ["traffic", "get", "report"]);
  assert.match(stdout, /^SERVICE +FROM +TO +PRIO +WEIGHT +OBSERVED +RPS +ERR% +ENDPOINTS$/m);
  assert.match(stdout, /^report +\* +dc-a +0 +70 % +\d+\.\d % +\d+ +0\.00 +2\/2$/m);
  assert.match(stdout, /^report +\* +dc-c +1 +standby +0\.0 % +0 +- +2\/2$/m);
  assert.match(stdout, /^observed: load reports of 2 of 2 clients, last 10 s$/m);
});

test("errors, and the endpoints that make them, are on show while they happen", async () => {
  await using scene = await startScene();
  const [bad, good] = scene.backends("dc-b");
  assert.ok(bad && good);
  bad.fail(true);
  const records = await scene.throughEdge.sendAtRate({ perSecond: 200, forMs: 3_000 });
  const failed = records.filter(({ code }) => code !== "OK").length;
  const errors = async () => (await countedTo(scene, "dc-b"))["error"] ?? 0;
  // Envoy tries a request again elsewhere: what its callers see is the least that it counts.
  await until(async () => (await errors()) > 0 && (await errors()) >= failed, {
    within: 30_000,
    what: "errors of dc-b",
  });
  const traffic = await until(
    async () => {
      const traffic = await trafficOf(scene);
      return (traffic.rows.find(({ to }) => to === "dc-b")?.observed?.errorPercent ?? 0) > 0 && traffic;
    },
    { within: 30_000, what: "errors in the window" },
  );
  const errorsOf = (address: string) => traffic.endpoints.find((each) => each.address === address)?.errorPercent;
  // Before it was told to fail it may have answered the request with which a client began.
  assert.ok((errorsOf(bad.address) ?? 0) > 60, `${errorsOf(bad.address)} % of the bad one's`);
  assert.equal(errorsOf(good.address), 0);
  assert.equal(traffic.rows.find(({ to }) => to === "dc-a")?.observed?.errorPercent, 0);
  assert.equal(answersById(records).get(bad.id), undefined);
});
