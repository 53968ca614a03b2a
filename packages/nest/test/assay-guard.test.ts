import { once } from 'node:events';
import { request as sendRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Catch,
  Controller,
  Get,
  HttpCode,
  HttpException,
  Post,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
} from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { isAssayError, Principal, type Requirement } from '@assay/core';
import {
  AssayGuard,
  AssayHttpException,
  AssayModule,
  CurrentPrincipal,
  OptionalAuthentication,
  Public,
  Require,
  RequireAnyScope,
  RequireScope,
} from '@assay/nest';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import request from 'supertest';
import { platforms, type StartOptions } from './platforms.js';

let calls: string[] = [];
const called = (handler: string) => {
  calls.push(handler);
  return { handler };
};

const throwing: Requirement = {
  description: 'a hook that throws',
  check: () => {
    throw new Error('the policy database is down');
  },
};

@Controller('orders')
class OrdersController {
  @Get()
  list(@CurrentPrincipal() principal: Principal) {
    return { ...called('list'), subject: principal.subject, isPrincipal: principal instanceof Principal };
  }

  @Get('scoped')
  @RequireScope('a', 'b')
  scoped() {
    return called('scoped');
  }

  @Get('undisclosed')
  @RequireScope(['a', 'b'], { disclosed: false })
  undisclosed() {
    return called('undisclosed');
  }

  @Get('any')
  @RequireAnyScope('orders:read', 'admin')
  any() {
    return called('any');
  }

  @Get('throwing')
  @Require(throwing)
  throwing() {
    return called('throwing');
  }

  @Get('public')
  @Public()
  open(@CurrentPrincipal() principal: Principal | undefined) {
    return { ...called('open'), anonymous: principal === undefined };
  }

  @Get('optional')
  @OptionalAuthentication()
  optional(@CurrentPrincipal() principal: Principal | undefined) {
    return { ...called('optional'), subject: principal?.subject ?? 'anonymous' };
  }

  @Post()
  @HttpCode(201)
  create() {
    return called('create');
  }
}

/** Writes a body of its own and leaves status and headers alone. */
@Catch(HttpException)
class RewritingFilter implements ExceptionFilter {
  catch(exception: HttpException, host: ArgumentsHost) {
    const response = host.switchToHttp().getResponse<{ send: (body: unknown) => void }>();
    response.send({ problem: exception.message, kind: exception.name });
  }
}

