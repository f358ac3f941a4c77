import { test } from "node:test";
import { attacksOnFrames } from "../hostile/attacks-on-frames.ts";
import { proveAll } from "../hostile/prove.ts";

test("whatever HTTP/2 a client makes up, the others are served and memory stays bounded", (t) =>
  proveAll(t, attacksOnFrames));
