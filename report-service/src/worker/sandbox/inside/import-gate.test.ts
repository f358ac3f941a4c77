import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { type GateRules, installImportGate } from "./import-gate.ts";
import { webAssembly } from "./web-assembly.ts";

// (module (import "env" "a" (func (result i32))) (func (export "go") (result i32) (call 0)))
const module = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
  ...[0x02, 0x09, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x01, 0x61, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x06, 0x01, 0x02, 0x67, 0x6f, 0x00, 0x01, 0x0a, 0x06, 0x01, 0x04, 0x00, 0x10, 0x00, 0x0b],
]);

const { Module } = webAssembly as unknown as { readonly Module: new (bytes: Uint8Array) => unknown };

// Gates stand one behind the other otherwise, and the first one stays closed.
const { instantiate, instantiateStreaming, Instance } = webAssembly;
afterEach(() => {
  Object.assign(webAssembly, { instantiate, instantiateStreaming, Instance });
});

type Go = { readonly exports: { readonly go: () => number } };

test("a gate lets everything through until it closes, and then what the rules say", async () => {
  const gate = installImportGate();
  const calls: string[] = [];
  const host = () => calls.push("host");
  const { instance } = (await webAssembly.instantiate(module, { env: { a: host } })) as { readonly instance: Go };
  // As Emscripten puts a function into the table: in a module of its own, perhaps under another name.
  const twin = new webAssembly.Instance(new Module(module), { env: { a: host } }) as Go;
  assert.equal(instance.exports.go(), 1);
  const verdictOf = (rules: object) => {
    gate.close(rules as GateRules, (name) => {
      throw new Error(`escape by ${name}`);
    });
    return instance.exports.go();
  };
  assert.equal(verdictOf({ a: "pass" }), 2);
  assert.equal(verdictOf({ a: -52 }), -52);
  assert.equal(verdictOf({ a: () => 7 }), 7);
  assert.equal(twin.exports.go(), 7);
  assert.throws(() => verdictOf({}), /escape by a/);
  // What every object has is no rule.
  assert.throws(() => verdictOf({ toString: "pass" }), /escape by a/);
  assert.equal(calls.length, 2);
});

test("what a gate answers itself never reaches the host, and no rule is asked", async () => {
  const gate = installImportGate({ a: () => 3 });
  const host = () => assert.fail("the host was asked");
  const { instance } = (await webAssembly.instantiate(module, { env: { a: host } })) as { readonly instance: Go };
  assert.equal(instance.exports.go(), 3);
  gate.close({ a: 5 }, (name) => {
    throw new Error(`escape by ${name}`);
  });
  assert.equal(instance.exports.go(), 3);
});
