/*
 * What HySDS's own scripts install (hysds/mozart configs/es_template.json, es_settings.json, hysds_ios.mapping), for clusters where they
 * have not run: the same analyzer and the same keyword fields. `params.default` is not indexed, because its type differs from one hysds-io
 * to the next.
 */

const analysis = { analyzer: { default: { filter: ['lowercase', 'word_delimiter'], tokenizer: 'keyword' } } }
const keyword = { keyword: { type: 'keyword', ignore_above: 256 } }
const text = { type: 'text', fields: keyword }
const copied = { norms: false, type: 'text', copy_to: 'text_fields', fields: keyword }
const texts = (...names: string[]) => Object.fromEntries(names.map((name) => [name, text]))

/** The body of `containers` and `job_specs`. */
export const recordsIndex = {
  settings: { 'index.refresh_interval': '5s', analysis },
  mappings: {
    dynamic_templates: [{ strings: { match_mapping_type: 'string', match: '*', mapping: copied } }],
    properties: { _timestamp: { type: 'date', store: true }, text_fields: { type: 'text' } }
  }
}

/** The body of `hysds_ios-mozart`. */
export const hysdsIosIndex = {
  settings: { analysis },
  mappings: {
    properties: {
      ...texts('allowed_accounts', 'component', 'id', 'job-specification', 'job-version', 'label', 'resource', 'submission_type'),
      disable_post_builtins: { type: 'boolean' },
      enable_dedup: { type: 'boolean' },
      params: {
        properties: {
          ...texts('description', 'enumerables', 'from', 'lambda', 'name', 'placeholder', 'type', 'value'),
          default: { type: 'object', enabled: false },
          optional: { type: 'boolean' }
        }
      }
    }
  }
}
