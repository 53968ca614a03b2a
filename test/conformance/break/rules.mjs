/** Every rule of every profile, each taken out in turn. The profiles themselves say which rules they have. */
import { pathToFileURL } from 'node:url';

/**
 * @typedef {object} Break
 * @property {string} name what is broken
 * @property {import('./edits.mjs').Edit[]} edits
 * @property {string[]} suites the tests that are closest to it; when they stay green, all others are asked
 * @property {boolean} rowRequired whether a test that names a row of the matrices has to go red
 */

const conformance = 'test/conformance/resource-server';
/** Rules that no row of the matrices demands in so many words: a test has to go red all the same. */
const rulesWithoutRow = ['amr is a list of strings, where present'];

const issuerRule = 'test/conformance/break/issuer-rule';
const grantSuites = [issuerRule, 'packages/core/test/authorization-server/(jwt-bearer-grant|single-use)'];
const accessSuites = [
  issuerRule,
  `${conformance}/(rfc9068|rfc7519-times|rfc7519-claims|rfc8693|rfc9396)\\.test`,
  'packages/core/test/profiles/access-token',
];

/**
 * The breaks of all rules. The names of the rules come from the built package, the edits concern the sources.
 *
 * @param {string} root
 * @returns {Promise<Break[]>}
 */
export async function ruleBreaks(root) {
  const load = (module) => import(pathToFileURL(`${root}/packages/core/dist/esm/${module}.js`).href);
  const { accessToken } = await load('profiles/access-token');
  const { jwtBearerGrant } = await load('profiles/jwt-bearer-grant');
  const { clientAssertion } = await load('profiles/client-assertion');
  const { dpopProof } = await load('profiles/dpop-proof');
  const { statusList } = await load('profiles/status-list');
  const presets = await Promise.all(
    ['auth0', 'cognito', 'entra', 'google', 'keycloak', 'okta', 'without-typ'].map(async (file) =>
      Object.entries(await load(`compatibility/${file}`)).map(([name, { profile }]) =>
        breaksOf(profile.rules, {
          profile: profile.name,
          file: `packages/core/src/compatibility/${file}.ts`,
          expression: `${name}.profile.rules`,
          suites: ['test/conformance/break/preset-rules', 'packages/core/test/compatibility'],
          // The matrices speak of the specification, which a preset relaxes.
          rowRequired: false,
        }),
      ),
    ),
  );
  return [
    ...breaksOf(accessToken.rules, {
      profile: 'access-token',
      file: 'packages/core/src/profiles/access-token.ts',
      expression: 'accessToken.rules',
      suites: accessSuites,
      rowRequired: true,
    }),
    ...breaksOf(jwtBearerGrant.rules, {
      profile: 'jwt-bearer-grant',
      file: 'packages/core/src/profiles/jwt-bearer-grant.ts',
      expression: 'jwtBearerGrant.rules',
      suites: grantSuites,
      rowRequired: true,
    }),
    ...breaksOf(clientAssertion.rules, {
      profile: 'client-assertion',
      file: 'packages/core/src/profiles/client-assertion.ts',
      expression: 'clientAssertion.rules',
      suites: ['test/conformance/authorization-server/client-assertion-'],
      rowRequired: true,
    }),
    ...breaksOf(dpopProof.rules, {
      profile: 'dpop-proof',
      file: 'packages/core/src/profiles/dpop-proof.ts',
      expression: 'dpopProof.rules',
      suites: [`${conformance}/rfc9449-(proof|nonces)`],
      rowRequired: true,
      // RFC 9449 knows neither exp nor nbf in a proof.
      withoutRow: ['exp, where present, lies ahead', 'nbf, where present, has come'],
    }),
    ...breaksOf(statusList.rules, {
      profile: 'status-list',
      file: 'packages/core/src/profiles/status-list.ts',
      expression: 'statusList.rules',
      suites: [`${conformance}/status-list\\.test`],
      rowRequired: true,
    }),
    ...presets.flat(2),
  ];
}

function breaksOf(rules, { profile, file, expression, suites, rowRequired, withoutRow = rulesWithoutRow }) {
  return rules.map(({ guarantees }) => ({
    name: `${profile}: ${guarantees}`,
    edits: [{ file, append: withoutRule(expression, guarantees) }],
    suites,
    rowRequired: rowRequired && !withoutRow.includes(guarantees),
  }));
}

/** A statement that takes the rule out where the profile is made, before anybody has seen it. */
function withoutRule(expression, guarantees) {
  const rules = `(${expression} as { guarantees: string }[])`;
  return [
    `if (${rules}.filter(({ guarantees }) => guarantees === ${JSON.stringify(guarantees)}).length !== 1)`,
    `  throw new Error('the profile has no such rule');`,
    `${rules}.splice(${rules}.findIndex(({ guarantees }) => guarantees === ${JSON.stringify(guarantees)}), 1);`,
  ].join('\n');
}
