// What a user writes: plain CommonJS, Jest as it comes, a real token through the installed packages.
const { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } = require('node:crypto');
const { protect, requireScope } = require('@assay/express');
const express = require('express');
const request = require('supertest');

const issuer = 'https://as.example';
const audience = 'https://api.example';

const pair = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
});
const privateKey = createPrivateKey({ key: pair.privateKey, type: 'pkcs8', format: 'der' });
const publicJwk = createPublicKey({ key: pair.publicKey, type: 'spki', format: 'der' }).export({
  format: 'jwk',
});
const keys = { keys: [{ ...publicJwk, kid: 'k1', alg: 'ES256', use: 'sig' }] };

const app = express();
app.use(protect({ issuer: [{ issuer, keys }], audience }));
app.get('/orders', requireScope('orders:read'), (req, res) => {
  res.json({ subject: req.principal.subject });
});

function accessToken(changes = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ iss: issuer, aud: audience, sub: 'user-1', client_id: 'c1', scope: 'orders:read' },
    ...{ jti: randomUUID(), iat: now, exp: now + 300 },
    ...changes,
  };
  const input = [{ typ: 'at+jwt', alg: 'ES256', kid: 'k1' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

test('a valid token reaches the handler', async () => {
  const answer = await request(app).get('/orders').set('authorization', `Bearer ${accessToken()}`);

  expect([answer.status, answer.body]).toEqual([200, { subject: 'user-1' }]);
});

test('a token for another audience is refused', async () => {
  const token = accessToken({ aud: 'https://other.example' });
  const answer = await request(app).get('/orders').set('authorization', `Bearer ${token}`);

  expect(answer.status).toBe(401);
  expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
});

test('a request without a token is challenged', async () => {
  const answer = await request(app).get('/orders');

  expect(answer.status).toBe(401);
  expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
});
