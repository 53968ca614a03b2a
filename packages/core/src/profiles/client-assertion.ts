import { audienceNamesOnlyThisServer } from '../rules/audience-names-this-resource.js';
import { issuerIsTheChosenOne } from '../rules/issuer-is-the-chosen-one.js';
import { subjectIsTheIssuer } from '../rules/subject-is-the-issuer.js';
import {
  lifetimeIsBounded,
  notExpired,
  notIssuedInTheFuture,
  notOlderThanAllowedIfItSays,
  notUsedBeforeItsTime,
} from '../rules/times.js';
import { tokenIdIsUsable } from '../rules/token-id-is-usable.js';
import { typeIs, typeIsUnspecifiedOr } from '../rules/type-is.js';
import type { Profile } from './profile.js';

const assertionType = 'client-authentication+jwt';

/**
 * JWTs by which clients authenticate themselves. Spec: RFC 7523 section 3 with rfc7523bis section 4.
 *
 * The issuer identifier of the server is the only audience: an assertion that names an endpoint, or somebody else as
 * well, could have been obtained by that somebody.
 */
export const clientAssertion: Profile<'client-assertion'> = {
  kind: 'client-assertion',
  name: 'client-assertion',
  spec: 'RFC 7523 section 3',
  rules: [
    typeIsUnspecifiedOr(assertionType), //   rfc7523bis 4
    issuerIsTheChosenOne, //                 3, item 1
    subjectIsTheIssuer, //                   3, item 2
    audienceNamesOnlyThisServer, //          3, item 3; rfc7523bis 4
    notExpired, //                           3, item 4
    notUsedBeforeItsTime, //                 3, item 5
    notIssuedInTheFuture, //                 3, item 6
    notOlderThanAllowedIfItSays, //          3, item 6
    lifetimeIsBounded, //                    3, items 4 and 6
    tokenIdIsUsable, //                      3, item 7
  ],
};

/**
 * The same, but for a client that names the token endpoint instead of the issuer, as older servers had it.
 *
 * Spec: RFC 7523 section 3, which rfc7523bis section 4 replaces.
 */
export function alsoForTokenEndpoint(
  profile: Profile<'client-assertion'>,
  tokenEndpoint: string,
): Profile<'client-assertion'> {
  const { check } = audienceNamesOnlyThisServer;
  return {
    ...profile,
    name: `${profile.name}, for the token endpoint`,
    rules: profile.rules.map((rule) =>
      rule === audienceNamesOnlyThisServer
        ? {
            ...rule,
            guarantees: 'aud names this server or its token endpoint, and nobody else',
            check: (token, expected) =>
              check(token, { ...expected, audiences: [...expected.audiences, tokenEndpoint] }),
          }
        : rule,
    ),
  };
}

/** The same, of clients that have agreed to say what their assertions are. */
export const typedClientAssertion: Profile<'client-assertion'> = {
  ...clientAssertion,
  name: 'client-assertion, typed',
  rules: [typeIs(assertionType), ...clientAssertion.rules.slice(1)],
};
