import { setTimeout as delay } from "node:timers/promises";
import { delayed, edited, type Tamper } from "../../../kit/tampering-proxy.ts";
import { until } from "../../../kit/wait.ts";
import type { Weir } from "../../../kit/weir.ts";
import { startConsulScene } from "../consul-scene.ts";
import type { Fault, Verdict } from "../fault.ts";
import { answered, sendOn } from "../traffic.ts";

const instances = 10;

/** `onShow`: how many endpoints the guard then tells that it holds back. */
type Lie = { readonly name: string; readonly tamper: Tamper; readonly onShow?: number };

const firstOf = (json: unknown, count: number) => (Array.isArray(json) ? json.slice(0, count) : json);

const lies: readonly Lie[] = [
  { name: "answers 500", tamper: (answer) => ({ ...answer, code: 500, text: "internal error" }) },
  {
    name: "answers 429, too many requests",
    tamper: (answer) => ({ ...answer, code: 429, text: "rate limit reached" }),
  },
  { name: "cuts its answers in the middle", tamper: () => undefined },
  { name: "ends its JSON too early", tamper: ({ text, ...rest }) => ({ ...rest, text: text.slice(0, -3) }) },
  { name: "answers with HTML", tamper: (answer) => ({ ...answer, text: "<html>Bad gateway</html>" }) },
  { name: "answers after 5 s", tamper: delayed(5_000) },
  { name: "has nothing", tamper: edited((json) => (Array.isArray(json) ? [] : {})), onShow: instances },
  {
    name: "has nothing, and an index that went backwards",
    tamper: (answer) => ({ ...answer, text: "[]", headers: { ...answer.headers, "x-consul-index": "1" } }),
  },
  { name: "has a tenth", tamper: edited((json) => firstOf(json, instances / 10)), onShow: instances * 0.9 },
  { name: "answers for another data center", tamper: edited(elsewhere) },
  { name: "has ten times as many", tamper: edited(tenfold), onShow: instances * 9 },
];

export const lyingConsul: Fault = {
  name: "lying-consul",
  breaks: "a Consul whose answers are late, broken, or wrong",
  async run({ random, short, say }) {
    await using scene = await startConsulScene({ instances });
    const { proxy, weir, holder, throughEdge, whole, heldSince } = scene;
    await using traffic = sendOn(throughEdge);
    const verdicts: Verdict[] = [];
    const rounds = short ? 1 : 5;
    for (let round = 0; round < rounds; round += 1)
      for (const { name, tamper, onShow } of shuffled(lies, random.next)) {
        const before = holder.holdings.length;
        const asked = proxy.questions();
        say(`Consul ${name}`);
        proxy.tamper(tamper);
        // Long enough that Weir has heard it, and shorter than what is lost is held.
        await until(() => proxy.questions() > asked, { within: 30_000, what: `Weir asks while Consul ${name}` });
        await delay(short ? 500 : random.between(500, 5_000));
        if (onShow !== undefined) {
          await until(async () => (await held(weir)) === onShow, {
            within: 15_000,
            what: `${onShow} held back are on show`,
          });
          verdicts.push({
            invariant: `while Consul ${name}, what is held back is on show`,
            holds: true,
            found: `${onShow} endpoints`,
          });
        }
        proxy.tamper(undefined);
        await whole(15_000, `all instances are known after Consul ${name}`);
        const { fewest, most } = heldSince(before);
        verdicts.push({
          invariant: `while Consul ${name}, everyone holds what they held`,
          holds: fewest === instances && most === instances,
          found: `${fewest} to ${most} of ${instances} endpoints`,
        });
      }
    return [...verdicts, answered("through Envoy", await traffic.stop())];
  },
};

async function held(weir: Weir): Promise<number> {
  return ((await weir.api("GET", "/v1/guard")).body as { held: readonly unknown[] }).held.length;
}

type Entry = {
  readonly Node?: object;
  readonly Service?: { readonly ID: string; readonly Address: string; readonly Port: number };
};

function elsewhere(json: unknown): unknown {
  if (!Array.isArray(json)) return json;
  return json.map((entry: Entry) => ({ ...entry, Node: { ...entry.Node, Datacenter: "dc-x" } }));
}

function tenfold(json: unknown): unknown {
  if (!Array.isArray(json)) return json;
  return json.flatMap((entry: Entry) =>
    entry.Service === undefined
      ? [entry]
      : Array.from({ length: 10 }, (_, index) => (index === 0 ? entry : twinOf(entry, index))),
  );
}

/** The same instance at an address where nobody is. */
function twinOf(entry: Entry, index: number): Entry {
  const { Service } = entry;
  if (Service === undefined) return entry;
  const { ID, Port } = Service;
  return { ...entry, Service: { ...Service, ID: `${ID}-${index}`, Address: `127.0.${index}.1`, Port } };
}

function shuffled<T>(things: readonly T[], next: () => number): readonly T[] {
  return things
    .map((thing) => ({ thing, at: next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ thing }) => thing);
}
