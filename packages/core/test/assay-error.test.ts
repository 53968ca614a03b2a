import { inspect } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import { AssayError, isAssayError } from '../src/assay-error.js';
import { failures, type FailureCode } from '../src/failures.js';

async function secondCopy(): Promise<typeof import('../src/assay-error.js')> {
  jest.resetModules();
  return import('../src/assay-error.js');
}

describe('AssayError', () => {
  it('carries the code, its catalogue row and the details', () => {
    const cause = new Error('the original');
    const error = new AssayError('service.keys-unavailable', {
      reason: 'missing',
      claim: 'kid',
      profile: 'access-token',
      retryAfterSeconds: 7,
      cause,
    });
    expect(error).toMatchObject({
      name: 'AssayError',
      code: 'service.keys-unavailable',
      reason: 'missing',
      claim: 'kid',
      profile: 'access-token',
      retryAfterSeconds: 7,
      status: 503,
      step: 'choose key',
      failure: failures['service.keys-unavailable'],
    });
    expect(error.cause).toBe(cause);
  });

  it('has no cause where there was none', () => {
    expect(Object.hasOwn(new AssayError('token.expired'), 'cause')).toBe(false);
  });

  it.each([
    [{}, 'token.expired: The token has expired.'],
    [{ claim: 'exp' }, 'token.expired: The token has expired. (exp)'],
    [{ reason: 'mismatch' }, 'token.expired: The token has expired. (mismatch)'],
    [{ claim: 'exp', reason: 'missing' }, 'token.expired: The token has expired. (exp missing)'],
    [
      { claim: 'exp', reason: 'missing', profile: 'access-token' },
      'token.expired: The token has expired. (profile access-token, exp missing)',
    ],
  ] as const)('says of %j what a person needs to know', (details, message) => {
    expect(new AssayError('token.expired', details).message).toBe(message);
  });

  it('is written as JSON without cause, stack and message', () => {
    const error = new AssayError('token.expired', {
      claim: 'exp',
      reason: 'mismatch',
      cause: new Error('x'),
    });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'AssayError',
      code: 'token.expired',
      reason: 'mismatch',
      claim: 'exp',
      step: 'apply profile',
    });
  });

  it('shows no brand when it is printed', () => {
    expect(inspect(new AssayError('token.expired'))).not.toContain('assay.error');
  });

  describe('beside a second copy of the module', () => {
    it('is recognised by the other copy, and recognises the errors of the other', async () => {
      const other = await secondCopy();
      expect(other.AssayError).not.toBe(AssayError);
      expect(new other.AssayError('token.expired')).toBeInstanceOf(AssayError);
      expect(new AssayError('token.expired')).toBeInstanceOf(other.AssayError);
      expect(isAssayError(new other.AssayError('token.expired'), 'token.expired')).toBe(true);
    });
  });

  describe('with a subclass', () => {
    class ReportError extends AssayError {}

    it('is not an instance of the subclass', () => {
      expect(new AssayError('token.expired')).not.toBeInstanceOf(ReportError);
    });

    it('takes an instance of the subclass for one of its own', () => {
      expect(new ReportError('token.expired')).toBeInstanceOf(ReportError);
      expect(new ReportError('token.expired')).toBeInstanceOf(AssayError);
    });
  });
});

describe('isAssayError', () => {
  it('tells one code from another', () => {
    const error = new AssayError('token.expired');
    expect(isAssayError(error)).toBe(true);
    expect(isAssayError(error, 'token.expired')).toBe(true);
    expect(isAssayError(error, 'token.malformed')).toBe(false);
  });

  it.each([
    ['another error', new Error('token.expired')],
    ['an object with a code', { code: 'token.expired' }],
    ['null', null],
    ['undefined', undefined],
    ['a text', 'token.expired'],
    ['a function', () => undefined],
  ])('is false for %s', (_what, value) => {
    expect(isAssayError(value)).toBe(false);
    expect(value).not.toBeInstanceOf(AssayError);
  });
});

describe('the failure catalogue', () => {
  const rows = Object.entries(failures) as [FailureCode, (typeof failures)[FailureCode]][];

  it.each(rows)('%s is a dotted code', (code) => {
    expect(code).toMatch(/^[a-z]+\.[a-z]+(-[a-z]+)*$/);
  });

  it.each(rows)('%s has a description that may stand in a challenge', (_code, { description }) => {
    // RFC 6750 section 3: neither a quote nor a backslash.
    expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  it.each(rows)('%s has an error that may stand in a challenge, or none', (_code, { error }) => {
    expect(error ?? 'none').toMatch(/^[a-z_]+$/);
  });

  it.each(rows)('%s blames the caller below 500 and ourselves from 500 on', (code, { fault, status }) => {
    expect(code.startsWith('service.')).toBe(fault === 'service');
    expect(status >= 500).toBe(fault === 'service');
  });
});
