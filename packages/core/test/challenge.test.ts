import { describe, expect, it } from '@jest/globals';
import { AssayError } from '../src/assay-error.js';
import { answerTo, isQuotable } from '../src/challenge.js';
import { failures, type FailureCode } from '../src/failures.js';

const realm = 'https://api.example';
const answer = (error: unknown) => answerTo(error, { realm });
const challengeOf = (error: unknown) => answer(error).headers['WWW-Authenticate'];

describe('answerTo', () => {
  it('challenges a request without credentials and says nothing of an error', () => {
    expect(answer(new AssayError('request.token-missing'))).toEqual({
      status: 401,
      headers: { 'Cache-Control': 'no-store', 'WWW-Authenticate': 'Bearer realm="https://api.example"' },
      body: { error_description: 'An access token is required.' },
    });
  });

  it('tells a bad token from a bad request', () => {
    expect(challengeOf(new AssayError('token.expired'))).toBe(
      'Bearer realm="https://api.example", error="invalid_token", error_description="The token has expired."',
    );
    expect(challengeOf(new AssayError('request.token-repeated'))).toBe(
      'Bearer realm="https://api.example", error="invalid_request", error_description="The access token was sent more than once."',
    );
  });

  it('names the scopes that are missing', () => {
    const error = new AssayError('scope.insufficient', { requiredScopes: ['orders:read', 'orders:write'] });
    expect(answer(error)).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
    expect(challengeOf(error)).toContain(', scope="orders:read orders:write"');
  });

  it.each([
    ['are not disclosed', undefined],
    ['are none', []],
    ['are no scopes', ['a"b', 'c\r\nSet-Cookie: x', 'é', '']],
  ])('has no scope parameter where the scopes %s', (_how, requiredScopes) => {
    const challenge = challengeOf(new AssayError('scope.insufficient', { requiredScopes }));
    expect(challenge).toBe(
      'Bearer realm="https://api.example", error="insufficient_scope", error_description="The token does not grant the required scope."',
    );
  });

  it('names the authentication that is demanded, and the scopes beside', () => {
    const error = new AssayError('authentication.insufficient', {
      stepUp: { acrValues: ['gold', 'urn:example:mfa'], maxAgeSeconds: 0 },
      requiredScopes: ['a'],
    });
    expect(answer(error)).toMatchObject({ status: 401, body: { error: 'insufficient_user_authentication' } });
    expect(challengeOf(error)).toContain(
      'recently.", acr_values="gold urn:example:mfa", max_age="0", scope="a"',
    );
  });

  it.each([
    [{ acrValues: ['a"b', 'c\r\nSet-Cookie: x', 'é', '', 'd e'] }],
    [{ acrValues: [] }],
    [{ maxAgeSeconds: -1 }],
    [{ maxAgeSeconds: 1.5 }],
    [{ maxAgeSeconds: Infinity }],
    [{ maxAgeSeconds: '1", x="2' as unknown as number }],
    [undefined],
  ])('lets nothing of %j into a challenge', (stepUp) => {
    expect(challengeOf(new AssayError('authentication.insufficient', { stepUp }))).toMatch(/recently\."$/);
  });

  it('says of our own outage when to come again, and never challenges', () => {
    const { status, headers, body } = answer(
      new AssayError('service.keys-unavailable', { retryAfterSeconds: 7 }),
    );
    expect({ status, headers }).toEqual({
      status: 503,
      headers: { 'Cache-Control': 'no-store', 'Retry-After': '7' },
    });
    expect(body).toMatchObject({ error: 'temporarily_unavailable' });
  });

  it('has a default for when to come again', () => {
    expect(answer(new AssayError('service.keys-unavailable')).headers['Retry-After']).toBe('5');
  });

  it.each([
    ['an error of the application', new Error('secret detail')],
    ['a text', 'secret detail'],
    ['undefined', undefined],
    ['null', null],
    ['an object with a status', { status: 200, code: 'token.expired', message: 'secret detail' }],
  ])('answers %s with 500 and none of its words', (_what, error) => {
    const { status, headers, body } = answer(error);
    expect(status).toBe(500);
    expect(headers).toEqual({ 'Cache-Control': 'no-store' });
    expect(body).toEqual({ error: 'server_error', error_description: 'The request could not be judged.' });
  });

  it.each(Object.keys(failures) as FailureCode[])('answers %s as the catalogue says', (code) => {
    const { status, headers, body } = answer(new AssayError(code, { claim: 'marker', reason: 'mismatch' }));
    expect(status).toBe(failures[code].status);
    expect('WWW-Authenticate' in headers).toBe(failures[code].fault !== 'service');
    expect('Retry-After' in headers).toBe(status === 503);
    expect(body['error']).toBe(failures[code].error);
    expect(JSON.stringify({ headers, body })).not.toContain('marker');
  });

  it('escapes quotes and backslashes of the realm', () => {
    const { headers } = answerTo(new AssayError('request.token-missing'), { realm: 'the "API" \\ one' });
    expect(headers['WWW-Authenticate']).toBe(String.raw`Bearer realm="the \"API\" \\ one"`);
  });
});

describe('isQuotable', () => {
  it.each(['a', ' ', '~', 'the "API" \\ one'])('accepts %j', (text) => {
    expect(isQuotable(text)).toBe(true);
  });

  it.each(['', 'a\r\nb', 'a\tb', '\u007f', 'é', '🎈', 42, null, undefined, ['a']])('refuses %j', (value) => {
    expect(isQuotable(value)).toBe(false);
  });
});
