/** The checks that are steps and not rules of a profile, each left out by a change of its source text. */

const core = 'packages/core/src';
const conformance = 'test/conformance/resource-server';
const structure = [`${conformance}/(rfc7519-structure|rfc7515)\\.test`];
const keys = [`${conformance}/(keys-jwk-set|keys-algorithms)\\.test`];
const credentials = [`${conformance}/(rfc6750-credentials|token-locations)\\.test`];
const battery = ['packages/testing/test/hostile-requests'];
const discovery = [`${conformance}/(discovery|outbound)\\.test`];

const edit = (file, find, replace) => ({ file: `${core}/${file}`, find, replace });

/** @type {[name: string, suites: string[], ...edits: import('./edits.mjs').Edit[]][]} */
const steps = [
  [
    'extract: one token',
    credentials,
    edit('steps/extract-token.ts', 'if (inHeader.length + inForm.length + inQuery.length > 1)', 'if (false)'),
  ],
  [
    'extract: one Authorization line',
    credentials,
    edit('steps/extract-token.ts', 'if (lines.length > 1)', 'if (false)'),
  ],
  [
    'extract: no token from the query unless asked',
    credentials,
    edit('steps/extract-token.ts', "...(enabled.has('query') ? tokensInQuery(request) : [])",
      '...tokensInQuery(request)'),
  ],
  [
    'extract: no token from a form unless asked',
    battery,
    edit('steps/extract-token.ts', "...(enabled.has('form') && methodsWithBody", '...(methodsWithBody'),
  ],
  [
    'extract: the syntax of the header',
    credentials,
    edit('steps/extract-token.ts', '/^ +([A-Za-z0-9\\-._~+/]+=*)$/', '/^ +(.*)$/'),
    edit('steps/extract-token.ts', '/^[A-Za-z0-9\\-._~+/]+=*$/', '/^/'),
  ],
  [
    'parse: longest token',
    structure,
    edit('steps/parse-token.ts', 'if (token.length > maximumLength)', 'if (false)'),
  ],
  [
    'parse: three segments',
    structure,
    edit('steps/parse-token.ts', 'if (segments.length !== 3 ||', 'if (segments.length < 3 ||'),
  ],
  ['parse: no other kinds', battery, edit('steps/parse-token.ts', '  refuseOtherKinds(header);\n', '')],
  [
    'parse: strict base64url',
    structure,
    edit('encoding/base64url.ts', "bytes.toString('base64url') === text ? bytes : undefined", 'bytes'),
  ],
  [
    'parse: no duplicate members',
    structure,
    edit('encoding/strict-json.ts', 'if (countMembers(value) !== outline.members)', 'if (false)'),
  ],
  [
    'parse: bounded depth',
    battery,
    edit('encoding/strict-json.ts', 'if (outline.depth > maximumJsonDepth)', 'if (false)'),
  ],
  ['parse: valid UTF-8', structure, edit('encoding/strict-json.ts', 'fatal: true', 'fatal: false')],
  [
    'parse: an object',
    structure,
    edit('steps/jose-header.ts', 'if (!isJsonObject(parsed.value))', 'if (false)'),
  ],
  [
    'parse: alg is a text',
    structure,
    edit('steps/jose-header.ts', "if (typeof alg !== 'string') refuse", 'if (false) refuse'),
  ],
  [
    'parse: kid is a text',
    structure,
    edit(
      'steps/jose-header.ts',
      "if (kid !== undefined && typeof kid !== 'string') refuse",
      'if (false) refuse',
    ),
  ],
  [
    'parse: crit',
    structure,
    edit('steps/jose-header.ts', 'if (crit !== undefined) refuse', 'if (false) refuse'),
  ],
  [
    'parse: b64',
    structure,
    edit('steps/jose-header.ts', 'if (b64 !== undefined) refuse', 'if (false) refuse'),
  ],
  [
    'choose issuer: one that is trusted',
    [`${conformance}/(rfc9068|discovery)\\.test`],
    edit('steps/choose-issuer.ts', 'issuers.get(iss);', 'issuers.get(iss) ?? [...issuers.values()][0];'),
  ],
  [
    'choose key: an algorithm of the list',
    [`${conformance}/(rfc8725|keys-algorithms)\\.test`],
    edit(
      'steps/choose-key.ts',
      '!isKnownAlgorithm(alg) || !issuer.algorithms.has(alg)',
      '!isKnownAlgorithm(alg)',
    ),
  ],
  [
    'choose key: one that fits the algorithm',
    keys,
    edit(
      'keys/verification-key.ts',
      '(alg === undefined || alg === name) && fitsAlgorithm(key, name)',
      'true',
    ),
  ],
  [
    "choose key: the JWK's own alg",
    keys,
    edit('keys/verification-key.ts', '(alg === undefined || alg === name) && fitsAlgorithm', 'fitsAlgorithm'),
  ],
  [
    'choose key: RSA of a good size',
    keys,
    edit('keys/verification-key.ts', 'if (modulusLength < minimumRsaBits)', 'if (false)'),
  ],
  [
    'choose key: use is sig',
    keys,
    edit('keys/key-usage.ts', "if (use !== undefined && use !== 'sig')", 'if (false)'),
  ],
  [
    'choose key: key_ops has verify',
    keys,
    edit('keys/key-usage.ts', "if (!operations.includes('verify'))", 'if (false)'),
  ],
  [
    'choose key: kid singles one out',
    [`${conformance}/(keys-headers|keys-jwk-set)\\.test`],
    edit('keys/key-index.ts', 'fitting.byKid.get(kid) ?? fitting.otherwise', 'fitting.any'),
  ],
  [
    'choose key: the budget for unknown kids',
    [`${conformance}/keys-availability\\.test`],
    edit('keys/remote-keys.ts', 'if (!budget.take(clock.nowMs())) return', 'if (false) return'),
  ],
  [
    'verify signature',
    [`${conformance}/(rfc7515|keys-headers)\\.test`],
    edit(
      'steps/verify-signature.ts',
      'candidates.find(({ key }) => verifySignature(key, algorithm, input, signature))',
      'candidates[0]',
    ),
  ],
  [
    'verified signatures: the key is still there',
    [`${conformance}/verified-signatures`, 'packages/core/test/steps/verified-signatures'],
    edit('verify-token.ts', 'return candidates.some((candidate) => candidate.key === key);', 'return true;'),
  ],
  [
    'verified signatures: the claims cannot be changed',
    ['packages/core/test/steps/verified-signatures'],
    edit('steps/verified-signatures.ts', 'deepFreeze(verified.claims);', ''),
  ],
  [
    'verified signatures: bounded',
    ['packages/core/test/steps/verified-signatures'],
    edit('steps/verified-signatures.ts', 'young.size * 2 >= limits.maximumEntries ||', ''),
  ],
  [
    'verify signature: the MAC',
    [`${conformance}/rfc7518-hmac\\.test`],
    edit(
      'steps/verify-signature.ts',
      'mac.length === expected.length && timingSafeEqual(mac, expected)',
      'true',
    ),
  ],
  [
    'open envelope: a nested JWT',
    [`${conformance}/encryption`],
    edit('steps/open-envelope.ts', 'if (!announcesJwt(cty))', 'if (false)'),
  ],
  [
    'open envelope: no compression',
    [`${conformance}/encryption`],
    edit('steps/open-envelope.ts', 'if (zip !== undefined)', 'if (false)'),
  ],
  [
    'open envelope: replicated claims agree',
    [`${conformance}/(encryption|rfc7519-claims)`],
    edit('steps/check-replicated-claims.ts', 'if (!Object.hasOwn(envelope, claim)) continue;', 'continue;'),
  ],
  [
    'narrow the audience by the request',
    ['packages/core/test/issuers-and-audiences'],
    edit('verify-token.ts', 'return audience === undefined ? audiences :', 'return true ? audiences :'),
  ],
  [
    'refuse bound tokens that come without a request',
    ['packages/core/test/steps/refuse-bound', `${conformance}/(rfc9068|rfc8725)`],
    edit('steps/refuse-bound.ts', "if (kind === 'unbound')", "if (kind !== 'bound' || kind === 'bound')"),
  ],
  [
    'require scope: all of them',
    ['packages/(core|express)/test/requirements', conformance],
    edit(
      'requirements/scope.ts',
      `scopes.every((name) => principal.hasScope(name))
        ? undefined`,
      'true ? undefined',
    ),
  ],
  [
    'require scope: any of them',
    ['packages/(core|express|nest)/test/requirements'],
    edit(
      'requirements/scope.ts',
      `scopes.some((name) => principal.hasScope(name))
        ? undefined`,
      'true ? undefined',
    ),
  ],
  [
    'reserve what is single use',
    ['packages/core/test/authorization-server/(single-use|jwt-bearer-grant)'],
    edit('authorization-server/single-use.ts', "if (answer === 'replayed')", 'if (false)'),
    edit('authorization-server/single-use.ts', "if (answer !== 'reserved')", 'if (false)'),
  ],
  [
    'reserve: by purpose and owner',
    ['packages/core/test/(stores|authorization-server/single-use)'],
    edit('stores/bounded-entries.ts', 'JSON.stringify([purpose, scope])', "''"),
  ],
  [
    'discovery: strict JSON',
    discovery,
    edit(
      'keys/fetch-json.ts',
      "if ('value' in parsed) return parsed.value;",
      "if (parsed) return 'value' in parsed ? parsed.value : {};",
    ),
  ],
  [
    'discovery: bounded size',
    ['packages/testing/test/attacks'],
    edit('keys/fetch-body.ts', 'if (size > maximumBytes)', 'if (false)'),
  ],
  [
    'discovery: no redirect',
    discovery,
    edit('keys/fetch-body.ts', "redirect: 'manual',", "redirect: 'follow',"),
  ],
  [
    'protect (Express): a failure is no pass',
    [`${conformance}/rfc6750`, 'packages/express/test'],
    {
      file: 'packages/express/src/protect.ts',
      find: '      refuse(error, { response, next, onFailure, resourceServer });\n      return;',
      replace: '      void refuse;\n      void error;',
    },
  ],
  [
    'protect (Express): optional is not open',
    ['packages/(express|testing)/test'],
    {
      file: 'packages/express/src/protect.ts',
      find: "authentication === 'optional' && isAssayError(error, 'request.token-missing')",
      replace: "authentication === 'optional'",
    },
  ],
];

/** Checks that no row of the matrices demands in so many words: a test has to go red all the same. */
const withoutRow = new Set(['narrow the audience by the request', 'require scope: any of them']);

/** @type {import('./rules.mjs').Break[]} */
export const stepBreaks = steps.map(([name, suites, ...edits]) => ({
  name,
  suites,
  edits,
  rowRequired: !withoutRow.has(name),
}));
