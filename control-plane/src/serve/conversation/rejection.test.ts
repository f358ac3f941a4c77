import assert from "node:assert/strict";
import { test } from "node:test";
import { ack, ask, conversation, nack, wait, world } from "./converse.ts";

const six = { listener: { a: "v1", b: "v1", c: "v1", d: "v1", e: "v1", f: "v1" } };

for (const variant of ["delta", "sotw"] as const) {
  test(`the others are served without the one that the client names, at once (${variant})`, () => {
    const { say, stream } = conversation(variant);
    say(world(six));
    say(ask("listener"));
    const sent = say(
      nack("listener", "Error adding/updating listener(s) c: cannot bind '0.0.0.0:80': Address already in use"),
    );
    assert.deepEqual(sent, ["listener +a@v1 +b@v1 +d@v1 +e@v1 +f@v1"]);
    say(ack("listener"));
    const { status, rejected } = stream.status().listener;
    assert.deepEqual({ status, rejected }, { status: "ERROR", rejected: ["c"] });
  });

  test(`a culprit that the client does not name is found by halves (${variant})`, () => {
    const { say } = conversation(variant);
    say(world({ cluster: { a: "v1", b: "v1", c: "v1", d: "v1" } }));
    say(ask("cluster"));
    const answer = (sent: readonly string[]): readonly string[] => {
      const [response = ""] = sent;
      if (response === "") return [];
      const bad = response.includes("+c@v1");
      return [response, ...answer(say(bad ? nack("cluster", "something is wrong") : ack("cluster")))];
    };
    const sent = answer(say(nack("cluster", "something is wrong")));
    const expected = {
      delta: ["cluster +a@v1 +b@v1", "cluster +c@v1 +d@v1", "cluster +c@v1", "cluster +d@v1"],
      sotw: [
        "cluster +a@v1 +b@v1",
        "cluster +a@v1 +b@v1 +c@v1 +d@v1",
        "cluster +a@v1 +b@v1 +c@v1",
        "cluster +a@v1 +b@v1 +d@v1",
      ],
    };
    assert.deepEqual(sent, expected[variant]);
  });

  test(`a rejected version is tried again after 1, 2, 4 … seconds, at most ten times in the first minute (${variant})`, () => {
    const { say } = conversation(variant);
    say(world({ listener: { a: "v1" } }));
    let sends = say(ask("listener")).length;
    say(nack("listener", "a: cannot bind"));
    const at: number[] = [];
    for (let second = 1; second <= 60; second += 1) {
      if (say(wait(1_000)).length === 0) continue;
      at.push(second);
      sends += 1;
      say(nack("listener", "a: cannot bind"));
    }
    assert.deepEqual(at, [1, 3, 7, 15, 31]);
    assert.ok(sends <= 10);
  });

  test(`what made the client reject is gone: the retry is accepted and the error is over (${variant})`, () => {
    const { say, stream } = conversation(variant);
    say(world({ listener: { a: "v1" } }));
    say(ask("listener"));
    say(nack("listener", "a: cannot bind"));
    assert.deepEqual(say(wait(1_000)), ["listener +a@v1"]);
    say(ack("listener"));
    assert.equal(stream.status().listener.status, "SYNCED");
    assert.deepEqual(say(wait(120_000)), []);
  });

  test(`a new version does not wait for the retry of the old one (${variant})`, () => {
    const { say } = conversation(variant);
    say(world({ listener: { a: "v1" } }));
    say(ask("listener"));
    say(nack("listener", "a: cannot bind"));
    assert.deepEqual(say(world({ listener: { a: "v2" } })), ["listener +a@v2"]);
  });

  test(`going back to what the client has ends the rejection without sending anything (${variant})`, () => {
    const { say, stream } = conversation(variant);
    say(world({ cluster: { a: "v1" } }));
    say(ask("cluster"));
    say(ack("cluster"));
    say(world({ cluster: { a: "v2" } }));
    say(nack("cluster", "a: bad"));
    assert.deepEqual(say(world({ cluster: { a: "v1" } })), []);
    assert.equal(stream.status().cluster.status, "SYNCED");
  });
}

test("in state-of-the-world what the client had of the rejected one stays in the list", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1", b: "v1" } }));
  say(ask("cluster"));
  say(ack("cluster"));
  assert.deepEqual(say(world({ cluster: { a: "v2", b: "v2" } })), ["cluster +a@v2 +b@v2"]);
  assert.deepEqual(say(nack("cluster", "cluster a: no such filter")), ["cluster +a@v1 +b@v2"]);
});

test("a name inside another name is not named", () => {
  const { say } = conversation("delta");
  say(world({ cluster: { report: "v1", "report-2": "v1" } }));
  say(ask("cluster"));
  assert.deepEqual(say(nack("cluster", "Error: report-2: bad")), ["cluster +report@v1"]);
});

test("of a rejected response the client may have taken the rest: what goes of that is taken away", () => {
  const { say } = conversation("delta");
  say(world({ cluster: { a: "v1", c: "v1" }, listener: { l: "v1", m: "v1" } }));
  for (const said of [ask("cluster"), ack("cluster"), ask("listener")]) say(said);
  // The listeners wait for this cluster to be answered, and meanwhile one of them goes.
  say(world({ cluster: { a: "v1", c: "v2" }, listener: { l: "v1", m: "v1" } }));
  assert.deepEqual(say(nack("listener", "l: cannot bind")), []);
  say(world({ cluster: { a: "v1", c: "v2" }, listener: { l: "v1" } }));
  assert.deepEqual(say(ack("cluster")), ["listener -m"]);
});

