import { Module } from '@nestjs/common';
import { NotesModule } from './notes/notes.module.js';

@Module({
  imports: [
    NotesModule,
  ],
  controllers: [],
})
export class AppModule {}
