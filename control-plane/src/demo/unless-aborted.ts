/** The promise's value, unless the signal aborts first: then its reason is thrown, and the promise is left alone. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const abort = Promise.withResolvers<never>();
  const listen = () => abort.reject(signal.reason);
  signal.addEventListener("abort", listen);
  try {
    return await Promise.race([promise, abort.promise]);
  } finally {
    signal.removeEventListener("abort", listen);
  }
}
