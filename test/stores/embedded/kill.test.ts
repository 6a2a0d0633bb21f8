import t from 'tap'
import { killRounds } from './kill.ts'

await killRounds(t, { rounds: 2 })
