// What a user of Nest 11 has: CommonJS and Jest as it comes. Decorators are called by hand, for want of a compiler.
require('reflect-metadata');
const { AssayModule, CurrentPrincipal, Public, RequireScope } = require('@assay/nest');
const { createTestIssuer } = require('@assay/testing');
const { Controller, Get } = require('@nestjs/common');
const { Test } = require('@nestjs/testing');
const request = require('supertest');

class OrdersController {
  list(principal) {
    return { subject: principal.subject };
  }
  health() {
    return { status: 'ok' };
  }
}

const decorateMethod = (name, ...decorators) => {
  const descriptor = Object.getOwnPropertyDescriptor(OrdersController.prototype, name);
  Reflect.decorate(decorators, OrdersController.prototype, name, descriptor);
};
decorateMethod('list', Get(), RequireScope('orders:read'));
CurrentPrincipal()(OrdersController.prototype, 'list', 0);
decorateMethod('health', Get('health'), Public());
Reflect.decorate([Controller('orders')], OrdersController);

let issuer;
let app;
beforeAll(async () => {
  issuer = await createTestIssuer();
  const imports = [AssayModule.forRoot(issuer.options)];
  const module = await Test.createTestingModule({ imports, controllers: [OrdersController] }).compile();
  app = module.createNestApplication({ logger: false });
  await app.init();
});
afterAll(async () => {
  await app.close();
  await issuer.close();
});

const get = (path, scope) =>
  request(app.getHttpServer())
    .get(path)
    .set('authorization', `Bearer ${issuer.accessToken({ scope })}`);

test('a valid token reaches the handler', async () => {
  const answer = await get('/orders', 'orders:read');

  expect([answer.status, answer.body]).toEqual([200, { subject: 'user-1' }]);
});

test('a missing scope is named', async () => {
  const answer = await get('/orders', 'orders:write');

  expect(answer.status).toBe(403);
  expect(answer.headers['www-authenticate']).toContain('scope="orders:read"');
});

test('a route without a token is challenged, unless it is public', async () => {
  const closed = await request(app.getHttpServer()).get('/orders');
  const open = await request(app.getHttpServer()).get('/orders/health');

  expect([closed.status, open.status]).toEqual([401, 200]);
});
