-- `/v2/_catalog` lists names in their order; without this every page sorts all summaries.
create index summaries_by_name on summaries (sort_name, id);
