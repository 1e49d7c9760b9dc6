import { DataSource } from 'typeorm';
import { Note } from './notes/note.entity.js';

export const dataSource = new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL ?? '',
  entities: [Note],
});
await dataSource.initialize();
