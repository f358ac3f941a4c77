/** Why a loss or a growth that a source tells of is not believed at once. */
export type WhyHeld =
  /** Nothing would be left of the service. */
  | "last"
  /** More of the service than may go at once. */
  | "most"
  /** All that the service has in one data center, and more than one endpoint. */
  | "data-center"
  /** More of the service's part in one data center than may go at once. */
  | "most-of-data-center"
  /** Many times as many as before. */
  | "growth";

/** For people. */
export const whyHeldText: Readonly<Record<WhyHeld, string>> = {
  last: "nothing would be left",
  most: "too many at once",
  "data-center": "a whole data center at once",
  "most-of-data-center": "too many of a data center at once",
  growth: "many times as many at once",
};
