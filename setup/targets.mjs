/**
 * What a script of package.json needs, and what is run once that is there.
 * @typedef {{
 *   readonly needs: import("./prepare.mjs").Needs,
 *   readonly script: string,
 *   readonly args: readonly string[],
 *   readonly env?: Readonly<Record<string, string>>,
 * }} Target
 */

/**
 * Of tests that may need anything, and pass over what is not there.
 * @type {import("./prepare.mjs").Needs}
 */
const partsOfTests = {
  envoy: "required",
  consul: "required",
  kubernetes: "if-there",
  garage: "if-there",
  grpcurl: "if-there",
  postgres: "wanted",
  redis: "wanted",
  seaweedfs: "wanted",
  prometheus: "wanted",
  kafka: "wanted",
  cassandra: "wanted",
  chromium: "wanted",
};

/** @type {Readonly<Record<string, Target>>} */
export const targets = {
  start: { needs: { envoy: "wanted", consul: "no" }, script: "control-plane/src/main.ts", args: ["demo"] },
  weir: { needs: { envoy: "if-there", consul: "no" }, script: "control-plane/src/main.ts", args: [] },
  golden: { needs: { envoy: "required", consul: "no" }, script: "control-plane/src/golden.ts", args: [] },
  load: { needs: { envoy: "no", consul: "no" }, script: "test/load/run.ts", args: [] },
  "load:rejected": { needs: { envoy: "required", consul: "no" }, script: "test/load/rejected.ts", args: [] },
  "load:consul": { needs: { envoy: "required", consul: "required" }, script: "test/load/consul.ts", args: [] },
  "load:reads": {
    needs: { envoy: "no", consul: "no", redis: "wanted" },
    script: "test/load/report-reads/run.ts",
    args: [],
  },
  "load:page": {
    needs: { envoy: "required", consul: "no", chromium: "required" },
    script: "test/load/page/run.ts",
    args: [],
  },
  "load:slow": { needs: { envoy: "no", consul: "no" }, script: "test/load/slow-readers.ts", args: [] },
  "load:translate": { needs: { envoy: "no", consul: "no" }, script: "test/load/translate.ts", args: [] },
  "load:hostile": { needs: { envoy: "no", consul: "no" }, script: "test/hostile/table.ts", args: [] },
  "load:reports": {
    needs: { envoy: "required", consul: "no", postgres: "wanted" },
    script: "test/load/report-cost/run.ts",
    args: [],
  },
  "load:report-goals": {
    needs: { envoy: "no", consul: "no", postgres: "wanted" },
    script: "test/load/report-cost/goals.ts",
    args: [],
  },
  "load:report-envoy": {
    needs: { envoy: "required", consul: "no", postgres: "wanted" },
    script: "test/load/report-cost/through-envoy.ts",
    args: [],
  },
  "load:clusters": { needs: { envoy: "no", consul: "no" }, script: "test/load/report-clusters/run.ts", args: [] },
  "load:growth": {
    needs: { envoy: "no", consul: "no", postgres: "required" },
    script: "test/load/report-growth/run.ts",
    args: [],
  },
  "load:hostile-reports": {
    needs: { envoy: "no", consul: "no" },
    script: "report-service/test/hostile/storm-main.ts",
    args: [],
  },
  "load:forgotten": {
    needs: { envoy: "no", consul: "no", postgres: "required" },
    script: "test/load/report-growth/forgotten.ts",
    args: [],
  },
  faults: { needs: { envoy: "required", consul: "required" }, script: "test/faults/suite/run.ts", args: [] },
  fuzz: { needs: { envoy: "no", consul: "no" }, script: "test/fuzz/run.ts", args: [] },
  random: { needs: { envoy: "required", consul: "no" }, script: "test/random-documents/run.ts", args: [] },
  ledger: {
    needs: {
      envoy: "no",
      consul: "no",
      postgres: "if-there",
      kafka: "if-there",
      cassandra: "if-there",
      redis: "if-there",
      seaweedfs: "if-there",
    },
    script: "test/ledger/run.ts",
    args: [],
  },
  journeys: { needs: { envoy: "required", consul: "no" }, script: "test/journeys/prediction/run.ts", args: [] },
  "journeys:newcomer": { needs: { envoy: "no", consul: "no" }, script: "test/journeys/newcomer/run.ts", args: [] },
  pack: { needs: { envoy: "no", consul: "no" }, script: "setup/packages/pack.ts", args: [] },
  check: {
    needs: {
      envoy: "required",
      consul: "no",
      postgres: "wanted",
      redis: "wanted",
      seaweedfs: "wanted",
      prometheus: "wanted",
    },
    script: "setup/check.mjs",
    args: [],
  },
  test: {
    needs: partsOfTests,
    script: "setup/check.mjs",
    args: ["--all"],
  },
  "test:clients": {
    needs: partsOfTests,
    script: "setup/check.mjs",
    args: ["--all", "journeys/foreign-clients"],
    env: { WEIR_CLIENTS: "required" },
  },
  "test:predictions": {
    needs: partsOfTests,
    script: "setup/check.mjs",
    args: ["--all", "journeys/prediction"],
    env: { WEIR_PREDICTIONS: "all" },
  },
  "test:all": { needs: { envoy: "wanted", consul: "no" }, script: "setup/test-all.mjs", args: [] },
  "test:brokers": {
    needs: { envoy: "no", consul: "no", kafka: "required", rabbitmq: "required", postgres: "wanted" },
    script: "setup/check.mjs",
    args: ["--all", "src/kafka/", "src/rabbitmq/", "test/brokers/"],
    env: { WEIR_BROKERS: "all" },
  },
  "test:cassandra": {
    needs: { envoy: "no", consul: "no", cassandra: "required" },
    script: "setup/check.mjs",
    args: ["--all", "src/cassandra/"],
    env: { WEIR_CASSANDRA_CENTERS: "two" },
  },
  "test:garage": {
    needs: { envoy: "no", consul: "no", garage: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/garage/"],
  },
  "test:data-centers": {
    needs: { envoy: "no", consul: "no", postgres: "required", kafka: "required", seaweedfs: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/data-centers/"],
    env: { WEIR_DATA_CENTERS: "all" },
  },
  "test:zipkin": {
    needs: { envoy: "required", consul: "no", zipkin: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/zipkin/"],
  },
  "test:tools": {
    needs: { envoy: "required", consul: "no", prometheus: "required", grpcurl: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/docs/", "test/journeys/stock-tools"],
  },
  "test:containers": {
    needs: { envoy: "no", consul: "no", postgres: "wanted", seaweedfs: "wanted" },
    script: "setup/check.mjs",
    args: ["--all", "test/containers/"],
    env: { WEIR_COMPOSE: process.env["WEIR_COMPOSE"] ?? "docker compose" },
  },
  "test:kubernetes": {
    needs: { envoy: "required", consul: "no", kubernetes: "required" },
    script: "setup/check.mjs",
    args: ["--all", "test/kubernetes/"],
  },
};
