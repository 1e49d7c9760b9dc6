import { createServer } from 'node:http'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })

const server = createServer(async (request, response) => {
  if (request.method === 'POST') {
    await pool.query('insert into notes (text) values ($1)', [String(request.headers['x-text'])])
  }
  const { rows } = await pool.query('select id, text from notes order by id')
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(rows))
})

server.listen(Number(process.env.PORT ?? 3000), () => console.log('listening on', server.address().port))
