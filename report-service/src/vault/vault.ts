import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { SealBroken, type Vault } from "../ports/vault.ts";
import type { KeyRing } from "./key-ring.ts";

const cipher = "aes-256-gcm";
const ivBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/**
 * Envelope encryption: each text has a data key of its own, and that is wrapped with a key of the ring, both with
 * AES-256-GCM and a random 96-bit IV (NIST SP 800-38D). A data key seals one text only, so its IV cannot repeat; a ring
 * key is good for 2^32 of them. New texts are sealed with the ring's first key; rotating puts another one there, and
 * what was sealed before is opened with its own key for as long as the ring holds it: nothing is written again.
 * `readAgain` is asked for a key that is missing.
 */
export function createVault(ring: KeyRing, readAgain: () => KeyRing = () => ring): Vault {
  const [current] = ring;
  const byId = new Map(ring.map(({ id, key }) => [id, key]));

  /** A key that this ring lacks may have come since: another server has begun to seal with it. */
  function find(keyId: string): KeyObject | undefined {
    if (!byId.has(keyId)) for (const { id, key } of readAgain()) byId.set(id, key);
    return byId.get(keyId);
  }

  // The oldest key stays the last, so fingerprints outlive rotations.
  const oldest = ring.at(-1) ?? current;
  const fingerprintKey = createSecretKey(
    Buffer.from(hkdfSync("sha256", oldest.key, "", "weir report fingerprint", keyBytes)),
  );

  return {
    seal(text, belongsTo) {
      const dataKey = randomBytes(keyBytes);
      const wrapped = encrypt(current.key, dataKey, `${current.id} ${belongsTo}`);
      const body = encrypt(dataKey, Buffer.from(text), belongsTo);
      return { keyId: current.id, text: `${wrapped.toString("base64")}.${body.toString("base64")}` };
    },
    open({ keyId, text }, belongsTo) {
      const key = find(keyId);
      if (!key) throw new Error(`${belongsTo} was sealed with the key ${keyId}, which this server does not have`);
      const [wrapped = "", body = ""] = text.split(".");
      try {
        const dataKey = decrypt(key, Buffer.from(wrapped, "base64"), `${keyId} ${belongsTo}`);
        return decrypt(dataKey, Buffer.from(body, "base64"), belongsTo).toString();
      } catch (cause) {
        throw new SealBroken(`what is sealed of ${belongsTo} was changed, or belongs to something else`, { cause });
      }
    },
    fingerprint: (text) => createHmac("sha256", fingerprintKey).update(text).digest("hex"),
  };
}

/** IV, ciphertext and tag in one. */
function encrypt(key: KeyObject | Buffer, plain: Buffer, belongsTo: string): Buffer {
  const iv = randomBytes(ivBytes);
  const sealing = createCipheriv(cipher, key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(belongsTo));
  return Buffer.concat([iv, sealing.update(plain), sealing.final(), sealing.getAuthTag()]);
}

function decrypt(key: KeyObject | Buffer, sealed: Buffer, belongsTo: string): Buffer {
  const iv = sealed.subarray(0, ivBytes);
  const opening = createDecipheriv(cipher, key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(belongsTo));
  opening.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([opening.update(sealed.subarray(ivBytes, -tagBytes)), opening.final()]);
}
