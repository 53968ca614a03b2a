import { BlockList, isIP } from 'node:net';
import type { RequestView } from '../request-view.js';
import { SetupError } from '../setup-error.js';

/** Says whether a request came from a proxy whose headers count, by the address of the socket and nothing else. */
export type TrustedProxies = (request: Pick<RequestView, 'connection'>) => boolean;

/**
 * The proxies of a list of addresses and CIDR blocks. None by default.
 *
 * Throws: `SetupError` for what is no address or block.
 */
export function trustedProxiesFrom(addresses: unknown = [], option = 'trustedProxies'): TrustedProxies {
  if (!Array.isArray(addresses)) throw refused(option, 'it is not a list');
  const known = new BlockList();
  for (const address of addresses as readonly unknown[]) add(known, address, option);
  return ({ connection }) => {
    const address = connection?.remoteAddress;
    if (address === undefined) return false;
    const plain = withoutMapping(address);
    const family = isIP(plain);
    return family !== 0 && known.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function add(known: BlockList, given: unknown, option: string): void {
  const [address = '', bits, ...rest] = typeof given === 'string' ? given.split('/') : [];
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (family === 0 || rest.length > 0 || !(prefix >= 0 && prefix <= longest)) {
    throw refused(option, 'a member is no IP address or CIDR block');
  }
  if (prefix === 0) throw refused(option, 'a block of every address trusts everybody');
  known.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}

/** A server that listens on IPv6 sees its IPv4 clients in IPv6 notation (RFC 4291 section 2.5.5.2). */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

function refused(option: string, problem: string): SetupError {
  return new SetupError({
    option,
    problem,
    remedy: "List the addresses of your proxies, for instance ['10.0.0.5', '10.1.0.0/16'].",
  });
}
