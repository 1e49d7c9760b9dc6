export default {
  dialect: 'postgresql',
  schema: './src/db/schema.ts',
  dbCredentials: { url: process.env['POSTGRES_URL'] },
}
