import { type Language, languages } from "../model/kind.ts";
import { flagGroup } from "./flag-group.ts";

/** How many reports this server makes at once. */
export type Workers = {
  readonly concurrency: Readonly<Record<Language, number>>;
  /** Reports are to be begun within this time; where they are not, more workers are asked for. */
  readonly targetWaitMs: number;
};

export const workers = flagGroup(
  [
    {
      name: "concurrency",
      default: "",
      value: "L=N,…",
      help: "reports that it makes at once, by language, such as sql=4,python=2; 1 where not given",
    },
    {
      name: "target-wait",
      default: "5s",
      value: "TIME",
      help: "reports are to be begun so soon; the metric report_cluster_backlog_workers is for that",
    },
  ],
  (flags): Workers => {
    const given = flags.pairs("concurrency") ?? { nothing: "" };
    const wrong = Object.entries(given).filter(([language, most]) => !isLanguage(language) || !isConcurrency(most));
    if (wrong.length > 0) {
      const says = `must be LANGUAGE=N,… of ${languages.join(", ")} with N from 1 to 256`;
      flags.say("concurrency", `${says}, not "${flags.get("concurrency")}"`);
    }
    const of = (language: Language) => Number(given[language] ?? 1);
    return {
      concurrency: { sql: of("sql"), javascript: of("javascript"), python: of("python") },
      targetWaitMs: flags.time("target-wait", 100),
    };
  },
);

function isLanguage(text: string): boolean {
  return languages.some((language) => language === text);
}

function isConcurrency(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 256;
}
