/** Of the four files of situations npm test runs two: all of them take minutes of its twenty-five. */
export const skipLong =
  process.env["WEIR_PREDICTIONS"] === "all"
    ? false
    : "it takes long: npm run test:predictions runs it, as does npm run journeys";
