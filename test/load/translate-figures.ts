/** What making the resources of a viewer costs, all in processor time of the thread. */
export type TranslationFigures = {
  /** Of a viewer of which nothing is made yet: all of it, and the longest turn of the event loop. */
  readonly newViewerCpuMs: number;
  readonly longestTurnMs: number;
  /** Of one in another place. */
  readonly nextViewerCpuMs: number;
  readonly nextLongestTurnMs: number;
  /** Of one endpoint of one service that changed, for one viewer; mean of a hundred. */
  readonly changeCpuMs: number;
};

export type FigureName = keyof TranslationFigures;

/** Titles, and what is to be reached with 1,000 services of 20 endpoints. */
export const translationGoals: Readonly<Record<FigureName, { readonly title: string; readonly below?: number }>> = {
  newViewerCpuMs: { title: "CPU for a new viewer", below: 150 },
  longestTurnMs: { title: "longest turn of the event loop meanwhile", below: 20 },
  nextViewerCpuMs: { title: "CPU for another viewer in another place" },
  nextLongestTurnMs: { title: "longest turn meanwhile", below: 20 },
  changeCpuMs: { title: "CPU for one changed service", below: 1 },
};

/** What a quarter of the rounds stayed below: what else runs on the machine only ever adds, to processor time as well. */
export function quartileOf(rounds: readonly TranslationFigures[], figure: FigureName): number {
  const values = rounds.map((each) => each[figure]).sort((a, b) => a - b);
  return values[values.length >> 2] ?? Number.NaN;
}
