/** The steps of the JWT-bearer flow. Tokens and assertions are used and never printed. */
import { randomUUID } from 'node:crypto';
import { createJwtSigner, createResourceServer } from '@assay/core';
import { createNightlyAgent } from '../../examples/jwt-bearer-client/dist/client.js';

/** Each step with its title; `run` resolves to whether it went as it should, and what to show. */
export function jwtBearerSteps({ addresses, key }) {
  const { authorizationServer, orders, reports } = addresses;
  const agentFor = (resource, ...scope) => createNightlyAgent(key, { authorizationServer, resource, scope });
  const reader = agentFor(orders, 'orders:read');
  const appraise = (audience, token) =>
    createResourceServer({ issuer: authorizationServer, audience, allowInsecureLoopback: true }).appraise(
      token,
    );

  return [
    {
      title: 'The client signs an assertion and gets an access token for the orders API (RFC 7523)',
      async run() {
        const { expiresAt, scope } = await reader.getToken();
        const lifetime = Math.round(expiresAt - Date.now() / 1000);
        return {
          ok: true,
          lines: [
            `POST ${authorizationServer}/token`,
            `scope ${scope ?? 'orders:read'}, ${lifetime} seconds to live`,
          ],
        };
      },
    },
    {
      title: 'The orders API appraises the token, rule by rule (RFC 9068)',
      async run() {
        const appraisal = await appraise(orders, (await reader.getToken()).accessToken);
        return { ok: appraisal.outcome === 'accepted', lines: [String(appraisal)] };
      },
    },
    {
      title: 'The orders API (NestJS) answers',
      run: async () => expectAnswer(await reader.fetch(`${orders}/orders`), 200),
    },
    {
      title: 'The reports API (Express) answers, for a token of its own',
      run: async () => expectAnswer(await agentFor(reports, 'reports:read').fetch(`${reports}/reports`), 200),
    },
    {
      title: 'Without a token, the orders API asks for one',
      run: async () => expectAnswer(await fetch(`${orders}/orders`), 401),
    },
    {
      title: 'A token that may only read cannot write, and the answer names the scope',
      run: async () =>
        expectAnswer(await reader.fetch(`${orders}/orders`, { method: 'POST' }), 403, 'orders:write'),
    },
    {
      title: 'The reports API refuses the token for the orders API',
      async run() {
        const { accessToken } = await reader.getToken();
        const { lines } = await appraise(reports, accessToken);
        const refusal = lines.find(({ verdict }) => verdict === 'rejected');
        const answer = await expectAnswer(
          await withToken(`${reports}/reports`, accessToken),
          401,
          'invalid_token',
        );
        return {
          ...answer,
          lines: [...answer.lines, `✗ ${refusal?.guarantees}  ${refusal?.spec}  ${refusal?.code}`],
        };
      },
    },
    {
      title: 'The orders API refuses the token after a change of one byte',
      async run() {
        const { accessToken } = await reader.getToken();
        return expectAnswer(
          await withToken(`${orders}/orders`, changeOneByte(accessToken)),
          401,
          'invalid_token',
        );
      },
    },
    {
      title: 'The authorization server refuses an assertion that was used before',
      async run() {
        const assertion = await signAssertion(key, authorizationServer);
        const first = await postAssertion(authorizationServer, orders, assertion);
        if (first.status !== 200) return expectAnswer(first, 200);
        return expectAnswer(
          await postAssertion(authorizationServer, orders, assertion),
          400,
          'invalid_grant',
        );
      },
    },
    {
      title: 'The authorization server refuses a scope that this client may not have',
      async run() {
        const error = await agentFor(reports, 'reports:write')
          .getToken()
          .then(
            () => undefined,
            (caught) => caught,
          );
        return { ok: error?.error === 'invalid_scope', lines: [error?.message ?? 'a token was issued'] };
      },
    },
  ];
}

const withToken = (url, token) => fetch(url, { headers: { authorization: `Bearer ${token}` } });

async function expectAnswer(response, status, mention = '') {
  const body = await response.text();
  const challenge = response.headers.get('www-authenticate');
  return {
    ok: response.status === status && `${challenge ?? ''}${body}`.includes(mention),
    lines: [
      `${response.status} ${response.statusText}`,
      ...(challenge === null ? [] : [`WWW-Authenticate: ${challenge}`]),
      body,
    ],
  };
}

/** Changes a byte in the middle of the signature, where every bit counts. */
function changeOneByte(token) {
  const at = token.lastIndexOf('.') + 20;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

async function signAssertion(key, audience) {
  const signer = await createJwtSigner(key);
  const now = Math.floor(Date.now() / 1000);
  const [issuer, subject] = ['nightly-agent', 'nightly-agent'];
  return signer.sign({
    iss: issuer,
    sub: subject,
    aud: audience,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
  });
}

function postAssertion(authorizationServer, resource, assertion) {
  const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const body = new URLSearchParams({ grant_type: grantType, assertion, resource });
  return fetch(`${authorizationServer}/token`, { method: 'POST', body });
}
