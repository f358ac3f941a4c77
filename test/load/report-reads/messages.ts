import { readFile, writeFile } from "node:fs/promises";

/** Writes messages as the Go program reads them: each after its length, four bytes, most significant first. */
export async function writeMessages(path: string, messages: readonly Uint8Array[]): Promise<void> {
  const parts = messages.flatMap((message) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    return [length, message];
  });
  await writeFile(path, Buffer.concat(parts));
}

export async function readMessages(path: string): Promise<readonly Buffer[]> {
  const file = await readFile(path);
  const messages = [];
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32BE(at);
    messages.push(file.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return messages;
}
