import { isLive } from "./slotted-tables.ts";

/**
 * What leases jobs, in the database: counting and leasing is one round trip. A changed one gets another number: servers of
 * the version before go on with theirs. Those of number 2 leave out the slots in which nothing lives.
 */
export function claimFunctions(number: 1 | 2): string {
  const many = number > 1;
  // Variables instead of `isLive`: their plans are without the other slots before they begin.
  const live = many ? "and j.slot in (filled, emptied)" : "";
  const look = many ? "select s.slot, s.other into filled, emptied from jobs_slot s;" : "";
  return `
  -- Of the kinds with limits, those of which the tenant has as many running as it may.
  create function full_kinds_${number}(of_cluster text, of_tenant text, limited text[], limits int[])
  returns text[] language sql stable as $$
    select coalesce(array_agg(l.kind), '{}') from unnest(limited, limits) as l(kind, most)
    where l.most <= (
      select count(*) from (
        select from jobs j
        where j.cluster = of_cluster and j.tenant = of_tenant and j.kind = l.kind and j.leased_until_ms is not null
          ${many ? `and ${isLive("jobs", "j")}` : ""}
        limit l.most) counted)
  $$;

  -- Leases jobs of the first lane (priorities[n], tenants[n]) that has some and whose tenant may run more. Answers them,
  -- and the lanes before it that were passed over. Holds one lock at most, so that callers cannot block each other. Takes
  -- nothing of the kinds that are paused, nor more of a limited kind than its tenant may have; where one is limited, most
  -- has to be 1.
  create function take_jobs_${number}(
    of_cluster text, priorities text[], tenants text[], concurrencies int[], most int, until_ms bigint,
    paused text[], limited text[], limits int[])
  returns table (lane int, why text, tenant text, id text, body text, revision bigint)
  language plpgsql as $$
  declare
    nth int;
    running int;
    barred text[] := paused;
    ${many ? "filled smallint; emptied smallint;" : ""}
  begin
    ${look}
    -- A taken job that is lost in a crash waits again. Who has written more after it has it on disk, too.
    perform set_config('synchronous_commit', 'off', true);
    for nth in 1 .. cardinality(tenants) loop
      if not exists (
        select from jobs j where j.cluster = of_cluster and j.priority = priorities[nth] and j.tenant = tenants[nth]
          and j.leased_until_ms is null ${live})
      then
        return query select nth, 'empty', null::text, null::text, null::text, null::bigint;
        continue;
      end if;
      select count(*) into running from (
        select from jobs j where j.cluster = of_cluster and j.tenant = tenants[nth] and j.leased_until_ms is not null
          ${live}
        limit concurrencies[nth]) counted;
      if cardinality(limited) > 0 then
        barred := paused || full_kinds_${number}(of_cluster, tenants[nth], limited, limits);
      end if;
      if running >= concurrencies[nth] or cardinality(barred) > 0 and not exists (
        select from jobs j where j.cluster = of_cluster and j.priority = priorities[nth] and j.tenant = tenants[nth]
          and j.leased_until_ms is null and j.kind <> all (barred) ${live})
      then
        return query select nth, 'busy', null::text, null::text, null::text, null::bigint;
        continue;
      end if;
      -- Counted again under the lock: whoever had it before may have leased more.
      perform pg_advisory_xact_lock(hashtextextended(of_cluster || '/' || tenants[nth], 0));
      ${look}
      select count(*) into running from (
        select from jobs j where j.cluster = of_cluster and j.tenant = tenants[nth] and j.leased_until_ms is not null
          ${live}
        limit concurrencies[nth]) counted;
      if cardinality(limited) > 0 then
        barred := paused || full_kinds_${number}(of_cluster, tenants[nth], limited, limits);
      end if;
      return query
        with picked as (
          select j.slot, j.tenant, j.id from jobs j
          where j.cluster = of_cluster and j.priority = priorities[nth] and j.tenant = tenants[nth]
            and j.leased_until_ms is null and j.kind <> all (barred) ${live}
          order by j.created_ms, j.id
          limit greatest(0, least(most, concurrencies[nth] - running))
          for update skip locked
        ), leased as (
          update jobs j set leased_until_ms = until_ms from picked p
          where j.slot = p.slot and j.tenant = p.tenant and j.id = p.id ${live}
          returning j.tenant, j.id
        )
        select nth, 'taken', l.tenant, l.id, r.body, r.revision
        from leased l left join reports r on r.tenant = l.tenant and r.id = l.id;
      return;
    end loop;
  end $$;

  -- Leases the job of one report, where it waits and its tenant may run more, or where its lease has ended, with the same
  -- limits. One that has lost its worker still counts as running.
  create function take_job_${number}(
    of_tenant text, of_id text, concurrency int, now_ms bigint, until_ms bigint,
    paused text[], limited text[], limits int[])
  returns table (why text, body text, revision bigint)
  language plpgsql as $$
  declare
    job jobs;
    running int;
    ${many ? "filled smallint; emptied smallint;" : ""}
  begin
    perform set_config('synchronous_commit', 'off', true);
    select * into job from jobs j where j.tenant = of_tenant and j.id = of_id;
    if not found or job.leased_until_ms > now_ms then
      return query select 'gone', null::text, null::bigint;
      return;
    end if;
    if job.kind = any (paused) then
      return query select 'busy', null::text, null::bigint;
      return;
    end if;
    perform pg_advisory_xact_lock(hashtextextended(job.cluster || '/' || of_tenant, 0));
    select * into job from jobs j where j.tenant = of_tenant and j.id = of_id for update;
    if not found or job.leased_until_ms > now_ms then
      return query select 'gone', null::text, null::bigint;
      return;
    end if;
    if job.leased_until_ms is null then
      ${look}
      select count(*) into running from (
        select from jobs j where j.cluster = job.cluster and j.tenant = of_tenant and j.leased_until_ms is not null
          ${live}
        limit concurrency) counted;
      if running >= concurrency
        or cardinality(limited) > 0 and job.kind = any (full_kinds_${number}(job.cluster, of_tenant, limited, limits))
      then
        return query select 'busy', null::text, null::bigint;
        return;
      end if;
    end if;
    update jobs j set leased_until_ms = until_ms where j.slot = job.slot and j.tenant = of_tenant and j.id = of_id;
    return query select 'taken', r.body, r.revision from reports r where r.tenant = of_tenant and r.id = of_id;
  end $$;
`;
}
