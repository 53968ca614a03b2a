import { describe, expect, it } from '@jest/globals';
import { subjectIsAccepted } from '../../src/rules/subject-is-accepted.js';
import { expected, signedStatement } from '../support/evidence.js';

describe('subjectIsAccepted', () => {
  const acceptsSubject = (subject: string) => subject === 'user-1';
  const refusal = { code: 'token.subject-refused', reason: 'mismatch', claim: 'sub' };

  it('accepts every subject where nothing is configured', () => {
    expect(subjectIsAccepted.check(signedStatement({ sub: 'anybody' }), expected())).toBeUndefined();
  });

  it('accepts a subject that the configuration accepts', () => {
    expect(subjectIsAccepted.check(signedStatement(), expected({ acceptsSubject }))).toBeUndefined();
  });

  it('rejects a subject that the configuration does not accept', () => {
    expect(subjectIsAccepted.check(signedStatement({ sub: 'user-2' }), expected({ acceptsSubject }))).toEqual(
      refusal,
    );
  });

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['a list with an accepted one', ['user-1']],
    ['null', null],
  ])('rejects a subject that is %s without asking', (_form, sub) => {
    const acceptsAll = () => true;
    expect(
      subjectIsAccepted.check(signedStatement({ sub }), expected({ acceptsSubject: acceptsAll })),
    ).toEqual(refusal);
  });

  it.each([
    ['a promise of true', Promise.resolve(true)],
    ['a promise of false', Promise.resolve(false)],
    ['one', 1],
    ['a text', 'true'],
    ['nothing', undefined],
  ])('accepts by true alone: not by %s', (_what, answer) => {
    const acceptsOtherwise = (() => answer) as unknown as () => boolean;
    expect(
      subjectIsAccepted.check(signedStatement(), expected({ acceptsSubject: acceptsOtherwise })),
    ).toEqual(refusal);
  });
});
