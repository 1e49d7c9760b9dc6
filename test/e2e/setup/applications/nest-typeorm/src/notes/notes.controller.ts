import { Controller, Get, Headers, HttpCode, Post } from '@nestjs/common';
import type { Note } from './note.entity.js';
import { NotesService } from './notes.service.js';

@Controller('notes')
export class NotesController {
  constructor(private readonly service: NotesService) {}

  @Get()
  list(): Promise<Note[]> {
    return this.service.list();
  }

  @Post()
  @HttpCode(200)
  add(@Headers('x-text') text: string): Promise<Note[]> {
    return this.service.add(text);
  }
}
