/** The repository's root: set-up works from wherever it is called. */
export declare const root: string;

/** A path under `.weir`, which git ignores: all that set-up installs or caches lies there, so deleting it undoes set-up. */
export declare function weirFolder(...parts: readonly string[]): string;
