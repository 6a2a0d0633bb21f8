import { engineContract } from '../support/engine-contract.ts'

await engineContract('es7')
