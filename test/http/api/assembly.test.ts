import { openEmbedded } from '../../support/assembly-client.ts'
import { buildingContract } from './building-contract.ts'
import { waitingContract } from './waiting-contract.ts'

buildingContract('embedded', openEmbedded)
waitingContract('embedded', openEmbedded)
