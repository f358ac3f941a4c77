import assert from "node:assert/strict";
import { test } from "node:test";
import { readGreeting } from "./listener-greeting.ts";

const http2 = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

test("the greeting of HTTP/2 is known from its 24 bytes, however many follow", () => {
  assert.equal(readGreeting(http2), "http2");
  assert.equal(readGreeting(Buffer.concat([http2, Buffer.alloc(100, 255)])), "http2");
});

test("as long as it may become one it is a part of a greeting", () => {
  for (let length = 0; length < http2.length; length++)
    assert.equal(readGreeting(http2.subarray(0, length)), "part", `${length} bytes`);
});

test("others are told apart by what they say", () => {
  assert.equal(readGreeting(Buffer.from([0x16, 3, 1, 2, 0, 1])), "tls");
  assert.equal(readGreeting(Buffer.from("GET / HTTP/1.1\r\n")), "http1");
  assert.equal(readGreeting(Buffer.from("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")), "http1");
  assert.equal(readGreeting(Buffer.from([0, 0, 0, 4])), "other");
});
