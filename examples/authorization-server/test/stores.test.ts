import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createJwtSigner, generateSigningJwk, SetupError, type Jwk, type JwtSigner } from '@assay/core';
import type { Express } from 'express';
import request from 'supertest';
import { describeWithRedis } from '../../../packages/redis/test/support/describe-with-redis.js';
import { startRedis, type RedisServer } from '../../../packages/redis/test/support/redis-server.js';
import { createApp, createServer } from '../src/app.js';
import { ConfigError, type Config } from '../src/config.js';
import { openStores, type OpenStores } from '../src/stores.js';

const opened: OpenStores[] = [];
const warnings: string[] = [];
afterEach(() => {
  for (const { close } of opened.splice(0)) close();
  warnings.length = 0;
});

const opening = (redisUrl: string | undefined) =>
  openStores(redisUrl, (sentence) => {
    warnings.push(sentence);
  });

async function open(redisUrl: string | undefined): Promise<OpenStores> {
  const stores = await opening(redisUrl);
  opened.push(stores);
  return stores;
}

describe('the stores of the example authorization server', () => {
  it.each([undefined, ''])('are in memory where REDIS_URL is %j', async (redisUrl) => {
    const { place } = await open(redisUrl);
    expect({ place, warnings }).toEqual({ place: '', warnings: [] });
  });

  it.each(['localhost:6379', 'http://127.0.0.1:6379', 'hunter2', 'redis', ' '])(
    'cannot be opened at %j, and the sentence does not quote it',
    async (redisUrl) => {
      const failure = opening(redisUrl);
      await expect(failure).rejects.toBeInstanceOf(ConfigError);
      await expect(failure).rejects.toThrow(
        /^REDIS_URL is no redis:\/\/ or rediss:\/\/ address\. Give one such as redis:\/\/127\.0\.0\.1:6379, or leave it unset for stores in memory\.$/,
      );
    },
  );

  it('cannot be opened where nothing listens, and the sentence holds no password', async () => {
    const failure = opening('redis://:hunter2@127.0.0.1:1');
    await expect(failure).rejects.toBeInstanceOf(ConfigError);
    await expect(failure).rejects.toThrow(
      /^The Redis at REDIS_URL cannot be used \(ECONNREFUSED\)\. Start it or mend the address, or leave REDIS_URL unset for stores in memory\.$/,
    );
  });
});

describeWithRedis('the example authorization server with REDIS_URL', () => {
  const issuer = 'http://127.0.0.1:4100';
  let redis: RedisServer;
  let signer: JwtSigner;
  let config: Config;

  beforeAll(async () => {
    redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
    signer = await createJwtSigner(await generateSigningJwk());
    config = {
      issuer,
      port: 4100,
      allowInsecureLoopback: true,
      resources: [
        { resource: 'http://127.0.0.1:4101', scopes: ['orders:read'], accessTokenLifetimeSeconds: 300 },
      ],
      assertionIssuers: [
        {
          issuer: 'agent',
          jwks: { keys: [signer.publicJwk as Jwk] },
          subjects: ['agent'],
          scopes: ['orders:read'],
          clients: ['agent'],
          requireClient: false,
        },
      ],
    };
  });
  afterAll(() => redis.stop());

  /** An instance of the server, with a connection of its own. */
  async function instance(): Promise<Express> {
    const { stores } = await open(redis.url);
    return createApp(await createServer(config, { stores }));
  }

  const assertion = () => {
    const now = Math.floor(Date.now() / 1000);
    return signer.sign({ iss: 'agent', sub: 'agent', aud: issuer, exp: now + 60, jti: randomUUID() });
  };

  const post = (app: Express, jwt: string) =>
    request(app)
      .post('/token')
      .type('form')
      .send({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt });

  it('says where its stores are', async () => {
    expect(await open(redis.url)).toMatchObject({ place: ', stores on Redis' });
    expect(warnings).toEqual([]);
  });

  it('gives one token for an assertion that two instances get many times at once', async () => {
    const apps = [await instance(), await instance()];
    const jwt = await assertion();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => post(apps[index % 2] as Express, jwt)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { status, body } of refused) {
      expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_grant' });
    }
  });

  it('answers 503 while Redis is away, and takes nothing twice when it is back', async () => {
    const [first, second] = [await instance(), await instance()];
    const used = await assertion();
    await post(first, used).expect(200);

    await redis.kill();
    const meanwhile = await post(second, await assertion()).expect(503);
    expect(meanwhile.body).toMatchObject({ error: 'temporarily_unavailable' });
    expect(meanwhile.headers['retry-after']).toMatch(/^\d+$/);
    await post(second, used).expect(503);

    await redis.start();
    await backAgain(first);
    await backAgain(second);
    for (const app of [first, second]) {
      const replayed = await post(app, used).expect(400);
      expect(replayed.body).toMatchObject({ error: 'invalid_grant' });
    }
    await post(second, await assertion()).expect(200);
    expect(warnings.filter((sentence) => sentence.startsWith('Redis cannot be reached'))).toHaveLength(2);
    expect(warnings.filter((sentence) => sentence === 'Redis is back.')).toHaveLength(2);
  });

  it('does not start with a Redis that evicts', async () => {
    await redis.command('config', 'set', 'maxmemory-policy', 'allkeys-lru');
    const failure = opening(redis.url);
    await expect(failure).rejects.toBeInstanceOf(SetupError);
    await expect(failure).rejects.toThrow(
      'maxmemory-policy: Redis evicts keys to make room, and what was used could be used again.',
    );
    await redis.command('config', 'set', 'maxmemory-policy', 'noeviction');
  });

  it('does not start with a password that is wrong, nor without the one that is asked for', async () => {
    const wrong = redis.url.replace('redis://', 'redis://:hunter2@');
    await redis.command('config', 'set', 'requirepass', 'right');
    await expect(opening(wrong)).rejects.toThrow('The Redis at REDIS_URL cannot be used (WRONGPASS)');
    await expect(opening(redis.url)).rejects.toThrow('The Redis at REDIS_URL cannot be used (NOAUTH)');
    await redis.command('-a', 'right', '--no-auth-warning', 'config', 'set', 'requirepass', '');
  });

  async function backAgain(app: Express): Promise<void> {
    const deadline = Date.now() + 15_000;
    while (Date.now() < deadline) {
      const { status } = await post(app, await assertion());
      if (status === 200) return;
    }
    throw new Error('the server did not come back');
  }
});
