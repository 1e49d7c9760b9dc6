import { drizzle } from 'drizzle-orm/node-postgres'
import { notes } from './schema.ts'

export const db = drizzle(process.env['POSTGRES_URL'] ?? '', { schema: { notes } })
