import assert from "node:assert/strict";
import { test } from "node:test";
import { inboundText, mostInbound, parseInboundList, parseInboundText } from "./inbound.ts";

const options = { at: "inbound", taken: 15_001 };
const report = { service: "report", listen: "0.0.0.0:9091", application: "127.0.0.1:9090" };

test("what a sidecar takes calls for is read and written, sorted by service", () => {
  const billing = { service: "billing", listen: "[::]:9092", application: "[::1]:9190" };
  const { inbound, problems } = parseInboundList([report, billing], options);
  assert.deepEqual(problems, []);
  assert.deepEqual(inbound.map(inboundText), ["billing=[::]:9092/[::1]:9190", "report=0.0.0.0:9091/127.0.0.1:9090"]);
  for (const each of inbound) assert.deepEqual(parseInboundText(inboundText(each)), { ok: true, value: each });
});

test("an entry that is wrong is told and passed over, the others are taken", () => {
  const { inbound, problems } = parseInboundList(
    [
      "report",
      { ...report, service: "a/b" },
      { ...report, listen: "localhost:9091" },
      { ...report, application: "127.0.0.1:0" },
      { ...report, extra: 1 },
      report,
      { ...report, listen: "0.0.0.0:9092" },
      { ...report, service: "billing", listen: "10.0.0.1:15001" },
    ],
    options,
  );
  assert.deepEqual(inbound.map(inboundText), ["report=0.0.0.0:9091/127.0.0.1:9090"]);
  assert.deepEqual(
    problems.map(({ at }) => at),
    [
      "inbound[0]",
      "inbound[1].service",
      "inbound[2].listen",
      "inbound[3].application",
      "inbound[4].extra",
      "inbound[6].service",
      "inbound[7].listen",
    ],
  );
});

test("whatever a node says, there is an end to it", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({
    service: `s${index}`,
    listen: `0.0.0.0:${1_000 + index}`,
    application: "127.0.0.1:80",
  }));
  const { inbound, problems } = parseInboundList(many, options);
  assert.equal(inbound.length, mostInbound);
  assert.equal(problems.length, 1);
  const wild = [
    null,
    1,
    "",
    {},
    [[]],
    [null],
    [{ service: "x".repeat(1e5), [`${"k".repeat(1e5)}`]: 1 }],
    [{ listen: {} }],
  ];
  for (const raw of wild) {
    const result = parseInboundList(raw, options);
    assert.deepEqual(result.inbound, []);
    assert.ok(result.problems.length > 0 && JSON.stringify(result.problems).length < 2_000);
  }
});
