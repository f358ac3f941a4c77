import type { ServerInterceptingCall, ServerInterceptor } from "@grpc/grpc-js";

/** Unpacking takes the whole of a core and finds out at the limit of a message whether it was worth it. */
const atOnce = 2;

type Unpack = (message: Buffer, encoding: string) => Buffer | Promise<Buffer>;

/**
 * Unpacks requests two at a time. grpc-js does so with all that come at once, and holds up to a whole message of each:
 * sixty-four of half a megabyte that are 512 MB of zeros took 430 MB. The method replaced here is private (grpc-js is
 * pinned exactly); where it is gone, requests are unpacked as they come. Must be the nearest to the wire.
 */
export function unpackInTurn(): ServerInterceptor {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function inTurn(unpack: () => Buffer | Promise<Buffer>): Promise<Buffer> {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await unpack();
    } finally {
      // The next one takes over the turn; nobody comes between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return (_method, call) => {
    const base = call as unknown as { decompressMessage?: Unpack };
    const original = base.decompressMessage;
    if (typeof original === "function") {
      // Written where it is assigned, it would keep its call for long: docs/decisions/0030-calls-die-young.md.
      const decompress: Unpack = (message, encoding) => {
        const unpack = () => original.call(base, message, encoding);
        return encoding === "identity" ? unpack() : inTurn(unpack);
      };
      base.decompressMessage = decompress;
    }
    return call as ServerInterceptingCall;
  };
}
