import { describe, expect, it } from '@jest/globals';
import {
  inMemoryRevocations,
  inMemoryStores,
  SetupError,
  type RecordStore,
  type SingleUseStore,
  type WritableRevocationStore,
} from '@assay/core';
import {
  describeRecordStore,
  describeRevocationStore,
  describeSingleUseStore,
  type StoreSetting,
} from '@assay/testing';

interface CollectedTest {
  readonly title: string;
  readonly body: () => Promise<void>;
}

/** Declares a suite without running it. */
function collected(declare: (testFunctions: { describe: Describe; it: It }) => void): CollectedTest[] {
  const tests: CollectedTest[] = [];
  declare({
    describe: (_name, body) => {
      body();
    },
    it: (title, body) => tests.push({ title, body }),
  });
  return tests;
}

type Describe = (name: string, body: () => void) => void;
type It = (title: string, body: () => Promise<void>) => unknown;

async function failuresOf(tests: readonly CollectedTest[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, body } of tests) {
    await body().catch(() => failed.push(title));
  }
  return failed;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('describeSingleUseStore', () => {
  const suiteOf = (make: (setting: StoreSetting) => SingleUseStore) =>
    collected((testFunctions) => {
      describeSingleUseStore((setting) => ({ store: make(setting) }), { testFunctions });
    });
  const sound = ({ clock, maximumEntriesPerOwner }: StoreSetting) =>
    inMemoryStores({ clock, maximumEntriesPerOwner }).singleUse;

  it('lets a sound store pass', async () => {
    const tests = suiteOf(sound);
    expect(tests.length).toBeGreaterThan(30);
    expect(await failuresOf(tests)).toEqual([]);
  });

  it.each<[string, (setting: StoreSetting) => SingleUseStore, string]>([
    [
      'that remembers nothing',
      () => ({ reserve: () => Promise.resolve('reserved') }),
      'lets a thing be used once',
    ],
    [
      'that is not atomic',
      (setting) => {
        const used = new Set<string>();
        const inner = sound(setting);
        return {
          async reserve(reservation) {
            const key = JSON.stringify([reservation.purpose, reservation.scope, reservation.id]);
            if (used.has(key)) return inner.reserve(reservation);
            await pause();
            used.add(key);
            await inner.reserve(reservation);
            return 'reserved';
          },
        };
      },
      'lets exactly one of 200 simultaneous uses pass',
    ],
    [
      'that joins the names of a scope',
      (setting) => {
        const inner = sound(setting);
        return {
          reserve: ({ scope, ...reservation }) => inner.reserve({ ...reservation, scope: [scope.join('')] }),
        };
      },
      'never takes a thing of an owner whose names are cut elsewhere for the same',
    ],
    [
      'that leaves the purpose out',
      (setting) => {
        const inner = sound(setting);
        return { reserve: (reservation) => inner.reserve({ ...reservation, purpose: '' }) };
      },
      'never takes a thing of another purpose for the same',
    ],
    [
      'that loses half surrogate pairs',
      (setting) => {
        const inner = sound(setting);
        return {
          reserve: (reservation) =>
            inner.reserve({ ...reservation, id: Buffer.from(reservation.id).toString() }),
        };
      },
      'tells the unusual ids apart',
    ],
    [
      'that forgets too early',
      (setting) => {
        const inner = sound(setting);
        return {
          reserve: ({ expiresAt, ...reservation }) =>
            inner.reserve({ ...reservation, expiresAt: expiresAt - 1 }),
        };
      },
      'remembers until the thing expires, and not for ever',
    ],
    [
      'that forgets too late',
      (setting) => {
        const inner = sound(setting);
        return {
          reserve: ({ expiresAt, ...reservation }) =>
            inner.reserve({ ...reservation, expiresAt: expiresAt + 1 }),
        };
      },
      'remembers until the thing expires, and not for ever',
    ],
    [
      'that gives no share',
      ({ clock }) => inMemoryStores({ clock, maximumEntriesPerOwner: 1000 }).singleUse,
      'gives each owner a share, and refuses only who has used it up',
    ],
    [
      'that gives one share to all',
      ({ clock, maximumEntriesPerOwner: maximumEntries }) =>
        inMemoryStores({ clock, maximumEntries, maximumEntriesPerOwner: maximumEntries }).singleUse,
      'gives each owner a share, and refuses only who has used it up',
    ],
  ])('finds a store %s', async (_which, make, title) => {
    expect(await failuresOf(suiteOf(make))).toContain(title);
  });

  it('asks two instances in turn where there are two', async () => {
    const tests = collected((testFunctions) => {
      describeSingleUseStore((setting) => ({ store: sound(setting), otherInstance: sound(setting) }), {
        testFunctions,
      });
    });
    expect(await failuresOf(tests)).toContain('lets exactly one of 200 simultaneous uses pass');
  });

  it('allows a store to remember longer, by as much as was said', async () => {
    const remembersLonger = (seconds: number) =>
      collected((testFunctions) => {
        const make = (setting: StoreSetting) => {
          const inner = sound(setting);
          const store: SingleUseStore = {
            reserve: ({ expiresAt, ...reservation }) =>
              inner.reserve({ ...reservation, expiresAt: expiresAt + 5 }),
          };
          return { store };
        };
        describeSingleUseStore(make, { testFunctions, remembersLongerSeconds: seconds });
      });
    expect(await failuresOf(remembersLonger(4.99))).not.toEqual([]);
    expect(await failuresOf(remembersLonger(5))).toEqual([]);
  });

  it('closes each store, also that of a test that fails', async () => {
    let made = 0;
    let closed = 0;
    const tests = collected((testFunctions) => {
      const make = () => {
        made += 1;
        const store: SingleUseStore = { reserve: () => Promise.reject(new Error('down')) };
        return {
          store,
          close: () => {
            closed += 1;
          },
        };
      };
      describeSingleUseStore(make, { testFunctions });
    });
    expect((await failuresOf(tests)).length).toBeGreaterThan(20);
    expect([made, closed]).toEqual([tests.length, tests.length]);
  });

  it('waits for real time where the store goes by it', async () => {
    const tests = collected((testFunctions) => {
      const make = ({ maximumEntriesPerOwner }: StoreSetting) => ({
        store: inMemoryStores({ maximumEntriesPerOwner }).singleUse,
      });
      describeSingleUseStore(make, { testFunctions, realTime: true, remembersLongerSeconds: 0 });
    });
    expect(await failuresOf(tests)).toEqual([]);
  });

  it('says what to do where there is no test runner', () => {
    const testFunctions = {} as { describe: Describe; it: It };
    const declare = () => {
      describeSingleUseStore((setting) => ({ store: sound(setting) }), { testFunctions });
    };
    expect(declare).toThrow(SetupError);
    expect(declare).toThrow('pass testFunctions: { describe, it }');
  });
});

