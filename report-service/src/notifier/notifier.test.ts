import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { cancel, create, report } from "../../test/contract/place.ts";
import { temporaryDirectory } from "../../test/server-process.ts";
import { openStore } from "../sqlite/open-store.ts";
import { startNotifier } from "./notifier.ts";
import type { NotifierNote } from "./notifier-note.ts";
import type { Post } from "./post.ts";

/** Runs notifiers over a store in which reports have ended, `urls` by their ids, until `isOver`. */
async function tell(
  urls: ReadonlyMap<string, string>,
  post: Post,
  isOver: (note: NotifierNote) => boolean,
  notifiers = 1,
) {
  await using directory = await temporaryDirectory();
  using store = openStore(join(directory.path, "reports.db"));
  for (const [id, notifyUrl] of urls) {
    await create(store.reports, report(id, 1, { notifyUrl }));
    await store.reports.change(report(id, 1), cancel, Date.now());
  }
  const notes: NotifierNote[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const observe = (note: NotifierNote) => {
    notes.push(note);
    if (isOver(note)) resolve();
  };
  const secretsOf = () => [Buffer.alloc(24)];
  {
    await using stack = new AsyncDisposableStack();
    for (let count = 0; count < notifiers; count += 1) {
      stack.use(
        startNotifier({ reports: store.reports, notices: store.notices, clock: store.clock, secretsOf, post, observe }),
      );
    }
    await promise;
  }
  const left = await store.notices.due(Date.now() + 48 * 3_600_000, 1_000);
  return { notes, left: left.map(({ id, notice }) => ({ id, tries: notice?.tries })) };
}

test("a receiver that never answers delays no other, however much waits for it", async () => {
  const urls = new Map<string, string>(
    Array.from({ length: 250 }, (_, index) => [`dead-${index}`, "https://dead.example/"] as const),
  );
  urls.set("well", "https://well.example/");
  let open = 0;
  let most = 0;
  const post: Post = async (url, _, signal) => {
    if (url.host === "well.example") return 204;
    open += 1;
    most = Math.max(most, open);
    await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return 0;
  };
  const { notes, left } = await tell(urls, post, (note) => note.kind === "notice-ended");
  assert.ok(notes.some((note) => note.kind === "notice-ended" && note.report === "well" && note.end === "delivered"));
  assert.equal(most, 8);
  assert.deepEqual([left.length, left.filter(({ tries }) => tries === 1).length], [250, 8]);
});

test("what fails comes again later, and a receiver that is gone for good is not asked again", async () => {
  const urls = new Map([
    ["gone", "https://gone.example/"],
    ["busy", "https://busy.example/"],
  ]);
  const seen = new Set<string>();
  const { notes, left } = await tell(
    urls,
    async ({ host }) => (host === "gone.example" ? 410 : 302),
    (note) => "report" in note && seen.add(note.report).size === 2,
  );
  const words = notes.map((note) =>
    "report" in note ? `${note.report} ${note.kind} ${note.cause?.message}` : note.kind,
  );
  assert.deepEqual(words.sort(), ["busy notice-failed it answered 302", "gone notice-ended it answered 410"]);
  assert.deepEqual(left, [{ id: "busy", tries: 1 }]);
});

test("of several notifiers one tells each", async () => {
  const urls = new Map(
    Array.from({ length: 40 }, (_, index) => [`r${index}`, `https://h${index % 5}.example/`] as const),
  );
  let posts = 0;
  let ended = 0;
  const post: Post = async () => {
    posts += 1;
    return 200;
  };
  const isOver = ({ kind }: NotifierNote) => kind === "notice-ended" && ++ended === urls.size;
  const { left } = await tell(urls, post, isOver, 3);
  assert.deepEqual([posts, left], [40, []]);
});
