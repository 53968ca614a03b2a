import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { expectChallenge, invalidRequest, noCredentials } from '../support/expect-outcome.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';
import type { RawRequest } from '../support/raw-http.js';

describe('RFC 6750, credentials', () => {
  let api: ProtectedApi;
  let token: string;
  beforeAll(async () => {
    api = await startProtectedApi();
    token = api.builder.accessToken();
  });
  afterAll(closeProtectedApis);
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const form = (text: string): Pick<RawRequest, 'method' | 'body'> => ({ method: 'POST', body: text });
  const formType = 'Content-Type: application/x-www-form-urlencoded';

  /** Sends the request, of which the handler must hear nothing, and gives the answer, which must not hold the token. */
  async function refused(request: RawRequest) {
    const before = api.handlerCalls();
    const answer = await api.send(request);
    expect(api.handlerCalls()).toBe(before);
    expect(answer.text).not.toContain(token);
    return answer;
  }

  describe('the Authorization header', () => {
    it.each([
      ['one space', ' '],
      ['two spaces', '  '],
    ])('[rfc6750-2.1-syntax] is read with %s after the scheme', async (_how, space) => {
      const answer = await api.send({ lines: [`Authorization: Bearer${space}${token}`] });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toEqual({ for: 'user-1' });
    });

    it.each([
      ['the scheme alone', () => 'Bearer'],
      ['the scheme and a space', () => 'Bearer '],
      ['two texts', () => `Bearer ${token} b`],
      ['two texts with a comma', () => `Bearer ${token},b`],
      ['a tab after the scheme', () => `Bearer\t${token}`],
      ['a letter outside ASCII', () => `Bearer ${token}é`],
      ['an auth-param', () => `Bearer token=${token}`],
    ])('[rfc6750-2.1-syntax] is a bad request with %s', async (_what, line) => {
      const answer = await refused({ lines: [`Authorization: ${line()}`] });
      expectChallenge(answer, invalidRequest);
    });

    it.each([
      ['the same token', () => token],
      ['different tokens', () => api.builder.accessToken({ sub: 'user-2' })],
    ])('[rfc6750-3.1-repeat-header] is a bad request when it comes twice with %s', async (_what, second) => {
      const lines = [`Authorization: Bearer ${token}`, `Authorization: Bearer ${second()}`];
      const answer = await refused({ lines });
      expectChallenge(answer, invalidRequest);
    });
  });

  describe('two methods at once', () => {
    it.each([
      ['a form', () => ({ ...form(`access_token=${token}`), lines: [formType] })],
      ['a form with another token', () => ({ ...form('access_token=x'), lines: [formType] })],
      ['a query', () => ({ target: `/orders?access_token=${token}` })],
      ['a query with another token', () => ({ target: '/orders?access_token=x' })],
      ['a query that spells the name with per cent', () => ({ target: `/orders?access%5Ftoken=${token}` })],
    ])('are a bad request, also where the second is disabled: the header and %s', async (_what, second) => {
      const request: RawRequest = second();
      const lines = [`Authorization: Bearer ${token}`, ...(request.lines ?? [])];
      expectChallenge(await refused({ ...request, lines }), invalidRequest);
    });
  });

  it('takes no token from a form by default', async () => {
    const answer = await refused({ ...form(`access_token=${token}`), lines: [formType] });
    expectChallenge(answer, noCredentials);
  });

  it('[rfc6750-2.3-query-off] takes no token from the query, and writes it nowhere', async () => {
    const written: string[] = [];
    const record = (...texts: readonly unknown[]) => {
      written.push(texts.map(String).join(' '));
      return true;
    };
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
      jest.spyOn(console, method).mockImplementation(record);
    }
    jest.spyOn(process.stdout, 'write').mockImplementation(record);
    jest.spyOn(process.stderr, 'write').mockImplementation(record);
    const answer = await refused({ target: `/orders?access_token=${token}` });
    jest.restoreAllMocks();
    expectChallenge(answer, noCredentials);
    expect(written.join()).not.toContain(token);
  });

  it('[rfc6750-5.3-cookies] takes no token from a cookie', async () => {
    const answer = await refused({ lines: [`Cookie: access_token=${token}`] });
    expectChallenge(answer, noCredentials);
  });

  it.each([
    ['no header', []],
    ['another scheme', ['Authorization: Basic dTpw']],
    ['an empty header', ['Authorization:']],
  ])('[rfc6750-3.1-no-credentials] says nothing of an error to a request with %s', async (_what, lines) => {
    const answer = await refused({ lines });
    expectChallenge(answer, noCredentials);
  });
});
