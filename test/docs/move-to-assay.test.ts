import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import type { App } from 'supertest/types.js';
import { app as fromExpressJwt } from './move-to-assay/express-jwt.js';
import { app as fromExpressOauth2JwtBearer } from './move-to-assay/express-oauth2-jwt-bearer.js';
import { AppModule } from './move-to-assay/nest-keycloak-connect.js';
import { app as fromPassportJwt } from './move-to-assay/passport-jwt.js';

const guide = readFileSync('docs/guides/move-to-assay.md', 'utf8');

async function nestApplication(): Promise<INestApplication<App>> {
  const application: INestApplication<App> = (
    await Test.createTestingModule({ imports: [AppModule] }).compile()
  ).createNestApplication();
  return application.init();
}

describe('the guide to moving from other libraries', () => {
  it.each(['express-oauth2-jwt-bearer', 'express-jwt', 'passport-jwt', 'nest-keycloak-connect'])(
    'shows for %s the code that is compiled and run here',
    (name) => {
      const code = readFileSync(`test/docs/move-to-assay/${name}.ts`, 'utf8');
      expect(guide).toContain(`\`\`\`ts\n${code}\`\`\``);
    },
  );

  it.each([
    ['express-oauth2-jwt-bearer', fromExpressOauth2JwtBearer],
    ['express-jwt', fromExpressJwt],
    ['passport-jwt', fromPassportJwt],
  ])('ends, coming from %s, with a closed route', async (_name, app) => {
    await request(app)
      .get('/orders')
      .expect(401)
      .expect('www-authenticate', 'Bearer realm="https://api.example"');
  });

  it('ends, coming from nest-keycloak-connect, with a closed route and an open one', async () => {
    const application = await nestApplication();
    await request(application.getHttpServer()).get('/orders').expect(401);
    await request(application.getHttpServer()).get('/health').expect(200, { status: 'ok' });
    await application.close();
  });
});
