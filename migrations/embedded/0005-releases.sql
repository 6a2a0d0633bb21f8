-- Channels, their promotions, and frozen releases: sets of images with their digests.
create table releases (
  id text not null unique,
  seq integer not null,
  version integer not null,
  document text not null check (json_valid(document) and json_type(document) = 'object')
);
