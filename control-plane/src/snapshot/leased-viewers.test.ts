import assert from "node:assert/strict";
import { test } from "node:test";
import { type Viewer, viewerKey } from "../model/viewer.ts";
import { leasedViewers } from "./leased-viewers.ts";

const edge = (region: string): Viewer => ({
  flavour: "envoy",
  role: "edge",
  locality: { region, zone: "", subZone: "" },
  listen: { host: "0.0.0.0", port: 10_000 },
});

test("a viewer is leased as long as any client holds a lease on it", () => {
  const { lease, leased } = leasedViewers((viewer) => {
    return {
      key: viewerKey(viewer),
      [Symbol.dispose]: () => undefined,
    };
  });
  const regions = () => leased().map(({ locality }) => locality.region);
  const first = lease(edge("dc-a"), () => undefined);
  const second = lease(edge("dc-a"), () => undefined);
  const other = lease(edge("dc-b"), () => undefined);
  assert.equal(first.key, viewerKey(edge("dc-a")));
  assert.deepEqual(regions(), ["dc-a", "dc-b"]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.deepEqual(regions(), ["dc-a", "dc-b"]);
  second[Symbol.dispose]();
  other[Symbol.dispose]();
  assert.deepEqual(regions(), []);
});
