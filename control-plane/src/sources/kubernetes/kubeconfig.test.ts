import assert from "node:assert/strict";
import { test } from "node:test";
import { problemText } from "../../lib/parsed.ts";
import { parseKubeconfig } from "./kubeconfig.ts";

const file = "/etc/weir/clusters.yaml";
const config = (user: string, cluster = "server: https://10.0.0.1:6443/") => `
apiVersion: v1
kind: Config
current-context: b
contexts:
  - {name: a, context: {cluster: one, user: me, namespace: reports}}
  - {name: b, context: {cluster: one}}
  - {name: c, context: {cluster: two, user: you}}
clusters:
  - {name: one, cluster: {${cluster}}}
users:
  - {name: me, user: {${user}}}
`;

function read(text: string, context?: string) {
  const result = parseKubeconfig(text, { file, context });
  assert.ok(result.ok, result.ok ? "" : result.problems.map(problemText).join("\n"));
  return result.value;
}

function wrong(text: string, context?: string): readonly string[] {
  const result = parseKubeconfig(text, { file, context });
  return result.ok ? [] : result.problems.map(problemText);
}

test("a context leads to its cluster and its user; files in it are relative to it", () => {
  const { cluster, user } = read(
    config(
      "tokenFile: tokens/weir, token: old, client-certificate: me.crt, client-key-data: a2V5",
      "server: 'https://10.0.0.1:6443/', certificate-authority: /pki/ca.crt, tls-server-name: kubernetes.default.svc",
    ),
    "a",
  );
  assert.deepEqual(cluster, {
    server: "https://10.0.0.1:6443",
    authorities: { kind: "file", file: "/pki/ca.crt" },
    serverName: "kubernetes.default.svc",
    verify: true,
  });
  assert.deepEqual(user, {
    certificate: { kind: "file", file: "/etc/weir/me.crt" },
    key: { kind: "text", text: "key" },
    token: "old",
    tokenFile: "/etc/weir/tokens/weir",
  });
});

test("without a name it is the current context, and a context need not have a user", () => {
  const { cluster, user } = read(config("token: t"));
  assert.equal(cluster.server, "https://10.0.0.1:6443");
  assert.deepEqual(user, { certificate: undefined, key: undefined, token: undefined, tokenFile: undefined });
});

test("the server's certificate is verified unless the file says otherwise", () => {
  const { cluster } = read(config("token: t", "server: 'https://a', insecure-skip-tls-verify: true"));
  assert.equal(cluster.verify, false);
});

for (const [title, text, context, says] of [
  ["no YAML", "{", "a", [/^is no kubeconfig/]],
  ["something else", "- a", "a", [/^is no kubeconfig/]],
  ["no current context", "contexts: []", undefined, [/^current-context: is not set: name a context/]],
  ["an unknown context", config("token: t"), "x", [/^contexts: has no "x": expected a, b, c$/]],
  ["a context of nothing", config("token: t"), "c", [/^clusters: has no "two": expected one$/, /^users: has no "you"/]],
  [
    "a server that is no URL",
    config("token: t", "server: me"),
    "b",
    [/^clusters\[one\]\.cluster\.server: Invalid URL/],
  ],
  [
    "a helper program",
    config("exec: {command: aws}"),
    "a",
    [/^users\[me\]\.user\.exec: is not supported: give the context/],
  ],
  [
    "a password",
    config("username: me, password: x"),
    "a",
    [/username: is not supported/, /password: is not supported/],
  ],
  ["a proxy", config("token: t", "server: 'https://a', proxy-url: 'http://p'"), "a", [/proxy-url: is not supported$/]],
] as const) {
  test(`${title} is told`, () => {
    const told = wrong(text, context);
    assert.equal(told.length, says.length, told.join("\n"));
    for (const [index, words] of says.entries()) assert.match(told[index] ?? "", words);
  });
}
