import { localityText } from "../../control-plane/src/model/locality.ts";
import { addressText } from "../../control-plane/src/model/service.ts";
import type { KubernetesFeed, Sighting, SourceNote } from "../../control-plane/src/sources/feed.ts";
import {
  createKubernetesSource,
  type KubernetesCluster,
  type KubernetesLimits,
} from "../../control-plane/src/sources/kubernetes/kubernetes-source.ts";
import { kubernetesSource } from "../../control-plane/src/sources/source-names.ts";
import { until } from "../kit/wait.ts";

/** The source of Kubernetes endpoints, in this process, and what it says of its feeds. */
export type Watched = AsyncDisposable & {
  readonly notes: readonly SourceNote[];
  /** Follows a Service of a namespace. */
  follow(feed?: Partial<KubernetesFeed>): Followed;
};
export type Followed = {
  readonly all: readonly Sighting[];
  /** `10.0.0.1:9090 dc-a/z1 serving`, of the last time that something was seen; undefined before. */
  seen(): readonly string[] | undefined;
  /** Why it cannot be seen now; undefined while it can. */
  failure(): string | undefined;
  sees(lines: readonly string[], within?: number): Promise<void>;
  fails(words: RegExp, within?: number): Promise<void>;
  stop(): void;
};

const name = "dc-a";

export function watchKubernetes(
  cluster: Pick<KubernetesCluster, "access"> & Partial<KubernetesCluster>,
  limits: Partial<KubernetesLimits> = {},
): Watched {
  const notes: SourceNote[] = [];
  const stop = new AbortController();
  const source = createKubernetesSource({
    clusters: [{ name, region: "dc-a", regionFromNodes: false, ...cluster }],
    observe: (note) => notes.push(note),
    limits: { backoff: { baseMs: 50, maxMs: 500 }, ...limits },
  });
  return {
    notes,
    follow(feed = {}) {
      const own = new AbortController();
      const all: Sighting[] = [];
      void (async () => {
        const whole: KubernetesFeed = {
          kind: "kubernetes",
          key: `kubernetes/${name}/reports/report`,
          source: kubernetesSource(name),
          datacenter: name,
          namespace: "reports",
          service: "report",
          port: undefined,
          addressType: undefined,
          readyOnly: false,
          ...feed,
        };
        for await (const sighting of source.watch(whole, AbortSignal.any([stop.signal, own.signal])))
          all.push(sighting);
      })();
      const seen = () => {
        const last = all.findLast((each) => each.kind === "seen");
        return last?.endpoints
          .map(({ address, locality, health }) => `${addressText(address)} ${localityText(locality)} ${health}`)
          .sort();
      };
      const failure = () => {
        const last = all.at(-1);
        return last?.kind === "failed" ? last.cause.message : undefined;
      };
      return {
        all,
        seen,
        failure,
        async sees(lines, within = 15_000) {
          const is = () => failure() === undefined && seen()?.join("\n") === lines.join("\n");
          await until(is, { within, what: lines.join(", ") }).catch((cause) => {
            throw new Error(`sees ${seen()?.join(", ")}; ${failure() ?? "no failure"}`, { cause });
          });
        },
        async fails(words, within = 15_000) {
          await until(() => words.test(failure() ?? ""), { within, what: String(words) }).catch((cause) => {
            throw new Error(`fails with ${failure()}`, { cause });
          });
        },
        stop: () => own.abort(),
      };
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await source[Symbol.asyncDispose]();
    },
  };
}
