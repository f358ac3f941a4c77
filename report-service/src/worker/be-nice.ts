import { writeFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

// Who is not root may set one session's in a tenth of a second, whoever else does so.
const tries = 50;
const retryMs = 200;

/**
 * Sets the niceness of a process that leads a session, and that of the session, where the system lets us: otherwise it runs as
 * its server does. Linux compares the niceness of processes within a session, and gives each session what its own niceness says
 * (https://man7.org/linux/man-pages/man7/sched.7.html, "The autogroup feature"), unless they are in control groups.
 */
export async function beNice(pid: number, { own, session }: { readonly own: number; readonly session: number }) {
  try {
    setPriority(pid, own);
  } catch {
    return;
  }
  for (let left = tries; left > 0; left -= 1) {
    const failed = await writeFile(`/proc/${pid}/autogroup`, String(session)).then(
      () => undefined,
      (cause: NodeJS.ErrnoException) => cause.code,
    );
    if (failed !== "EAGAIN") return;
    await delay(retryMs, undefined, { ref: false });
  }
}
