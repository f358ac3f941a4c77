/**
 * Writes something that nobody reads where creates write too, and resolves once the store has kept it; rejects where it takes
 * no write now. It goes by itself within about a day.
 */
export type TryWrite = () => Promise<void>;
