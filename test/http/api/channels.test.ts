import { openEmbedded } from '../../support/assembly-client.ts'
import { channelContract } from './channel-contract.ts'

channelContract('embedded', openEmbedded)
