/** A key that the suites start from, and what must never be taken for it. */
export const firstKey = { purpose: 'contract', scope: ['client-1', 'target'], id: 'a' } as const;

/** Keys that a careless encoding takes for the first one. */
export const otherKeys: readonly (readonly [
  whose: string,
  changes: { purpose?: string; scope?: readonly string[]; id?: string },
])[] = [
  ['another purpose', { purpose: 'contract-2' }],
  ['another id', { id: 'A' }],
  ['an id with a space more', { id: 'a ' }],
  ['another owner', { scope: ['client-2', 'target'] }],
  ['an owner with a name more', { scope: ['client-1', 'target', ''] }],
  ['an owner with a name less', { scope: ['client-1'] }],
  ['an owner whose names are the other way round', { scope: ['target', 'client-1'] }],
  ['an owner whose names are cut elsewhere', { scope: ['client-1t', 'arget'] }],
  ['an owner whose name reads like the tuple', { scope: ['client-1","target'] }],
  ['an owner with a separator in the name', { scope: ['client-1:target'] }],
  ['an owner with a name that holds a null character', { scope: ['client-1\u0000target'] }],
  ['an owner who takes the purpose along', { purpose: 'contract:client-1', scope: ['target'] }],
  ['an owner who takes the id along', { scope: ['client-1'], id: 'target:a' }],
  ['nobody', { scope: [] }],
];

/** Ids that are names of something else, no text at all, or long. */
export const unusualIds: readonly (readonly [what: string, id: string])[] = [
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['the empty text', ''],
  ['half a surrogate pair', '\ud800'],
  ['the other half', '\udc00'],
  ['a null character', '\u0000'],
  ['braces, as Redis Cluster reads them', '{a}'],
  ['a long text', 'x'.repeat(100_000)],
];
