import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { lacksRedis, startRedis } from "./redis.ts";

test("Redis answers, is empty after it was ended, and says nothing while it is halted", {
  skip: lacksRedis,
}, async () => {
  await using redis = await startRedis();
  assert.match(await ask(redis.url, "SET a 1", "GET a"), /^\+OK\r\n\$1\r\n1\r\n/);
  await redis.stop();
  await redis.start();
  assert.match(await ask(redis.url, "GET a"), /^\$-1\r\n/);

  redis.freeze();
  let answered = false;
  const asked = ask(redis.url, "PING").then((answer) => {
    answered = true;
    return answer;
  });
  // Another program's answer is the time that passes here.
  await using other = await startRedis();
  await ask(other.url, "PING");
  assert.equal(answered, false);
  redis.thaw();
  assert.match(await asked, /^\+PONG/);
});

/** What the server says to these commands and to QUIT. */
async function ask(url: string, ...commands: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end([...commands, "QUIT", ""].join("\r\n"));
  return text(socket);
}
