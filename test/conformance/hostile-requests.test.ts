import { test } from "node:test";
import { attacksOnRequests } from "../hostile/attacks-on-requests.ts";
import { proveAll } from "../hostile/prove.ts";

test("whatever a client asks for, the others are served and memory stays bounded", (t) =>
  proveAll(t, attacksOnRequests));
