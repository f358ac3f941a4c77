import { parseServiceName, type ServiceName } from "../../model/names.ts";
import { followKv } from "../../store/follow-kv.ts";
import type { Kv } from "../../store/kv.ts";

export type Author = { readonly by: string; readonly reason: string };

export type SharedConfirmations = {
  /** Tells the other replicas; rejects when the store does not answer. */
  tell(service: ServiceName, author: Author): Promise<void>;
};

/**
 * What an operator confirms at one replica is confirmed at all. Each replica holds back by its own clock and what it has heard;
 * the store has one key for each service with the last word on it. What stands there at the start is older than what is held back.
 */
export function shareConfirmations(
  {
    kv,
    prefix,
    confirm,
  }: {
    readonly kv: Kv;
    readonly prefix: string;
    readonly confirm: (service: ServiceName, author: Author) => void;
  },
  signal: AbortSignal,
): SharedConfirmations {
  const folder = `${prefix}/guard/confirmed/`;
  let known: ReadonlyMap<string, number> | undefined;
  void follow();
  return {
    async tell(service, author) {
      await kv.write([{ kind: "put", key: `${folder}${service}`, value: Buffer.from(JSON.stringify(author)) }], signal);
    },
  };

  async function follow(): Promise<void> {
    for await (const sighting of followKv(kv, { key: folder, below: true }, signal)) {
      if (sighting.kind === "failed") continue;
      const { entries } = sighting.reading;
      for (const { key, value, index } of known ? entries : []) {
        const service = parseServiceName(key.slice(folder.length));
        if (service !== undefined && known?.get(key) !== index) confirm(service, authorIn(value.toString("utf8")));
      }
      known = new Map(entries.map(({ key, index }) => [key, index]));
    }
  }
}

function authorIn(text: string): Author {
  try {
    const { by, reason } = JSON.parse(text) as Partial<Author>;
    return { by: String(by ?? "another replica"), reason: String(reason ?? "") };
  } catch {
    return { by: "another replica", reason: "" };
  }
}
