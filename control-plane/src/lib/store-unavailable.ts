/** What is kept cannot be changed now, or is not known yet: where, why, and what to do. Nothing was changed. */
export class StoreUnavailable extends Error {}
