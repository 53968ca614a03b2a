import { describe, expect, it } from '@jest/globals';
import { Principal } from '../../src/principal.js';
import type { StatusList } from '../../src/standing/decode-status-list.js';
import type { StatusIssuer } from '../../src/standing/status-issuer.js';
import { statusListCheck } from '../../src/standing/status-list-check.js';
import type { TrustedIssuer, TrustedIssuers } from '../../src/trusted-issuer.js';
import { signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';
import { packedStatuses } from './support/status-lists.js';

const uri = 'https://as.example/statuslists/1';
const list: StatusList = { bits: 8, bytes: packedStatuses(8, [0, 1, 2, 3, 0x0b, 255]) };

function start(changes: Partial<StatusIssuer> = {}, issuers?: TrustedIssuers) {
  const asked: string[] = [];
  const statusList: StatusIssuer = {
    signer: {} as TrustedIssuer,
    names: (named) => named === uri,
    required: true,
    acceptedStatuses: new Set(),
    ...changes,
  };
  const trusted = { statusList } as TrustedIssuer;
  const { check } = statusListCheck({
    issuers: issuers ?? new Map([['https://as.example', trusted]]),
    lists: {
      find(_statusIssuer, named) {
        asked.push(named);
        return list;
      },
    },
  });
  return { asked, check: (status?: unknown) => check(principalWith(status)) };
}

function principalWith(status: unknown): Principal {
  const { claims: valid, ...rest } = signedStatement();
  return Principal.from({ ...rest, claims: status === undefined ? valid : { ...valid, status } });
}
const at = (idx: number, named = uri) => ({ status_list: { idx, uri: named } });

describe('statusListCheck', () => {
  it('lets a token pass whose status is VALID', async () => {
    const { asked, check } = start();
    await expect(check(at(0))).resolves.toBeUndefined();
    expect(asked).toEqual([uri]);
  });

  it.each([
    [1, 'token.revoked'],
    [2, 'token.suspended'],
    [3, 'token.status-refused'],
    [4, 'token.status-refused'],
    [5, 'token.status-refused'],
  ] as const)('refuses the token at index %i: %s', async (index, code) => {
    const { check } = start();
    await expectRefusal(() => check(at(index)), code, { claim: 'status', reason: 'mismatch' });
  });

  it('lets a token pass whose status the configuration accepts, and no other', async () => {
    const { check } = start({ acceptedStatuses: new Set([2, 0x0b]) });
    await expect(check(at(2))).resolves.toBeUndefined();
    await expect(check(at(4))).resolves.toBeUndefined();
    await expectRefusal(() => check(at(1)), 'token.revoked', { claim: 'status', reason: 'mismatch' });
    await expectRefusal(() => check(at(3)), 'token.status-refused', { claim: 'status', reason: 'mismatch' });
  });

  it('refuses an index outside the list', async () => {
    const { check } = start();
    await expectRefusal(() => check(at(6)), 'token.status-reference-invalid', {
      claim: 'idx',
      reason: 'mismatch',
    });
  });

  it('refuses a URI that is not configured, and asks for no list', async () => {
    const { asked, check } = start();
    await expectRefusal(() => check(at(0, `${uri}0`)), 'token.status-uri-refused', {
      claim: 'uri',
      reason: 'mismatch',
    });
    expect(asked).toEqual([]);
  });

  it('refuses a token that says nothing of its status, unless none is required', async () => {
    await expectRefusal(() => start().check(), 'token.status-reference-invalid', {
      claim: 'status',
      reason: 'missing',
    });
    await expect(start({ required: false }).check()).resolves.toBeUndefined();
  });

  it('refuses a status that cannot be read, also where none is required', async () => {
    const { check } = start({ required: false });
    await expectRefusal(() => check({}), 'token.status-reference-invalid', {
      claim: 'status',
      reason: 'missing',
    });
  });

  it('has nothing to say of the tokens of an issuer without lists', async () => {
    const { asked, check } = start({}, new Map([['https://as.example', {} as TrustedIssuer]]));
    await expect(check('x')).resolves.toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('asks a resolver whose issuers come with a promise', async () => {
    const resolved: TrustedIssuers = {
      get: () => Promise.resolve({ statusList: { required: true } } as TrustedIssuer),
      values: () => [],
    };
    await expectRefusal(() => start({}, resolved).check(), 'token.status-reference-invalid', {
      claim: 'status',
      reason: 'missing',
    });
  });

  it('refuses the token of an issuer that is not trusted any more', async () => {
    await expectRefusal(() => start({}, new Map()).check(at(0)), 'token.issuer-unknown', {
      claim: 'iss',
      reason: 'mismatch',
    });
  });
});
