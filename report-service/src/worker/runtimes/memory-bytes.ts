/** DuckDB's `64MB`, of 1,000,000 bytes each. */
export function memoryBytes(memory: string): number {
  return Number.parseInt(memory, 10) * (memory.endsWith("GB") ? 1_000_000_000 : 1_000_000);
}
