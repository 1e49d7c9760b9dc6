import { Injectable } from '@nestjs/common';
import { dataSource } from '../data-source.js';
import { Note } from './note.entity.js';

@Injectable()
export class NotesService {
  list(): Promise<Note[]> {
    return dataSource.getRepository(Note).find({ order: { id: 'asc' } });
  }

  async add(text: string): Promise<Note[]> {
    await dataSource.getRepository(Note).save({ text });
    return await this.list();
  }
}
