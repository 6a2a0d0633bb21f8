import { assemblyOn } from '../support/assembly-engine.ts'

await assemblyOn('os3')
