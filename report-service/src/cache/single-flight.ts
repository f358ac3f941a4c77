/** Answers `load` of a key; several who ask for the same share one load, unless it began before they asked. */
export type SingleFlight<T> = (key: string, load: () => Promise<T>) => Promise<T>;

type Flight<T> = { readonly landed: Promise<void>; next: Promise<T> | undefined };

/**
 * At most one load of a key at a time. Whoever asks while one is under way gets the next one, which begins when that
 * ends, together with all others who do: what it gives was true after they asked, so that a client sees what it has
 * written.
 */
export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();

  function fly(key: string, load: () => Promise<T>): Promise<T> {
    const loading = load();
    const land = () => {
      if (!flight.next) flights.delete(key);
    };
    const flight: Flight<T> = { landed: loading.then(land, land), next: undefined };
    flights.set(key, flight);
    return loading;
  }

  return (key, load) => {
    const flight = flights.get(key);
    if (!flight) return fly(key, load);
    flight.next ??= flight.landed.then(() => fly(key, load));
    return flight.next;
  };
}
