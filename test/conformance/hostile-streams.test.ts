import { test } from "node:test";
import { attacksOnStreams } from "../hostile/attacks-on-streams.ts";
import { proveAll } from "../hostile/prove.ts";

test("whatever a client does with streams and windows, the others are served and memory stays bounded", (t) =>
  proveAll(t, attacksOnStreams));
