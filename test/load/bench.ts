import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The load client and the server to compare with: two Go programs of a module that is not part of this project. */
export type Bench = {
  readonly swarm: string;
  readonly peer: string;
  /** What the peer was built of, e.g. `go-control-plane v0.14.0, grpc v1.85.0, go1.26.8`. */
  readonly builtOf: string;
};

/** Finds the programs in `DIR/out/bin`, or builds them there. Rejects with what is missing. */
export async function openBench(directory: string): Promise<Bench> {
  const bin = join(directory, "out/bin");
  const [swarm, peer] = [join(bin, "swarm"), join(bin, "peer")];
  if (!existsSync(swarm) || !existsSync(peer)) {
    await run("go", ["build", "-trimpath", "-o", `${bin}/`, "./cmd/swarm", "./cmd/peer"], { cwd: directory }).catch(
      (cause) => {
        throw new Error(`${directory} is no Go module of which ./cmd/swarm and ./cmd/peer can be built`, { cause });
      },
    );
  }
  return { swarm, peer, builtOf: await versionsIn(peer) };
}

async function versionsIn(program: string): Promise<string> {
  const { stdout } = await run("go", ["version", "-m", program]).catch(() => ({ stdout: "" }));
  const version = (module: string) => new RegExp(`\\t${module}\\t(v\\S+)`).exec(stdout)?.[1] ?? "of an unknown version";
  const go = /: (go\S+)/.exec(stdout)?.[1] ?? "an unknown Go";
  return `go-control-plane ${version("github.com/envoyproxy/go-control-plane")}, grpc ${version("google.golang.org/grpc")}, ${go}`;
}
