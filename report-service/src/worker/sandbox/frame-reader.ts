// A batch is a quarter of a megabyte; one row may be larger.
const maxFrameBytes = 16 * 1024 * 1024;

/** Puts the pieces that come from a sandbox together again; throws at what no sandbox of ours says. */
export function createFrameReader(): (piece: Uint8Array) => readonly unknown[] {
  let pieces: Uint8Array[] = [];
  let have = 0;
  let want: number | undefined;

  function take(size: number): Buffer {
    const all = Buffer.concat(pieces);
    pieces = [all.subarray(size)];
    have -= size;
    return all.subarray(0, size);
  }

  return (piece) => {
    pieces.push(piece);
    have += piece.length;
    const messages: unknown[] = [];
    for (;;) {
      if (want === undefined && have >= 4) want = take(4).readUInt32LE();
      if (want !== undefined && want > maxFrameBytes) {
        throw new Error(`a row or a message has ${want} bytes; no more than ${maxFrameBytes} are possible`);
      }
      if (want === undefined || have < want) return messages;
      messages.push(JSON.parse(take(want).toString()));
      want = undefined;
    }
  };
}
