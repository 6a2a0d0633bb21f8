import { openEmbedded } from '../../support/assembly-client.ts'
import { buildingContract } from './building-contract.ts'
import { publicationContract } from './publication-contract.ts'
import { waitingContract } from './waiting-contract.ts'

buildingContract('embedded', openEmbedded)
publicationContract('embedded', openEmbedded)
waitingContract('embedded', openEmbedded)
