// npm run load:hostile [-- WORD…]
// Does each attack in its heavy form to a server of its own, and writes what it cost both sides to docs/amplification.md;
// with words, only prints those whose names have one of them.
import { writeFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { version } from "../../control-plane/src/version.ts";
import type { Attack } from "./attack.ts";
import { attacksOnConnections } from "./attacks-on-connections.ts";
import { attacksOnFrames } from "./attacks-on-frames.ts";
import { attacksOnRequests } from "./attacks-on-requests.ts";
import { attacksOnStreams } from "./attacks-on-streams.ts";
import { connectHonest, isServed } from "./honest-client.ts";
import { type Measured, measure } from "./measure.ts";
import { startServer } from "./server.ts";

const groups: readonly { readonly title: string; readonly attacks: readonly Attack[] }[] = [
  { title: "Connections", attacks: attacksOnConnections },
  { title: "Frames", attacks: attacksOnFrames },
  { title: "Streams", attacks: attacksOnStreams },
  { title: "Requests", attacks: attacksOnRequests },
];
const words = process.argv.slice(2);

const heading = `| attack | times | sent | connections (ended) | resident: held, left, left again | V8 holds | held a connection | held / sent | CPU | honest: worst, after |
|---|---|---|---|---|---|---|---|---|---|`;

const quietMs = await quietLatency();
const tables: string[] = [];
const all: Row[] = [];
for (const { title, attacks } of groups) {
  const rows: string[] = [];
  for (const attack of attacks.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))) {
    const measured = await attackAlone(attack);
    all.push(measured);
    rows.push(rowOf(measured));
    console.log(rowOf(measured));
  }
  tables.push(`## ${title}\n\n${heading}\n${rows.join("\n")}`);
}
if (words.length === 0) await writeFile(new URL("../../docs/amplification.md", import.meta.url), page());

/** `leftAgainBytes`: by how much resident memory was larger after a second time than after the first, where that left much. */
type Row = Measured & { readonly leftAgainBytes: number | undefined };

async function attackAlone(attack: Attack): Promise<Row> {
  await using server = await startServer();
  using honest = connectHonest(server.target);
  for (let times = 0; times < 20; times++) await isServed(honest, server);
  const count = attack.heavyCount ?? attack.count;
  const measured = await measure(server, honest, attack, count);
  if (measured.leftRssBytes < 64 * 2 ** 20) return { ...measured, leftAgainBytes: undefined };
  const { leftRssBytes } = await measure(server, honest, attack, count);
  return { ...measured, leftAgainBytes: leftRssBytes };
}

/** How long a change takes to an honest client whom nobody disturbs: the median. */
async function quietLatency(): Promise<number> {
  await using server = await startServer();
  using honest = connectHonest(server.target);
  const times: number[] = [];
  while (times.length < 50) times.push(await isServed(honest, server));
  return times.toSorted((a, b) => a - b)[25] ?? Number.NaN;
}

function rowOf(measured: Row): string {
  const { name, count, bytesIn, connections, ended, heldRssBytes, leftRssBytes, heldBytes, cpuMs } = measured;
  const { leftAgainBytes } = measured;
  return `| ${[
    ...[name, count.toLocaleString("en"), size(bytesIn), `${connections} (${ended})`],
    ...[
      `${size(heldRssBytes)}, ${size(leftRssBytes)}${leftAgainBytes === undefined ? "" : `, ${size(leftAgainBytes)}`}`,
      size(heldBytes),
      size(heldRssBytes / connections),
    ],
    ...[ratio(measured), `${Math.round(cpuMs)} ms`],
    `${Math.round(measured.servedMs)}, ${Math.round(measured.servedAfterwardsMs)} ms`,
  ].join(" | ")} |`;
}

function page(): string {
  const most = (of: (measured: Row) => number) =>
    all.reduce((worst, measured) => (of(measured) > of(worst) ? measured : worst));
  const held = most(({ heldRssBytes }) => heldRssBytes);
  const left = most(({ leftRssBytes }) => leftRssBytes);
  const slowest = most(({ servedMs }) => servedMs);
  return `# What attacks cost

What a client can make the xDS port spend, for what it sends. Made by \`npm run load:hostile\` (\`test/hostile/\`), on ${cpus().length} cores of
${cpus()[0]?.model ?? "an unknown processor"}, Linux ${release()}, Node ${process.versions.node}, weir ${version}; attacker and server on the same machine,
plaintext, the default limits and a request limit of 4 MiB. \`npm test\` does each attack with smaller numbers
(\`test/conformance/hostile-*.test.ts\`): the server lives, an honest client has its changes in the middle of it, memory grows by less than
64 MB while the attacker stays and after it has gone.

Each attack has a server of its own, in which ten clusters and one honest client on delta ADS are; a change takes ${quietMs.toFixed(1)} ms to that
client when nobody disturbs (the median).

- *times*: how often it was tried; an attacker who is cut off earlier sends less. *ended*: connections that the server had
  closed by then; the others were closed by the attacker.
- *held*: by how much the process had grown while the attacker stayed, after a collection of garbage; *left*: when it was gone; *left
  again*, where that was more than 64 MiB: by how much more after the same attack a second time. Resident memory holds what the
  allocator keeps for the next time, and what compiled code takes; *V8 holds* does not.
  *Left* is taken in the moment that the last connection is gone. Half a second later V8 holds what it held before, but for the 64
  latest answers (32 MiB at most, and the names in them), which are kept for clients that ask for the same: 76 MiB after five times
  *10,000 names that do not exist*, no more after each.
- *honest*: the longest that a change took to the honest client during the attack; and to one that came afterwards.

What a client can pin is bounded for each stream: by the limit of a request (the last one stays until the next begins; a node of more
than 512 KiB ends the stream, while Envoy's own has 60; the versions that a returning client tells in its first take five times their size until it has answered), by \`namesPerStream\` names of 200 characters each on
average; for each connection by 16 MiB of HTTP/2's own; the number of connections and new streams is
bounded by the [limits](operating.md#settings) \`connections\` and \`newStreams\`. Off loopback nobody has a stream without a client certificate.

Most was held by *${held.name}*: ${size(held.heldRssBytes)}; most was left by *${left.name}*: ${size(left.leftRssBytes)}. The longest wait of an honest client,
${Math.round(slowest.servedMs)} ms, was under *${slowest.name}*.

${tables.join("\n\n")}
`;
}

function ratio({ bytesIn, heldRssBytes }: Measured): string {
  if (bytesIn === 0) return "-";
  const times = Math.max(0, heldRssBytes) / bytesIn;
  return times < 0.1 ? "< 0.1" : times.toFixed(times < 10 ? 1 : 0);
}

function size(bytes: number): string {
  if (Math.abs(bytes) < 2 ** 20) return `${Math.round(bytes / 2 ** 10)} KiB`;
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
