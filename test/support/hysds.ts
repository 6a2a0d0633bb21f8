import { ask } from './engines.ts'

/*
 * What HySDS's own install scripts leave in an engine (hysds/mozart, scripts/ and configs/), written here anew: the templates, and the
 * index of hysds-ios made by hand.
 */

const analysis = { analyzer: { default: { filter: ['lowercase', 'word_delimiter'], tokenizer: 'keyword' } } }
const keyword = { keyword: { type: 'keyword', ignore_above: 256 } }
const text = { type: 'text', fields: keyword }
const texts = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, text]))

const recordsMapping = {
  dynamic_templates: [
    {
      strings: {
        match_mapping_type: 'string',
        match: '*',
        mapping: { norms: false, type: 'text', copy_to: 'text_fields', fields: keyword }
      }
    }
  ],
  properties: { _timestamp: { type: 'date', store: true }, text_fields: { type: 'text' } }
}

const hysdsIosMapping = {
  properties: {
    ...texts('allowed_accounts component id job-specification job-version label resource submission_type'),
    disable_post_builtins: { type: 'boolean' },
    enable_dedup: { type: 'boolean' },
    params: {
      properties: {
        ...texts('description enumerables from lambda name placeholder type value'),
        default: { type: 'object', enabled: false },
        optional: { type: 'boolean' }
      }
    }
  }
}

export async function installHysds(engine: { url: string }): Promise<void> {
  const put = async (path: string, body: object) => {
    const { status, body: answer } = await ask(engine, ['PUT', path, body])
    if (status !== 200) throw new Error(`PUT ${path}: ${status} ${JSON.stringify(answer)}`)
  }
  await put('/_template/index_defaults', {
    order: 0,
    index_patterns: ['*'],
    settings: { number_of_shards: 8, 'index.refresh_interval': '5s', analysis },
    mappings: recordsMapping
  })
  for (const index of ['containers', 'job_specs', 'hysds_ios']) {
    await put(`/_template/${index}`, {
      order: 0,
      index_patterns: [index],
      settings: { 'index.refresh_interval': '5s', analysis },
      mappings: recordsMapping
    })
  }
  await put('/hysds_ios-mozart', { settings: { analysis }, mappings: hysdsIosMapping })
}

/** Everything about HySDS's part of an engine that a program beside it must leave alone. */
export async function hysdsLayout(engine: { url: string }): Promise<unknown> {
  const indices = '/containers,job_specs,hysds_ios-mozart'
  const [templates, mappings, settings] = await Promise.all([
    ask(engine, ['GET', '/_template/index_defaults,containers,job_specs,hysds_ios']),
    ask(engine, ['GET', `${indices}/_mapping`]),
    ask(engine, ['GET', `${indices}/_settings`])
  ])
  return { templates: templates.body, mappings: mappings.body, settings: settings.body }
}
