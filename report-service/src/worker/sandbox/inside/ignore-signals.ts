/** What a terminal sends to all that a server has started is for the server, which tells its workers when to stop. */
export function ignoreSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
}
