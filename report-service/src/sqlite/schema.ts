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
  `alter table reports add column kind text not null default '';
   alter table reports add column cluster text not null default 'sql';
   alter table reports add column priority text not null default 'standard';
   alter table reports add column expires_ms integer;
   -- Of the one report that answers for its content; those that ended without a result give it up.
   alter table reports add column content_key text;
   update reports set
     body = json_set(body, '$.uploads', json('[]'), '$.sensitive', json('[]'), '$.priority', 'standard',
       '$.labels', json('{}'), '$.cluster', 'sql', '$.retentionMs', 2592000000, '$.retries', json('[]')),
     kind = json_extract(body, '$.kind'),
     expires_ms = ended_ms + 2592000000;
   update events set
     body = json_set(body, '$.uploads', json('[]'), '$.sensitive', json('[]'), '$.priority', 'standard',
       '$.labels', json('{}'), '$.cluster', 'sql', '$.retentionMs', 2592000000, '$.retries', json('[]'));
   create unique index reports_content on reports (tenant, content_key) where content_key is not null;
   create index reports_expiring on reports (expires_ms) where expires_ms is not null;
   drop index reports_ended;
   drop index reports_queued;
   create index reports_lane on reports (cluster, priority, tenant, created_ms, id) where state = 'queued';
   create index reports_oldest on reports (cluster, created_ms) where state = 'queued';
   drop index reports_leased;
   create index reports_leased on reports (cluster, leased_until_ms) where state = 'running';
   create index reports_running on reports (cluster, tenant) where state = 'running';

   -- Whose turn it is: a row for each tenant that has reports waiting.
   create table lanes (
     cluster text not null,
     priority text not null,
     tenant text not null,
     queued integer not null,
     pass real not null,
     primary key (cluster, priority, tenant)
   ) without rowid;
   create index lanes_by_pass on lanes (cluster, priority, pass, tenant);
   insert into lanes select cluster, priority, tenant, count(*), 1 from reports where state = 'queued' group by 1, 2, 3;
   create table clusters (
     cluster text primary key,
     queued integer not null,
     turn integer not null
   ) without rowid;
   insert into clusters select cluster, sum(queued), 0 from lanes group by 1;
   create table passes (
     cluster text not null,
     priority text not null,
     pass real not null,
     primary key (cluster, priority)
   ) without rowid;

   alter table requests add column created_ms integer not null default 0;
   update requests set created_ms =
     (select created_ms from reports r where r.tenant = requests.tenant and r.id = requests.report);
   create index requests_oldest on requests (created_ms);

   create table uploads (
     tenant text not null,
     id text not null,
     created_ms integer not null,
     completed_ms integer,
     request text,
     body_hash text,
     body text not null,
     primary key (tenant, id)
   ) without rowid;
   create unique index uploads_request on uploads (tenant, request) where request is not null;
   create index uploads_abandoned on uploads (created_ms) where completed_ms is null;`,
  `create index uploads_outdated on uploads (completed_ms) where completed_ms is not null;`,
  `-- How attempts came out, until a writer has written it to their reports. Those that writers have are the first ones.
   create table results (
     position integer primary key autoincrement,
     put_ms integer not null,
     taken_until_ms integer not null default 0,
     body text not null
   );`,
  `alter table reports add column notice_ms integer;
   create index reports_notices on reports (notice_ms) where notice_ms is not null;`,
  `-- One for those that are to expire and one for those that have: what looks for one kind never steps over the other.
   drop index reports_expiring;
   create index reports_expiring on reports (expires_ms) where expires_ms is not null and state <> 'expired';
   create index reports_expired on reports (expires_ms) where state = 'expired';`,
  `-- Who looks for what went wrong must not read all that went well. What succeeds never enters it, so that it costs that nothing.
   create index reports_unmade on reports (tenant, created_ms desc, id desc) where state = 'failed' or state = 'cancelled';`,
];
