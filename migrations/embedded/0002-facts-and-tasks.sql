-- What we know about images, and what is to be done. `sort_…` as in 0001: '' where there is no string of 1 to 256 characters.
create table facts (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_container text generated always as (
    case when json_type(document, '$.container') = 'text' and length(document ->> '$.container') <= 256 then document ->> '$.container' else '' end
  ) stored,
  sort_checked text generated always as (
    case when json_type(document, '$.checked') = 'text' and length(document ->> '$.checked') <= 256 then document ->> '$.checked' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index facts_by_container on facts (sort_container, id);
create index facts_by_checked on facts (sort_checked, id);

create table tasks (
  id text not null unique,
  seq integer not null,
  version integer not null,
  sort_due text generated always as (
    case when json_type(document, '$.due') = 'text' and length(document ->> '$.due') <= 256 then document ->> '$.due' else '' end
  ) stored,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
create index tasks_by_due on tasks (sort_due, id);
