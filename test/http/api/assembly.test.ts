import { openEmbedded } from '../../support/assembly-client.ts'
import { arrivalsContract } from './arrivals-contract.ts'
import { buildingContract } from './building-contract.ts'
import { publicationContract } from './publication-contract.ts'
import { waitingContract } from './waiting-contract.ts'

arrivalsContract('embedded', openEmbedded)
buildingContract('embedded', openEmbedded)
publicationContract('embedded', openEmbedded)
waitingContract('embedded', openEmbedded)
