-- What /v2/ keeps: manifests, tags that were pushed, and which repository has which blob. `sort_…` as in 0001.
create table oci (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_kind text generated always as (
    case when json_type(document, '$.kind') = 'text' and length(document ->> '$.kind') <= 256 then document ->> '$.kind' else '' end
  ) stored,
  sort_repository text generated always as (
    case when json_type(document, '$.repository') = 'text' and length(document ->> '$.repository') <= 256 then document ->> '$.repository' else '' end
  ) stored,
  sort_name text generated always as (
    case when json_type(document, '$.name') = 'text' and length(document ->> '$.name') <= 256 then document ->> '$.name' else '' end
  ) stored,
  sort_subject text generated always as (
    case when json_type(document, '$.subject') = 'text' and length(document ->> '$.subject') <= 256 then document ->> '$.subject' else '' end
  ) stored,
  sort_touched text generated always as (
    case when json_type(document, '$.touched') = 'text' and length(document ->> '$.touched') <= 256 then document ->> '$.touched' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index oci_by_place on oci (sort_kind, sort_repository, sort_name, id);
create index oci_by_name on oci (sort_name, id);
create index oci_by_repository on oci (sort_repository, id);
create index oci_by_subject on oci (sort_subject, id);
create index oci_by_touched on oci (sort_touched, id);
