export const durationRule = 'a duration like "500ms", "10s" or "1h30m"';
export const sizeRule = 'a size like "512KiB" or "4MiB"';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const unitBytes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Milliseconds, from the notation of Kubernetes' GEP-2257, which Go and the documents use too. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,5}(h|m|s|ms)){1,4}$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)(h|ms|m|s)/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (unitMs[unit] ?? 0), 0);
}

export function durationText(ms: number): string {
  if (ms === 0) return "0s";
  let rest = ms;
  return ["h", "m", "s", "ms"]
    .map((unit) => {
      const size = unitMs[unit] ?? 1;
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? "" : `${count}${unit}`;
    })
    .join("");
}

export function parseSize(text: string): number | undefined {
  const [, count, unit = "B"] = /^(\d{1,9})(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (unitBytes[unit] ?? 1);
}

export function sizeText(bytes: number): string {
  const unit = ["GiB", "MiB", "KiB"].find((each) => bytes > 0 && bytes % (unitBytes[each] ?? 1) === 0) ?? "B";
  return `${bytes / (unitBytes[unit] ?? 1)}${unit}`;
}
