import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['error'] });
await app.listen(process.env.PORT ?? 3000);
const { port } = app.getHttpServer().address() as { port: number };
console.log('listening on', port);