test("what a rejected response took away is taken away again", () => {
  const { say } = conversation("delta");
  say(world({ listener: { a: "v1", b: "v1" } }));
  for (const said of [ask("listener"), ack("listener")]) say(said);
  assert.deepEqual(say(world({ listener: { b: "v2" } })), ["listener +b@v2 -a"]);
  assert.deepEqual(say(nack("listener", "b: cannot bind")), ["listener -a"]);
});

test("a removal that is rejected is tried again after a while, not at once", () => {
  const { say } = conversation("delta");
  say(world({ listener: { a: "v1" } }));
  for (const said of [ask("listener"), ack("listener")]) say(said);
  assert.deepEqual(say(world({})), ["listener -a"]);
  assert.deepEqual(say(nack("listener", "no")), []);
  assert.deepEqual(say(wait(1_000)), ["listener -a"]);
});

test("what was rejected and is no longer asked for, or is gone, is no error any more", () => {
  const { say, stream } = conversation("sotw");
  say(world({ endpoints: { a: "v1", b: "v1" } }));
  say(ask("endpoints", ["a"]));
  say(ask("endpoints", ["b"], { nonce: "0" }));
  say(nack("endpoints", "a: bad"));
  say(ack("endpoints", ["b"]));
  assert.equal(stream.status().endpoints.status, "SYNCED");
});

test("a client that came back and rejects a list without saying whom it means is not sent half of it", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1", b: "v1" } }));
  assert.deepEqual(say(ask("cluster", [], { version: "of-before" })), ["cluster +a@v1 +b@v1"]);
  assert.deepEqual(say(nack("cluster", "something is wrong")), [], "it would delete what is left out");
  assert.deepEqual(say(world({ cluster: { a: "v1", b: "v2" } })), ["cluster +a@v1 +b@v2"]);
  assert.deepEqual(say(nack("cluster", "b: bad")), [], "it would delete b, of which it has a good version");
  assert.deepEqual(say(wait(1_000)), ["cluster +a@v1 +b@v2"]);
  say(ack("cluster"));
  assert.deepEqual(say(world({ cluster: { a: "v1" } })), ["cluster +a@v1"]);
});

test("a retry that is rejected together with something new blames what was to blame before", () => {
  const { say } = conversation("delta");
  say(world({ cluster: { x: "v1" }, listener: { a: "v1" } }));
  for (const said of [ask("cluster"), ack("cluster"), ask("listener")]) say(said);
  assert.deepEqual(say(nack("listener", "something is wrong")), []);
  // The listeners wait for this cluster to be answered, so that the retry and the new one go together.
  assert.deepEqual(say(world({ cluster: { x: "v2" }, listener: { a: "v1", b: "v1" } })), ["cluster +x@v2"]);
  assert.deepEqual(say(wait(1_000)), []);
  assert.deepEqual(say(ack("cluster")), ["listener +b@v1 +a@v1"]);
  assert.deepEqual(say(nack("listener", "something is wrong")), ["listener +b@v1"]);
});

test("a whole list that is accepted settles what was in doubt of all that it repeats", () => {
  const { say } = conversation("sotw");
  say(world({ cluster: { a: "v1", b: "v1", c: "v1" } }));
  say(ask("cluster"));
  say(ack("cluster"));
  say(world({ cluster: { a: "v2", b: "v1", c: "v2" } }));
  assert.deepEqual(
    say(nack("cluster", "no")),
    ["cluster +a@v2 +b@v1 +c@v1"],
    "one after the other, as it names nobody",
  );
  say(world({ cluster: { a: "v2", b: "v1", c: "v1" } }));
  assert.deepEqual(say(ack("cluster")), []);
});

test("what was taken away in a rejected response may be gone: routes are not led there", () => {
  const { say } = conversation("delta");
  say(world({ cluster: { a: "v1", b: "v1" }, routes: { r: "v1>a" } }));
  for (const said of [ask("cluster"), ack("cluster"), ask("routes", ["r"]), ack("routes")]) say(said);
  assert.deepEqual(say(world({ cluster: { a: "v2" }, routes: { r: "v1>a" } })), ["cluster +a@v2 -b"]);
  say(world({ cluster: { a: "v2", b: "v2" }, routes: { r: "v2>b" } }));
  assert.deepEqual(say(nack("cluster", "a: bad")), ["cluster +b@v2"]);
  assert.deepEqual(say(nack("cluster", "b: bad")), []);
});

test("what a rejected list left out may be there: the next list does not leave it out while it exists", () => {
  const { say } = conversation("sotw");
  say(world({ listener: { a: "v1", b: "v1" } }));
  for (const said of [ask("listener"), ack("listener")]) say(said);
  assert.deepEqual(say(world({ listener: { a: "v2" } })), ["listener +a@v2"]);
  say(world({ listener: { a: "v2", b: "v2" } }));
  assert.deepEqual(say(nack("listener", "a: bad")), ["listener +a@v1 +b@v2"]);
  assert.deepEqual(say(nack("listener", "b: bad")), []);
  assert.deepEqual(say(ask("listener")), ["listener +a@v1 +b@v1"]);
});
