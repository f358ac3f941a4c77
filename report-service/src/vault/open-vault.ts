import { join } from "node:path";
import type { Vault } from "../ports/vault.ts";
import { readKeyRing, readKeyRingNow } from "./key-ring.ts";
import { createVault } from "./vault.ts";

/** The vault over the key file of `--keys`, or the one below `--data`, which is made where it is not there. */
export async function openVault({
  keys,
  data,
}: {
  readonly keys: string | undefined;
  readonly data: string;
}): Promise<Vault> {
  const path = keys ?? join(data, "keys");
  return createVault(await readKeyRing(path), () => readKeyRingNow(path));
}
