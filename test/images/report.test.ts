import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import type { ImageReport as Report } from '../../src/images/image-report.ts'
import { inspectImage } from '../../src/images/inspect-image.ts'
import type { ImageReport as ReportOnTheWire } from '../../src/schemas.ts'
import { craneTarball, inChunks, nestedOciLayout, newDockerSave, oldDockerSave } from '../support/images.ts'
import { projectFolder } from '../support/project.ts'
import { tar } from '../support/tar.ts'

const schema = (name: string) => JSON.parse(readFileSync(join(projectFolder, 'schemas/answers', name), 'utf8')) as object
const ajv = new Ajv({ allowUnionTypes: true })
for (const name of ['image-report-file.json', 'image-report-image.json']) ajv.addSchema(schema(name))
const validate = ajv.compile<ReportOnTheWire>(schema('image-report.json'))

t.test('every report has the shape of schemas/answers/image-report.json', async (t) => {
  const archives = [
    tar(oldDockerSave()),
    tar(craneTarball()),
    tar(newDockerSave()),
    tar(nestedOciLayout({}, { architecture: 'arm64' })),
    tar(oldDockerSave().filter(({ name }) => !name!.endsWith('json'))),
    tar(oldDockerSave()).subarray(0, 9000),
    Buffer.alloc(0)
  ]

  for (const bytes of archives) {
    const { report } = await inspectImage(inChunks(bytes), { claimed: 'arm64', digest: 'x', path: '/bin/sh' })
    t.ok(validate(report), JSON.stringify(validate.errors))
  }
})

t.test('what the library calls a report is what the schema does', async (t) => {
  const { report } = await inspectImage(inChunks(tar(oldDockerSave())))
  const onTheWire: ReportOnTheWire = report
  const back: Report = onTheWire as Report

  t.equal(back, report)
})
