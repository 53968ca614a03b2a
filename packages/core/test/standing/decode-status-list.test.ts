import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decodeStatusList, statusAt } from '../../src/standing/decode-status-list.js';
import { expectRefusal } from '../support/refusal.js';
import { base64url, packedStatuses, statusListClaim } from './support/status-lists.js';

const fromHex = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
const refused = { claim: 'status_list', reason: 'malformed' } as const;

async function statusesOf(claim: unknown): Promise<(number | undefined)[]> {
  const list = await decodeStatusList(claim);
  return Array.from({ length: (list.bytes.length * 8) / list.bits }, (_, index) => statusAt(list, index));
}

describe('decodeStatusList', () => {
  it('reads the first list of the specification, with one bit for each status', async () => {
    await expect(statusesOf({ bits: 1, lst: fromHex('78dadbb918000217015d') })).resolves.toEqual([
      1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1,
    ]);
  });

  it('reads the second list of the specification, with two bits for each status', async () => {
    await expect(statusesOf({ bits: 2, lst: fromHex('78da3be9f2130003df0207') })).resolves.toEqual([
      1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3,
    ]);
  });

  it.each([
    [4, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]],
    [8, [0, 1, 2, 3, 11, 15, 16, 127, 128, 254, 255]],
  ] as const)('reads every status of a list with %i bits for each', async (bits, statuses) => {
    await expect(statusesOf(statusListClaim(bits, statuses))).resolves.toEqual(statuses);
  });

  it('reads a list without any status', async () => {
    const list = await decodeStatusList(statusListClaim(1, []));
    expect(list.bytes).toHaveLength(0);
    expect(statusAt(list, 0)).toBeUndefined();
  });

  it.each([0, 3, 5, 16, -1, 1.5, '1', null, undefined])('refuses bits %p', async (bits) => {
    const { lst } = statusListClaim(1, [0]);
    await expectRefusal(() => decodeStatusList({ bits, lst }), 'token.status-list-refused', refused);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'list'],
    ['a list', [1, 'eNo']],
    ['an object without lst', { bits: 1 }],
    ['an object with a number for lst', { bits: 1, lst: 1 }],
    ['an object with bytes for lst', { bits: 1, lst: [120, 218] }],
  ])('refuses %s in the place of a list', async (_what, claim) => {
    await expectRefusal(() => decodeStatusList(claim), 'token.status-list-refused', refused);
  });

  const bytes = packedStatuses(1, [1, 0, 1]);
  const stream = deflateSync(bytes);
  const spoilt = Buffer.from(stream);
  spoilt[spoilt.length - 1] = (spoilt[spoilt.length - 1] ?? 0) ^ 1;
  const padded = (length: number) => `${base64url(stream)}${'='.repeat(length)}`;

  it.each([
    ['raw DEFLATE', base64url(deflateRawSync(bytes))],
    ['gzip', base64url(gzipSync(bytes))],
    ['a stream without its last byte', base64url(stream.subarray(0, -1))],
    ['a stream without its checksum', base64url(stream.subarray(0, -4))],
    ['a stream that ends in its header', base64url(stream.subarray(0, 1))],
    ['a stream with a wrong checksum', base64url(spoilt)],
    [
      'a stream that needs a dictionary',
      base64url(deflateSync(bytes, { dictionary: Buffer.from('status') })),
    ],
    ['a stream with a byte after it', base64url(Buffer.concat([stream, Buffer.from([0])]))],
    ['a stream with another one after it', base64url(Buffer.concat([stream, stream]))],
    ['padded base64url', padded(1)],
    ['base64url with two characters of padding', padded(2)],
    ['base64 of the other alphabet', '+/+/'],
    ['base64url with white space', `${base64url(stream)}\n`],
    ['bytes that are not packed', base64url(bytes)],
    ['nothing at all', ''],
  ])('refuses %s', async (_what, lst) => {
    await expectRefusal(() => decodeStatusList({ bits: 1, lst }), 'token.status-list-refused', refused);
  });

  it('takes the very same stream when nothing is wrong with it', async () => {
    await expect(decodeStatusList({ bits: 1, lst: base64url(stream) })).resolves.toMatchObject({ bits: 1 });
  });

  it('unpacks up to the limit, and not a byte more', async () => {
    const claimOf = (size: number) => ({ bits: 8, lst: base64url(deflateSync(Buffer.alloc(size))) });
    const list = await decodeStatusList(claimOf(100_000), 100_000);
    expect(list.bytes).toHaveLength(100_000);
    await expectRefusal(
      () => decodeStatusList(claimOf(100_001), 100_000),
      'token.status-list-refused',
      refused,
    );
  });

  it('unpacks 8 MiB unless told otherwise', async () => {
    const limit = 8 * 1024 * 1024;
    const claimOf = (size: number) => ({ bits: 8, lst: base64url(deflateSync(Buffer.alloc(size))) });
    await expect(decodeStatusList(claimOf(limit))).resolves.toMatchObject({ bits: 8 });
    await expectRefusal(() => decodeStatusList(claimOf(limit + 1)), 'token.status-list-refused', refused);
  });
});

describe('statusAt', () => {
  const list = { bits: 2, bytes: packedStatuses(2, [1, 2, 3, 0, 1]) } as const;

  it('counts every place that the bytes have room for', () => {
    expect(statusAt(list, 4)).toBe(1);
    expect(statusAt(list, 7)).toBe(0);
  });

  it.each([8, 9, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, 2 ** 53, Infinity, -1, -0.5, 0.5, NaN])(
    'knows nothing of index %p',
    (index) => {
      expect(statusAt(list, index)).toBeUndefined();
    },
  );
});
