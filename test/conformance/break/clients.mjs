/** What authenticates clients beside the rules of their assertions, each left out by a change of its source text. */

const folder = 'packages/core/src/authorization-server';
const suites = [
  'test/conformance/authorization-server/client-',
  'packages/core/test/authorization-server/clients/',
];

const edit = (file, find, replace) => ({ file: `${folder}/${file}`, find, replace });
const authenticator = (find, replace) => edit('clients/client-authenticator.ts', find, replace);

/** @type {[name: string, ...edits: import('./edits.mjs').Edit[]][]} */
const checks = [
  ['client: one method', authenticator('if (used.length > 1)', 'if (false)')],
  [
    'client: an assertion beside its type',
    authenticator(
      "const type = requiredParameter(form, 'client_assertion_type');",
      'const type = jwtClientAssertionType;',
    ),
  ],
  [
    'client: an assertion of a known type',
    authenticator('if (type !== jwtClientAssertionType)', 'if (type === undefined)'),
  ],
  [
    'client: client_id names the client of the assertion',
    authenticator(
      "if (client === undefined || (form.get('client_id') ?? clientId) !== clientId)",
      'if (client === undefined)',
    ),
  ],
  [
    'client: whoever has a key uses it',
    authenticator("if (client.authenticationMethod !== 'none')", 'if (false)'),
  ],
  [
    'client: an assertion once',
    authenticator('await useUp(store, reservation', "if (jti === '') await useUp(store, reservation"),
  ],
  [
    'client: remembered for the client alone',
    authenticator('const scope = [issuer, clientId];', 'const scope = [issuer];'),
  ],
  [
    'client: remembered for as long as the leeway lasts',
    authenticator('const refusedAt = Math.ceil(exp + leewaySeconds);', 'const refusedAt = Math.ceil(exp);'),
  ],
  [
    'client: alive when it is used up',
    authenticator('if (clock.nowMs() / 1000 >= exp + leewaySeconds)', 'if (false)'),
  ],
  [
    'client: one answer for every bad assertion',
    authenticator('await verifier.verify(text).catch(refuseAssertion)', 'await verifier.verify(text)'),
  ],
  [
    'client: a compatibility ends',
    edit(
      'clients/client-metadata.ts',
      '(nowSeconds < (relaxation?.untilSeconds ?? 0) ? (relaxed ?? strict) : strict)',
      '(nowSeconds < 0 ? strict : (relaxed ?? strict))',
    ),
  ],
  ['client: a compatibility is told of', authenticator("if (!isForIssuer(claims['aud']))", 'if (false)')],
  [
    'client: a typed assertion where it is required',
    edit('clients/client-metadata.ts', '? typedClientAssertion', '? clientAssertion'),
  ],
  [
    'client: a registry lends no name',
    edit(
      'clients/resolved-clients.ts',
      'if (metadata?.client_id === clientId)',
      'if (metadata !== undefined)',
    ),
  ],
  [
    'client: the grants of its registration',
    edit(
      'grant-acceptor.ts',
      'if (client !== undefined && !client.client.grantTypes.has(grantType))',
      'if (false)',
    ),
  ],
  [
    'client: the scopes of its registration',
    edit('grant-acceptor.ts', 'registered === undefined ? scopes', 'registered !== undefined ? scopes'),
  ],
  [
    'client: a token of its own for a client that has authenticated',
    edit('grant-acceptor.ts', 'if (client?.isAuthenticated !== true) {', 'if (client === undefined) {'),
  ],
  ['client: used up with the grant', edit('authorization-server.ts', 'await client?.reserve();', '')],
  [
    'client: no anonymous client that has a key',
    edit(
      'authorization-server.ts',
      'if (clientId === undefined || !confidentialClientIds.includes(clientId)) return;',
      'if (clientId === undefined || confidentialClientIds.length >= 0) return;',
    ),
  ],
];

/** @type {import('./rules.mjs').Break[]} */
export const clientBreaks = checks.map(([name, ...edits]) => ({ name, edits, suites, rowRequired: false }));
