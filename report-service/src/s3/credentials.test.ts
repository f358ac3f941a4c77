import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCredentials } from "./credentials.ts";

test("the profile default goes before others, and the first one before the rest", () => {
  const other = "[other]\naws_access_key_id = A\naws_secret_access_key = B\n";
  const main =
    "# ours\n[default]\naws_access_key_id=C\n  aws_secret_access_key =  D/+=  \naws_session_token = E\nregion = x\n";
  assert.deepEqual(parseCredentials(other + main), { accessKeyId: "C", secretAccessKey: "D/+=", sessionToken: "E" });
  assert.deepEqual(parseCredentials(other), { accessKeyId: "A", secretAccessKey: "B" });
});

test("half of the keys are none", () => {
  assert.equal(parseCredentials("[default]\naws_access_key_id = A\n"), undefined);
  assert.equal(parseCredentials(""), undefined);
});