describe('describeRecordStore', () => {
  const suiteOf = (make: (setting: StoreSetting) => RecordStore) =>
    collected((testFunctions) => {
      describeRecordStore((setting) => ({ store: make(setting) }), { testFunctions });
    });
  const sound = ({ clock, maximumEntriesPerOwner }: StoreSetting) =>
    inMemoryStores({ clock, maximumRecordsPerOwner: maximumEntriesPerOwner }).records;

  it('lets a sound store pass', async () => {
    const tests = suiteOf(sound);
    expect(tests.length).toBeGreaterThan(40);
    expect(await failuresOf(tests)).toEqual([]);
  });

  it.each<[string, (store: RecordStore, setting: StoreSetting) => Partial<RecordStore>, string]>([
    [
      'whose take is not atomic',
      (store) => ({
        async take(key) {
          const value = await store.get(key);
          await pause();
          await store.take(key);
          return value;
        },
      }),
      'gives a record to exactly one of 200 who take it at once',
    ],
    [
      'whose take leaves the record',
      (store) => ({ take: (key) => store.get(key) }),
      'leaves a record that is got, and has none that is taken',
    ],
    [
      'whose get takes the record',
      (store) => ({ get: (key) => store.take(key) }),
      'leaves a record that is got, and has none that is taken',
    ],
    [
      'that keeps records for longer',
      (store) => ({ put: (record) => store.put({ ...record, expiresAt: record.expiresAt + 1 }) }),
      'takes a record until it expires, and not from then on',
    ],
    [
      'that loses records early',
      (store) => ({ put: (record) => store.put({ ...record, expiresAt: record.expiresAt - 1 }) }),
      'gets a record until it expires, and not from then on',
    ],
    [
      'that makes texts of all values',
      (store) => ({ put: (record) => store.put({ ...record, value: JSON.stringify(record.value) }) }),
      'gives back an object as it was put',
    ],
    [
      'that keeps the first record',
      (store) => ({
        async put(record) {
          if ((await store.get(record)) === undefined) await store.put(record);
        },
      }),
      'puts a record in the place of another',
    ],
    [
      'that takes undefined for a value',
      (store) => ({
        put: (record) => store.put({ ...record, value: record.value ?? null }),
      }),
      'refuses a value that is undefined',
    ],
    [
      'without shares',
      (_store, { clock }) => inMemoryStores({ clock }).records,
      'gives each owner a share, and refuses only who has used it up',
    ],
  ])('finds a store %s', async (_which, spoil, title) => {
    const make = (setting: StoreSetting) => {
      const store = sound(setting);
      return { ...store, ...spoil(store, setting) };
    };
    expect(await failuresOf(suiteOf(make))).toContain(title);
  });

  it('waits for real time where the store goes by it', async () => {
    const tests = collected((testFunctions) => {
      const make = ({ maximumEntriesPerOwner }: StoreSetting) => ({
        store: inMemoryStores({ maximumRecordsPerOwner: maximumEntriesPerOwner }).records,
      });
      describeRecordStore(make, { testFunctions, realTime: true, remembersLongerSeconds: 0 });
    });
    expect(await failuresOf(tests)).toEqual([]);
  });
});

