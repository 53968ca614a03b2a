import { randomUUID } from 'node:crypto';
import type { Claims } from '@assay/core';

/** Who signs, for which resource server, and when. */
export interface KindContext {
  /** The issuer of access tokens, which signs every kind here: only the rules can tell the kinds apart. */
  readonly issuer: string;
  readonly audience: string;
  /** Units: seconds since the epoch. */
  readonly nowSeconds: number;
  /** The public key, for the kinds that carry one. */
  readonly publicJwk: Readonly<Record<string, unknown>>;
}

/** One kind of JWT, as its own specification makes it. */
export interface Kind {
  readonly name: string;
  /** The `typ` that its specification gives it; undefined where there is none. */
  readonly typ: string | undefined;
  readonly header?: Claims;
  readonly claims: Claims;
  /** What follows the compact JWS on the wire, for SD-JWT. */
  readonly suffix?: string;
  /** The row of the matrix that keeps it away from resource servers. */
  readonly row: string;
}

const client = 'client-1';

/** Every kind of JWT that an access token can be mistaken for, one or more shapes each. New kinds add a row here. */
export function everyOtherKind({ issuer, audience, nowSeconds, publicJwk }: KindContext): readonly Kind[] {
  const iat = nowSeconds;
  const exp = nowSeconds + 300;
  const jti = randomUUID();
  const resourceUri = `${audience}/orders`;
  return [
    {
      name: 'ID token',
      row: 'xprof-id-token',
      typ: 'JWT',
      claims: {
        iss: issuer,
        sub: 'user-1',
        aud: [client, audience],
        azp: client,
        nonce: 'n',
        at_hash: 'h',
        iat,
        exp,
      },
    },
    {
      name: 'request object',
      row: 'xprof-request-object',
      typ: 'oauth-authz-req+jwt',
      claims: {
        iss: client,
        client_id: client,
        aud: issuer,
        response_type: 'code',
        redirect_uri: 'https://c.example/cb',
        iat,
        exp,
        jti,
      },
    },
    {
      name: 'client assertion for the authorization server',
      row: 'xprof-client-assertion',
      typ: 'client-authentication+jwt',
      claims: { iss: client, sub: client, aud: issuer, iat, exp, jti },
    },
    {
      name: 'client assertion for this API',
      row: 'xprof-client-assertion',
      typ: 'client-authentication+jwt',
      claims: { iss: client, sub: client, aud: audience, iat, exp, jti },
    },
    {
      name: 'client assertion in the name of the issuer',
      row: 'xprof-client-assertion',
      typ: 'client-authentication+jwt',
      claims: { iss: issuer, sub: issuer, aud: audience, iat, exp, jti },
    },
    {
      name: 'grant assertion',
      row: 'xprof-jwt-bearer',
      typ: 'JWT',
      claims: { iss: 'https://partner.example', sub: 'user-1', aud: `${issuer}/token`, iat, exp, jti },
    },
    {
      name: 'ID-JAG',
      row: 'xprof-id-jag',
      typ: 'oauth-id-jag+jwt',
      claims: {
        iss: 'https://idp.example',
        sub: 'user-1',
        aud: issuer,
        client_id: client,
        scope: 'orders:read',
        resource: audience,
        iat,
        exp,
        jti,
      },
    },
    {
      name: 'ID-JAG of the access-token issuer',
      row: 'xprof-id-jag',
      typ: 'oauth-id-jag+jwt',
      claims: {
        iss: issuer,
        sub: 'user-1',
        aud: issuer,
        client_id: client,
        scope: 'orders:read',
        resource: audience,
        iat,
        exp,
        jti,
      },
    },
    {
      name: 'DPoP proof',
      row: 'xprof-dpop-proof',
      typ: 'dpop+jwt',
      header: { jwk: publicJwk },
      claims: { jti, htm: 'GET', htu: resourceUri, iat, ath: 'a' },
    },
    {
      name: 'authorization response (JARM)',
      row: 'xprof-jarm',
      typ: undefined,
      claims: { iss: issuer, aud: client, exp, code: 'c', state: 's' },
    },
    {
      name: 'introspection response',
      row: 'xprof-introspection',
      typ: 'token-introspection+jwt',
      claims: {
        iss: issuer,
        aud: audience,
        iat,
        token_introspection: {
          active: true,
          iss: issuer,
          aud: audience,
          sub: 'user-1',
          client_id: client,
          exp,
        },
      },
    },
    {
      name: 'status list token',
      row: 'xprof-status-list',
      typ: 'statuslist+jwt',
      claims: {
        iss: issuer,
        sub: `${issuer}/statuslists/1`,
        aud: audience,
        iat,
        exp,
        ttl: 60,
        status_list: { bits: 1, lst: 'eNrbuRgAAhcBXQ' },
      },
    },
    {
      name: 'logout token',
      row: 'xprof-logout-token',
      typ: 'logout+jwt',
      claims: {
        iss: issuer,
        sub: 'user-1',
        aud: [client, audience],
        sid: 's',
        iat,
        exp,
        jti,
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      },
    },
    {
      name: 'security event token',
      row: 'xprof-set',
      typ: 'secevent+jwt',
      claims: {
        iss: issuer,
        aud: audience,
        jti,
        iat,
        events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
        sub_id: { format: 'opaque', id: 'user-1' },
      },
    },
    {
      name: 'SD-JWT VC with its disclosures',
      row: 'xprof-sd-jwt',
      typ: 'dc+sd-jwt',
      claims: { iss: issuer, vct: 'urn:example:id', iat, exp, _sd: ['d'], _sd_alg: 'sha-256' },
      suffix: '~WyJzIiwiYSIsMV0~',
    },
    {
      name: 'issuer-signed part of an SD-JWT VC',
      row: 'xprof-sd-jwt',
      typ: 'dc+sd-jwt',
      claims: {
        iss: issuer,
        sub: 'user-1',
        aud: audience,
        vct: 'urn:example:id',
        iat,
        exp,
        jti,
        _sd: ['d'],
        _sd_alg: 'sha-256',
        cnf: { jwk: publicJwk },
      },
    },
    {
      name: 'key-binding JWT',
      row: 'xprof-sd-jwt',
      typ: 'kb+jwt',
      claims: { aud: audience, iat, nonce: 'n', sd_hash: 'h' },
    },
    {
      name: 'entity attestation token',
      row: 'xprof-eat',
      typ: 'eat+jwt',
      claims: {
        iss: issuer,
        sub: 'device-1',
        aud: audience,
        iat,
        exp,
        jti,
        eat_nonce: 'n',
        eat_profile: 'urn:example:profile',
        ueid: 'AQ',
      },
    },
    {
      name: 'client attestation',
      row: 'xprof-client-attestation',
      typ: 'oauth-client-attestation+jwt',
      claims: { iss: issuer, sub: client, iat, exp, cnf: { jwk: publicJwk } },
    },
    {
      name: 'client attestation proof',
      row: 'xprof-client-attestation',
      typ: 'oauth-client-attestation-pop+jwt',
      claims: { iss: client, aud: issuer, iat, exp, jti, challenge: 'c' },
    },
  ];
}
