import { describe, expect, it } from '@jest/globals';
import { introspectionAnswerFrom } from '../../src/introspection/answer.js';

describe('introspectionAnswerFrom', () => {
  it('is active by the boolean true, with the other members frozen', () => {
    const answer = introspectionAnswerFrom({ active: true, sub: 'user-1', cnf: { jkt: 'k' } });
    expect(answer).toEqual({ active: true, members: { sub: 'user-1', cnf: { jkt: 'k' } } });
    expect(Object.isFrozen((answer as unknown as { members: { cnf: object } }).members.cnf)).toBe(true);
  });

  it.each(['true', 1, null, undefined, false, [true], { active: true }])(
    'is inactive, and nothing else, by %p',
    (active) => {
      expect(introspectionAnswerFrom({ active, sub: 'user-1', scope: 'admin' })).toEqual({ active: false });
    },
  );

  it.each([[[]], ['text'], [1], [true], [null], [undefined]])('is no answer from %p', (value) => {
    expect(introspectionAnswerFrom(value)).toBeUndefined();
  });
});
