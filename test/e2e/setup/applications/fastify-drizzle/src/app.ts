import Fastify from 'fastify'
import { asc } from 'drizzle-orm'
import { db } from './db/index.ts'
import { notes } from './db/schema.ts'

const app = Fastify({
  logger: { level: 'error' },
  requestTimeout: 30_000,
})

app.get('/notes', async () => {
  return await db.select().from(notes).orderBy(asc(notes.id))
})

app.post('/notes', async (request) => {
  await db.insert(notes).values({ text: String(request.headers['x-text']) })
  return await db.select().from(notes).orderBy(asc(notes.id))
})

const address = await app.listen({ port: Number(process.env['PORT'] ?? 3000) })
console.log('listening on', new URL(address).port)
