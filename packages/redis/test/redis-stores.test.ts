import { describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import { fixedClock } from '@assay/testing';
import { redisStores, type RedisClient, type RedisStores, type RedisStoresOptions } from '@assay/redis';
import { record, recordKey, thing } from './support/things.js';

/** A client in the shape of ioredis that answers scripts as it is told, and writes down what it is asked. */
function clientThatAnswers(answer: (command: readonly string[]) => unknown) {
  const commands: string[][] = [];
  const client: RedisClient = {
    status: 'ready',
    call: (...command) => {
      commands.push(command);
      return Promise.resolve(command[0] === 'info' ? 'maxmemory_policy:noeviction\r\n' : answer(command));
    },
  };
  return { client, commands };
}

const everyCall: readonly (readonly [name: string, call: (stores: RedisStores) => Promise<unknown>])[] = [
  ['reserve', ({ singleUse }) => singleUse.reserve(thing('a'))],
  ['put', ({ records }) => records.put(record('a'))],
  ['get', ({ records }) => records.get(recordKey('a'))],
  ['take', ({ records }) => records.take(recordKey('a'))],
];

describe('redisStores', () => {
  describe('is given a client', () => {
    it.each<[string, unknown]>([
      ['nothing', undefined],
      ['null', null],
      ['a URL', 'redis://localhost'],
      ['options', { url: 'redis://localhost' }],
      ['a client of an old node-redis, with callbacks', { send_command: () => true, connected: true }],
      ['a client that speaks HTTP', { set: () => true, eval: () => true }],
      ['something with a status alone', { status: 'ready' }],
    ])('and refuses %s', (_what, client) => {
      const make = () => redisStores(client as RedisClient);
      expect(make).toThrow(SetupError);
      expect(make).toThrow(
        'client: it is no client of redis or ioredis that is known. Give what createClient, createCluster or ' +
          'createSentinel of redis 5 or 6 returns, or new Redis or new Cluster of ioredis 5 or 6.',
      );
    });
  });

  describe('is given options', () => {
    const make = (options: unknown) => () =>
      redisStores(clientThatAnswers(() => null).client, options as RedisStoresOptions);

    it.each([
      ['timeoutMs', 1, 60_000],
      ['maximumEntriesPerOwner', 1, 1_000_000_000],
      ['maximumRecordsPerOwner', 1, 1_000_000_000],
      ['maximumRecordBytes', 1, 1_000_000_000],
      ['maximumClockDifferenceSeconds', 0, 3600],
    ])('and takes %s from %d to %d', (option, least, most) => {
      for (const value of [least, most]) expect(make({ [option]: value })).not.toThrow();
      for (const value of [least - 1, most + 1, least + 0.5, NaN, Infinity, '10']) {
        expect(make({ [option]: value })).toThrow(SetupError);
        expect(make({ [option]: value })).toThrow(
          `${option}: it is not a whole number from ${String(least)} to ${String(most)}. Give such a number, or leave the option out.`,
        );
      }
    });

    it.each(['a', 'shop:assay:', 'A_1.b/c-d:', 'x'.repeat(100)])('and takes the prefix %j', (keyPrefix) => {
      expect(make({ keyPrefix })).not.toThrow();
    });

    it.each(['', '{a}', 'a b', 'a\n', 'é', 'x'.repeat(101), 7])('and refuses the prefix %j', (keyPrefix) => {
      expect(make({ keyPrefix })).toThrow(SetupError);
      expect(make({ keyPrefix })).toThrow('keyPrefix: it is not a text of 1 to 100 letters, digits');
    });

    it.each([0, 'false', 'no'])('and refuses to take %j for a word on the eviction policy', (value) => {
      expect(make({ checkEvictionPolicy: value })).toThrow(SetupError);
      expect(make({ checkEvictionPolicy: value })).toThrow(
        'checkEvictionPolicy: it is neither true nor false',
      );
    });

    it('and refuses a misspelt one', () => {
      expect(make({ timeoutMS: 5 })).toThrow('timeoutMS: there is no such option. Did you mean timeoutMs?');
      expect(make(null)).toThrow(SetupError);
    });
  });

  describe('when Redis answers something else', () => {
    it.each(
      everyCall.flatMap(([name, call]) =>
        [1, 0, true, 'OK', 'RESERVED', '', [], ['reserved'], {}, undefined].map((answer) => ({
          name,
          call,
          answer,
        })),
      ),
    )('rejects $name for the answer $answer', async ({ call, answer }) => {
      const { client } = clientThatAnswers(() => answer);
      await expect(call(redisStores(client))).rejects.toMatchObject({
        name: 'RedisStoreError',
        problem: 'answer-unknown',
        message: 'the answer of Redis is not understood',
      });
    });

    it.each(['reserve', 'put'])('rejects %s for no answer', async (name) => {
      const [, call] = everyCall.find(([candidate]) => candidate === name) ?? [];
      const { client } = clientThatAnswers(() => null);
      await expect(call?.(redisStores(client))).rejects.toMatchObject({ problem: 'answer-unknown' });
    });

    it.each([
      ['no JSON', 'secret'],
      ['null', 'null'],
      ['a number', '7'],
      ['a record without an expiry', '{"value":1}'],
      ['a record with a text for an expiry', '{"expiresAt":"4102444800","value":1}'],
      ['a record without a value', '{"expiresAt":4102444800}'],
    ])('rejects a record that is %s, and does not say what it is', async (_what, text) => {
      const { records } = redisStores(clientThatAnswers(() => text).client);
      for (const call of [records.get(recordKey('a')), records.take(recordKey('a'))]) {
        const error: unknown = await call.catch((caught: unknown) => caught);
        expect(error).toMatchObject({
          problem: 'answer-unknown',
          message: 'the answer of Redis is not understood',
        });
        expect(error).not.toHaveProperty('cause');
      }
    });

    it.each([
      ['nothing about memory', 'redis_version:7.0.15\r\n'],
      ['an empty text', ''],
    ])('does not take %s for noeviction', async (_what, info) => {
      const client: RedisClient = { status: 'ready', call: () => Promise.resolve(info) };
      const call = redisStores(client).ready();
      await expect(call).rejects.toBeInstanceOf(SetupError);
      await expect(call).rejects.toThrow('maxmemory-policy: Redis does not say how it is set.');
    });

    it('does not take a number for the answer to INFO', async () => {
      const client: RedisClient = { status: 'ready', call: () => Promise.resolve(1) };
      await expect(redisStores(client).ready()).rejects.toMatchObject({ problem: 'answer-unknown' });
    });

    it('does not take a cluster without masters for a good one', async () => {
      const client: RedisClient = {
        status: 'ready',
        isCluster: true,
        call: () => Promise.resolve('PONG'),
        nodes: () => [],
      };
      await expect(redisStores(client).ready()).rejects.toMatchObject({
        problem: 'failed',
        detail: 'NoMaster',
      });
    });
  });

  describe('when Redis or its client fails', () => {
    it.each<[string, () => Error, string]>([
      [
        'the code of a reply',
        () => new Error("OOM command not allowed when used memory > 'maxmemory'"),
        'OOM',
      ],
      [
        'the code of a system error',
        () => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
        'ECONNREFUSED',
      ],
      ['the name of a client error', () => new RangeError('secret'), 'RangeError'],
      [
        'no more than that of a strange code',
        () => Object.assign(new Error('x'), { code: 'secret of the user' }),
        'Error',
      ],
    ])('says %s and nothing else', async (_what, makeError, detail) => {
      for (const [, call] of everyCall) {
        const { client } = clientThatAnswers((command) => {
          // ioredis hangs the command on its errors.
          throw Object.assign(makeError(), { command: { name: 'evalsha', args: command } });
        });
        const error = (await call(redisStores(client)).catch((caught: unknown) => caught)) as Error;
        expect(error).toMatchObject({
          name: 'RedisStoreError',
          problem: 'failed',
          detail,
          message: `Redis cannot be asked (${detail})`,
        });
        expect(Object.keys(error).sort()).toEqual(['detail', 'name', 'problem']);
        expect(error.cause).toBeUndefined();
      }
    });

    it('rejects what is thrown that is no error', async () => {
      const { client } = clientThatAnswers(() => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a client may do
        throw 'secret';
      });
      await expect(redisStores(client).singleUse.reserve(thing('a'))).rejects.toThrow(
        'Redis cannot be asked (unknown)',
      );
    });
  });

  it('sends a script in full when Redis does not know it, and not otherwise', async () => {
    let isKnown = false;
    const { client, commands } = clientThatAnswers(([name]) => {
      if (name === 'eval') isKnown = true;
      if (!isKnown) throw new Error('NOSCRIPT No matching script. Please use EVAL.');
      return 'reserved';
    });
    const { singleUse } = redisStores(client);
    await singleUse.reserve(thing('a'));
    await singleUse.reserve(thing('b'));
    expect(commands.map(([name]) => name)).toEqual(['info', 'evalsha', 'eval', 'evalsha']);
  });

  it('ends a call after the timeout, and sends nothing more for it', async () => {
    let rejectFirst: (error: Error) => void = () => undefined;
    const { client, commands } = clientThatAnswers(
      () =>
        new Promise((_, reject) => {
          rejectFirst = reject;
        }),
    );
    const { singleUse } = redisStores(client, { timeoutMs: 20 });
    await expect(singleUse.reserve(thing('a'))).rejects.toMatchObject({
      problem: 'timeout',
      message: 'Redis gave no answer in time',
    });
    rejectFirst(new Error('NOSCRIPT No matching script. Please use EVAL.'));
    await new Promise(setImmediate);
    expect(commands.map(([name]) => name)).toEqual(['info', 'evalsha']);
  });

  it('lets a thousand calls wait for Redis and refuses more at once, until there is room', async () => {
    const answers: ((answer: string) => void)[] = [];
    const { client, commands } = clientThatAnswers(
      () =>
        new Promise((resolve) => {
          answers.push(resolve);
        }),
    );
    const { singleUse, ready } = redisStores(client, { timeoutMs: 20 });
    await ready();
    const waiting = Array.from({ length: 1000 }, (_, index) =>
      singleUse
        .reserve(thing(String(index)))
        .catch((error: unknown) => (error as { problem: string }).problem),
    );
    const oneMore = () => singleUse.reserve(thing('one more'));
    await expect(oneMore()).rejects.toMatchObject({
      problem: 'busy',
      message: 'too many calls wait for Redis',
    });
    // Out of time for their callers, they still wait for the client.
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['timeout']));
    await expect(oneMore()).rejects.toMatchObject({ problem: 'busy' });
    expect(commands).toHaveLength(1001);

    answers[0]?.('reserved');
    await new Promise(setImmediate);
    await expect(oneMore()).rejects.toMatchObject({ problem: 'timeout' });
    expect(commands).toHaveLength(1002);
  });

  describe('tells Redis an expiry', () => {
    const expiryTold = async (expiresAt: number) => {
      const { client, commands } = clientThatAnswers(() => 'reserved');
      await redisStores(client).singleUse.reserve(thing('a', { expiresAt }));
      return commands.at(-1)?.[5];
    };

    it.each([
      [1_800_000_000, '1800000000000'],
      [1_800_000_000.0001, '1800000000001'],
      [1_800_000_000.9999, '1800000001000'],
      [9_007_199_254_740, '9007199254740000'],
    ])('that is never earlier than %d', async (expiresAt, told) => {
      expect(await expiryTold(expiresAt)).toBe(told);
    });

    it.each([NaN, Infinity, -Infinity, 9_007_199_254_741, 1e300])('and refuses %d', async (expiresAt) => {
      const { client, commands } = clientThatAnswers(() => 'reserved');
      const stores = redisStores(client);
      await expect(stores.singleUse.reserve(thing('a', { expiresAt }))).rejects.toThrow(
        'expiresAt is not a time',
      );
      await expect(stores.records.put(record('a', { expiresAt }))).rejects.toThrow('expiresAt is not a time');
      expect(commands).toEqual([]);
    });
  });

  it('takes a thing for its own no longer than until the thing expires', async () => {
    const clock = fixedClock();
    const { singleUse } = redisStores(clientThatAnswers(() => 'reserved').client, { clock });
    const proof = thing('a', { expiresAt: clock.nowSeconds() + 60 });
    expect(await singleUse.reserve(proof)).toBe('reserved');
    clock.advanceSeconds(59.999);
    expect(await singleUse.reserve(proof)).toBe('replayed');
    clock.advanceSeconds(0.001);
    expect(await singleUse.reserve(proof)).toBe('reserved');
  });

  it('has a record until it expires by the clock of the instance', async () => {
    const clock = fixedClock();
    const text = JSON.stringify({ expiresAt: clock.nowSeconds() + 60, value: 'mine' });
    const { records } = redisStores(clientThatAnswers(() => text).client, { clock });
    clock.advanceSeconds(59.999);
    expect(await records.get(recordKey('a'))).toBe('mine');
    expect(await records.take(recordKey('a'))).toBe('mine');
    clock.advanceSeconds(0.001);
    expect(await records.get(recordKey('a'))).toBeUndefined();
    expect(await records.take(recordKey('a'))).toBeUndefined();
  });

  it('refuses a record that is too large before Redis hears of it', async () => {
    const { client, commands } = clientThatAnswers(() => 'stored');
    const { records } = redisStores(client, { maximumRecordBytes: 10 });
    await records.put(record('a', { value: 'x'.repeat(8) }));
    const asked = commands.length;
    await expect(records.put(record('a', { value: 'x'.repeat(9) }))).rejects.toThrow(
      'the record is too large',
    );
    expect(commands).toHaveLength(asked);
  });
});
