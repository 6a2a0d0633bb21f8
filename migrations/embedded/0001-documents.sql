-- One row: the store's own name, which begins every revision, and the number of the last write. Neither ever comes back.
create table store (
  name text not null,
  seq integer not null
);
insert into store values (lower(hex(randomblob(4))), 0);

-- A document is kept as the text that came. `sort_…` is its place in a sorted list: '' where there is no string of 1 to 256
-- characters, which is what engines index under HySDS's mapping. The document comes last, so that a large one is not read on the way
-- to another column.
create table containers (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_id text generated always as (
    case when json_type(document, '$.id') = 'text' and length(document ->> '$.id') <= 256 then document ->> '$.id' else '' end
  ) stored,
  sort_version text generated always as (
    case when json_type(document, '$.version') = 'text' and length(document ->> '$.version') <= 256 then document ->> '$.version' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index containers_by_id on containers (sort_id, id);
create index containers_by_version on containers (sort_version, id);
create index containers_by_version_desc on containers (sort_version desc, id);

create table job_specs (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_id text generated always as (
    case when json_type(document, '$.id') = 'text' and length(document ->> '$.id') <= 256 then document ->> '$.id' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index job_specs_by_id on job_specs (sort_id, id);

create table hysds_ios (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_id text generated always as (
    case when json_type(document, '$.id') = 'text' and length(document ->> '$.id') <= 256 then document ->> '$.id' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index hysds_ios_by_id on hysds_ios (sort_id, id);