describe.each(platforms)('AssayGuard on %s', (_platform, start) => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;

  const startApp = (options?: StartOptions) =>
    start(
      { imports: [AssayModule.forRoot(issuer.options)], controllers: [OrdersController] },
      options,
    ) as Promise<INestApplication<Server>>;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    app = await startApp();
  });
  afterAll(async () => {
    await issuer.close();
    await app.close();
  });
  beforeEach(() => {
    calls = [];
  });
  afterEach(() => {
    issuer.behave('properly');
  });

  const get = (path: string, authorization?: string) => {
    const sent = request(app.getHttpServer()).get(path);
    return authorization === undefined ? sent : sent.set('Authorization', authorization);
  };
  const bearer = (claims?: Record<string, unknown>) => `Bearer ${issuer.accessToken(claims)}`;
  const challengeOf = (response: request.Response) => response.headers['www-authenticate'];

  it('lets a request with a valid token through to the handler, which gets the principal', async () => {
    const response = await get('/orders', bearer());
    expect(response.status).toBe(200);
    expect(response.body).toEqual({ handler: 'list', subject: 'user-1', isPrincipal: true });
  });

  it('keeps the status that the handler declares', async () => {
    const response = await request(app.getHttpServer()).post('/orders').set('Authorization', bearer());
    expect(response.status).toBe(201);
    expect(calls).toEqual(['create']);
  });

  describe('[rfc6750-3.1-no-credentials] answers 401 without error information', () => {
    it.each([
      ['no Authorization header', undefined],
      ['another scheme', 'Basic dTpw'],
      ['an empty Authorization header', ''],
    ])('to %s', async (_case, authorization) => {
      const response = await get('/orders', authorization);
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toBe('Bearer realm="https://api.example"');
      expect(response.body).toEqual({ error_description: 'An access token is required.' });
      expect(response.headers['cache-control']).toBe('no-store');
      expect(calls).toEqual([]);
    });
  });

  describe('[rfc6750-3-challenge] sends a Bearer challenge with a realm', () => {
    it.each([
      ['no credentials', '/orders', () => undefined, 401, undefined],
      [
        'a token for another audience',
        '/orders',
        () => bearer({ aud: 'https://other.example' }),
        401,
        'invalid_token',
      ],
      [
        'a token without the scope',
        '/orders/scoped',
        () => bearer({ scope: 'a' }),
        403,
        'insufficient_scope',
      ],
      ['a malformed request', '/orders', () => 'Bearer a b', 400, 'invalid_request'],
    ])('to %s', async (_case, path, authorization, status, error) => {
      const response = await get(path, authorization());
      expect(response.status).toBe(status);
      expect(challengeOf(response)).toMatch(/^Bearer realm="https:\/\/api\.example"/);
      expect(/error="([^"]*)"/.exec(challengeOf(response) ?? '')?.[1]).toBe(error);
      expect(response.body).toMatchObject(error === undefined ? {} : { error });
      expect(calls).toEqual([]);
    });
  });

  describe('[rfc6750-3.1-insufficient-scope] answers a missing scope with 403', () => {
    it('and names the scopes of the route', async () => {
      const response = await get('/orders/scoped', bearer({ scope: 'b' }));
      expect(response.status).toBe(403);
      expect(challengeOf(response)).toContain('error="insufficient_scope"');
      expect(challengeOf(response)).toContain('scope="a b"');
      expect(calls).toEqual([]);
    });

    it('and names none where the route does not disclose them', async () => {
      const response = await get('/orders/undisclosed', bearer({ scope: 'b' }));
      expect(response.status).toBe(403);
      expect(challengeOf(response)).toContain('error="insufficient_scope"');
      expect(challengeOf(response)).not.toContain(' scope=');
      expect(calls).toEqual([]);
    });

    it('but lets a token with all of them pass', async () => {
      expect((await get('/orders/scoped', bearer({ scope: 'b a' }))).status).toBe(200);
      expect((await get('/orders/undisclosed', bearer({ scope: 'a b' }))).status).toBe(200);
      expect(calls).toEqual(['scoped', 'undisclosed']);
    });
  });

  describe('[rfc6750-3.1-repeat-header] refuses two Authorization header lines', () => {
    it.each([
      ['with the same token', true],
      ['with different tokens', false],
    ])('%s', async (_case, same) => {
      const first = bearer();
      const { status, challenge } = await getTwice('/orders', first, same ? first : bearer());
      expect(status).toBe(400);
      expect(challenge).toContain('error="invalid_request"');
      expect(calls).toEqual([]);
    });

    /** Two header lines, which supertest cannot send. */
    async function getTwice(path: string, ...authorization: [string, string]) {
      const server = app.getHttpServer();
      if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const lines = authorization.flatMap((value) => ['Authorization', value]);
      const headers = ['Host', 'api.example', ...lines];
      const sent = sendRequest({ port, host: '127.0.0.1', path, headers, agent: false });
      const [answer] = (await once(sent.end(), 'response')) as [IncomingMessage];
      answer.resume();
      return { status: answer.statusCode, challenge: answer.headers['www-authenticate'] };
    }
  });

  describe('refuses a request with a token in two places', () => {
    it('in the header and in the query', async () => {
      const response = await get('/orders?access_token=other', bearer());
      expect(response.status).toBe(400);
      expect(response.body).toMatchObject({ error: 'invalid_request' });
      expect(calls).toEqual([]);
    });

    it('in the header and in a form', async () => {
      const response = await request(app.getHttpServer())
        .post('/orders')
        .set('Authorization', bearer())
        .type('form')
        .send({ access_token: 'other' });
      expect(response.status).toBe(400);
      expect(response.body).toMatchObject({ error: 'invalid_request' });
      expect(calls).toEqual([]);
    });
  });

  it.each([
    ['the first', 'orders:read', 200],
    ['another', 'admin', 200],
    ['none', 'orders:write', 403],
  ])('judges RequireAnyScope by a token that grants %s of them', async (_case, scope, status) => {
    const response = await get('/orders/any', bearer({ scope }));
    expect(response.status).toBe(status);
    expect(calls).toEqual(status === 200 ? ['any'] : []);
  });

  describe('[rfc9110-15.5.2-framework-401] lets no 401 leave without its challenge', () => {
    it('when the guard refuses', async () => {
      const response = await get('/orders');
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toBe('Bearer realm="https://api.example"');
    });

    it('when an exception filter writes a body of its own', async () => {
      const filtered = await startApp({
        configure: (created) => created.useGlobalFilters(new RewritingFilter()),
      });
      const response = await request(filtered.getHttpServer())
        .get('/orders')
        .set('Authorization', bearer({ exp: 1 }));
      await filtered.close();
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toContain('error="invalid_token"');
      expect(response.body).toEqual({ problem: 'The token has expired.', kind: 'AssayHttpException' });
    });
  });

  it('throws an exception that carries the code, for logs', async () => {
    let caught: unknown;
    @Catch(AssayHttpException)
    class RecordingFilter extends RewritingFilter {
      override catch(exception: AssayHttpException, host: ArgumentsHost) {
        caught = exception;
        super.catch(exception, host);
      }
    }
    const filtered = await startApp({
      configure: (created) => created.useGlobalFilters(new RecordingFilter()),
    });
    const token = issuer.accessToken({ exp: 1 });
    await request(filtered.getHttpServer()).get('/orders').set('Authorization', `Bearer ${token}`);
    await filtered.close();
    const exception = caught as AssayHttpException;
    expect(exception.code).toBe('token.expired');
    expect(exception.getStatus()).toBe(401);
    expect(exception.headers['WWW-Authenticate']).toContain('error="invalid_token"');
    expect(isAssayError(exception.cause, 'token.expired')).toBe(true);
    expect(JSON.stringify(exception)).not.toContain(token.split('.')[2]);
  });

  it('answers 503 with Retry-After and without a challenge when the keys cannot be had', async () => {
    const fresh = await startApp();
    issuer.behave({ status: 500 });
    const response = await request(fresh.getHttpServer()).get('/orders').set('Authorization', bearer());
    await fresh.close();
    expect(response.status).toBe(503);
    expect(Number(response.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(challengeOf(response)).toBeUndefined();
    expect(response.body).toMatchObject({ error: 'temporarily_unavailable' });
    expect(calls).toEqual([]);
  });

  it('logs a failure of its own with code and handler, and without what was received', async () => {
    const lines: unknown[] = [];
    const nothing = () => undefined;
    const logging = await startApp({
      logger: { log: nothing, warn: nothing, error: (line: unknown) => lines.push(line) },
    });
    const server = request(logging.getHttpServer());
    await server.get('/orders/throwing').set('Authorization', bearer());
    await server.get('/orders').set('Authorization', bearer({ exp: 1 }));
    await logging.close();
    expect(lines).toEqual(['OrdersController.throwing: service.failed (Error)']);
  });

  describe('[design-fail-closed] denies access', () => {
    it('with 500 and without calling the handler when a hook throws', async () => {
      const response = await get('/orders/throwing', bearer());
      expect(response.status).toBe(500);
      expect(response.body).toMatchObject({ error: 'server_error' });
      expect(JSON.stringify(response.body)).not.toContain('policy database');
      expect(calls).toEqual([]);
    });

    it('to a handler without annotation', async () => {
      const response = await get('/orders');
      expect(response.status).toBe(401);
      expect(calls).toEqual([]);
    });

    it('to an invalid token where authentication is optional', async () => {
      const response = await get('/orders/optional', bearer({ aud: 'https://other.example' }));
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toContain('error="invalid_token"');
      expect(calls).toEqual([]);
    });
  });

  describe('where authentication is optional', () => {
    it.each([
      ['no token as anonymous', () => undefined, 'anonymous'],
      ['a valid token as its subject', () => bearer(), 'user-1'],
    ])('serves a request with %s', async (_case, authorization, subject) => {
      const response = await get('/orders/optional', authorization());
      expect(response.status).toBe(200);
      expect(response.body).toEqual({ handler: 'optional', subject });
    });

    it.each([
      ['an expired token', () => bearer({ exp: 1 }), 401],
      ['a token that is none', () => 'Bearer nonsense', 401],
      ['malformed credentials', () => 'Bearer a b', 400],
    ])('[attack-29-optional-auth-fails-open] refuses %s', async (_case, authorization, status) => {
      const response = await get('/orders/optional', authorization());
      expect(response.status).toBe(status);
      expect(calls).toEqual([]);
    });

    it('[attack-29-optional-auth-fails-open] answers a token with 503 during an outage', async () => {
      const fresh = await startApp();
      issuer.behave({ status: 500 });
      const response = await request(fresh.getHttpServer())
        .get('/orders/optional')
        .set('Authorization', bearer());
      await fresh.close();
      expect(response.status).toBe(503);
      expect(calls).toEqual([]);
    });
  });

  describe('on a public handler', () => {
    it.each([
      ['no token', () => undefined],
      ['a valid token', () => bearer()],
      ['an expired token', () => bearer({ exp: 1 })],
      ['a token that is none', () => 'Bearer nonsense'],
      ['malformed credentials', () => 'Bearer a b'],
    ])('does not look at %s', async (_case, authorization) => {
      const response = await get('/orders/public', authorization());
      expect(response.status).toBe(200);
      expect(response.body).toEqual({ handler: 'open', anonymous: true });
    });

    it('does not ask the issuer for anything', async () => {
      const fresh = await startApp();
      const before = issuer.requests.length;
      await request(fresh.getHttpServer()).get('/orders/public').set('Authorization', bearer());
      await fresh.close();
      expect(issuer.requests).toHaveLength(before);
    });
  });

  it.each(['mqtt', 'something-new'])(
    '[attack-31-unprotected-context] refuses an execution context of the unknown type %s, also for a public handler',
    async (type) => {
      const controller = app.get(OrdersController);
      // eslint-disable-next-line @typescript-eslint/unbound-method -- a guard gets the bare function
      const context = new ExecutionContextHost([{}, {}], OrdersController, controller.open);
      context.setType(type);
      const refusal: unknown = await app
        .get(AssayGuard)
        .canActivate(context)
        .catch((error: unknown) => error);
      expect(isAssayError(refusal, 'service.route-unprotected')).toBe(true);
    },
  );
});
