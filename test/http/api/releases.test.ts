import { openEmbedded } from '../../support/assembly-client.ts'
import { releaseContract } from './release-contract.ts'

releaseContract('embedded', openEmbedded)
