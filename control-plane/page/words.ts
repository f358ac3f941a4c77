/** `70.3 %`, `0 %`. */
export function percentText(percent: number): string {
  return `${oneDigit(percent)} %`;
}

/** `0.4 req/s`, `150 req/s`. */
export function rateText(rps: number): string {
  return `${rps < 10 ? oneDigit(rps) : Math.round(rps)} req/s`;
}

/** `1 client`, `2 clients`. */
export function countText(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}

function oneDigit(value: number): number {
  return Math.round(value * 10) / 10;
}