describe('describeRevocationStore', () => {
  const suiteOf = (make: (setting: StoreSetting) => WritableRevocationStore) =>
    collected((testFunctions) => {
      describeRevocationStore((setting) => ({ store: make(setting) }), { testFunctions });
    });
  const sound = ({ clock }: StoreSetting) => inMemoryRevocations({ clock });

  it('lets a sound store pass', async () => {
    const tests = suiteOf(sound);
    expect(tests.length).toBeGreaterThan(40);
    expect(await failuresOf(tests)).toEqual([]);
  });

  it('lets a store pass that tells nobody', async () => {
    const silent = (setting: StoreSetting) => {
      const { isRevoked, revoke } = sound(setting);
      return { isRevoked, revoke };
    };
    expect(await failuresOf(suiteOf(silent))).toEqual([]);
  });

  it.each<[string, (store: WritableRevocationStore) => Partial<WritableRevocationStore>, string]>([
    [
      'that knows nothing',
      () => ({ isRevoked: () => Promise.resolve(false) }),
      'knows the tokens with a tokenId that was revoked, and no others',
    ],
    [
      'that refuses everything',
      () => ({ isRevoked: () => Promise.resolve(true) }),
      'knows nothing that nobody revoked',
    ],
    [
      'that asks by the token alone',
      (store) => ({ isRevoked: ({ issuer, tokenId }) => store.isRevoked({ issuer, tokenId, issuedAt: 0 }) }),
      'knows the tokens with a sessionId that was revoked, and no others',
    ],
    [
      'that takes one identifier for another',
      (store) => ({
        isRevoked: ({ subject, ...token }) =>
          store.isRevoked({ ...token, subject: subject ?? token.tokenId }),
      }),
      'never takes another identifier for a subject',
    ],
    [
      'that forgets whose tokens they are',
      (store) => ({
        isRevoked: (token) => store.isRevoked({ ...token, issuer: 'all' }),
        revoke: (revocation) => store.revoke({ ...revocation, issuer: 'all' }),
      }),
      'never takes a token of another issuer for the same',
    ],
    [
      'that joins issuer and identifier',
      (store) => ({
        isRevoked: ({ issuer, tokenId, ...token }) =>
          store.isRevoked({ ...token, issuer: 'all', tokenId: tokenId && issuer + tokenId }),
        revoke: ({ issuer, tokenId, ...revocation }) =>
          store.revoke({ ...revocation, issuer: 'all', tokenId: tokenId && issuer + tokenId }),
      }),
      'never takes a token of an issuer that is cut elsewhere for the same',
    ],
    [
      'that takes no notice of the instant',
      (store) => ({ revoke: ({ issuedBefore: _instant, ...revocation }) => store.revoke(revocation) }),
      'revokes by subject the tokens that were issued before an instant',
    ],
    [
      'that counts the instant itself',
      (store) => ({
        isRevoked: ({ issuedAt, ...token }) =>
          store.isRevoked({ ...token, issuedAt: issuedAt === undefined ? undefined : issuedAt - 0.0001 }),
      }),
      'revokes by subject the tokens that were issued before an instant',
    ],
    [
      'that lets tokens pass that do not say when they were issued',
      (store) => ({
        isRevoked: ({ issuedAt = Infinity, ...token }) => store.isRevoked({ ...token, issuedAt }),
      }),
      'revokes by subject the tokens that were issued before an instant',
    ],
    [
      'that forgets when the tokens expire',
      (store) => ({
        revoke: ({ expiresAt = Infinity, ...revocation }) =>
          store.revoke({ ...revocation, expiresAt: expiresAt - 300 }),
      }),
      'remembers 300 seconds longer than the tokens live, and not for ever',
    ],
    [
      'that forgets nothing',
      (store) => ({ revoke: ({ expiresAt: _end, ...revocation }) => store.revoke(revocation) }),
      'remembers 300 seconds longer than the tokens live, and not for ever',
    ],
    [
      'that takes anything for a revocation',
      (store) => ({ revoke: (revocation) => store.revoke(revocation).catch(() => undefined) }),
      'refuses a revocation with two identifiers',
    ],
    [
      'that tells everybody for ever',
      (store) => ({
        subscribe: (listener) => {
          store.subscribe?.(listener);
          return () => undefined;
        },
      }),
      'tells its listeners, also those at another instance, until they have heard enough',
    ],
  ])('finds a store %s', async (_which, spoil, title) => {
    const make = (setting: StoreSetting) => {
      const store = sound(setting);
      return { ...store, ...spoil(store) };
    };
    expect(await failuresOf(suiteOf(make))).toContain(title);
  });

  it('finds a store that keeps the later of two revocations instead of the wider', async () => {
    const make = (setting: StoreSetting): WritableRevocationStore => {
      let latest = sound(setting);
      return {
        isRevoked: (token) => latest.isRevoked(token),
        async revoke(revocation) {
          const next = sound(setting);
          await next.revoke(revocation);
          latest = next;
        },
      };
    };
    expect(await failuresOf(suiteOf(make))).toEqual(
      expect.arrayContaining([
        'goes by the wider of two revocations, the wider one first',
        'remembers for the longer of two revocations, the longer one first',
        'knows all of 200 revocations that came at once, at both instances',
      ]),
    );
  });

  it('asks another instance where there is one', async () => {
    const tests = collected((testFunctions) => {
      describeRevocationStore((setting) => ({ store: sound(setting), otherInstance: sound(setting) }), {
        testFunctions,
      });
    });
    expect(await failuresOf(tests)).toContain(
      'knows the tokens with a subject that was revoked, and no others',
    );
  });

  it('waits for real time where the store goes by it', async () => {
    const tests = collected((testFunctions) => {
      describeRevocationStore(() => ({ store: inMemoryRevocations() }), {
        testFunctions,
        realTime: true,
        remembersLongerSeconds: 0,
      });
    });
    expect(await failuresOf(tests)).toEqual([]);
  });
});

// Jest has them as globals, in ESM mode too: this suite is declared with nothing but a factory.
describeSingleUseStore(({ clock, maximumEntriesPerOwner }) => ({
  store: inMemoryStores({ clock, maximumEntriesPerOwner }).singleUse,
}));
describeRecordStore(({ clock, maximumEntriesPerOwner }) => ({
  store: inMemoryStores({ clock, maximumRecordsPerOwner: maximumEntriesPerOwner }).records,
}));
describeRevocationStore(({ clock }) => ({ store: inMemoryRevocations({ clock }) }));
