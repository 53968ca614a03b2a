import { BlockList, isIP } from 'node:net';
import type { RequestView } from '../request-view.js';
import { SetupError } from '../setup-error.js';

/** Says whether a request came from a proxy whose headers count, by the address of the socket and nothing else. */
export type TrustedProxies = (request: Pick<RequestView, 'connection'>) => boolean;

/**
 * The proxies of a list of addresses and CIDR blocks. None by default.
 *
 * An IPv4 address and its notation in IPv6 are the same one: a server that listens on IPv6 sees `::ffff:10.0.0.5`.
 *
 * Throws: `SetupError` for what is no address or block, and for lists that trust everybody.
 * Spec: RFC 4291 section 2.5.5.2; RFC 4632 section 3.1.
 */
export function trustedProxiesFrom(addresses: unknown = [], option = 'trustedProxies'): TrustedProxies {
  if (!Array.isArray(addresses)) throw refused(option, 'it is not a list');
  const known = new BlockList();
  for (const address of addresses as readonly unknown[]) add(known, address, option);
  if (holdsEveryAddress(known))
    throw refused(option, 'it holds every address there is, which trusts everybody');
  return ({ connection }) => {
    const address = connection?.remoteAddress;
    return address !== undefined && isIP(address) !== 0 && holds(known, address);
  };
}

function add(known: BlockList, given: unknown, option: string): void {
  const [address = '', bits, ...rest] = typeof given === 'string' ? given.split('/') : [];
  const longest = isIP(address) === 4 ? 32 : 128;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  // A zone (`fe80::1%eth0`) would not be compared.
  const isBlock = isIP(address) !== 0 && !address.includes('%') && rest.length === 0 && prefix <= longest;
  if (!isBlock) throw refused(option, 'a member is no IP address or CIDR block');
  // Node has no blocks of length 0.
  if (prefix === 0) throw refused(option, 'it holds every address there is, which trusts everybody');
  known.addSubnet(address, prefix, familyOf(address));
}

/** Whether both ends of the addresses of a family are in the list, which no list of proxies has a reason for. */
function holdsEveryAddress(known: BlockList): boolean {
  return [
    ['0.0.0.0', '255.255.255.255'],
    ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ].some((ends) => ends.every((end) => holds(known, end)));
}

function holds(known: BlockList, address: string): boolean {
  return known.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

function refused(option: string, problem: string): SetupError {
  return new SetupError({
    option,
    problem,
    remedy: "List the addresses of your proxies, for instance ['10.0.0.5', '10.1.0.0/16'].",
  });
}
