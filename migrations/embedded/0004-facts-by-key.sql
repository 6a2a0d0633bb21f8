-- Whose tarball stands under a path, when somebody puts another one there. `sort_…` as in 0001; virtual, as a column that is added must be.
alter table facts add column sort_key text generated always as (
  case when json_type(document, '$.key') = 'text' and length(document ->> '$.key') <= 256 then document ->> '$.key' else '' end
) virtual;
create index facts_by_key on facts (sort_key, id);
