import { openEmbedded } from '../../support/assembly-client.ts'
import { buildingContract } from './building-contract.ts'

buildingContract('embedded', openEmbedded)
