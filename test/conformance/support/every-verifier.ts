import {
  createAccessTokenVerifier,
  createDpopProofVerifier,
  createIntrospectionResponseVerifier,
  createJwtBearerGrantVerifier,
  createStatusListVerifier,
  type Claims,
} from '@assay/core';
import type { FixedClock, TokenBuilder } from '@assay/testing';
import type { KindContext } from './every-kind.js';

/** A verifier, set up so that whoever signs every kind is trusted: only the profile can tell the kinds apart. */
export interface NamedVerifier {
  /** What core exports. */
  readonly factory: string;
  /** The kinds that it is for, by their names in `every-kind.ts`. */
  readonly own: readonly string[];
  /** Claims that are good in everything but their kind, for a kind to be disguised with. Absent where no type is required. */
  readonly disguise?: (context: KindContext) => Claims;
  readonly make: (surroundings: Surroundings) => (jwt: string) => Promise<unknown>;
}

/** Who signs, and when. */
export interface Surroundings {
  readonly context: KindContext;
  readonly tokens: TokenBuilder;
  readonly clock: FixedClock;
}

const audiences = ({ issuer, audience }: KindContext) => [audience, issuer, `${issuer}/token`, 'client-1'];
const listUri = ({ issuer }: KindContext) => `${issuer}/statuslists/1`;

/** Every verifier that core exports. New ones add a row here. */
export const everyVerifier: readonly NamedVerifier[] = [
  {
    factory: 'createAccessTokenVerifier',
    own: ['access token'],
    disguise: ({ issuer, audience, nowSeconds }) => ({
      iss: issuer,
      aud: audience,
      sub: 'user-1',
      client_id: 'client-1',
      jti: 'j',
      iat: nowSeconds,
      exp: nowSeconds + 60,
    }),
    make({ context, tokens, clock }) {
      const { issuer } = context;
      return createAccessTokenVerifier({ issuer, audience: audiences(context), keys: tokens.jwks, clock })
        .verify;
    },
  },
  {
    factory: 'createJwtBearerGrantVerifier',
    own: ['grant assertion'],
    make({ context: { issuer }, tokens, clock }) {
      const named = [issuer, 'https://partner.example', 'https://idp.example', 'client-1'];
      const subjects = ['user-1', 'client-1', 'device-1', issuer];
      const assertionIssuers = named.map((identifier) => ({
        issuer: identifier,
        keys: tokens.jwks,
        subjects,
        audience: 'issuer-or-token-endpoint' as const,
      }));
      return createJwtBearerGrantVerifier({
        issuer,
        tokenEndpoint: `${issuer}/token`,
        assertionIssuers,
        clock,
      }).verify;
    },
  },
  {
    factory: 'createDpopProofVerifier',
    own: ['DPoP proof'],
    disguise: ({ audience, nowSeconds }) => ({
      jti: 'j',
      htm: 'GET',
      htu: `${audience}/orders`,
      iat: nowSeconds,
    }),
    make({ context: { audience }, clock }) {
      const request = { method: 'GET', url: `${audience}/orders` };
      const { verify } = createDpopProofVerifier({ clock });
      return (jwt) => verify(jwt, request);
    },
  },
  {
    factory: 'createIntrospectionResponseVerifier',
    own: ['introspection response'],
    disguise: ({ issuer, audience, nowSeconds }) => ({
      iss: issuer,
      aud: audience,
      iat: nowSeconds,
      token_introspection: { active: true },
    }),
    make({ context, tokens, clock }) {
      return createIntrospectionResponseVerifier({
        issuer: context.issuer,
        audience: audiences(context),
        algorithms: ['ES256'],
        keys: tokens.jwks,
        clock,
      }).verify;
    },
  },
  {
    factory: 'createStatusListVerifier',
    own: ['status list token'],
    disguise: (context) => ({
      sub: listUri(context),
      iat: context.nowSeconds,
      status_list: { bits: 1, lst: 'eNrbuRgAAhcBXQ' },
    }),
    make({ context, tokens, clock }) {
      const uri = listUri(context);
      const { issuer } = context;
      const { verify } = createStatusListVerifier({
        statusIssuers: [{ issuer, uris: [uri], keys: tokens.jwks, audience: audiences(context) }],
        clock,
      });
      return (jwt) => verify(jwt, { issuer, uri });
    },
  },
];
