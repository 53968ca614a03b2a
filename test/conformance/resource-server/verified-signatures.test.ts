import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express, { type Express } from 'express';
import request from 'supertest';
import { createResourceServer } from '@assay/core';
import { protect, requireScope } from '@assay/express';
import { createTestIssuer, fixedClock, type TestIssuer } from '@assay/testing';

const clock = fixedClock(1_800_000_000);
const orders = 'https://orders.example';
const billing = 'https://billing.example';

describe('a token that was seen before', () => {
  let issuer: TestIssuer;
  let app: Express;

  beforeAll(async () => {
    issuer = await createTestIssuer({ audience: orders, clock });
    const options = { issuer: issuer.issuer, allowInsecureLoopback: true, clock };
    app = express();
    app.use('/orders', protect(createResourceServer({ ...options, audience: orders })));
    app.use('/billing', protect(createResourceServer({ ...options, audience: billing })));
    app.use(
      '/either',
      protect(
        createResourceServer({
          ...options,
          audience: [orders, billing],
          audienceOf: ({ url }) => (url.includes('billing') ? billing : orders),
        }),
      ),
    );
    app.get('/orders/written', requireScope('orders:write'), (_request, response) => void response.json({}));
    app.use((_request, response) => void response.json({}));
  });
  afterAll(() => issuer.close());

  const get = (path: string, token: string) => request(app).get(path).set('Authorization', `Bearer ${token}`);

  /** Seen and accepted twice, so that its signature is known. */
  async function seenToken(claims: Record<string, unknown> = {}): Promise<string> {
    const token = issuer.accessToken(claims);
    for (const path of ['/orders', '/orders', '/either/orders', '/either/orders'])
      await get(path, token).expect(200);
    return token;
  }

  it('[rfc9700-2.3-every-request] is refused by another resource server in the same process', async () => {
    const token = await seenToken();
    await get('/billing', token)
      .expect(401)
      .expect('WWW-Authenticate', /^Bearer realm="https:\/\/billing\.example", error="invalid_token"/);
    await get('/orders', token).expect(200);
  });

  it('[rfc9700-2.3-every-request] is refused for another audience of the same resource server', async () => {
    const token = await seenToken();
    await get('/either/billing', token)
      .expect(401)
      .expect('WWW-Authenticate', /error="invalid_token"/);
    await get('/either/orders', token).expect(200);
  });

  it('[rfc9700-2.3-every-request] has its privileges judged on every request', async () => {
    const token = await seenToken({ scope: 'orders:read' });
    for (let turn = 0; turn < 2; turn++) {
      await get('/orders/written', token)
        .expect(403)
        .expect('WWW-Authenticate', /error="insufficient_scope"/);
    }
  });

  it('[attack-16-verified-token-cache-faults] is refused once it has expired, and not a second sooner', async () => {
    const token = await seenToken();
    clock.advanceSeconds(309);
    await get('/orders', token).expect(200);
    clock.advanceSeconds(1);
    await get('/orders', token)
      .expect(401)
      .expect('WWW-Authenticate', /error_description="The token has expired\."/);
  });

  it('[attack-16-verified-token-cache-faults] is refused once its issuer publishes the key no more', async () => {
    const token = await seenToken({ exp: clock.nowSeconds() + 86_400 });
    await issuer.rotate();
    issuer.withdrawOldKeys();
    clock.advanceSeconds(3_600);
    await get('/orders', issuer.accessToken()).expect(200);
    await get('/orders', token)
      .expect(401)
      .expect('WWW-Authenticate', /error_description="The token is not signed by a known key\."/);
  });
});

describe('what a process holds after tokens were accepted', () => {
  it('[rfc9700-4.9.3-no-plaintext] has no token in it', async () => {
    const script = fileURLToPath(new URL('../support/report-retained-tokens.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 60_000 });
    const { used, looked, retained } = JSON.parse(stdout) as Record<string, number>;
    expect(used).toBe(20);
    expect(looked).toBeGreaterThan(1000);
    expect(retained).toBe(0);
  }, 90_000);
});
