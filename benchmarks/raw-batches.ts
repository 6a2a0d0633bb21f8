import Database from 'libsql'

/* The ceiling for durable writes: batches of 64 in one transaction, nothing else. `raw-batches.js FILE SECONDS` prints puts a second. */
const [file, seconds] = process.argv.slice(2)
const database = new Database(file!)
database.exec(
  'pragma journal_mode = wal; pragma synchronous = full; create table if not exists documents (id text primary key, source text)'
)
const put = database.prepare('insert into documents values (?, ?) on conflict (id) do update set source = excluded.source')
const source = JSON.stringify({ id: 'container-1:v1.0.0', filler: 'x'.repeat(560) })
const until = Date.now() + Number(seconds) * 1000
let puts = 0
while (Date.now() < until) {
  database.exec('begin immediate')
  for (let i = 0; i < 64; i++) put.run(`container-${Math.floor(Math.random() * 10_000)}:v1.0.0`, source)
  database.exec('commit')
  puts += 64
}
console.log(Math.round(puts / Number(seconds)))
database.close()
