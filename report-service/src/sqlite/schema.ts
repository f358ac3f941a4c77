/** One step per version; a store is brought from its `user_version` to the last. Steps that were released never change. */
export const migrations: readonly string[] = [
  `create table reports (
     tenant text not null,
     id text not null,
     created_ms integer not null,
     ended_ms integer,
     state text not null,
     leased_until_ms integer,
     body text not null,
     primary key (tenant, id)
   );
   create index reports_newest on reports (tenant, created_ms desc, id desc);
   create index reports_queued on reports (created_ms) where state = 'queued';
   create index reports_leased on reports (leased_until_ms) where state = 'running';
   create index reports_ended on reports (ended_ms) where ended_ms is not null;

   create table events (
     position integer primary key autoincrement,
     tenant text not null,
     report text not null,
     sequence integer not null,
     time_ms integer not null,
     body text not null
   );
   create unique index events_of_report on events (tenant, report, sequence);

   create table requests (
     tenant text not null,
     id text not null,
     body_hash text not null,
     report text not null,
     primary key (tenant, id)
   ) without rowid;
   create index requests_of_report on requests (tenant, report);`,
];
