// q, Q, and what Ctrl-C and Ctrl-D are in raw mode: characters, not signals.
const quitKeys = [0x71, 0x51, 3, 4];

/** Calls `quit` when the user presses q or Ctrl-C on a terminal. Disposing of it gives the terminal its usual manners back. */
export function listenForQuit(stdin: NodeJS.ReadStream, quit: () => void): Disposable {
  if (!stdin.isTTY) return { [Symbol.dispose]: () => undefined };
  const hear = (typed: Buffer) => {
    if (typed.some((byte) => quitKeys.includes(byte))) quit();
  };
  stdin.setRawMode(true);
  stdin.on("data", hear);
  stdin.resume();
  return {
    [Symbol.dispose]() {
      stdin.off("data", hear);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
