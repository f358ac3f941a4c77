/** What the routes of each tag are about; a tag without a row here fails the test of the OpenAPI document. */
export const tagTexts: Readonly<Record<string, string>> = {
  services: "What can be called, and where its endpoints come from",
  trafficSplits: "Where the callers of a service are sent: shares, failover, overrides",
  trafficPolicies: "How a service is called: balancing, limits, retries, timeouts",
  routes: "Which requests go to which service",
  patches: "Changes of single xDS resources",
  drains: "Places that are left alone for a while, as documents",
  config: "Many documents at once: apply, plan, history, findings",
  traffic: "What is sent where, and the verbs that change it: shift, drain, isolate",
  registry: "Instances that say themselves that they are there",
  sources: "Where endpoints come from, and what is held back of what sources say",
  clients: "Who is connected, and what each of them holds",
  reports: "The report service behind: its jobs, and what waits",
  events: "What happens, as it happens",
  self: "The server itself",
};
