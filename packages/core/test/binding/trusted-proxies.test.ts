import { describe, expect, it } from '@jest/globals';
import { trustedProxiesFrom } from '../../src/binding/trusted-proxies.js';
import { expectSetupError } from '../support/setup-problem.js';

/** Whether a list trusts the peer with this address. */
function trusts(addresses: readonly string[] | undefined, remoteAddress: string | undefined): boolean {
  return trustedProxiesFrom(addresses)({ connection: { remoteAddress, peerCertificate: () => undefined } });
}

describe('trustedProxiesFrom', () => {
  it.each([
    ['no list', undefined],
    ['an empty list', []],
  ])('trusts nobody by %s', (_what, addresses) => {
    expect(trusts(addresses, '127.0.0.1')).toBe(false);
    expect(trusts(addresses, '::1')).toBe(false);
  });

  it('trusts no request without a connection', () => {
    expect(trustedProxiesFrom(['127.0.0.1'])({})).toBe(false);
  });

  it.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['10.1.0.0/16', '10.1.0.0', true],
    ['10.1.0.0/16', '10.1.255.255', true],
    ['10.1.0.0/16', '10.0.255.255', false],
    ['10.1.0.0/16', '10.2.0.0', false],
    ['10.1.2.3/16', '10.1.255.255', true],
    ['10.1.2.3/16', '10.2.2.3', false],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.6/31', '192.0.2.7', true],
    ['192.0.2.6/31', '192.0.2.8', false],
    ['192.0.2.6/32', '192.0.2.6', true],
    ['192.0.2.6/32', '192.0.2.7', false],
    ['::1', '::1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['2001:DB8::1', '2001:db8::1', true],
    ['2001:db8::/33', '2001:db8:7fff:ffff::1', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['2001:db8::6/127', '2001:db8::7', true],
    ['2001:db8::6/127', '2001:db8::8', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['fe80::/10', 'fec0::1%eth0', false],
    ['2001:db8::1', '127.0.0.1', false],
    ['127.0.0.1', '::1', false],
  ])('by %p, says of %p: %p', (member, peer, expected) => {
    expect(trusts([member], peer)).toBe(expected);
  });

  describe('an IPv4 address in the notation of IPv6', () => {
    it.each([
      ['10.0.0.5', '::ffff:10.0.0.5', true],
      ['10.0.0.5', '::FFFF:10.0.0.5', true],
      ['10.0.0.5', '::ffff:a00:5', true],
      ['10.0.0.5', '0:0:0:0:0:ffff:10.0.0.5', true],
      ['10.0.0.5', '::ffff:10.0.0.6', false],
      ['10.0.0.5', '::10.0.0.5', false],
      ['10.0.0.5', '64:ff9b::10.0.0.5', false],
      ['10.0.0.0/8', '::ffff:10.255.255.255', true],
      ['10.0.0.0/8', '::ffff:11.0.0.0', false],
      ['::ffff:10.0.0.5', '10.0.0.5', true],
      ['::ffff:10.0.0.5', '10.0.0.6', false],
      ['::ffff:10.0.0.0/104', '10.255.255.255', true],
      ['::ffff:10.0.0.0/104', '11.0.0.0', false],
      ['::ffff:10.0.0.5', '::ffff:10.0.0.5', true],
    ])('by %p, says of %p: %p', (member, peer, expected) => {
      expect(trusts([member], peer)).toBe(expected);
    });
  });

  it('trusts the peers of each member of a list', () => {
    const list = ['10.0.0.5', '2001:db8::/32', '192.0.2.0/24'];
    expect(['10.0.0.5', '2001:db8::9', '192.0.2.9'].map((peer) => trusts(list, peer))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['10.0.0.6', '2001:db9::9', '192.0.3.9'].map((peer) => trusts(list, peer))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each([undefined, '', 'unknown', 'localhost', '127.0.0.1:8080', '010.0.0.5', '10.5', '[::1]', ' ::1'])(
    'trusts no peer whose address is %p, as that of a socket of the file system',
    (peer) => {
      expect(trusts(['127.0.0.1', '10.0.0.5', '::1'], peer)).toBe(false);
    },
  );

  it.each([
    'localhost',
    'proxy.example',
    '*',
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.5',
    '10.0.0.5:80',
    '10.0.0.5/',
    '10.0.0.5/33',
    '10.0.0.5/-1',
    '10.0.0.5/8.5',
    '10.0.0.5/ 8',
    '10.0.0.5/8/8',
    '10.0.0.5/255.0.0.0',
    '2001:db8::/129',
    '[::1]',
    'fe80::1%eth0',
    'loopback',
    10,
    null,
    undefined,
    ['10.0.0.5'],
  ])('refuses a list with %p in it', async (member) => {
    await expectSetupError(() => trustedProxiesFrom(['10.0.0.5', member]), {
      option: 'trustedProxies',
      problem: 'a member is no IP address or CIDR block',
      remedy: '10.1.0.0/16',
    });
  });

  it.each(['10.0.0.5', 1, true, {}, null])('refuses %p, which is no list', async (given) => {
    await expectSetupError(() => trustedProxiesFrom(given), {
      option: 'trustedProxies',
      problem: 'it is not a list',
      remedy: '10.1.0.0/16',
    });
  });

  it.each([
    [['0.0.0.0/0']],
    [['::/0']],
    [['10.0.0.5/0']],
    [['0.0.0.0/1', '128.0.0.0/1']],
    [['::/1', '8000::/1']],
    [['::ffff:0:0/96']],
    [['::/80']],
    [['::/1']],
  ])('refuses %j, which trusts everybody', async (addresses) => {
    await expectSetupError(() => trustedProxiesFrom(addresses), {
      option: 'trustedProxies',
      problem: 'it holds every address there is, which trusts everybody',
      remedy: '10.1.0.0/16',
    });
  });

  it('names the option that it was given under', async () => {
    await expectSetupError(() => trustedProxiesFrom(['x'], 'other'), {
      option: 'other',
      problem: 'a member is no IP address',
      remedy: '10.0.0.5',
    });
  });
});
