const steps: readonly (readonly [unit: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
];

/** A time span as people say it, in its largest unit: `0s`, `48s`, `12m`, `3h`, `9d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const step = steps.find(([, size]) => seconds >= size);
  return step ? `${Math.floor(seconds / step[1])}${step[0]}` : `${seconds}s`;
}
