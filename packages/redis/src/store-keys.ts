import { createHash } from 'node:crypto';

/** Whose thing, and which. */
export interface ThingKey {
  readonly purpose: string;
  readonly scope: readonly string[];
  readonly id: string;
}

/** The names that things have in Redis: digests, of one size whatever they are made of. */
export interface StoreKeys {
  /** What an owner has used, by expiry. */
  readonly used: (thing: ThingKey) => string;
  /** The records of an owner, by expiry, and the record itself. */
  readonly record: (thing: ThingKey) => readonly [index: string, record: string];
  /** The member of a set. */
  readonly member: (thing: ThingKey) => string;
}

/**
 * Names under a prefix. All names of one owner, that is of a purpose and scope, have one hash tag, so that Cluster keeps
 * them together.
 */
export function storeKeys(prefix: string): StoreKeys {
  return {
    used: (thing) => `${prefix}used:{${ownerOf(thing)}}`,
    record(thing) {
      const owner = ownerOf(thing);
      return [`${prefix}records:{${owner}}`, `${prefix}record:{${owner}}:${digestOf(thing.id)}`];
    },
    member: ({ id }) => digestOf(id),
  };
}

function ownerOf({ purpose, scope }: ThingKey): string {
  return digestOf([purpose, scope]);
}

/** JSON keeps the members of a tuple apart, and half surrogate pairs, which would all be one in UTF-8. */
function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}
