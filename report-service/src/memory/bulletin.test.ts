import { provesBulletin } from "../../test/contract/bulletin.ts";
import { createMemoryBulletin } from "./bulletin.ts";

provesBulletin("in process", async () => {
  const bulletin = createMemoryBulletin();
  return { connect: async () => bulletin, [Symbol.asyncDispose]: async () => undefined };
});
