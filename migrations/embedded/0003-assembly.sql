-- One container, many builders: what stands beside a record, what happened, the rows that lists are filtered by, what machines asked
-- for, and who does what is to be done once. `sort_…` as in 0001: '' where there is no string of 1 to 256 characters.
create table assemblies (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_container text generated always as (
    case when json_type(document, '$.container') = 'text' and length(document ->> '$.container') <= 256 then document ->> '$.container' else '' end
  ) stored,
  sort_wakes text generated always as (
    case when json_type(document, '$.wakes') = 'text' and length(document ->> '$.wakes') <= 256 then document ->> '$.wakes' else '' end
  ) stored,
  sort_updated text generated always as (
    case when json_type(document, '$.updated') = 'text' and length(document ->> '$.updated') <= 256 then document ->> '$.updated' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index assemblies_by_container on assemblies (sort_container, id);
create index assemblies_by_wakes on assemblies (sort_wakes, id);
create index assemblies_by_updated on assemblies (sort_updated, id);

create table journal (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_container text generated always as (
    case when json_type(document, '$.container') = 'text' and length(document ->> '$.container') <= 256 then document ->> '$.container' else '' end
  ) stored,
  sort_kind text generated always as (
    case when json_type(document, '$.kind') = 'text' and length(document ->> '$.kind') <= 256 then document ->> '$.kind' else '' end
  ) stored,
  sort_order text generated always as (
    case when json_type(document, '$.order') = 'text' and length(document ->> '$.order') <= 256 then document ->> '$.order' else '' end
  ) stored,
  sort_what text generated always as (
    case when json_type(document, '$.what') = 'text' and length(document ->> '$.what') <= 256 then document ->> '$.what' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index journal_by_order on journal (sort_order, id);
create index journal_by_container on journal (sort_container, sort_kind, sort_order, id);
create index journal_by_what on journal (sort_what, sort_order, id);

create table summaries (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_id text generated always as (
    case when json_type(document, '$.id') = 'text' and length(document ->> '$.id') <= 256 then document ->> '$.id' else '' end
  ) stored,
  sort_name text generated always as (
    case when json_type(document, '$.name') = 'text' and length(document ->> '$.name') <= 256 then document ->> '$.name' else '' end
  ) stored,
  sort_version text generated always as (
    case when json_type(document, '$.version') = 'text' and length(document ->> '$.version') <= 256 then document ->> '$.version' else '' end
  ) stored,
  sort_state text generated always as (
    case when json_type(document, '$.state') = 'text' and length(document ->> '$.state') <= 256 then document ->> '$.state' else '' end
  ) stored,
  sort_architectures text generated always as (
    case when json_type(document, '$.architectures') = 'text' and length(document ->> '$.architectures') <= 256 then document ->> '$.architectures' else '' end
  ) stored,
  sort_missing text generated always as (
    case when json_type(document, '$.missing') = 'text' and length(document ->> '$.missing') <= 256 then document ->> '$.missing' else '' end
  ) stored,
  sort_verdicts text generated always as (
    case when json_type(document, '$.verdicts') = 'text' and length(document ->> '$.verdicts') <= 256 then document ->> '$.verdicts' else '' end
  ) stored,
  sort_text text generated always as (
    case when json_type(document, '$.text') = 'text' and length(document ->> '$.text') <= 256 then document ->> '$.text' else '' end
  ) stored,
  sort_revision text generated always as (
    case when json_type(document, '$.revision') = 'text' and length(document ->> '$.revision') <= 256 then document ->> '$.revision' else '' end
  ) stored,
  sort_due text generated always as (
    case when json_type(document, '$.due') = 'text' and length(document ->> '$.due') <= 256 then document ->> '$.due' else '' end
  ) stored,
  sort_created text generated always as (
    case when json_type(document, '$.created') = 'text' and length(document ->> '$.created') <= 256 then document ->> '$.created' else '' end
  ) stored,
  sort_updated text generated always as (
    case when json_type(document, '$.updated') = 'text' and length(document ->> '$.updated') <= 256 then document ->> '$.updated' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
-- In each order a list may have, with every column that it may be filtered by.
create index summaries_by_id on summaries
  (sort_id, id, sort_name, sort_version, sort_state, sort_architectures, sort_missing, sort_verdicts, sort_text);
create index summaries_by_version on summaries
  (sort_version, id, sort_id, sort_name, sort_state, sort_architectures, sort_missing, sort_verdicts, sort_text);
create index summaries_by_created on summaries
  (sort_created, id, sort_id, sort_name, sort_version, sort_state, sort_architectures, sort_missing, sort_verdicts, sort_text);
create index summaries_by_updated on summaries
  (sort_updated, id, sort_id, sort_name, sort_version, sort_state, sort_architectures, sort_missing, sort_verdicts, sort_text);

create table demand (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_day text generated always as (
    case when json_type(document, '$.day') = 'text' and length(document ->> '$.day') <= 256 then document ->> '$.day' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index demand_by_day on demand (sort_day, id);

create table leases (
  id text not null unique,
  seq integer not null,
  version integer not null,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);

-- The same for records.
drop index containers_by_id;
drop index containers_by_version;
drop index containers_by_version_desc;
create index containers_by_id on containers (sort_id, id, sort_version);
create index containers_by_version on containers (sort_version, id, sort_id);
create index containers_by_version_desc on containers (sort_version desc, id, sort_id);
