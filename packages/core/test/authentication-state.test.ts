import { describe, expect, it } from '@jest/globals';
import { principal } from '@assay/testing';
import { authenticationOf, authenticationsOf, recordAuthentication } from '../src/authentication-state.js';
import type { ResourceServer } from '../src/resource-server.js';

const [a, b] = [{ name: 'a' }, { name: 'b' }] as unknown as [ResourceServer, ResourceServer];

describe('recordAuthentication', () => {
  it('leaves nothing on a request that nobody has judged', () => {
    expect(authenticationOf({})).toBeUndefined();
    expect(authenticationOf({}, a)).toBeUndefined();
    expect(authenticationsOf({})).toEqual([]);
  });

  it('keeps what each resource server has found; the last one speaks for the request', () => {
    const request = {};
    const [first, second, third] = [principal(), principal(), principal()];
    recordAuthentication(request, { principal: first, resourceServer: a });
    recordAuthentication(request, { principal: second, resourceServer: b });
    expect(authenticationOf(request)?.principal).toBe(second);
    expect(authenticationOf(request, a)?.principal).toBe(first);
    recordAuthentication(request, { principal: third, resourceServer: a });
    expect(authenticationOf(request)?.principal).toBe(third);
    expect(authenticationOf(request, a)?.principal).toBe(third);
    expect(authenticationOf(request, b)?.principal).toBe(second);
    expect(authenticationsOf(request)).toHaveLength(2);
  });

  it('cannot be changed by assignment', () => {
    const request = {};
    recordAuthentication(request, { principal: undefined, resourceServer: a });
    const key = Symbol.for('assay.authentication');
    expect(Reflect.set(request, key, [{ principal: principal(), resourceServer: a }])).toBe(false);
    const state = authenticationOf(request);
    expect(() => (authenticationsOf(request) as unknown[]).push({})).toThrow(TypeError);
    expect(Reflect.set(state as object, 'principal', principal())).toBe(false);
    expect(authenticationOf(request)?.principal).toBeUndefined();
    expect(Object.keys(request)).toEqual([]);
  });
});
