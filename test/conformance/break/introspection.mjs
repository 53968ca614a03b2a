/** What keeps introspection from letting in what it should not, each left out by a change of its source text. */

const rows = 'test/conformance/resource-server';
const units = 'packages/core/test/introspection';
const opaque = [`${rows}/rfc7662\\.test`];
const signed = [`${rows}/rfc9701\\.test`];
const bound = [`${rows}/introspected-binding\\.test`];
const hybrid = [`${units}/(introspection|limited-principal)\\.test`];

const edit = (file, find, replace) => ({ file: `packages/core/src/${file}`, find, replace });

/** Takes the rule out where the profile is made, before anybody has seen it. */
function withoutRule(file, profile, guarantees) {
  const rules = `(${profile}.rules as { guarantees: string }[])`;
  const found = `${rules}.findIndex(({ guarantees }) => guarantees === ${JSON.stringify(guarantees)})`;
  const append = `if (${found} === -1) throw new Error('the profile has no such rule');\n${rules}.splice(${found}, 1);`;
  return { file: `packages/core/src/profiles/${file}.ts`, append };
}

const ofResponse = (guarantees) => withoutRule('introspection-response', 'introspectionResponse', guarantees);
const ofToken = (guarantees) => withoutRule('introspected-token', 'introspectedToken', guarantees);
const ofTokenAgain = (guarantees) => withoutRule('introspected-token', 'introspectedAgain', guarantees);
const profiles = ['packages/core/test/profiles/introspect'];

/** @type {[name: string, suites: string[], ...edits: import('./edits.mjs').Edit[]][]} */
const checks = [
  [
    'introspection: only true is active',
    opaque,
    edit('introspection/answer.ts', 'return active === true', 'return active'),
  ],
  [
    'introspection: an object or nothing',
    opaque,
    edit('introspection/answer.ts', 'if (!isJsonObject(object)) return undefined;', ''),
    edit(
      'introspection/answer.ts',
      'const { active, ...members } = object;',
      'const { active, ...members } = Object(object) as Record<string, unknown>;',
    ),
  ],
  [
    'introspection: an inactive token is refused',
    opaque,
    edit('introspection/introspection.ts', "if (!answer.active) throw new AssayError('token.inactive');", ''),
    edit(
      'introspection/introspection.ts',
      'members: answer.members }',
      'members: (answer as never)["members"] ?? {} }',
    ),
  ],
  [
    'introspection: https, or loopback where allowed',
    opaque,
    edit('settings/endpoint.ts', 'isSecureUrl(url, { allowInsecureLoopback })', 'URL.canParse(url)'),
  ],
  [
    'introspection: JSON says that it is JSON',
    opaque,
    edit(
      'introspection/answer-reader.ts',
      "accept: 'application/json', type: jsonType",
      "accept: 'application/json'",
    ),
  ],
  [
    'introspection: no answer is kept beyond its exp',
    opaque,
    edit('introspection/answer-cache.ts', 'seconds * 1000, expiryMsOf(answer))', 'seconds * 1000, Infinity)'),
  ],
  [
    'introspection: shares of the cache are apart',
    opaque,
    edit('introspection/answer-cache.ts', '(answer.active ? active : inactive).set', 'active.set'),
  ],
  [
    'introspection: the cache is bounded',
    [`${units}/answer-cache`],
    edit('introspection/answer-cache.ts', 'if (young.size >= half)', 'if (young.size >= 1e9)'),
  ],
  [
    'introspection: JWTs are verified as JWTs',
    hybrid,
    edit('introspection/introspection.ts', '!isJwtShaped(token),', 'true,'),
  ],
  ['introspected token: iss', opaque, ofToken('iss is the issuer whose key verified the signature')],
  ['introspected token: aud', opaque, ofToken('aud names this receiver')],
  ['introspected token: exp', opaque, ofToken('exp lies ahead')],
  ['introspected token: nbf', opaque, ofToken('nbf, where present, has come')],
  ['introspected token: iat', profiles, ofToken('iat, where present, is not in the future')],
  ['introspected token: sub', profiles, ofToken('sub is present and a string')],
  ['introspected token: client_id', profiles, ofToken('client_id is present and a string')],
  ['introspected token: scope', profiles, ofToken('scope is a string, where present')],
  ['introspected token: token_type', bound, ofToken('token_type, where present, agrees with cnf')],
  ['introspected again: aud', profiles, ofTokenAgain('aud names this receiver')],
  ['introspected again: exp', profiles, ofTokenAgain('exp lies ahead')],
  ['introspected again: token_type', profiles, ofTokenAgain('token_type, where present, agrees with cnf')],
  [
    'introspected again: the same subject, client and key',
    hybrid,
    edit('introspection/limited-principal.ts', 'refuseContradiction(principal, token.claims, members);', ''),
  ],
  [
    'introspected again: no scope beyond the answer',
    hybrid,
    edit(
      'introspection/limited-principal.ts',
      'principal.scopes.filter(isIn(scopeList(scope)))',
      'principal.scopes.filter(() => isIn(scopeList(scope)) !== undefined)',
    ),
  ],
  [
    'introspected again: inactive once, gone for good',
    hybrid,
    edit('introspection/introspection.ts', "held.isInactive = isAssayError(error, 'token.inactive');", ''),
  ],
  [
    'require introspection: nobody passes who was not asked about',
    hybrid,
    edit('requirements/introspection.ts', 'introspected === principal ?', 'introspected !== null ?'),
  ],
  [
    'require introspection: a failure is no pass',
    hybrid,
    edit(
      'introspection/introspector.ts',
      "throw new AssayError('service.introspection-unavailable', { cause });",
      'void cause; void AssayError; return { active: true, members: {} };',
    ),
  ],
  [
    'introspected binding: token_type agrees with cnf',
    bound,
    edit(
      'rules/token-type-fits-confirmation.ts',
      'if (tokenType === undefined) return satisfied;',
      'if (tokenType !== null) return satisfied;',
    ),
  ],
  ['introspection response: typ', signed, ofResponse('typ is token-introspection+jwt')],
  ['introspection response: iat', profiles, ofResponse('iat is present and a time')],
  ['introspection response: aud', signed, ofResponse('aud names this receiver')],
  ['introspection response: its age', signed, ofResponse('iat is no longer ago than the configured limit')],
  ['introspection response: token_introspection', profiles, ofResponse('token_introspection is an object')],
  [
    'introspection response: its media type',
    signed,
    edit('introspection/answer-reader.ts', '/^application\\/token-introspection\\+jwt\\s*(;|$)/i', '/(?:)/'),
  ],
  [
    'introspection response: the registered algorithm',
    signed,
    edit(
      'introspection/jwt-response.ts',
      'algorithms = defaultAlgorithms }',
      "algorithms = ['RS256', 'ES256', 'PS256'] }",
    ),
  ],
  [
    'introspection response: encrypted where that was agreed',
    signed,
    edit('introspection/jwt-response.ts', 'required: keys.length > 0', 'required: false'),
  ],
];

/** Checks that no row of the matrices demands in so many words: a test has to go red all the same. */
const withoutRow = new Set(
  checks.filter(([, suites]) => suites === hybrid || suites === profiles).map(([name]) => name),
);

/** @type {import('./rules.mjs').Break[]} */
export const introspectionBreaks = checks.map(([name, suites, ...edits]) => ({
  name,
  suites,
  edits,
  rowRequired: !withoutRow.has(name),
}));
