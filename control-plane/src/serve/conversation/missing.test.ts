import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOf } from "./missing.ts";

const table = [
  { name: "nope", code: 5, says: /there is no ClusterLoadAssignment "nope"/ },
  { name: "x".repeat(3_000), code: 3, says: /3000 characters/ },
  { name: "xdstp://a/envoy.config.endpoint.v3.ClusterLoadAssignment/one/two?x=1", code: 5, says: /authority "a"/ },
  { name: "xdstp://a/envoy.config.endpoint.v3.ClusterLoadAssignment/one/*", code: 5, says: /authority "a"/ },
  {
    name: "xdstp://a.example:443/envoy.config.endpoint.v3.ClusterLoadAssignment/r%C3%A9port%3A8080/@x?dc=a%20b&zone=1",
    code: 5,
    says: /authority "a.example:443"/,
  },
  { name: "xdstp://a/envoy.config.endpoint.v3.ClusterLoadAssignment/one%2", code: 3, says: /is not xdstp/ },
  { name: "xdstp://a/envoy.config.endpoint.v3.ClusterLoadAssignment/one#alt=b", code: 3, says: /is not xdstp/ },
  {
    name: "xdstp://a/envoy.config.cluster.v3.Cluster/one",
    code: 3,
    says: /names the type envoy.config.cluster.v3.Cluster/,
  },
  { name: "xdstp://a/../../etc/passwd", code: 3, says: /is not xdstp/ },
  { name: "xdstp:a", code: 3, says: /is not xdstp/ },
];

for (const { name, code, says } of table) {
  test(`a request for ${name.slice(0, 60)} is answered with code ${code}`, () => {
    const error = errorOf("endpoints", name);
    assert.equal(error.code, code);
    assert.match(error.message, says);
  });
}
